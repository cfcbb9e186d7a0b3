// op/window.c: where windows lie, as users say it.

#include "op/window.h"

#include <string.h>

#include "base/cut.h"

nd_window nd_window_start(int rank)
{
  nd_window w = { .rank = rank };
  for (int i = 0; i < ND_SPATIAL; i++)
    w.in[i] = w.out[i] = w.taps[i] = w.step[i] = w.gap[i] = 1;
  return w;
}

void nd_window_sizes(const nd_window *w, const int64_t *first, int64_t *sizes)
{
  for (int i = 0; i < w->rank; i++)
    sizes[ND_SPATIAL - w->rank + i] = first[i];
}

int nd_window_rank(nd_context *c, const nd_tensor *x, const char *name,
                   int wanted)
{
  static const char *const axes[] = { "length", "height width",
                                      "depth height width" };
  const int rank = x->rank - 2;
  if (rank >= 1 && rank <= ND_SPATIAL && (wanted == 0 || rank == wanted))
    return rank;
  if (wanted == 0)
    nd_fail(c, ND_BAD_ARGUMENT,
            "%s must have 3, 4 or 5 axes, [batch spatial.. channels]: it is %s",
            name, ND_SHAPE(x->rank, x->dims));
  else
    nd_fail(c, ND_BAD_ARGUMENT,
            "%s must have %d axes, [batch %s channels]: it is %s", name,
            wanted + 2, axes[wanted - 1], ND_SHAPE(x->rank, x->dims));
  return -1;
}

// --------------------------------------------------------------- arguments --

static bool fail_count(nd_context *c, const nd_window *w, const char *name,
                       int n)
{
  return nd_fail(c, ND_BAD_ARGUMENT,
                 "%s must be one number, or one for each of %d spatial axes, "
                 "got %d",
                 name, w->rank, n);
}

static bool check_number(nd_context *c, const char *name, int least,
                         int64_t number)
{
  if (number < least)
    return nd_fail(c, ND_BAD_ARGUMENT, "%s must be %d or more, got %lld", name,
                   least, (long long)number);
  return number <= INT32_MAX ||
         nd_fail(c, ND_BAD_ARGUMENT, "%s must be at most %d, got %lld", name,
                 INT32_MAX, (long long)number);
}

// The numbers of the spatial axes among `n` of a list: where they begin; NULL
// if `ends` stand around them that are not `end`, or they are too few or many.
static const int64_t *find_inner(const nd_window *w, int n, int each,
                                 const int64_t *list, int64_t end)
{
  if (n == w->rank * each)
    return list;
  if (n != (w->rank + 2) * each)
    return NULL;
  for (int i = 0; i < each; i++) {
    if (list[i] != end || list[n - 1 - i] != end)
      return NULL;
  }
  return list + each;
}

bool nd_window_numbers(nd_context *c, const nd_window *w, const char *name,
                       const nd_value *v, int64_t *numbers)
{
  const bool one = v->holds != ND_HOLDS_LIST || v->n == 1;
  const int64_t *list = v->holds == ND_HOLDS_LIST ? v->list : &v->integer;
  const int64_t *inner = one ? list : find_inner(w, v->n, 1, list, 1);
  if (inner == NULL && v->n == w->rank + 2)
    return nd_fail(c, ND_BAD_ARGUMENT,
                   "%s of batch and channels must be 1, got %s", name,
                   ND_SHAPE(v->n, list));
  if (inner == NULL)
    return fail_count(c, w, name, v->n);
  for (int i = 0; i < w->rank; i++) {
    const int64_t number = inner[one ? 0 : i];
    if (!check_number(c, name, 1, number))
      return false;
    numbers[ND_SPATIAL - w->rank + i] = number;
  }
  return true;
}

// Positions that a window spans.
static int64_t span(const nd_window *w, int axis)
{
  return (w->taps[axis] - 1) * w->gap[axis] + 1;
}

