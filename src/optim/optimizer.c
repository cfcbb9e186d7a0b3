// optim/optimizer.c: applies an update rule. Slots are made when a variable is
// first seen, and go with it or with the optimizer, whichever goes first.
// Everything is checked and allocated before the first variable changes, so a
// failure leaves all as they were.

#include "optim/optimizer.h"

#include "base/dtype.h"
#include "base/number.h"
#include "base/options.h"
#include "base/work.h"
#include "op/pending.h"
#include "optim/rows.h"
#include "tape/finder.h"

// --------------------------------------------------------------- settings --

static bool fail_unknown(const nd_optimizer *o, const char *name)
{
  const char *names[ND_MAX_SETTINGS];
  int n = 0;
  for (const nd_param *s = o->update->settings; s->name != NULL; s++)
    names[n++] = s->name;
  return nd_option_unknown(o->context, name, n, names);
}

static bool set(nd_optimizer *o, const char *name, double value)
{
  const int i = nd_params_find(o->update->settings, name);
  if (i < 0)
    return fail_unknown(o, name);
  const char *wanted = nd_param_refuses(&o->update->settings[i], value);
  if (wanted != NULL)
    return nd_fail(o->context, ND_BAD_ARGUMENT, "%s must be %s, got %s", name,
                   wanted, ND_NUMBER(value));
  o->settings[i] = value;
  return true;
}

// Reads true or false for a switch, else a number.
static const char *read_value(const char *text, const nd_param *s,
                              double *value)
{
  if (s->kind != ND_FLAG)
    return nd_option_number(text, value);
  bool flag = false;
  text = nd_option_flag(text, &flag);
  *value = flag;
  return text;
}

// Reads "learning_rate=0.1 nesterov=true".
static bool parse(nd_optimizer *o, const char *text)
{
  nd_options all = { .context = o->context, .at = text };
  while (nd_options_next(&all)) {
    const int i = nd_params_find(o->update->settings, all.name);
    double value = 0;
    if (i < 0)
      return fail_unknown(o, all.name);
    if (!nd_options_place(&all, i) ||
        !nd_options_take(&all,
                         read_value(all.at, &o->update->settings[i], &value)) ||
        !set(o, all.name, value))
      return false;
  }
  return all.at != NULL;
}

static nd_optimizer *make(nd_context *c, const nd_update *u,
                          const char *options)
{
  nd_optimizer *o = nd_memory_new(c, sizeof *o, ND_MEMORY_OBJECT);
  if (o == NULL)
    return NULL;
  *o = (nd_optimizer){ .context = c, .update = u };
  for (int i = 0; u->settings[i].name != NULL; i++)
    o->settings[i] = nd_setting_initial(&u->settings[i]);
  if (options == NULL || parse(o, options))
    return o;
  nd_optimizer_free(o);
  return NULL;
}

nd_optimizer *nd_optimizer_new(nd_context *c, const char *name,
                               const char *options)
{
  if (name == NULL || !nd_context_ready(c))
    return NULL;
  const char *before = nd_context_enter(c, name);
  const nd_update *u = nd_update_find(name);
  nd_optimizer *o = NULL;
  if (u == NULL)
    nd_fail(c, ND_BAD_ARGUMENT, "no such optimizer");
  else
    o = make(c, u, options);
  nd_context_leave(c, before);
  return o;
}

void nd_optimizer_free(nd_optimizer *o)
{
  if (o == NULL)
    return;
  while (o->slots != NULL) {
    nd_attachment *a = &o->slots->attachment;
    nd_attachment_detach(a);
    a->drop(a);
  }
  nd_memory_free(o->context, o, sizeof *o, ND_MEMORY_OBJECT);
}

bool nd_optimizer_set(nd_optimizer *o, const char *name, double value)
{
  if (o == NULL || name == NULL || !nd_context_ready(o->context))
    return false;
  const char *before = nd_context_enter(o->context, o->update->name);
  const bool ok = set(o, name, value);
  nd_context_leave(o->context, before);
  return ok;
}

bool nd_optimizer_get(nd_optimizer *o, const char *name, double *value)
{
  if (o == NULL || name == NULL || value == NULL ||
      !nd_context_ready(o->context))
    return false;
  const int i = nd_params_find(o->update->settings, name);
  if (i >= 0) {
    *value = o->settings[i];
    return true;
  }
  const char *before = nd_context_enter(o->context, o->update->name);
  fail_unknown(o, name);
  nd_context_leave(o->context, before);
  return false;
}

// ------------------------------------------------------------------ slots --

// Frees slots that are off the variable's list.
static void drop_slots(nd_attachment *a)
{
  nd_slots *slots = (nd_slots *)a;
  const nd_optimizer *o = a->keeper;
  *slots->link = slots->next;
  if (slots->next != NULL)
    slots->next->link = slots->link;
  for (int i = 0; i < ND_MAX_SLOTS; i++)
    nd_tensor_release(slots->at[i]);
  nd_memory_free(o->context, slots, sizeof *slots, ND_MEMORY_OBJECT);
}

static nd_slots *add_slots(nd_optimizer *o, nd_variable *v)
{
  nd_slots *slots = nd_memory_new(o->context, sizeof *slots, ND_MEMORY_OBJECT);
  if (slots == NULL)
    return NULL;
  *slots = (nd_slots){ .attachment = { .keeper = o, .drop = drop_slots },
                       .next = o->slots,
                       .link = &o->slots };
  if (o->slots != NULL)
    o->slots->link = &slots->next;
  o->slots = slots;
  nd_variable_attach(v, &slots->attachment);
  return slots;
}

