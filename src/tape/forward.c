// tape/forward.c: forward mode. An accumulator is a recorder that keeps a
// tangent for each tensor that depends on its primals: of every op it hears it
// computes those of the outputs at once. Only recorders outside it hear of
// that, so that theirs are derivatives of its tangents.

#include "tape/forward.h"

#include "base/recorder.h"
#include "tape/derive.h"
#include "tape/identities.h"
#include "tape/variable.h"

struct nd_accumulator {
  nd_recorder recorder;
  nd_context *context;
  bool works;            // computes tangents just now
  bool freed;            // meanwhile
  nd_identities places;  // in `tangents`, from 1, by identity
  nd_tensor **tangents;  // references
  size_t count, room;
};

// The tangent of `x`, borrowed; NULL if it has none.
static nd_tensor *find_tangent(const nd_accumulator *a, const nd_tensor *x)
{
  const int32_t place = nd_identities_find(&a->places, x->identity.id);
  return place == 0 ? NULL : a->tangents[place - 1];
}

static bool make_room(nd_accumulator *a)
{
  if (a->count < a->room)
    return true;
  const size_t room = a->room ? 2 * a->room : 16, width = sizeof *a->tangents;
  nd_tensor **tangents = nd_memory_resize(
    a->context, a->tangents, a->room * width, room * width, ND_MEMORY_OBJECT);
  if (tangents == NULL)
    return false;
  a->tangents = tangents;
  a->room = room;
  return true;
}

// Keeps `t`, whose reference it takes, as the tangent of `x`.
static bool keep(nd_accumulator *a, const nd_tensor *x, nd_tensor *t)
{
  if (make_room(a) && nd_identities_add(a->context, &a->places, x->identity.id,
                                        (int32_t)a->count + 1)) {
    a->tangents[a->count++] = t;
    return true;
  }
  nd_tensor_release(t);
  return false;
}

// --------------------------------------------------------------- recording --

static bool depends(const nd_accumulator *a, const nd_job *j)
{
  for (int i = 0; i < j->n; i++) {
    if (nd_op_flows(j->op, j->in[i]) && find_tangent(a, j->in[i]) != NULL)
      return true;
  }
  return false;
}

// Tangents of the outputs into ty, given room for those of the inputs.
static bool push_forward(nd_accumulator *a, const nd_job *j, nd_tensor **t,
                         nd_tensor **ty)
{
  nd_context *c = a->context;
  for (int i = 0; i < j->n; i++)
    t[i] = nd_op_flows(j->op, j->in[i]) ? find_tangent(a, j->in[i]) : NULL;
  nd_recorder rest;
  nd_recorders_part(c, &a->recorder, &rest);
  a->works = true;
  const bool ok = nd_job_jvp(c, j, t, ty);
  a->works = false;
  nd_recorders_move(&c->strand.recorders, &rest);
  return ok;
}

static bool keep_all(nd_accumulator *a, const nd_job *j, nd_tensor **ty)
{
  bool ok = true;
  for (int k = 0; k < j->outs; k++) {
    if (ty[k] != NULL && ok)
      ok = keep(a, j->out[k], ty[k]);
    else
      nd_tensor_release(ty[k]);
  }
  return ok;
}

static bool applied(nd_recorder *r, const nd_job *j)
{
  nd_accumulator *a = (nd_accumulator *)r;
  nd_context *c = a->context;
  if (!depends(a, j))
    return true;
  const size_t bytes = (size_t)(j->n + j->outs) * sizeof(nd_tensor *);
  nd_tensor **room = nd_memory_new(c, bytes, ND_MEMORY_OBJECT);
  if (room == NULL)
    return false;
  const bool ok = push_forward(a, j, room, room + j->n) &&
                  keep_all(a, j, room + j->n);
  nd_memory_free(c, room, bytes, ND_MEMORY_OBJECT);
  if (!a->freed)
    return ok;
  nd_accumulator_free(a);
  return nd_fail(c, ND_BAD_STATE, "the accumulator was freed at work");
}

static bool watches(const nd_recorder *r, const nd_tensor *x)
{
  return find_tangent((const nd_accumulator *)r, x) != NULL;
}

bool nd_accumulator_works(const nd_accumulator *a)
{
  return a->works;
}

// --------------------------------------------------------- public functions --

nd_accumulator *nd_accumulator_new(nd_context *c)
{
  if (!nd_context_ready(c))
    return NULL;
  nd_accumulator *a = nd_memory_new(c, sizeof *a, ND_MEMORY_OBJECT);
  if (a == NULL)
    return NULL;
  *a = (nd_accumulator){
    .recorder = { .applied = applied, .watches = watches },
    .context = c,
  };
  return a;
}

