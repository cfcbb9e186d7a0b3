// op/call.c: calls ops by name, with options as text, for C.

#include "op/op.h"

// What a call gives, or leaves out, that is no tensor. Lists have some room
// here, or memory where they may be longer.
typedef struct arguments {
  nd_value attr[ND_MAX_ATTRS];
  size_t bytes;  // of that memory
  int64_t *lists;
  int64_t few[8 * ND_MAX_RANK];
} arguments;

static bool check_count(nd_context *c, const nd_op *op, int n)
{
  int arity = 0, least = 0;
  for (const nd_param *p = op->params; p->name != NULL; p++) {
    if (p->kind == ND_TENSORS)
      return n >= 0 || nd_fail(c, ND_BAD_ARGUMENT, "takes a list of tensors");
    arity += p->kind == ND_TENSOR;
    if (p->kind == ND_TENSOR && !nd_param_may_lack(p))
      least = arity;
  }
  return (n >= least && n <= arity) ||
         nd_fail(c, ND_BAD_ARGUMENT, "takes %d tensor%s, got %d", arity,
                 arity == 1 ? "" : "s", n);
}

// True if no argument is missing that has no initial value.
static bool check_given(nd_context *c, const nd_op *op, const nd_value *attr)
{
  for (const nd_param *p = op->params; p->name != NULL; p++) {
    if (nd_param_is_tensor(p))
      continue;
    if (!attr->given && p->initial == NULL)
      return nd_fail(c, ND_BAD_ARGUMENT, "%s is missing: it must be %s",
                     p->name, nd_kind_wanted(p->kind));
    attr++;
  }
  return true;
}

static bool make_room(nd_context *c, arguments *a, size_t numbers)
{
  a->lists = a->few;
  if (numbers * sizeof *a->lists <= sizeof a->few)
    return true;
  a->lists = nd_memory_new(c, numbers * sizeof *a->lists, ND_MEMORY_OBJECT);
  if (a->lists != NULL)
    a->bytes = numbers * sizeof *a->lists;
  return a->lists != NULL;
}

// Reads the arguments of a call. Whatever comes of it, `end` lets go of them.
static bool read(nd_context *c, const nd_op *op, int n, const char *options,
                 arguments *a)
{
  a->bytes = 0;
  if (!check_count(c, op, n))
    return false;
  if (op->attrs == 0 && options == NULL)
    return true;
  nd_values_start(op, a->attr);
  if (options != NULL && *options != '\0' &&
      !(make_room(c, a, nd_values_room(options)) &&
        nd_values_parse(c, op, a->attr, a->lists, options)))
    return false;
  return check_given(c, op, a->attr);
}

static void end(nd_context *c, arguments *a)
{
  if (a->bytes > 0)
    nd_memory_free(c, a->lists, a->bytes, ND_MEMORY_OBJECT);
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

// ----------------------------------------------------------------- calling --

static bool check_single(nd_context *c, const nd_op *op)
{
  return (op->outs == NULL && op->results == NULL) ||
         nd_fail(c, ND_BAD_ARGUMENT, "gives several tensors; use nd_call_all");
}

nd_tensor *nd_call(nd_context *c, const char *name, int n,
                   nd_tensor *const *inputs, const char *options)
{
  if (c == NULL || name == NULL || (inputs == NULL && n > 0))
    return NULL;
  const char *before = nd_context_enter(c, name);
  nd_tensor *out = NULL;
  const nd_op *op = find_visible(c, name);
  if (op != NULL) {
    arguments a;
    if (read(c, op, n, options, &a) && check_single(c, op))
      out = nd_apply(c, op, n, inputs, op->attrs > 0 ? a.attr : NULL);
    end(c, &a);
  }
  nd_context_leave(c, before);
  return out;
}

// Sets j->outs, and fills j->out, which has room for so many.
static bool run_all(nd_context *c, nd_job *j, int room)
{
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
  bool ok = false;
  const nd_op *op = find_visible(c, name);
  if (op != NULL) {
    arguments a;
    nd_job j = { .op = op, .n = n, .in = inputs, .out = outputs };
    j.attr = op->attrs > 0 ? a.attr : NULL;
    ok = read(c, op, n, options, &a) && run_all(c, &j, *count);
    end(c, &a);
    if (ok)
      *count = j.outs;
  }
  nd_context_leave(c, before);
  return ok;
}
