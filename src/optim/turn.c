// optim/turn.c: makes the jobs of a call. All is checked and allocated here, so
// a failure leaves every variable as it was.

#include "base/dtype.h"
#include "op/pending.h"
#include "ops/entries.h"
#include "optim/turn.h"
#include "tape/slices.h"
#include "tensor/pool.h"

// ------------------------------------------------------------------ checks --

static bool check(nd_optimizer *o, int i, const nd_variable *v,
                  const nd_tensor *g)
{
  const nd_tensor *w = v->value;
  if (v->context != o->context || g->context != o->context)
    return nd_fail_foreign(
      o->context, v->context != o->context ? "variable" : "gradient", i + 1);
  if (!nd_dtype_in((nd_dtype)w->dtype, ND_FLOATS))
    return nd_fail(o->context, ND_BAD_ARGUMENT,
                   "variable %d must be a float, got %s", i + 1,
                   nd_dtype_name((nd_dtype)w->dtype));
  if (w->dtype == g->dtype && nd_same_shape(w, g))
    return true;
  return nd_fail(o->context, ND_BAD_ARGUMENT,
                 "variable %d is %s %s, its gradient is %s %s", i + 1,
                 nd_dtype_name((nd_dtype)w->dtype), ND_SHAPE(w->rank, w->dims),
                 nd_dtype_name((nd_dtype)g->dtype), ND_SHAPE(g->rank, g->dims));
}

// Which way a variable goes.
static int find_way(const nd_optimizer *o, nd_variable *v)
{
  if (o->update->way == NULL)
    return 0;
  const nd_slots *slots = nd_slots_find(o, v);
  return o->update->way(v->value, slots != NULL && slots->excluded[ND_BY_RULE]);
}

bool nd_turn_check(nd_turn *turn, nd_optimizer *o, int n,
                   nd_variable *const *variables, nd_tensor *const *gradients)
{
  int given = 0;
  turn->o = o;
  turn->n = n;
  turn->kept[0] = nd_slots_kept(o, 0);
  if (o->update->way != NULL)
    turn->kept[1] = nd_slots_kept(o, 1);
  for (int i = 0; i < n; i++) {
    nd_variable *v = variables[i];
    if (gradients[i] == NULL)
      continue;
    given++;
    if (!check(o, i, v, gradients[i]) ||
        !nd_slots_ensure(o, v, turn->kept[find_way(o, v)]) ||
        !nd_recorders_assigned(o->context, v, NULL, false))
      return false;
  }
  if (n <= 0)
    return nd_fail(o->context, ND_BAD_ARGUMENT, "no variables");
  return given > 0 || nd_fail(o->context, ND_BAD_ARGUMENT,
                              "no gradients: every one of %d is missing", n);
}

// ------------------------------------------------------------------ memory --

static size_t jobs_bytes(int n)
{
  return (size_t)n * (sizeof(nd_update_job) + sizeof(nd_tensor *));
}

static size_t found_bytes(const nd_turn *turn)
{
  return (size_t)turn->n * sizeof *turn->found;
}

// Room for what the rule finds, if it looks.
static bool start_found(nd_turn *turn)
{
  turn->found = NULL;
  if (turn->o->update->whole == NULL)
    return true;
  turn->found = nd_memory_new(turn->o->context, found_bytes(turn),
                              ND_MEMORY_OBJECT);
  for (int i = 0; i < turn->n && turn->found != NULL; i++) {
    turn->found[i] = (nd_found){ .after = { NULL } };
    turn->jobs[i].found = &turn->found[i];
  }
  return turn->found != NULL;
}

static bool start(nd_turn *turn, nd_variable *const *variables)
{
  const int n = turn->n;
  turn->jobs = turn->few;
  turn->asked = turn->few_asked;
  turn->found = NULL;
  if (n > ND_FEW_JOBS) {
    turn->jobs = nd_memory_new(turn->o->context, jobs_bytes(n),
                               ND_MEMORY_OBJECT);
    if (turn->jobs == NULL)
      return false;
    turn->asked = (nd_tensor **)(void *)(turn->jobs + n);
  }
  for (int i = 0; i < n; i++)
    turn->jobs[i] = (nd_update_job){ .variable = variables[i],
                                     .scale = 1,
                                     .way = find_way(turn->o, variables[i]) };
  return start_found(turn);
}

static void end_found(nd_turn *turn)
{
  for (int i = 0; i < turn->n; i++) {
    for (int k = 0; k < ND_MAX_SLOTS; k++)
      nd_tensor_release(turn->found[i].after[k]);
  }
  nd_memory_free(turn->o->context, turn->found, found_bytes(turn),
                 ND_MEMORY_OBJECT);
}

