// tape/finder.c: the outermost recorder of a strand, which looks at values.

#include "tape/finder.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/number.h"
#include "kernel/finite.h"
#include "op/slices.h"
#include "tape/variable.h"
#include "tensor/reader.h"

// ----------------------------------------------------------------- looking --

// Calls `see` with the values, a run at a time, until it gives false.
typedef bool see_run(nd_dtype dtype, const void *x, int64_t n, void *seen);

static bool see_all(const nd_tensor *x, see_run *see, void *seen)
{
  const nd_dtype dtype = (nd_dtype)x->dtype;
  if (x->dense)
    return see(dtype, nd_values(x), x->size, seen);
  nd_reader r;
  nd_reader_start(&r, x, dtype);
  bool ok = true;
  for (int64_t at = 0; at < x->size && ok; at += ND_BLOCK) {
    const int64_t n = x->size - at < ND_BLOCK ? x->size - at : ND_BLOCK;
    ok = see(dtype, nd_reader_next(&r, n), n, seen);
  }
  return ok;
}

static bool see_finite(nd_dtype dtype, const void *x, int64_t n, void *seen)
{
  return nd_are_finite(dtype, x, n);
}

static bool see_counts(nd_dtype dtype, const void *x, int64_t n, void *seen)
{
  nd_find(dtype, x, n, seen);
  return true;
}

// Where the values of `x` are: of rows that wait, these.
static nd_tensor *values_of(nd_tensor *x)
{
  return nd_is_sliced(x) ? nd_slices_of(x)->values : x;
}

// Whether there is nothing to say of `x`; false with an error as well, if it
// cannot be computed.
static bool is_sound(nd_tensor *x)
{
  if (x == NULL || !nd_dtype_in((nd_dtype)x->dtype, ND_FLOATS))
    return true;
  x = values_of(x);
  return nd_force(x) && see_all(x, see_finite, NULL);
}

// ----------------------------------------------------------------- telling --

typedef struct text {
  char at[320];
  size_t n;
} text;

__attribute__((format(printf, 2, 3))) static void put(text *t,
                                                      const char *format, ...)
{
  va_list args;
  va_start(args, format);
  const int n = vsnprintf(t->at + t->n, sizeof t->at - t->n, format, args);
  va_end(args);
  t->n += (size_t)n;
  if (t->n >= sizeof t->at)
    t->n = sizeof t->at - 1;
}

static void put_type(text *t, const nd_tensor *x)
{
  put(t, "%s %s", nd_dtype_name((nd_dtype)x->dtype),
      ND_SHAPE(x->rank, x->dims));
}

static nd_findings find_all(nd_tensor *x)
{
  nd_findings f = { .low = INFINITY, .high = -INFINITY };
  see_all(values_of(x), see_counts, &f);
  return f;
}

static void put_counts(text *t, const nd_findings *f)
{
  if (f->nan > 0)
    put(t, "%lld nan%s", (long long)f->nan, f->inf > 0 ? " and " : "");
  if (f->inf > 0)
    put(t, "%lld inf", (long long)f->inf);
}

// Six digits of `x` are enough for a message.
static double brief(double x)
{
  char digits[40];
  snprintf(digits, sizeof digits, "%.6g", x);
  return strtod(digits, NULL);
}

static void put_range(text *t, const nd_findings *f)
{
  if (f->low <= f->high)
    put(t, " %s", ND_NUMBER(brief(f->low)));
  if (f->low < f->high)
    put(t, "..%s", ND_NUMBER(brief(f->high)));
}

// "; input 2 float32 [3] 0..1 and 2 nan"; what is no float is left out.
static void put_input(text *t, const char *what, int number, nd_tensor *x)
{
  if (x == NULL || !nd_dtype_in((nd_dtype)x->dtype, ND_FLOATS) ||
      !nd_force(values_of(x)))
    return;
  const nd_findings f = find_all(x);
  put(t, "; %s", what);
  if (number > 0)
    put(t, " %d", number);
  put(t, " ");
  put_type(t, x);
  put_range(t, &f);
  if (f.nan + f.inf > 0)
    put(t, f.low <= f.high ? " and " : " ");
  put_counts(t, &f);
}

static void put_inputs(text *t, const char *what, int n, nd_tensor *const *in)
{
  for (int i = 0; i < n; i++)
    put_input(t, what, n > 1 ? i + 1 : 0, in[i]);
}

