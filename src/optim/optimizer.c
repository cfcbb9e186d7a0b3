// optim/optimizer.c: applies an update rule. All is checked and allocated
// first, so a failure leaves every variable as it was.

#include "optim/optimizer.h"

#include "base/dtype.h"
#include "base/work.h"
#include "op/pending.h"
#include "optim/clip.h"
#include "optim/frame.h"
#include "tape/finder.h"

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

static bool prepare(nd_optimizer *o, int n, nd_variable *const *variables,
                    nd_tensor *const *gradients)
{
  int given = 0;
  for (int i = 0; i < n; i++) {
    if (gradients[i] == NULL)
      continue;
    given++;
    if (!check(o, i, variables[i], gradients[i]) ||
        !nd_slots_ensure(o, variables[i]) ||
        !nd_recorders_assigned(o->context, variables[i], NULL, false))
      return false;
  }
  if (n <= 0)
    return nd_fail(o->context, ND_BAD_ARGUMENT, "no variables");
  return given > 0 || nd_fail(o->context, ND_BAD_ARGUMENT,
                              "no gradients: every one of %d is missing", n);
}

// Jobs, and what has to have values for them; few lie here.
enum { FEW_JOBS = 8 };

typedef struct jobs {
  nd_update_job *at;
  nd_tensor **asked;
  nd_update_job few[FEW_JOBS];
  nd_tensor *few_asked[FEW_JOBS];
} jobs;

static size_t jobs_bytes(int n)
{
  return (size_t)n * (sizeof(nd_update_job) + sizeof(nd_tensor *));
}

static bool start_jobs(nd_context *c, int n, jobs *l)
{
  l->at = l->few;
  l->asked = l->few_asked;
  if (n > FEW_JOBS) {
    l->at = nd_memory_new(c, jobs_bytes(n), ND_MEMORY_OBJECT);
    l->asked = l->at == NULL ? NULL : (nd_tensor **)(void *)(l->at + n);
  }
  for (int i = 0; i < n && l->at != NULL; i++)
    l->at[i] = (nd_update_job){ .scale = 1 };
  return l->at != NULL;
}

static void end_jobs(nd_context *c, int n, jobs *l)
{
  for (int i = 0; i < n; i++) {
    nd_tensor_release(l->at[i].gradient);
    nd_tensor_release(l->at[i].fresh);
    nd_rows_end(c, &l->at[i].rows);
  }
  if (l->at != l->few)
    nd_memory_free(c, l->at, jobs_bytes(n), ND_MEMORY_OBJECT);
}

// Whether rows without gradient stay as they are.
static bool skips_rows(const nd_optimizer *o)
{
  const nd_update *u = o->update;
  if (nd_optimizer_calls(o) > 1)
    return false;
  return nd_optimizer_common(o, ND_LAZY) != 0 ||
         (u->rests != NULL && u->rests(o->settings) &&
          nd_optimizer_common(o, ND_WEIGHT_DECAY) == 0 &&
          nd_optimizer_common(o, ND_USE_EMA) == 0);
}

// Whether only the rows of `g` are looked at.
static bool is_by_rows(const nd_optimizer *o, const nd_tensor *g)
{
  return g != NULL && nd_is_sliced(g) && skips_rows(o);
}

// Keeps a gradient with the values or the rows that its job needs. All have
// been asked for together, since one pass may compute several.
static bool take_gradient(const nd_optimizer *o, nd_tensor *g, nd_update_job *j)
{
  if (g == NULL)
    return true;
  if (!is_by_rows(o, g))
    j->gradient = nd_tensor_dense(g);
  else if (nd_rows_find(g, &j->rows))
    j->gradient = nd_tensor_keep(j->rows.sums);
  return j->gradient != NULL;
}

