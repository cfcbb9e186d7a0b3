// tape/give.c: how a tape gives its gradient, or anything else that sweeps over
// its records make: once, unless it is persistent.

#include "tape/notes.h"
#include "tape/sweep.h"

static bool check_unused(nd_tape *t)
{
  if (t->released)
    return nd_fail(t->context, ND_BAD_STATE, "the tape was released");
  if (t->sweeps > 0 && !t->persistent)
    return nd_fail(t->context, ND_BAD_STATE, ND_TAPE_SWEPT);
  return !t->used ||
         nd_fail(t->context, ND_BAD_STATE,
                 "the tape has given its gradient; persistent = true allows "
                 "more than one");
}

static void use_up(nd_tape *t)
{
  nd_tape_stop(t);
  t->used = true;
  nd_tape_drop(t);
}

// The tape itself hears of its sweeps only if it is persistent.
static bool give_unheard(nd_tape *t, nd_giving *give, void *asked)
{
  nd_recorder *r = &t->recorder;
  const bool paused = r->paused;
  r->paused = paused || !t->persistent;
  t->sweeps++;
  const bool ok = give(t, asked);
  t->sweeps--;
  r->paused = paused && nd_recorder_entered(r);
  return ok;
}

bool nd_tape_give(nd_tape *t, const char *name, nd_giving *give, void *asked)
{
  nd_context *c = t->context;
  if (!nd_context_ready(c))
    return false;
  const char *before = nd_context_enter(c, name);
  bool ok = check_unused(t);
  if (ok) {
    ok = give_unheard(t, give, asked);
    if (ok && !t->persistent)
      use_up(t);
    if (t->freed)
      nd_tape_free(t);
  }
  nd_context_leave(c, before);
  return ok;
}

bool nd_tape_check(nd_context *c, const char *what, int n, nd_tensor *const *x)
{
  for (int i = 0; x != NULL && i < n; i++) {
    if (x[i] != NULL && x[i]->context != c)
      return nd_fail_foreign(c, what, i + 1);
  }
  return true;
}

static bool check_seeds(nd_context *c, int n, nd_tensor *const *targets,
                        nd_tensor *const *seeds)
{
  for (int i = 0; seeds != NULL && i < n; i++) {
    const nd_tensor *seed = seeds[i], *target = targets[i];
    if (seed == NULL)
      continue;
    if (seed->dtype != target->dtype || !nd_same_shape(seed, target))
      return nd_fail(c, ND_BAD_ARGUMENT,
                     "output gradient %d is %s %s, its target is %s %s", i + 1,
                     nd_dtype_name((nd_dtype)seed->dtype),
                     ND_SHAPE(seed->rank, seed->dims),
                     nd_dtype_name((nd_dtype)target->dtype),
                     ND_SHAPE(target->rank, target->dims));
  }
  return true;
}

// What nd_tape_differentiate is asked.
typedef struct asked {
  int target_count, n;
  nd_tensor *const *targets, *const *seeds, *const *sources;
  nd_tensor **gradients;
} asked;

static bool give_gradients(nd_tape *t, void *data)
{
  const asked *a = data;
  nd_context *c = t->context;
  nd_sweep s = { 0 };
  bool ok = nd_tape_check(c, "target", a->target_count, a->targets) &&
            nd_tape_check(c, "source", a->n, a->sources) &&
            nd_tape_check(c, "output gradient", a->target_count, a->seeds) &&
            check_seeds(c, a->target_count, a->targets, a->seeds) &&
            nd_sweep_start(&s, t, a->n, a->sources);
  ok = ok && nd_sweep_run(&s, a->target_count, a->targets, a->seeds, a->sources,
                          a->gradients);
  nd_sweep_finish(&s);
  if (ok)
    nd_missing_note(t, a->target_count, a->targets, a->n, a->sources,
                    a->gradients);
  return ok;
}

bool nd_tape_differentiate(nd_tape *t, int target_count,
                           nd_tensor *const *targets, nd_tensor *const *seeds,
                           int n, nd_tensor *const *sources,
                           nd_tensor **gradients)
{
  for (int i = 0; i < n; i++)
    gradients[i] = NULL;
  asked a = { target_count, n, targets, seeds, sources, gradients };
  return nd_tape_give(t, "gradient", give_gradients, &a);
}

// False if a variable is NULL.
static bool read_sources(nd_context *c, const char *name, int n,
                         nd_variable *const *sources, nd_tensor **values)
{
  if (n < 0)
    return nd_fail(c, ND_BAD_ARGUMENT, "%s: %d sources", name, n);
  for (int i = 0; i < n; i++) {
    if (sources[i] == NULL)
      return false;
    values[i] = sources[i]->value;
  }
  return true;
}

bool nd_tape_by_variables(nd_tape *t, const char *name, nd_tensor *target,
                          int n, nd_variable *const *sources,
                          nd_by_tensors *give, nd_tensor **results)
{
  for (int i = 0; i < n && results != NULL; i++)
    results[i] = NULL;
  if (t == NULL || target == NULL || !nd_context_ready(t->context) ||
      (n > 0 && (sources == NULL || results == NULL)))
    return false;
  const size_t count = n > 0 ? (size_t)n : 0;
  const size_t bytes = (count + 1) * sizeof(nd_tensor *);
  nd_context *c = t->context;
  nd_tensor **values = nd_memory_new(c, bytes, ND_MEMORY_OBJECT);
  if (values == NULL)
    return false;
  const bool ok = read_sources(c, name, n, sources, values) &&
                  give(t, target, n, values, results);
  nd_memory_free(c, values, bytes, ND_MEMORY_OBJECT);
  return ok;
}

static bool give_by_tensors(nd_tape *t, nd_tensor *target, int n,
                            nd_tensor *const *sources, nd_tensor **gradients)
{
  return nd_tape_differentiate(t, 1, &target, NULL, n, sources, gradients);
}

bool nd_tape_gradient(nd_tape *t, nd_tensor *target, int n,
                      nd_variable *const *sources, nd_tensor **gradients)
{
  return nd_tape_by_variables(t, "gradient", target, n, sources,
                              give_by_tensors, gradients);
}
