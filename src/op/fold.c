// op/fold.c: folds by rows, by columns, and in parts.

#include "op/fold.h"

#include <string.h>

#include "base/cut.h"
#include "kernel/move.h"
#include "kernel/tree.h"
#include "op/fold_across.h"
#include "op/fold_beside.h"

ND_DECLARE_LEVELS(const nd_reduce_table, nd_reduce_table);

enum { PART = ND_FOLD_PART };

// Bytes of a line of the cache; columns that are flipped together; elements
// that are, so that they stay in the first cache.
enum { LINE = 64, FLIPPED_LEAST = 8, FLIPPED_MOST = 64, FLIPPED = 4096 };

_Static_assert(PART / ND_BLOCK >> ND_FOLD_SLOTS == 0, "the blocks have slots");

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

// Folds `n` inputs that lie in order, a part at most.
static void fold_place(const nd_reduce_kernels *k, const char *place,
                       size_t width, int64_t n, void *out)
{
  nd_fold_part p;
  nd_fold_part_start(&p, k);
  for (int64_t at = 0; at < n || at == 0; at += ND_BLOCK) {
    const int64_t left = n - at;
    nd_fold_part_add(&p, left < ND_BLOCK ? left : ND_BLOCK,
                     place + (size_t)at * width);
  }
  nd_fold_part_end(&p, out);
}