// Room for the new value of what others hold, too; where only rows change, it
// has all others.
static bool make_fresh(nd_tensor *w, nd_update_job *j)
{
  if (j->gradient == NULL || !nd_tensor_is_shared(w))
    return true;
  j->fresh = nd_tensor_like(w, (nd_dtype)w->dtype);
  return j->fresh != NULL &&
         (j->rows.sums == NULL || nd_tensor_copy(w, j->fresh->data));
}

// A value that is another one's gradient counts as shared, so all gradients are
// kept before the first look.
static bool make_jobs(nd_optimizer *o, int n, nd_variable *const *variables,
                      nd_tensor *const *gradients, jobs *l)
{
  for (int i = 0; i < n; i++) {
    nd_tensor *g = gradients[i];
    l->asked[i] = is_by_rows(o, g) ? nd_slices_of(g)->values : g;
  }
  bool ok = nd_force_all(o->context, n, l->asked);
  for (int i = 0; i < n && ok; i++)
    ok = take_gradient(o, gradients[i], &l->at[i]);
  for (int i = 0; i < n && ok; i++)
    ok = make_fresh(variables[i]->value, &l->at[i]);
  return ok;
}

// The update of one variable's elements, or of some rows.
typedef struct pass {
  const nd_frame *frame;
  nd_frame_kernel *around;
  nd_update_kernel *kernel;
  const double *k;
  size_t width;  // of an element
  int64_t run;   // elements of a row
  const int64_t *rows;
  char *out;
  const char *w, *g;
  char *slots[ND_ALL_SLOTS];
} pass;

// Updates `n` elements from element `at` on, by those of the gradient from
// `from` on.
static void run_part(const pass *p, int64_t n, int64_t at, int64_t from)
{
  const size_t offset = (size_t)at * p->width;
  const char *g = p->g + (size_t)from * p->width;
  void *slots[ND_ALL_SLOTS];
  for (int i = 0; i < ND_ALL_SLOTS; i++)
    slots[i] = p->slots[i] == NULL ? NULL : p->slots[i] + offset;
  if (nd_frame_is_empty(p->frame, slots[ND_MEAN_SLOT]))
    p->kernel(n, p->k, p->out + offset, p->w + offset, g, slots);
  else
    p->around(n, p->frame, p->kernel, p->k, p->out + offset, p->w + offset, g,
              slots, slots[ND_MEAN_SLOT]);
}

static void run_elements(const void *what, void *shared, void *own,
                         int64_t from, int64_t to)
{
  run_part(what, to - from, from, from);
}

static void run_rows(const void *what, void *shared, void *own, int64_t from,
                     int64_t to)
{
  const pass *p = what;
  for (int64_t i = from; i < to; i++)
    run_part(p, p->run, p->rows[i] * p->run, i * p->run);
}

// One step over all elements, or over the rows that there are.
static nd_step make_step(const nd_tensor *w, const nd_update_job *j, pass *p)
{
  nd_step step = { .units = w->size, .cost = .5F, .run = run_elements };
  if (j->rows.sums == NULL)
    return step;
  p->rows = j->rows.at;
  p->run = w->dims[0] > 0 ? w->size / w->dims[0] : 0;
  step.units = j->rows.n;
  step.cost *= (float)p->run;
  step.run = run_rows;
  return step;
}

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

// One step of one variable. Nothing can fail any more.
static void run_job(nd_optimizer *o, const double *k, nd_frame f,
                    nd_variable *v, nd_update_job *j)
{
  nd_slots *slots = nd_slots_find(o, v);
  const int kept = nd_slots_kept(o);
  const nd_tensor *w = v->value;
  pass p = { .frame = &f,
             .around = nd_frame_kernels(o->context->level)->run[w->dtype],
             .kernel = o->update->kernels[o->context->level]->at[w->dtype],
             .k = k,
             .width = nd_dtype_size((nd_dtype)w->dtype),
             .out = j->fresh != NULL ? j->fresh->data : w->data,
             .w = w->data,
             .g = j->gradient->data };
  f.scale *= j->scale;
  f.decay = slots != NULL && slots->excluded ? 0 : f.decay;
  f.keep = slots != NULL && slots->averaged ? f.keep : 0;
  for (int i = 0; slots != NULL && i < ND_ALL_SLOTS; i++)
    p.slots[i] = kept >> i & 1 ? slots->at[i]->data : NULL;
  const nd_step step = make_step(w, j, &p);
  nd_step_finish(o->context, &step, &p);
  if (slots != NULL) {
    slots->averaged = p.slots[ND_MEAN_SLOT] != NULL;
    slots->summed = false;
  }
  if (j->fresh != NULL)
    nd_variable_replace(v, j->fresh);
  j->fresh = NULL;
}

