// op/fold.c: folds by rows, by columns, and in parts.

#include "op/fold.h"

#include <string.h>

#include "base/cut.h"
#include "kernel/move.h"
#include "kernel/tree.h"
#include "op/axes.h"
#include "op/fold_beside.h"

ND_DECLARE_LEVELS(const nd_reduce_table, nd_reduce_table);

enum { GROUP = ND_FOLD_GROUP, PART = ND_FOLD_PART };

_Static_assert(GROUP *GROUP == PART, "groups of groups are parts");

_Static_assert(PART / ND_BLOCK >> ND_FOLD_SLOTS == 0, "the blocks have slots");

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
  l->columns = tail > 0 && l->last > 1;
  if (l->columns && beside == 0) {
    beside = all & ~set & ~((1 << tail) - 1);
    l->beside = l->last;
  }
  add_axes(x, all & ~set & ~beside, axes, &n);
  if (!l->columns)
    add_axes(x, beside, axes, &n);
  l->folded = add_axes(x, set, axes, &n);
  if (l->columns)
    add_axes(x, beside, axes, &n);
  l->last = l->columns ? l->beside : 1;
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

// The plan of a job, whose values are folded as they are.
static void plan(nd_folding *l, const nd_job *j, const nd_value *axes)
{
  const nd_tensor *x = j->in[0];
  nd_fold_plan(l, x, (nd_dtype)x->dtype, axes, false);
}

// ------------------------------------------------------------------- rows --

static void join_lanes(void *part, int into, int from)
{
  nd_fold_part *p = part;
  double *joined = p->at[from];
  p->k->merge(ND_LANES, joined, p->at[into]);
  p->at[from] = p->at[into];
  p->at[into] = joined;
}

void nd_fold_part_start(nd_fold_part *p, const nd_reduce_kernels *k)
{
  p->k = k;
  p->blocks = 0;
  for (int i = 0; i < ND_FOLD_SLOTS; i++)
    p->at[i] = p->room[i];
}

void *nd_fold_part_lanes(nd_fold_part *p)
{
  return p->at[nd_tree_slot(p->blocks)];
}

void nd_fold_part_next(nd_fold_part *p)
{
  nd_tree_add(p->blocks++, join_lanes, p);
}

void nd_fold_part_add(nd_fold_part *p, int64_t n, const void *block)
{
  p->k->lanes(n, nd_fold_part_lanes(p), block);
  nd_fold_part_next(p);
}

void nd_fold_part_end(nd_fold_part *p, void *out)
{
  p->k->close(out, p->at[nd_tree_end(p->blocks, join_lanes, p)]);
  p->blocks = 0;
}

// Folds `n` inputs from element `from` on, a part at most.
static void fold_part(nd_reader *r, const nd_reduce_kernels *k, int64_t from,
                      int64_t n, char *out)
{
  const char *place = nd_reader_place(r);
  nd_fold_part p;
  nd_fold_part_start(&p, k);
  if (place == NULL)
    nd_reader_seek(r, from);
  for (int64_t at = 0; at < n || at == 0; at += ND_BLOCK) {
    const int64_t size = n - at < ND_BLOCK ? n - at : ND_BLOCK;
    nd_fold_part_add(&p, size,
                     place == NULL ? nd_reader_next(r, size)
                                   : place + (from + at) * (int64_t)r->width);
  }
  nd_fold_part_end(&p, out);
}

// Folds of parts that are put together in the tree: slot i lies i elements from
// the first.
typedef struct tree {
  const nd_reduce_kernels *k;
  size_t width;
  double slots[ND_TREE_SLOTS];
} tree;

static char *slot(tree *t, int i)
{
  return (char *)t->slots + (size_t)i * t->width;
}

static void join(void *slots, int into, int from)
{
  tree *t = slots;
  t->k->merge(1, slot(t, from), slot(t, into));
  memcpy(slot(t, into), slot(t, from), t->width);
}

