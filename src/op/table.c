// op/table.c: finds ops, and calls them by name for C.

#include <pthread.h>
#include <string.h>

#include "op/op.h"

const nd_op *nd_op_at(int i)
{
  for (int f = 0; nd_families[f] != NULL; f++) {
    for (int j = 0; nd_families[f][j] != NULL; j++) {
      if (i-- == 0)
        return nd_families[f][j];
    }
  }
  return NULL;
}

// ----------------------------------------------------------------- by name --

// A hash table of all ops with open addressing, filled by whoever asks first.
// It is at most half full: nd_op_find needs a free place behind each name.
enum { PLACES = 1024 };

static const nd_op *places[PLACES];
static pthread_once_t filled = PTHREAD_ONCE_INIT;

static unsigned hash(const char *name)
{
  unsigned h = 2166136261U;
  for (; *name != '\0'; name++)
    h = (h ^ (unsigned char)*name) * 16777619U;
  return h ^ h >> 15;
}

static void fill(void)
{
  const nd_op *op;
  for (int i = 0; i < PLACES / 2 && (op = nd_op_at(i)) != NULL; i++) {
    unsigned at = hash(op->name);
    while (places[at % PLACES] != NULL)
      at++;
    places[at % PLACES] = op;
  }
}

const nd_op *nd_op_find(const char *name)
{
  pthread_once(&filled, fill);
  for (unsigned at = hash(name);; at++) {
    const nd_op *op = places[at % PLACES];
    if (op == NULL || strcmp(op->name, name) == 0)
      return op;
  }
}

// ------------------------------------------------------------ calling by C --

// True if no argument is missing that has no initial value.
static bool check_given(nd_context *c, const nd_op *op, const nd_value *attr)
{
  for (const nd_param *p = op->params; p->name != NULL; p++) {
    if (nd_param_is_tensor(p))
      continue;
    if (!attr->given && p->initial == NULL)
      return nd_fail(c, ND_BAD_ARGUMENT, "%s is missing", p->name);
    attr++;
  }
  return true;
}

static bool check_count(nd_context *c, const nd_op *op, int n)
{
  if (op->params[0].kind == ND_TENSORS)
    return n >= 0 || nd_fail(c, ND_BAD_ARGUMENT, "takes a list of tensors");
  int arity = 0;
  for (const nd_param *p = op->params; p->name != NULL; p++)
    arity += p->kind == ND_TENSOR;
  return n == arity || nd_fail(c, ND_BAD_ARGUMENT, "takes %d tensor%s, got %d",
                               arity, arity == 1 ? "" : "s", n);
}

// Room for the lists of a call: some, or memory where they may be more.
typedef struct lists {
  size_t bytes;  // of `at`, if that is memory
  int64_t *at;
  int64_t few[8 * ND_MAX_RANK];
} lists;

static bool start_lists(nd_context *c, lists *l, const char *options)
{
  l->bytes = nd_values_room(options) * sizeof *l->at;
  l->at = l->few;
  if (l->bytes <= sizeof l->few) {
    l->bytes = 0;
    return true;
  }
  l->at = nd_memory_new(c, l->bytes, ND_MEMORY_OBJECT);
  return l->at != NULL;
}

static void end_lists(nd_context *c, lists *l)
{
  if (l->bytes > 0)
    nd_memory_free(c, l->at, l->bytes, ND_MEMORY_OBJECT);
}

static bool read_and_run(nd_context *c, nd_job *j, nd_value *attr,
                         const char *options,
                         bool (*run)(nd_context *c, nd_job *j))
{
  lists l;
  if (!check_count(c, j->op, j->n))
    return false;
  if (options == NULL || *options == '\0')
    return check_given(c, j->op, attr) && run(c, j);
  if (!start_lists(c, &l, options))
    return false;
  const bool ok = nd_values_parse(c, j->op, attr, l.at, options) &&
                  check_given(c, j->op, attr) && run(c, j);
  end_lists(c, &l);
  return ok;
}

// Runs the job with the attributes that `options` gives it.
static bool call(nd_context *c, nd_job *j, const char *options,
                 bool (*run)(nd_context *c, nd_job *j))
{
  nd_value attr[ND_MAX_ATTRS];
  if (j->op->attrs == 0 && options == NULL)
    return check_count(c, j->op, j->n) && run(c, j);
  nd_values_start(j->op, attr);
  j->attr = attr;
  const bool ok = read_and_run(c, j, attr, options, run);
  j->attr = NULL;
  return ok;
}

// The op of that name that users know, or an error.
static const nd_op *find_visible(nd_context *c, const char *name)
{
  const nd_op *op = nd_op_find(name);
  if (op != NULL && !op->hidden)
    return op;
  nd_fail(c, ND_BAD_ARGUMENT, "no such op");
  return NULL;
}

static bool run_one(nd_context *c, nd_job *j)
{
  if (j->op->outs != NULL || j->op->results != NULL)
    return nd_fail(c, ND_BAD_ARGUMENT,
                   "gives several tensors; use nd_call_all");
  j->out[0] = nd_apply(c, j->op, j->n, j->in, j->attr);
  return j->out[0] != NULL;
}

nd_tensor *nd_call(nd_context *c, const char *name, int n,
                   nd_tensor *const *inputs, const char *options)
{
  if (c == NULL || name == NULL || (inputs == NULL && n > 0))
    return NULL;
  const char *before = nd_context_enter(c, name);
  nd_tensor *out = NULL;
  nd_job j = { .n = n, .in = inputs, .out = &out };
  j.op = find_visible(c, name);
  if (j.op != NULL)
    call(c, &j, options, run_one);
  nd_context_leave(c, before);
  return out;
}

// j->outs is the room that the caller has.
static bool run_all(nd_context *c, nd_job *j)
{
  const int room = j->outs;
  if (!nd_job_count(c, j))
    return false;
  if (j->outs > room)
    return nd_fail(c, ND_BAD_ARGUMENT, "gives %d tensors, there is room for %d",
                   j->outs, room);
  return nd_job_apply(c, j);
}

bool nd_call_all(nd_context *c, const char *name, int n,
                 nd_tensor *const *inputs, const char *options, int *count,
                 nd_tensor **outputs)
{
  if (c == NULL || name == NULL || count == NULL || outputs == NULL ||
      (inputs == NULL && n > 0))
    return false;
  for (int i = 0; i < *count; i++)
    outputs[i] = NULL;
  const char *before = nd_context_enter(c, name);
  nd_job j = { .n = n, .in = inputs, .outs = *count, .out = outputs };
  j.op = find_visible(c, name);
  const bool ok = j.op != NULL && call(c, &j, options, run_all);
  nd_context_leave(c, before);
  if (ok)
    *count = j.outs;
  return ok;
}