// Folds `n` inputs from element `from` on, a part at most.
static void fold_part(nd_reader *r, const nd_reduce_kernels *k, int64_t from,
                      int64_t n, char *out)
{
  nd_fold_part p;
  nd_fold_part_start(&p, k);
  if (r->tile != NULL && r->tile->end < from + n)
    r->tile->end = from + n;
  for (int64_t at = 0; at < n || at == 0; at += ND_BLOCK) {
    const int64_t size = n - at < ND_BLOCK ? n - at : ND_BLOCK;
    nd_fold_part_add(&p, size, nd_reader_at(r, from + at, size));
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

// Where the inputs of output `at` begin.
static int64_t start_of_columns(const nd_folding *l, int64_t at)
{
  return at / l->last * l->last * l->folded + at % l->last;
}

// `n` neutral values.
static void clear(const nd_reduce_kernels *k, int64_t n, size_t width,
                  char *out)
{
  k->run(0, out, out);
  for (int64_t done = 1; done < n; done *= 2)
    memcpy(out + (size_t)done * width, out,
           (size_t)nd_least(done, n - done) * width);
}

// sum = sum f row, or just row if that is the first.
static void add_row(const nd_reduce_kernels *k, int64_t n, size_t width,
                    void *sum, const void *row, bool is_first)
{
  if (is_first)
    memcpy(sum, row, (size_t)n * width);
  else
    k->merge(n, sum, row);
}

// Sees the inputs of `n` neighbouring outputs, from output `at` on, as a tensor
// of its own, which is read by tiles. False if that is of no use.
static bool see_columns(nd_folding *l, int64_t at, int64_t n)
{
  nd_walk *all = &l->reader.walk, w = l->rows;
  nd_walk_seek(all, start_of_columns(l, at));
  w.data = all->data + all->offset;
  w.shape[w.rank] = n;
  w.strides[w.rank++] = all->strides[all->rank - 1];
  return nd_tile_start(l->tile, &w, l->reader.level);
}

// How many columns are flipped at a time: few enough that lines of the cache
// are read as a whole.
static int64_t count_flipped(const nd_folding *l)
{
  const nd_walk *w = &l->rows;
  int64_t rows = 1;
  for (int i = w->rank - 1; i >= 0 && w->strides[i] != (int64_t)w->width; i--)
    rows *= w->shape[i];
  const int64_t n = ND_TILE / (LINE * rows);
  return n < FLIPPED_LEAST ? FLIPPED_LEAST : nd_least(n, FLIPPED_MOST);
}

// Of `outs` neighbouring outputs from output `at` on, how many are folded
// together.
static int64_t count_columns(const nd_folding *l, int64_t at, int64_t outs)
{
  if (l->tile == NULL)
    return nd_least(outs, ND_BLOCK);
  const nd_walk *w = &l->reader.walk;
  const int64_t row = nd_least(w->shape[w->rank - 1], l->last);
  return nd_least(outs, nd_least(row - at % row, count_flipped(l)));
}

// Finds row number `r` of `n` inputs, the first of them for output `at`, and
// others behind it, `stride` bytes apart; returns how many. So many are wanted
// at most.
static int64_t find_rows(nd_folding *l, int64_t at, int64_t r, int64_t n,
                         int64_t most, const char **row, int64_t *stride)
{
  const int64_t width = (int64_t)l->reader.width;
  if (l->tile != NULL) {
    l->tile->end = (r + nd_least(most, FLIPPED / n)) * n;
    *row = nd_tile_at(l->tile, r * n, n);
    *stride = n * width;
    return l->tile->to / n - r;
  }
  const int64_t from = start_of_columns(l, at) + r * l->last;
  const int64_t rows = nd_walk_rows(&l->reader.walk, from, n, l->last, row,
                                    stride);
  if (rows == 0)
    *row = nd_reader_at(&l->reader, from, n);
  return rows > 0 ? rows : 1;
}

// Adds rows of `n` inputs from row `r` on, `most` at most; returns how many.
static int64_t add_rows(nd_folding *l, const nd_reduce_kernels *k, int64_t at,
                        int64_t r, int64_t n, int64_t most, void *sum)
{
  const int64_t width = (int64_t)l->reader.width;
  const bool is_first = r % l->group == 0;
  const char *row;
  int64_t stride;
  const int64_t rows = nd_least(most,
                                find_rows(l, at, r, n, most, &row, &stride));
  if (is_first)
    memcpy(sum, row, (size_t)(n * width));
  k->columns(rows - is_first, n, stride / width, sum, row + is_first * stride);
  return rows;
}

// Rows first..end-1 of `n` neighbouring outputs, from output `at` on, in
// columns: what a part of the fold gives.
static void fold_part_columns(nd_folding *l, const nd_reduce_kernels *k,
                              int64_t at, int64_t n, int64_t first, int64_t end,
                              char *out)
{
  double group[ND_BLOCK];
  if (l->tile != NULL)
    see_columns(l, at, n);
  for (int64_t r = first; r < end;) {
    const int64_t whole = (r / l->group + 1) * l->group;
    const int64_t stop = whole < end ? whole : end;
    r += add_rows(l, k, at, r, n, stop - r, group);
    if (r == stop)
      add_row(k, n, l->reader.width, out, group, stop - first <= l->group);
  }
}

// `n` neighbouring outputs in columns.
static void fold_columns(nd_folding *l, const nd_reduce_kernels *k, int64_t at,
                         int64_t n, char *out)
{
  double part[ND_BLOCK];
  clear(k, n, l->reader.width, out);
  const int64_t most = l->group * l->group;
  for (int64_t first = 0; first < l->folded; first += most) {
    const int64_t end = nd_least(first + most, l->folded);
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

bool nd_fold_is_short(const nd_tensor *x)
{
  return x->dense && x->size < PART && !x->waits;
}

void nd_fold_all(const nd_tensor *x, nd_fold fold, void *out)
{
  const nd_reduce_kernels *k = nd_fold_kernels(x, fold);
  if (x->size <= ND_BLOCK)
    k->rows(1, x->size, out, nd_values(x));
  else
    fold_place(k, nd_values(x), nd_dtype_size((nd_dtype)x->dtype), x->size,
               out);
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
  if (l->columns) {
    const int64_t some = count_columns(l, at, outs);
    if (whole)
      fold_columns(l, k, at, some, out);
    else
      fold_part_columns(l, k, at, some, first, first + n, out);
    return some;
  }
  if (whole && are_short(l)) {
    const int64_t some = nd_least(outs, ND_BLOCK);
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

// Units from..to-1 of parts of `most` inputs each; the first gives `out`.
static void run_units(nd_folding *l, const nd_reduce_kernels *k, int64_t outs,
                      int64_t most, int64_t from, int64_t to, char *out)
{
  for (int64_t unit = from, n; unit < to; unit += n) {
    const int64_t first = unit / outs * most, at = unit % outs;
    n = nd_least(outs - at, to - unit);
    if (l->reader.tile != NULL)
      l->reader.tile->end = outs == 1 ? nd_least(to * most, l->folded) : 0;
    fold_outputs(l, k, at, at + n, first, nd_least(l->folded - first, most),
                 out);
    out += n * (int64_t)l->reader.width;
  }
}

// Whether inputs of one output lie beside each other, but not in their order.
static bool lie_across(const nd_folding *l)
{
  return l->folded > 1 && (l->columns || l->beside == 1) &&
         nd_walk_across(&l->reader.walk) >= 0;
}

// Reads by tiles from now on, where that is faster, in the room of `t`.
static void use_tile(nd_folding *l, nd_tile *t)
{
  if (!l->columns) {
    nd_reader_use(&l->reader, t);
    return;
  }
  l->tile = t;
  if (!see_columns(l, 0, count_flipped(l)))
    l->tile = NULL;
}

// The same by tiles, which take much room on the stack.
static __attribute__((noinline)) void
run_by_tiles(nd_folding *l, const nd_reduce_kernels *k, int64_t outs,
             int64_t most, int64_t from, int64_t to, char *out)
{
  nd_tile tile;
  use_tile(l, &tile);
  run_units(l, k, outs, most, from, to, out);
}

void nd_fold_range(const nd_job *j, const nd_value *axes, nd_fold fold,
                   int64_t from, int64_t to)
{
  const nd_reduce_kernels *k = nd_fold_kernels(j->in[0], fold);
  if (j->out[0]->size == 1 && nd_fold_is_short(j->in[0])) {
    nd_fold_all(j->in[0], fold, j->out[0]->data);
    return;
  }
  nd_folding l;
  plan(&l, j, axes);
  const int64_t outs = j->out[0]->size;
  char *out = j->out[0]->data + from * (int64_t)l.reader.width;
  if (are_short(&l) && l.between == 1)
    fold_short(&l, k, from, to - from, out);
  else if (lie_across(&l))
    run_by_tiles(&l, k, outs, l.folded, from, to, out);
  else
    fold_outputs(&l, k, from, to, 0, l.folded, out);
}

// ---------------------------------------------------------------- in parts --

static int64_t size_of_part(const nd_folding *l)
{
  return l->columns ? l->group : PART;
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

// Units of parts of rows whose inputs come in long streams; false if they do
// not. This takes much room on the stack.
static __attribute__((noinline)) bool run_across(const nd_folding *l,
                                                 const nd_reduce_kernels *k,
                                                 int64_t outs, int64_t from,
                                                 int64_t to, char *out)
{
  nd_fold_across a;
  if (l->columns || !nd_fold_across_start(&a, &l->reader, k))
    return false;
  for (int64_t unit = from, n; unit < to; unit += n) {
    const int64_t first = unit / outs * PART;
    n = outs > 1 ? 1 : nd_least(to - unit, nd_fold_across_most(&a));
    nd_fold_across_run(&a, unit % outs * l->folded, first,
                       nd_least(first + n * PART, l->folded), out);
    out += n * (int64_t)l->reader.width;
  }
  return true;
}

void nd_fold_run_parts(const nd_job *j, const nd_value *axes, nd_fold fold,
                       char *parts, int64_t from, int64_t to)
{
  const nd_reduce_kernels *k = nd_fold_kernels(j->in[0], fold);
  const int64_t outs = j->out[0]->size;
  nd_folding l;
  plan(&l, j, axes);
  char *out = parts + from * (int64_t)l.reader.width;
  if (!lie_across(&l))
    run_units(&l, k, outs, size_of_part(&l), from, to, out);
  else if (!run_across(&l, k, outs, from, to, out))
    run_by_tiles(&l, k, outs, size_of_part(&l), from, to, out);
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
                          int64_t groups, int64_t group, int64_t n,
                          const char *parts, size_t stride, void *out)
{
  double sum[ND_BLOCK];
  clear(k, n, width, out);
  for (int64_t i = 0; i < groups; i++, parts += stride) {
    add_row(k, n, width, sum, parts, i % group == 0);
    if (i % group == group - 1 || i == groups - 1)
      k->merge(n, out, sum);
  }
}

void nd_fold_join_parts(const nd_job *j, const nd_value *axes, nd_fold fold,
                        const char *parts, int64_t from, int64_t to)
{
  const nd_reduce_kernels *k = nd_fold_kernels(j->in[0], fold);
  nd_folding l;
  plan(&l, j, axes);
  const size_t width = l.reader.width;
  const size_t stride = (size_t)j->out[0]->size * width;
  char *out = j->out[0]->data + (size_t)from * width;
  parts += (size_t)from * width;
  for (int64_t at = from, n; at < to; at += n) {
    n = l.columns ? nd_least(to - at, ND_BLOCK) : 1;
    if (l.columns)
      nd_fold_join_columns(k, width, count_parts(&l), l.group, n, parts, stride,
                           out);
    else
      nd_fold_join_row(k, width, l.folded, parts, stride, out);
    parts += (size_t)n * width;
    out += (size_t)n * width;
  }
}
