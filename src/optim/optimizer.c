// optim/optimizer.c: applies an update rule. All is checked and allocated
// first, so a failure leaves every variable as it was.

#include "optim/optimizer.h"

#include <math.h>
#include <string.h>

#include "optim/clip.h"
#include "optim/sums.h"
#include "tape/finder.h"
#include "tensor/pool.h"

// What is around the rule in this step, but for what differs by variable.
static nd_frame find_frame(const nd_optimizer *o)
{
  const double most = nd_optimizer_common(o, ND_CLIPVALUE);
  const double often = nd_optimizer_common(o, ND_EMA_OVERWRITE_FREQUENCY);
  const double factor = nd_optimizer_common(o, ND_LOSS_SCALE_FACTOR);
  return (nd_frame){
    .scale = 1 / (double)nd_optimizer_calls(o) / (factor > 0 ? factor : 1),
    .limit = most > 0 ? most : (double)INFINITY,
    .decay = nd_optimizer_common(o, ND_WEIGHT_DECAY) * o->settings[0],
    .keep = nd_optimizer_common(o, ND_EMA_MOMENTUM),
    .overwrite = often > 0 && (o->iterations + 1) % (int64_t)often == 0,
  };
}

// The step, of jobs that are made. What may fail comes first.
static bool step(nd_turn *turn)
{
  nd_optimizer *o = turn->o;
  const nd_frame f = find_frame(o);
  const bool looks = o->update->whole != NULL;
  double k[ND_MAX_COEFFICIENTS] = { 0 };
  if (looks && !nd_sums_join(turn))
    return false;
  if (!looks)
    nd_sums_take(turn);
  nd_clip_find(turn, f.scale);
  o->update->prepare(o->settings, (double)(o->iterations + 1), k);
  if (looks && !nd_turn_look(turn, &f, k))
    return false;
  for (int i = 0; i < turn->n; i++) {
    if (turn->jobs[i].gradient != NULL)
      nd_turn_run(turn, &turn->jobs[i], &f, k);
  }
  o->waiting = 0;
  o->iterations++;
  return true;
}

// What there is to be done of jobs that are made.
static bool finish(nd_turn *turn)
{
  if (nd_sums_are_due(turn->o))
    return step(turn);
  nd_sums_take(turn);
  turn->o->waiting++;
  return true;
}

static bool run(nd_turn *turn, nd_variable *const *variables,
                nd_tensor *const *gradients)
{
  nd_context *c = turn->o->context;
  const size_t mark = nd_pool_mark(c);
  const bool ok = nd_turn_make(turn, variables, gradients) && finish(turn);
  if (nd_pool_mark(c) != mark)
    nd_pool_drain(c, mark);
  nd_turn_end(turn);
  return ok;
}

// The same where nobody is told of its ops, nor looks for nan in them.
static bool run_quietly(nd_turn *turn, nd_variable *const *variables,
                        nd_tensor *const *gradients)
{
  nd_context *c = turn->o->context;
  const bool rests = nd_finder_rest(c, true);
  nd_recorder listeners;
  nd_recorders_part(c, nd_recorders_first(c), &listeners);
  const bool ok = run(turn, variables, gradients);
  nd_recorders_move(&c->strand.recorders, &listeners);
  nd_finder_rest(c, rests);
  return ok;
}

static bool update(nd_turn *turn, nd_variable *const *variables,
                   nd_tensor *const *gradients)
{
  nd_context *c = turn->o->context;
  if (!nd_context_has_recorders(c))
    return run(turn, variables, gradients);
  return run_quietly(turn, variables, gradients) &&
         (!nd_finder_hears(c) ||
          nd_finder_variables(c, turn->n, variables, gradients));
}

static bool has_null(int n, nd_variable *const *variables)
{
  for (int i = 0; i < n; i++) {
    if (variables[i] == NULL)
      return true;
  }
  return false;
}

bool nd_optimizer_apply(nd_optimizer *o, int n, nd_variable *const *variables,
                        nd_tensor *const *gradients)
{
  if (o == NULL || !nd_context_ready(o->context) ||
      (n > 0 && (variables == NULL || gradients == NULL)) ||
      has_null(n, variables))
    return false;
  nd_turn turn;
  const char *before = nd_context_enter(o->context, "apply_gradients");
  const bool ok = nd_turn_check(&turn, o, n, variables, gradients) &&
                  update(&turn, variables, gradients);
  nd_context_leave(o->context, before);
  return ok;
}

// What a variable may be excluded from: weight decay, and what the rule says.
static int find_exclusion(const nd_optimizer *o, const char *from)
{
  const char *rule = o->update->excludes;
  if (strcmp(from, "weight_decay") == 0)
    return ND_BY_DECAY;
  if (rule != NULL && strcmp(from, rule) == 0)
    return ND_BY_RULE;
  nd_fail(o->context, ND_BAD_ARGUMENT,
          "a variable cannot be excluded from '%s', but from weight_decay%s%s",
          from, rule != NULL ? " or " : "", rule != NULL ? rule : "");
  return -1;
}

static bool exclude(nd_optimizer *o, nd_variable *v, const char *from, bool on)
{
  if (v->context != o->context)
    return nd_fail_foreign(o->context, "variable", 1);
  const int what = find_exclusion(o, from);
  nd_slots *slots = what < 0 ? NULL : nd_slots_take(o, v);
  if (slots != NULL)
    slots->excluded[what] = on;
  return slots != NULL;
}

bool nd_optimizer_exclude(nd_optimizer *o, nd_variable *v, const char *from,
                          bool excluded)
{
  if (o == NULL || v == NULL || from == NULL || !nd_context_ready(o->context))
    return false;
  const char *before = nd_context_enter(o->context, o->update->name);
  const bool ok = exclude(o, v, from, excluded);
  nd_context_leave(o->context, before);
  return ok;
}

// Those of the variables that have a running mean, and these.
static int find_means(const nd_optimizer *o, int n,
                      nd_variable *const *variables, nd_variable **averaged,
                      nd_tensor **means)
{
  int found = 0;
  for (int i = 0; i < n; i++) {
    const nd_slots *slots = nd_slots_find(o, variables[i]);
    if (slots == NULL || !slots->averaged)
      continue;
    averaged[found] = variables[i];
    means[found++] = slots->at[ND_MEAN_SLOT];
  }
  return found;
}

static bool finalize(nd_optimizer *o, int n, nd_variable *const *variables)
{
  nd_context *c = o->context;
  if (n <= 0)
    return nd_fail(c, ND_BAD_ARGUMENT, "no variables");
  const size_t size = (size_t)n * sizeof(void *);
  nd_variable **averaged = nd_memory_new(c, size, ND_MEMORY_OBJECT);
  nd_tensor **means = nd_memory_new(c, size, ND_MEMORY_OBJECT);
  const bool ok = averaged != NULL && means != NULL &&
                  nd_variable_assign_all(
                    c, find_means(o, n, variables, averaged, means), averaged,
                    means);
  nd_memory_free(c, averaged, size, ND_MEMORY_OBJECT);
  nd_memory_free(c, means, size, ND_MEMORY_OBJECT);
  return ok;
}

bool nd_optimizer_finalize(nd_optimizer *o, int n,
                           nd_variable *const *variables)
{
  if (o == NULL || (n > 0 && variables == NULL) ||
      !nd_context_ready(o->context) || has_null(n, variables))
    return false;
  const char *before = nd_context_enter(o->context, "finalize_variable_values");
  const bool ok = finalize(o, n, variables);
  nd_context_leave(o->context, before);
  return ok;
}