// Merges all of so many whole parts into `out`.
static void join_leaves(tree *t, int64_t leaves, char *out)
{
  for (int i = 0; leaves >> i != 0; i++) {
    if (leaves >> i & 1)
      t->k->merge(1, out, slot(t, i));
  }
}

// The tree's slots stay unset: none is read before a leaf is put there.
static void start_tree(tree *t, const nd_reduce_kernels *k, size_t width)
{
  t->k = k;
  t->width = width;
}

// Folds the inputs of output `i`.
static void fold_row(nd_folding *l, const nd_reduce_kernels *k, int64_t i,
                     char *out)
{
  tree t;
  const int64_t whole = l->folded / PART, rest = l->folded % PART;
  int64_t from = i * l->folded;
  start_tree(&t, k, l->reader.width);
  for (int64_t leaf = 0; leaf < whole; leaf++, from += PART) {
    fold_part(&l->reader, k, from, PART, slot(&t, nd_tree_slot(leaf)));
    nd_tree_add(leaf, join, &t);
  }
  fold_part(&l->reader, k, from, rest, out);
  join_leaves(&t, whole, out);
}

// Inputs first..first+n-1, a part at most, of the row of output `at` and of
// others behind it, of which there are `outs`; returns how many these are.
static int64_t fold_rows_beside(nd_folding *l, const nd_reduce_kernels *k,
                                int64_t at, int64_t outs, int64_t first,
                                int64_t n, char *out)
{
  outs = l->beside == 1
           ? 1
           : nd_least(outs, nd_fold_beside_most(n, l->reader.width));
  if (outs == 1) {
    fold_part(&l->reader, k, at * l->folded + first, n, out);
  } else {
    nd_reader_seek(&l->reader, at * l->folded + first);
    nd_fold_beside(&l->reader.walk, k, outs, n, out);
  }
  return outs;
}

// ---------------------------------------------------------------- columns --

// sum = sum f row, or just row if that is the first.
static void add_row(const nd_reduce_kernels *k, int64_t n, size_t width,
                    void *sum, const void *row, bool is_first)
{
  if (is_first)
    memcpy(sum, row, (size_t)n * width);
  else
    k->merge(n, sum, row);
}

// Adds some rows of `n` inputs, the first of them at element `from`, `most` at
// most; returns how many.
static int64_t add_rows(nd_folding *l, const nd_reduce_kernels *k, int64_t from,
                        int64_t n, int64_t most, void *sum, bool is_first)
{
  const size_t width = l->reader.width;
  const char *row;
  int64_t stride;
  int64_t rows = nd_walk_rows(&l->reader.walk, from, n, l->last, &row, &stride);
  if (rows == 0) {
    add_row(k, n, width, sum, nd_reader_at(&l->reader, from, n), is_first);
    return 1;
  }
  rows = rows < most ? rows : most;
  if (is_first)
    memcpy(sum, row, (size_t)n * width);
  k->columns(rows - is_first, n, stride / (int64_t)width, sum,
             row + is_first * stride);
  return rows;
}

// Rows first..end-1 of `n` neighbouring outputs, from output `at` on, in
// columns: what a part of the fold gives.
static void fold_part_columns(nd_folding *l, const nd_reduce_kernels *k,
                              int64_t at, int64_t n, int64_t first, int64_t end,
                              char *out)
{
  double group[ND_BLOCK];
  const int64_t start = at / l->last * l->last * l->folded + at % l->last;
  for (int64_t r = first; r < end;) {
    const int64_t whole = (r / GROUP + 1) * GROUP;
    const int64_t stop = whole < end ? whole : end;
    r += add_rows(l, k, start + r * l->last, n, stop - r, group,
                  r % GROUP == 0);
    if (r == stop)
      add_row(k, n, l->reader.width, out, group, stop - first <= GROUP);
  }
}