void nd_accumulator_free(nd_accumulator *a)
{
  if (a == NULL)
    return;
  a->freed = true;
  if (a->works)
    return;
  nd_context *c = a->context;
  nd_recorder_leave(&a->recorder);
  for (size_t i = 0; i < a->count; i++)
    nd_tensor_release(a->tangents[i]);
  nd_memory_free(c, a->tangents, a->room * sizeof *a->tangents,
                 ND_MEMORY_OBJECT);
  nd_identities_clear(c, &a->places);
  nd_memory_free(c, a, sizeof *a, ND_MEMORY_OBJECT);
}

static bool check_state(nd_accumulator *a, bool listens)
{
  nd_context *c = a->context;
  if (a->works)
    return nd_fail(c, ND_BAD_STATE, "the accumulator is at work");
  if (listens && nd_recorder_entered(&a->recorder))
    return nd_fail(c, ND_BAD_STATE, "the accumulator is still entered");
  return true;
}

bool nd_accumulator_start(nd_accumulator *a)
{
  if (a == NULL || !nd_context_ready(a->context))
    return false;
  const char *before = nd_context_enter(a->context, "ForwardAccumulator");
  const bool ok = check_state(a, true);
  nd_context_leave(a->context, before);
  if (ok)
    nd_recorder_enter(a->context, &a->recorder);
  return ok;
}

bool nd_accumulator_stop(nd_accumulator *a)
{
  if (a == NULL)
    return false;
  const char *before = nd_context_enter(a->context, "ForwardAccumulator");
  const bool ok = check_state(a, false);
  nd_context_leave(a->context, before);
  if (ok)
    nd_recorder_leave(&a->recorder);
  return ok;
}

static bool check_primal(nd_accumulator *a, const nd_tensor *x,
                         const nd_tensor *t)
{
  nd_context *c = a->context;
  if (x->context != c || t->context != c)
    return nd_fail_foreign(c, x->context == c ? "a tangent" : "a primal", 0);
  if (!nd_dtype_in((nd_dtype)x->dtype, ND_FLOATS))
    return nd_fail(c, ND_BAD_ARGUMENT,
                   "a primal is %s, and only floats have tangents",
                   nd_dtype_name((nd_dtype)x->dtype));
  if (x->dtype != t->dtype || !nd_same_shape(x, t))
    return nd_fail(
      c, ND_BAD_ARGUMENT, "a primal is %s %s, its tangent is %s %s",
      nd_dtype_name((nd_dtype)x->dtype), ND_SHAPE(x->rank, x->dims),
      nd_dtype_name((nd_dtype)t->dtype), ND_SHAPE(t->rank, t->dims));
  if (find_tangent(a, x) != NULL)
    return nd_fail(c, ND_BAD_ARGUMENT, "a primal is given twice");
  return true;
}

bool nd_accumulator_watch(nd_accumulator *a, nd_tensor *x, nd_tensor *tangent)
{
  if (a == NULL || x == NULL || tangent == NULL ||
      !nd_context_ready(a->context))
    return false;
  const char *before = nd_context_enter(a->context, "ForwardAccumulator");
  bool ok = check_primal(a, x, tangent);
  if (ok) {
    nd_tensor *t = nd_tensor_keep(tangent);
    ok = t != NULL && keep(a, x, t);
  }
  nd_context_leave(a->context, before);
  return ok;
}

bool nd_accumulator_watch_variable(nd_accumulator *a, nd_variable *v,
                                   nd_tensor *tangent)
{
  return v != NULL && nd_accumulator_watch(a, v->value, tangent);
}

static bool check_target(nd_context *c, const nd_tensor *x)
{
  const char *before = nd_context_enter(c, "jvp");
  const bool ok = x->context == c || nd_fail_foreign(c, "the target", 0);
  nd_context_leave(c, before);
  return ok;
}

nd_tensor *nd_accumulator_jvp(nd_accumulator *a, nd_tensor *x)
{
  if (a == NULL || x == NULL || !nd_context_ready(a->context) ||
      !check_target(a->context, x))
    return NULL;
  return nd_tensor_keep(find_tangent(a, x));
}

nd_tensor *nd_accumulator_jvp_variable(nd_accumulator *a, nd_variable *v)
{
  return v == NULL ? NULL : nd_accumulator_jvp(a, v->value);
}