void nd_turn_end(nd_turn *turn)
{
  nd_context *c = turn->o->context;
  if (turn->found != NULL)
    end_found(turn);
  if (turn->jobs == NULL)
    return;
  for (int i = 0; i < turn->n; i++) {
    nd_update_job *j = &turn->jobs[i];
    nd_tensor_release(j->gradient);
    nd_tensor_release(j->fresh);
    if (j->rows.memory != NULL)
      nd_rows_end(c, &j->rows);
  }
  if (turn->jobs != turn->few)
    nd_memory_free(c, turn->jobs, jobs_bytes(turn->n), ND_MEMORY_OBJECT);
}

// --------------------------------------------------------------- gradients --

// The sum of two gradients, of which both may have rows. A new reference.
static nd_tensor *add(nd_context *c, nd_tensor *x, nd_tensor *y)
{
  nd_tensor *const both[] = { x, y };
  if (nd_is_sliced(x) && nd_is_sliced(y))
    return nd_slices_join(c, x, y);
  return nd_apply(c, &nd_op_add, 2, both, NULL);
}

// The job where a variable comes first: that, or an earlier one. Its number is
// left in the variable, and believed only if it is right.
static int first_of(const nd_turn *turn, int i)
{
  nd_variable *v = turn->jobs[i].variable;
  if (v->place >= i || turn->jobs[v->place].variable != v)
    v->place = i;
  return v->place;
}

// Gives each job its gradient, the sum of those that come for the variable. The
// pool keeps sums.
static bool sum_gradients(nd_turn *turn, nd_tensor *const *gradients)
{
  nd_context *c = turn->o->context;
  for (int i = 0; i < turn->n; i++) {
    nd_tensor **sum = &turn->jobs[first_of(turn, i)].given, *g = gradients[i];
    if (g == NULL)
      continue;
    *sum = *sum == NULL ? g : nd_pool_add(c, add(c, *sum, g));
    if (*sum == NULL)
      return false;
  }
  return true;
}

// Whether rows without gradient stay as they are.
static bool skips_rows(const nd_optimizer *o)
{
  const nd_update *u = o->update;
  if (nd_optimizer_calls(o) > 1 || u->whole != NULL)
    return false;
  return nd_optimizer_common(o, ND_LAZY) != 0 ||
         (u->rests != NULL && u->rests(o->settings) &&
          nd_optimizer_common(o, ND_WEIGHT_DECAY) == 0 &&
          nd_optimizer_common(o, ND_USE_EMA) == 0);
}

// Has all values computed that jobs need, together, since one pass may compute
// several: those of gradients, or of their rows alone.
static bool ask(nd_turn *turn)
{
  const bool skips = skips_rows(turn->o);
  for (int i = 0; i < turn->n; i++) {
    nd_tensor *g = turn->jobs[i].given;
    const bool by_rows = g != NULL && skips && nd_is_sliced(g);
    turn->asked[i] = by_rows ? nd_slices_of(g)->values : g;
  }
  return nd_force_all(turn->o->context, turn->n, turn->asked);
}

// Keeps a gradient with the values or the rows that its job needs.
static bool take_gradient(nd_update_job *j, const nd_tensor *asked)
{
  nd_tensor *g = j->given;
  if (g == NULL)
    return true;
  if (asked == g)
    j->gradient = nd_tensor_dense(g);
  else if (nd_rows_find(g, &j->rows))
    j->gradient = nd_tensor_keep(j->rows.sums);
  return j->gradient != NULL;
}

// Room for the new value of what others hold, too; where only rows change, it
// has all others.
static bool make_fresh(nd_update_job *j)
{
  nd_tensor *w = j->variable->value;
  if (j->gradient == NULL || !nd_tensor_is_shared(w))
    return true;
  j->fresh = nd_tensor_like(w, (nd_dtype)w->dtype);
  return j->fresh != NULL &&
         (j->rows.sums == NULL || nd_tensor_copy(w, j->fresh->data));
}

// A value that is another one's gradient counts as shared, so all gradients are
// kept before the first look.
bool nd_turn_make(nd_turn *turn, nd_variable *const *variables,
                  nd_tensor *const *gradients)
{
  bool ok = start(turn, variables) && sum_gradients(turn, gradients) &&
            ask(turn);
  for (int i = 0; i < turn->n && ok; i++)
    ok = take_gradient(&turn->jobs[i], turn->asked[i]);
  for (int i = 0; i < turn->n && ok; i++)
    ok = make_fresh(&turn->jobs[i]);
  return ok;
}