// `n` neighbouring outputs in columns.
static void fold_columns(nd_folding *l, const nd_reduce_kernels *k, int64_t at,
                         int64_t n, char *out)
{
  double part[ND_BLOCK];
  for (int64_t i = 0; i < n; i++)
    k->run(0, out + (size_t)i * l->reader.width, l->reader.room);
  for (int64_t first = 0; first < l->folded; first += PART) {
    const int64_t left = l->folded - first;
    const int64_t end = first + (left < PART ? left : PART);
    fold_part_columns(l, k, at, n, first, end, (char *)part);
    k->merge(n, out, part);
  }
}

// -------------------------------------------------------------- all of it --

const nd_reduce_kernels *nd_fold_kernels(const nd_tensor *x, nd_fold fold)
{
  static const nd_reduce_table *const tables[ND_LEVELS] = ND_LIST_LEVELS(
    nd_reduce_table);
  return &tables[x->context->level]->at[fold][x->dtype];
}

// Whether all rows are short and lie one after the other.
static bool are_short(const nd_folding *l)
{
  return !l->columns && l->folded <= ND_BLOCK &&
         nd_reader_place(&l->reader) != NULL;
}

// Outputs at..at+outs-1 of such rows.
static void fold_short(const nd_folding *l, const nd_reduce_kernels *k,
                       int64_t at, int64_t outs, char *out)
{
  const char *in = nd_reader_place(&l->reader);
  k->rows(outs, l->folded, out, in + at * l->folded * (int64_t)l->reader.width);
}

// Folds inputs first..first+n-1, all of them or a part, of output `at` and of
// others behind it, of which there are `outs`; returns how many these are.
static int64_t fold_some(nd_folding *l, const nd_reduce_kernels *k, int64_t at,
                         int64_t outs, int64_t first, int64_t n, char *out)
{
  const bool whole = n == l->folded;
  const int64_t some = nd_least(outs, ND_BLOCK);
  if (l->columns && whole) {
    fold_columns(l, k, at, some, out);
    return some;
  }
  if (l->columns) {
    fold_part_columns(l, k, at, some, first, first + n, out);
    return some;
  }
  if (whole && are_short(l)) {
    fold_short(l, k, at, some, out);
    return some;
  }
  if (n <= PART)
    return fold_rows_beside(l, k, at, outs, first, n, out);
  fold_row(l, k, at, out);
  return 1;
}

// The same of outputs from..to-1, the first of which is to be at `out`, where
// those beside each other are no neighbours.
static void fold_apart(nd_folding *l, const nd_reduce_kernels *k, int64_t from,
                       int64_t to, int64_t first, int64_t n, char *out)
{
  const int64_t width = (int64_t)l->reader.width, apart = l->between * width;
  double some[ND_BLOCK];
  nd_outputs o = { .from = from, .to = to };
  while (nd_fold_next(l, &o)) {
    char *place = out + (o.first - from) * width;
    for (int64_t i = 0, outs; i < o.n; i += outs, place += outs * apart) {
      outs = fold_some(l, k, o.at + i, o.n - i, first, n, (char *)some);
      nd_move_rows(outs, width, (char *)some, width, place, apart);
    }
  }
}

// The same wherever they are.
static void fold_outputs(nd_folding *l, const nd_reduce_kernels *k,
                         int64_t from, int64_t to, int64_t first, int64_t n,
                         char *out)
{
  if (l->between > 1) {
    fold_apart(l, k, from, to, first, n, out);
    return;
  }
  for (int64_t at = from, outs; at < to; at += outs) {
    outs = to - at;
    if (l->beside > 1)
      outs = nd_least(outs, l->beside - at % l->beside);
    outs = fold_some(l, k, at, outs, first, n, out);
    out += outs * (int64_t)l->reader.width;
  }
}

