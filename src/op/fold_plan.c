// op/fold_plan.c: the order of the axes of a fold's input, and of its outputs.

#include "op/fold_plan.h"

#include "base/cut.h"
#include "op/axes.h"

// The first of the axes that stay behind the last that is folded.
static int find_tail(const nd_tensor *x, int set)
{
  int tail = x->rank;
  while (tail > 0 && (!(set >> (tail - 1) & 1) || x->dims[tail - 1] == 1))
    tail--;
  return tail;
}

// The axes that stay along which outputs lie beside each other in memory, and
// counts these.
static int find_beside(nd_folding *l, const nd_tensor *x, int set)
{
  int found = 0;
  l->beside = 1;
  l->between = 1;
  for (int i = x->rank - 1; i >= 0; i--) {
    if (set >> i & 1 || x->dims[i] == 1)
      continue;
    if (nd_strides(x)[i] == l->beside) {
      l->beside *= x->dims[i];
      found |= 1 << i;
    } else if (found != 0) {
      return found;
    } else {
      l->between *= x->dims[i];
    }
  }
  if (found == 0)
    l->between = 1;
  return found;
}

// Appends the axes in `set`; returns how many elements they have.
static int64_t add_axes(const nd_tensor *x, int set, int *axes, int *n)
{
  int64_t size = 1;
  for (; set != 0; set &= set - 1) {
    const int i = __builtin_ctz((unsigned)set);
    axes[(*n)++] = i;
    size *= x->dims[i];
  }
  return size;
}

// Puts the axes with large strides first.
static void sort_axes(const nd_tensor *x, int *axes, int n)
{
  for (int i = 1; i < n; i++) {
    for (int k = i; k > 0; k--) {
      const int axis = axes[k];
      if (nd_strides(x)[axes[k - 1]] >= nd_strides(x)[axis])
        break;
      axes[k] = axes[k - 1];
      axes[k - 1] = axis;
    }
  }
}

void nd_fold_plan(nd_folding *l, const nd_tensor *x, nd_dtype as,
                  const nd_value *axis, bool by_rows)
{
  const int all = (1 << x->rank) - 1, set = nd_axes_set(axis, x->rank);
  const int tail = by_rows ? x->rank : find_tail(x, set);
  int beside = find_beside(l, x, by_rows ? all : set);
  int axes[ND_MAX_RANK];
  int n = 0;
  l->last = 1;
  for (int i = tail; i < x->rank; i++)
    l->last *= x->dims[i];
  l->group = nd_fold_group(l->last);
  const bool any_order = !nd_dtype_in(as, ND_FLOATS);
  l->columns = any_order ? beside != 0 : tail > 0 && l->last > 1;
  if (l->columns && beside == 0) {
    beside = all & ~set & ~((1 << tail) - 1);
    l->beside = l->last;
  }
  add_axes(x, all & ~set & ~beside, axes, &n);
  if (!l->columns)
    add_axes(x, beside, axes, &n);
  const int kept = n;
  l->folded = add_axes(x, set, axes, &n);
  if (any_order)
    sort_axes(x, axes + kept, n - kept);
  if (l->columns) {
    nd_walk_axes(&l->rows, x, n - kept, axes + kept);
    add_axes(x, beside, axes, &n);
  }
  l->last = l->columns ? l->beside : 1;
  l->tile = NULL;
  nd_reader_permuted(&l->reader, x, as, axes);
}

// The next run of outputs that are not neighbours.
static bool next_apart(const nd_folding *l, nd_outputs *o)
{
  const int64_t apart = l->between, block = l->beside * apart;
  for (; o->from < o->to; o->behind = 0) {
    const int64_t base = o->from / block * block;
    const int64_t end = nd_least(o->to, base + block);
    while (o->behind < apart) {
      const int64_t i = o->behind++;
      const int64_t first = nd_parts(o->from - base - i, apart);
      o->n = nd_parts(end - base - i, apart) - first;
      o->at = base + i * l->beside + first;
      o->first = base + first * apart + i;
      if (o->n > 0)
        return true;
    }
    o->from = end;
  }
  return false;
}

bool nd_fold_next(const nd_folding *l, nd_outputs *o)
{
  if (l->between > 1)
    return next_apart(l, o);
  o->at = o->from;
  o->first = o->from;
  o->n = o->to - o->from;
  if (l->beside > 1)
    o->n = nd_least(o->n, l->beside - o->from % l->beside);
  o->from += o->n;
  return o->n > 0;
}