// Makes what the rule needs beside `v` and does not have yet, in zeros.
static bool complete(nd_optimizer *o, nd_slots *slots, const nd_variable *v)
{
  const nd_type type = nd_type_of(v->value);
  const int n = o->update->slots(o->settings);
  for (int i = 0; i < n; i++) {
    if (slots->at[i] != NULL)
      continue;
    slots->at[i] = nd_tensor_new(o->context, type.dtype, type.rank, type.shape,
                                 NULL);
    if (slots->at[i] == NULL)
      return false;
  }
  return true;
}

static nd_slots *find_slots(nd_optimizer *o, nd_variable *v)
{
  return (nd_slots *)nd_variable_attachment(v, o);
}

static bool ensure_slots(nd_optimizer *o, nd_variable *v)
{
  if (o->update->slots(o->settings) == 0)
    return true;
  nd_slots *slots = find_slots(o, v);
  if (slots == NULL)
    slots = add_slots(o, v);
  return slots != NULL && complete(o, slots, v);
}

// --------------------------------------------------------------- updating --

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
        !ensure_slots(o, variables[i]) ||
        !nd_recorders_assigned(o->context, variables[i], NULL, false))
      return false;
  }
  if (n <= 0)
    return nd_fail(o->context, ND_BAD_ARGUMENT, "no variables");
  return given > 0 || nd_fail(o->context, ND_BAD_ARGUMENT,
                              "no gradients: every one of %d is missing", n);
}

// What one variable's step needs, references.
typedef struct job {
  nd_tensor *gradient;  // NULL: none
  nd_tensor *fresh;     // room for the new value; NULL: update in place
  nd_rows rows;         // of the gradient, where others stay as they are
} job;

// Jobs, and what has to have values for them; few lie here.
enum { FEW_JOBS = 8 };

typedef struct jobs {
  job *at;
  nd_tensor **asked;
  job few[FEW_JOBS];
  nd_tensor *few_asked[FEW_JOBS];
} jobs;

static size_t jobs_bytes(int n)
{
  return (size_t)n * (sizeof(job) + sizeof(nd_tensor *));
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
    l->at[i] = (job){ NULL };
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
  const int lazy = nd_params_find(u->settings, "lazy");
  return o->settings[lazy] != 0 || (u->rests != NULL && u->rests(o->settings));
}

// Whether only the rows of `g` are looked at.
static bool is_by_rows(const nd_optimizer *o, const nd_tensor *g)
{
  return g != NULL && nd_is_sliced(g) && skips_rows(o);
}

// Keeps a gradient with the values or the rows that its job needs. All have
// been asked for together, since one pass may compute several.
static bool take_gradient(const nd_optimizer *o, nd_tensor *g, job *j)
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
static bool make_fresh(nd_tensor *w, job *j)
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
  nd_update_kernel *kernel;
  const double *k;
  size_t width;  // of an element
  int64_t run;   // elements of a row
  const int64_t *rows;
  char *out;
  const char *w, *g;
  char *slots[ND_MAX_SLOTS];
} pass;

// Updates `n` elements from element `at` on, by those of the gradient from
// `from` on.
static void run_part(const pass *p, int64_t n, int64_t at, int64_t from)
{
  const size_t offset = (size_t)at * p->width;
  void *slots[ND_MAX_SLOTS];
  for (int i = 0; i < ND_MAX_SLOTS; i++)
    slots[i] = p->slots[i] == NULL ? NULL : p->slots[i] + offset;
  p->kernel(n, p->k, p->out + offset, p->w + offset,
            p->g + (size_t)from * p->width, slots);
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
static nd_step make_step(const nd_tensor *w, const job *j, pass *p)
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

// One step of one variable. Nothing can fail any more.
static void run_job(nd_optimizer *o, const double *k, nd_variable *v, job *j)
{
  const nd_slots *slots = find_slots(o, v);
  const nd_tensor *w = v->value;
  pass p = { .kernel = o->update->kernels[o->context->level]->at[w->dtype],
             .k = k,
             .width = nd_dtype_size((nd_dtype)w->dtype),
             .out = j->fresh != NULL ? j->fresh->data : w->data,
             .w = w->data,
             .g = j->gradient->data };
  for (int i = 0; slots != NULL && i < ND_MAX_SLOTS; i++)
    p.slots[i] = slots->at[i] != NULL ? slots->at[i]->data : NULL;
  const nd_step step = make_step(w, j, &p);
  nd_step_finish(o->context, &step, &p);
  if (j->fresh != NULL)
    nd_variable_replace(v, j->fresh);
  j->fresh = NULL;
}

static bool update(nd_optimizer *o, int n, nd_variable *const *variables,
                   nd_tensor *const *gradients)
{
  jobs l;
  if (!start_jobs(o->context, n, &l))
    return false;
  const bool ok = make_jobs(o, n, variables, gradients, &l);
  double k[ND_MAX_COEFFICIENTS];
  o->update->prepare(o->settings, (double)(o->iterations + 1), k);
  for (int i = 0; i < n && ok; i++) {
    if (l.at[i].gradient != NULL)
      run_job(o, k, variables[i], &l.at[i]);
  }
  o->iterations += ok;
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