void nd_fold_range(const nd_job *j, const nd_value *axes, nd_fold fold,
                   int64_t from, int64_t to)
{
  const nd_tensor *x = j->in[0];
  const nd_reduce_kernels *k = nd_fold_kernels(x, fold);
  if (x->dense && x->size <= ND_BLOCK && j->out[0]->size == 1) {
    k->rows(1, x->size, j->out[0]->data, nd_values(x));
    return;
  }
  nd_folding l;
  plan(&l, j, axes);
  char *out = j->out[0]->data + from * (int64_t)l.reader.width;
  if (are_short(&l) && l.between == 1)
    fold_short(&l, k, from, to - from, out);
  else
    fold_outputs(&l, k, from, to, 0, l.folded, out);
}

// ---------------------------------------------------------------- in parts --

static int64_t size_of_part(const nd_folding *l)
{
  return l->columns ? GROUP : PART;
}

static int64_t count_parts(const nd_folding *l)
{
  return (l->folded + size_of_part(l) - 1) / size_of_part(l);
}

int64_t nd_fold_row_parts(int64_t folded)
{
  return nd_parts(folded, PART);
}

int64_t nd_fold_parts(const nd_job *j, const nd_value *axes)
{
  nd_folding l;
  plan(&l, j, axes);
  return count_parts(&l);
}

void nd_fold_run_parts(const nd_job *j, const nd_value *axes, nd_fold fold,
                       char *parts, int64_t from, int64_t to)
{
  const nd_reduce_kernels *k = nd_fold_kernels(j->in[0], fold);
  const int64_t outs = j->out[0]->size;
  nd_folding l;
  plan(&l, j, axes);
  const int64_t most = size_of_part(&l);
  for (int64_t unit = from, n; unit < to; unit += n) {
    const int64_t first = unit / outs * most, at = unit % outs;
    n = nd_least(outs - at, to - unit);
    fold_outputs(&l, k, at, at + n, first, nd_least(l.folded - first, most),
                 parts + unit * (int64_t)l.reader.width);
  }
}

void nd_fold_join_row(const nd_reduce_kernels *k, size_t width, int64_t folded,
                      const char *parts, size_t stride, void *out)
{
  const int64_t whole = folded / PART;
  const char *p = parts;
  tree t;
  start_tree(&t, k, width);
  for (int64_t leaf = 0; leaf < whole; leaf++, p += stride) {
    memcpy(slot(&t, nd_tree_slot(leaf)), p, width);
    nd_tree_add(leaf, join, &t);
  }
  if (folded % PART != 0)
    memcpy(out, p, width);
  else
    k->run(0, out, p);
  join_leaves(&t, whole, out);
}

void nd_fold_join_columns(const nd_reduce_kernels *k, size_t width,
                          int64_t folded, int64_t n, const char *parts,
                          size_t stride, void *out)
{
  double sum[ND_BLOCK];
  const int64_t groups = nd_parts(folded, GROUP);
  for (int64_t i = 0; i < n; i++)
    k->run(0, (char *)out + (size_t)i * width, parts);
  for (int64_t i = 0; i < groups; i++, parts += stride) {
    add_row(k, n, width, sum, parts, i % GROUP == 0);
    if (i % GROUP == GROUP - 1 || i == groups - 1)
      k->merge(n, out, sum);
  }
}

// Element `i` of the result, where `p` points to its first part.
static void join_one(const nd_folding *l, const nd_reduce_kernels *k,
                     const char *p, size_t stride, char *out)
{
  const size_t width = l->reader.width;
  if (l->columns)
    nd_fold_join_columns(k, width, l->folded, 1, p, stride, out);
  else
    nd_fold_join_row(k, width, l->folded, p, stride, out);
}

void nd_fold_join_parts(const nd_job *j, const nd_value *axes, nd_fold fold,
                        const char *parts, int64_t from, int64_t to)
{
  const nd_reduce_kernels *k = nd_fold_kernels(j->in[0], fold);
  nd_folding l;
  plan(&l, j, axes);
  const size_t width = l.reader.width;
  const size_t stride = (size_t)j->out[0]->size * width;
  for (int64_t i = from; i < to; i++) {
    const size_t at = (size_t)i * width;
    join_one(&l, k, parts + at, stride, j->out[0]->data + at);
  }
}