// Whether the sum of its gradients is used up: it stands twice in the call.
static bool is_done(const nd_optimizer *o, nd_variable *v)
{
  return nd_optimizer_calls(o) > 1 && !nd_slots_find(o, v)->summed;
}

static void run_jobs(nd_optimizer *o, int n, nd_variable *const *variables,
                     nd_update_job *at)
{
  const nd_frame f = find_frame(o);
  double k[ND_MAX_COEFFICIENTS];
  nd_clip_find(o, n, at, f.scale);
  o->update->prepare(o->settings, (double)(o->iterations + 1), k);
  for (int i = 0; i < n; i++) {
    if (at[i].gradient != NULL && !is_done(o, variables[i]))
      run_job(o, k, f, variables[i], &at[i]);
  }
  o->iterations++;
}

static bool update(nd_optimizer *o, int n, nd_variable *const *variables,
                   nd_tensor *const *gradients)
{
  jobs l;
  if (!start_jobs(o->context, n, &l))
    return false;
  const bool ok = make_jobs(o, n, variables, gradients, &l);
  if (ok && nd_sums_take(o, n, variables, l.at))
    run_jobs(o, n, variables, l.at);
  end_jobs(o->context, n, &l);
  return ok && (!nd_finder_hears(o->context) ||
                nd_finder_variables(o->context, n, variables, gradients));
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
  const char *before = nd_context_enter(o->context, "apply_gradients");
  const bool ok = prepare(o, n, variables, gradients) &&
                  update(o, n, variables, gradients);
  nd_context_leave(o->context, before);
  return ok;
}

bool nd_optimizer_exclude(nd_optimizer *o, nd_variable *v, bool exclude)
{
  if (o == NULL || v == NULL || !nd_context_ready(o->context))
    return false;
  if (v->context != o->context)
    return nd_fail_foreign(o->context, "variable", 1);
  nd_slots *slots = nd_slots_take(o, v);
  if (slots != NULL)
    slots->excluded = exclude;
  return slots != NULL;
}

static bool finalize(nd_optimizer *o, nd_variable *v)
{
  const nd_slots *slots = v != NULL ? nd_slots_find(o, v) : NULL;
  if (slots == NULL || !slots->averaged)
    return v != NULL;
  const nd_tensor *mean = slots->at[ND_MEAN_SLOT];
  nd_tensor *copy = nd_tensor_new(o->context, (nd_dtype)mean->dtype, mean->rank,
                                  mean->dims, mean->data);
  const bool ok = copy != NULL && nd_variable_assign(v, copy);
  nd_tensor_release(copy);
  return ok;
}

bool nd_optimizer_finalize(nd_optimizer *o, int n,
                           nd_variable *const *variables)
{
  if (o == NULL || (n > 0 && variables == NULL) ||
      !nd_context_ready(o->context))
    return false;
  const char *before = nd_context_enter(o->context, "finalize_variable_values");
  bool ok = n > 0 || nd_fail(o->context, ND_BAD_ARGUMENT, "no variables");
  for (int i = 0; i < n && ok; i++)
    ok = finalize(o, variables[i]);
  nd_context_leave(o->context, before);
  return ok;
}