// Fails with what `x` is, and then with what `about` says it is made of.
static bool tell(nd_context *c, const char *what, nd_tensor *x,
                 const text *about)
{
  if (nd_error_code(c) != ND_OK)
    return false;
  const nd_findings f = find_all(x);
  text t = { .n = 0 };
  put_counts(&t, &f);
  const long long size = values_of(x)->size;
  put(&t, " in %lld element%s of ", size, size == 1 ? "" : "s");
  put_type(&t, x);
  return nd_fail(c, ND_BAD_ARGUMENT, "%s is not finite: %s%s", what, t.at,
                 about->at);
}

// The same, named after an op's rule for the inputs that have a tensor in `x`,
// with what that reads. A record keeps no more: what else stands in the job may
// be anything.
static bool tell_of_rule(nd_context *c, const char *of, const char *what,
                         const nd_job *j, nd_tensor *const *x, nd_tensor *y,
                         text *about)
{
  char name[80];
  int needs = 0;
  for (int i = 0; i < j->n; i++)
    needs |= x[i] != NULL ? nd_op_needs(j->op, i) : 0;
  for (int i = 0; i < j->n; i++) {
    if (needs >> (i < 6 ? i : 6) & 1)
      put_input(about, "input", j->n > 1 ? i + 1 : 0, j->in[i]);
  }
  if (needs & ND_NEEDS_OUT)
    put_inputs(about, "output", j->outs, j->out);
  snprintf(name, sizeof name, "%s of %.60s", of, j->op->name);
  const char *before = nd_context_enter(c, name);
  tell(c, what, y, about);
  nd_context_leave(c, before);
  return false;
}

// ------------------------------------------------------------------- rules --

bool nd_finder_gradients(nd_context *c, const nd_job *j, nd_tensor *const *g,
                         nd_tensor *const *gx)
{
  for (int i = 0; i < j->n; i++) {
    if (is_sound(gx[i]))
      continue;
    char what[40];
    text about = { .n = 0 };
    snprintf(what, sizeof what, j->n > 1 ? "result for input %d" : "result",
             i + 1);
    put_inputs(&about, "incoming", j->outs, g);
    return tell_of_rule(c, "gradient", what, j, gx, gx[i], &about);
  }
  return true;
}

bool nd_finder_tangents(nd_context *c, const nd_job *j, nd_tensor *const *t,
                        nd_tensor *const *ty)
{
  for (int k = 0; k < j->outs; k++) {
    if (is_sound(ty[k]))
      continue;
    text about = { .n = 0 };
    put_inputs(&about, "incoming", j->n, t);
    return tell_of_rule(c, "tangent", "result", j, t, ty[k], &about);
  }
  return true;
}

bool nd_finder_sum(nd_context *c, nd_tensor *const *in, nd_tensor *sum)
{
  if (is_sound(sum))
    return true;
  text about = { .n = 0 };
  put_inputs(&about, "input", 2, in);
  return tell(c, "a sum of gradients", sum, &about);
}

bool nd_finder_variables(nd_context *c, int n, nd_variable *const *variables,
                         nd_tensor *const *gradients)
{
  for (int i = 0; i < n; i++) {
    char what[60];
    const text nothing = { .n = 0 };
    if (gradients[i] == NULL || is_sound(variables[i]->value))
      continue;
    snprintf(what, sizeof what, "the new value of variable %d", i + 1);
    return tell(c, what, variables[i]->value, &nothing);
  }
  return true;
}

// --------------------------------------------------------------------- ops --

static bool applied(nd_recorder *r, const nd_job *j)
{
  if (j->op->view != NULL || j->n == 0)
    return true;
  for (int k = 0; k < j->outs; k++) {
    if (is_sound(j->out[k]))
      continue;
    char what[40];
    text about = { .n = 0 };
    snprintf(what, sizeof what, j->outs > 1 ? "result %d" : "result", k + 1);
    put_inputs(&about, "input", j->n, j->in);
    return tell(j->out[k]->context, what, j->out[k], &about);
  }
  return true;
}

// Fused kernels need no unfolding: what they give is looked at.
static bool watches(const nd_recorder *r, const nd_tensor *x)
{
  return false;
}

// ------------------------------------------------------- public functions --

void nd_context_set_check_numerics(nd_context *c, bool on)
{
  if (c == NULL || on == nd_context_checks_numerics(c))
    return;
  nd_recorder *finder = &c->strand.finder;
  if (!on) {
    const bool rests = finder->paused;
    nd_recorder_leave(finder);
    finder->paused = rests;
    return;
  }
  finder->applied = applied;
  finder->watches = watches;
  nd_recorder_enter_finder(c);
}

bool nd_context_checks_numerics(const nd_context *c)
{
  return c != NULL && nd_recorder_entered(&c->strand.finder);
}