static bool pad_by_list(nd_context *c, nd_window *w, const nd_value *v)
{
  const bool one = v->n == 2;
  const int64_t *inner = one ? v->list : find_inner(w, v->n, 2, v->list, 0);
  if (inner == NULL && v->n == 2 * (w->rank + 2))
    return nd_fail(c, ND_BAD_ARGUMENT,
                   "padding of batch and channels must be 0, got %s",
                   ND_SHAPE(v->n, v->list));
  if (inner == NULL)
    return fail_count(c, w, "padding", v->n / 2);
  for (int i = 0; i < w->rank; i++) {
    const int64_t *pair = inner + (one ? 0 : 2 * i);
    if (!check_number(c, "padding", 0, pair[0]) ||
        !check_number(c, "padding", 0, pair[1]))
      return false;
    w->before[ND_SPATIAL - w->rank + i] = pair[0];
    w->after[ND_SPATIAL - w->rank + i] = pair[1];
  }
  return true;
}

static bool is_same(const nd_value *padding)
{
  return padding->holds != ND_HOLDS_LIST && padding->integer == ND_SAME;
}

// As many windows as steps that begin within the positions; what they lack is
// padded, the odd one at the end.
static void pad_same(nd_window *w)
{
  for (int i = 0; i < ND_SPATIAL; i++) {
    const int64_t windows = nd_parts(w->in[i], w->step[i]);
    const int64_t lack = (windows - 1) * w->step[i] + span(w, i) - w->in[i];
    w->before[i] = lack > 0 ? lack / 2 : 0;
    w->after[i] = lack > 0 ? lack - lack / 2 : 0;
  }
}

static bool take_arguments(nd_context *c, nd_window *w, const nd_sliding *how)
{
  if (!nd_window_numbers(c, w, "strides", how->steps, w->step))
    return false;
  if (how->gaps != NULL &&
      !nd_window_numbers(c, w, "dilations", how->gaps, w->gap))
    return false;
  return how->padding->holds != ND_HOLDS_LIST ||
         pad_by_list(c, w, how->padding);
}

static bool count_windows(nd_context *c, nd_window *w, const nd_value *padding)
{
  if (is_same(padding))
    pad_same(w);
  for (int i = 0; i < ND_SPATIAL; i++) {
    const int64_t room = w->in[i] + w->before[i] + w->after[i] - span(w, i);
    if (room < 0 && !is_same(padding)) {
      const int first = ND_SPATIAL - w->rank;
      return nd_fail(c, ND_BAD_ARGUMENT,
                     "the window is larger than what it slides over: %lld of "
                     "%s; padding \"SAME\" makes room",
                     (long long)span(w, i), ND_SHAPE(w->rank, w->in + first));
    }
    w->out[i] = room < 0 ? 0 : room / w->step[i] + 1;
  }
  return true;
}

bool nd_window_slide(nd_context *c, nd_window *w, const nd_sliding *how)
{
  return take_arguments(c, w, how) && count_windows(c, w, how->padding);
}

bool nd_window_unslide(nd_context *c, nd_window *w, const nd_sliding *how)
{
  if (!take_arguments(c, w, how))
    return false;
  for (int i = 0; i < ND_SPATIAL; i++) {
    const int64_t wide = span(w, i) > w->step[i] ? span(w, i) : w->step[i];
    const int64_t padded = how->padding->holds == ND_HOLDS_LIST
                             ? span(w, i) - w->before[i] - w->after[i]
                             : wide;
    w->in[i] = is_same(how->padding) ? w->out[i] * w->step[i]
               : w->out[i] > 0       ? (w->out[i] - 1) * w->step[i] + padded
                                     : 0;
    if (w->in[i] < 0)
      return nd_fail(c, ND_BAD_ARGUMENT, "nothing is left within the padding");
  }
  const nd_window wanted = *w;
  if (!count_windows(c, w, how->padding))
    return false;
  memcpy(w->out, wanted.out, sizeof w->out);
  return true;
}
