// ops/einsum.c: sums of products by an equation, "ij,jk->ik". What an input has
// alone and the result has not is summed first; then two at a time are
// contracted, in the order that costs least.

#include <math.h>
#include <string.h>

#include "ops/contract.h"
#include "ops/rules.h"

enum { EQUATION = 0 };  // attribute

static const nd_param params[] = {
  { "equation", ND_TEXT },
  { "inputs", ND_TENSORS },
  { 0 },
};

// Labels: letters, and then what "..." stands for, of which the last axis has
// the last label.
enum { LETTERS = 52, DOTS_END = LETTERS + ND_MAX_RANK, DOTS = 255 };

static const char letters[] =
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static const nd_labels all_dots = (((nd_labels)1 << ND_MAX_RANK) - 1)
                                  << LETTERS;

// ----------------------------------------------------------------- reading --

// A term: labels, one of which may be DOTS.
typedef struct term {
  int n;
  bool dots;
  uint8_t at[ND_MAX_RANK + 1];
} term;

static const char *skip_spaces(const char *s)
{
  return s + strspn(s, " ");
}

static bool is_end(const char *s)
{
  return *s == '\0' || *s == ',' || strncmp(s, "->", 2) == 0;
}

// Reads a letter or "..." at `*s`.
static bool read_label(nd_context *c, const char **s, uint8_t *label)
{
  const char *letter = strchr(letters, **s);
  if (letter != NULL) {
    *label = (uint8_t)(letter - letters);
    *s += 1;
    return true;
  }
  *label = DOTS;
  if (strncmp(*s, "...", 3) != 0)
    return nd_fail(c, ND_BAD_ARGUMENT,
                   "equation: letters or '...', got '%.20s'", *s);
  *s += 3;
  return true;
}

// Reads the term at `*s`, and goes to where it ends.
static bool read_term(nd_context *c, const char **s, term *t)
{
  *t = (term){ 0 };
  for (*s = skip_spaces(*s); !is_end(*s); *s = skip_spaces(*s)) {
    uint8_t label;
    if (!read_label(c, s, &label))
      return false;
    if (t->dots && label == DOTS)
      return nd_fail(c, ND_BAD_ARGUMENT, "equation: '...' twice in one term");
    if (t->n == ND_MAX_RANK + 1)
      return nd_fail(c, ND_BAD_ARGUMENT, "equation: more than %d axes",
                     ND_MAX_RANK);
    t->dots |= label == DOTS;
    t->at[t->n++] = label;
  }
  return true;
}

// ------------------------------------------------------------------ sizes --

// All inputs at work.
typedef struct einsum {
  nd_context *c;
  int n;
  nd_factor *f;
  int64_t sizes[ND_LABELS];  // -1: no input has the label
  nd_labels once, all;       // letters that occur, one time and at all
  uint8_t out[ND_MAX_RANK];
  int rank;  // of the result
} einsum;

static bool note_size(einsum *e, int input, int label, int64_t size)
{
  int64_t *have = &e->sizes[label];
  if (*have < 0 || (label >= LETTERS && *have == 1))
    *have = size;
  if (*have == size || (label >= LETTERS && size == 1))
    return true;
  if (label >= LETTERS)
    return nd_fail(
      e->c, ND_BAD_ARGUMENT,
      "axes of '...' do not broadcast: %lld and, in input %d, %lld",
      (long long)*have, input + 1, (long long)size);
  return nd_fail(e->c, ND_BAD_ARGUMENT,
                 "axis '%c' is %lld, in input %d it is %lld", letters[label],
                 (long long)*have, input + 1, (long long)size);
}

static void note_label(einsum *e, int label)
{
  const nd_labels l = nd_label(label);
  e->once = e->all & l ? e->once & ~l : e->once | l;
  e->all |= l;
}

static bool fail_rank(einsum *e, const term *t, int input)
{
  const nd_tensor *x = e->f[input].x;
  return nd_fail(
    e->c, ND_BAD_ARGUMENT, "term %d has %d axes%s, the input is %s", input + 1,
    t->n - t->dots, t->dots ? " or more" : "", ND_SHAPE(x->rank, x->dims));
}

// Gives the axes of an input their labels, one of which may be there twice.
static bool label_input(einsum *e, const term *t, int input)
{
  nd_factor *f = &e->f[input];
  const int hidden = f->x->rank - (t->n - t->dots);
  if (hidden < 0 || (hidden > 0 && !t->dots))
    return fail_rank(e, t, input);
  f->rank = 0;
  for (int i = 0; i < t->n; i++) {
    const bool dots = t->at[i] == DOTS;
    for (int k = 0; k < (dots ? hidden : 1); k++) {
      const int label = dots ? DOTS_END - hidden + k : t->at[i];
      const int64_t size = f->x->dims[f->rank];
      f->at[f->rank++] = (uint8_t)label;
      note_label(e, label);
      if (!note_size(e, input, label, size))
        return false;
    }
  }
  return true;
}

// Reads the terms of the inputs; `*s` goes to where they end.
static bool read_inputs(einsum *e, const char **s)
{
  term t;
  int n = 0;
  for (bool more = true; more; n++) {
    if (!read_term(e->c, s, &t) || (n < e->n && !label_input(e, &t, n)))
      return false;
    more = **s == ',';
    *s += more;
  }
  return n == e->n || nd_fail(e->c, ND_BAD_ARGUMENT,
                              "the equation has %d term%s, got %d input%s", n,
                              n == 1 ? "" : "s", e->n, e->n == 1 ? "" : "s");
}

// ------------------------------------------------------------------ result --

static bool add_out(einsum *e, int label)
{
  for (int i = 0; i < e->rank; i++) {
    if (e->out[i] == label)
      return nd_fail(e->c, ND_BAD_ARGUMENT, "the result has '%c' twice",
                     letters[label]);
  }
  if (e->rank == ND_MAX_RANK)
    return nd_fail(e->c, ND_BAD_ARGUMENT, "the result has more than %d axes",
                   ND_MAX_RANK);
  if (!(e->all & nd_label(label)))
    return nd_fail(e->c, ND_BAD_ARGUMENT, "no input has '%c' of the result",
                   letters[label]);
  e->out[e->rank++] = (uint8_t)label;
  return true;
}

// Adds those of some labels that are in `wanted`.
static bool add_outs(einsum *e, int from, int to, nd_labels wanted)
{
  for (int label = from; label < to; label++) {
    if ((wanted & nd_label(label)) && !add_out(e, label))
      return false;
  }
  return true;
}

// Reads the result's term, or makes it of the letters that occur once.
static bool read_result(einsum *e, const char *s)
{
  term t;
  if (*s == '\0')
    return add_outs(e, LETTERS, DOTS_END, e->all) &&
           add_outs(e, 0, LETTERS, e->once);
  s += 2;
  if (!read_term(e->c, &s, &t))
    return false;
  if (*s != '\0')
    return nd_fail(e->c, ND_BAD_ARGUMENT, "equation: one result, got '%.20s'",
                   s);
  if (!t.dots && (e->all & all_dots))
    return nd_fail(e->c, ND_BAD_ARGUMENT, "the result lacks '...'");
  for (int i = 0; i < t.n; i++) {
    if (t.at[i] == DOTS ? !add_outs(e, LETTERS, DOTS_END, e->all)
                        : !add_out(e, t.at[i]))
      return false;
  }
  return true;
}

// ------------------------------------------------------------ single inputs --

static void remove_axis(nd_factor *f, int axis)
{
  f->rank--;
  memmove(f->at + axis, f->at + axis + 1, (size_t)(f->rank - axis));
}

// What has a label twice becomes its diagonal.
static void take_diagonals(nd_context *c, nd_factor *f)
{
  for (int k = f->rank - 1; k > 0 && f->x != NULL; k--) {
    int i = 0;
    while (f->at[i] != f->at[k])
      i++;
    if (i == k)
      continue;
    f->x = DIAGONAL_OF(f->x, i, k);
    remove_axis(f, k);
  }
}

// Axes of 1 that are broadcast need not be there.
static void drop_broadcast(const einsum *e, nd_factor *f)
{
  nd_context *c = e->c;
  int64_t shape[ND_MAX_RANK];
  const int rank = f->rank;
  int n = 0;
  for (int i = 0, axis = 0; i < rank && f->x != NULL; i++) {
    const int64_t size = f->x->dims[i];
    if (size != e->sizes[f->at[axis]]) {
      remove_axis(f, axis);
    } else {
      shape[n++] = size;
      axis++;
    }
  }
  if (n < rank && f->x != NULL)
    f->x = RESHAPE(f->x, n, shape);
}

// ------------------------------------------------------------------- order --

enum { EXACT = 8 };  // inputs whose best order is found among all

// How many products there are where two that have these labels are contracted.
static double cost_of(const einsum *e, nd_labels labels)
{
  double cost = 1;
  for (int label = 0; label < ND_LABELS; label++) {
    if (labels & nd_label(label))
      cost *= (double)e->sizes[label];
  }
  return cost;
}

static nd_labels labels_of_result(const einsum *e)
{
  nd_labels all = 0;
  for (int i = 0; i < e->rank; i++)
    all |= nd_label(e->out[i]);
  return all;
}

// The labels of the inputs in `some`, a set of them; of at most EXACT.
static nd_labels labels_of_some(const einsum *e, unsigned some)
{
  nd_labels all = 0;
  for (int i = 0; i < e->n; i++) {
    if (some >> i & 1)
      all |= nd_factor_labels(&e->f[i]);
  }
  return all;
}

// What the product of the inputs in `some` has to keep.
static nd_labels kept_by(const einsum *e, unsigned some)
{
  const unsigned all = (1U << e->n) - 1;
  return labels_of_result(e) | labels_of_some(e, all & ~some);
}

// The best way to make the product of each set of inputs: of which two.
typedef struct plan {
  double cost[1 << EXACT];
  uint16_t first[1 << EXACT];
  nd_labels has[1 << EXACT];  // what the product of that set has
} plan;

static void plan_set(const einsum *e, plan *p, unsigned some)
{
  p->has[some] = labels_of_some(e, some) & kept_by(e, some);
  p->cost[some] = some & (some - 1) ? INFINITY : 0;
  for (unsigned first = (some - 1) & some; first > 0;
       first = (first - 1) & some) {
    const unsigned second = some & ~first;
    const double cost = p->cost[first] + p->cost[second] +
                        cost_of(e, p->has[first] | p->has[second]);
    if (cost < p->cost[some]) {
      p->cost[some] = cost;
      p->first[some] = (uint16_t)first;
    }
  }
}

// Where the result has the first label that `x` has and `y` has not.
static int place_of(const einsum *e, const nd_factor *x, const nd_factor *y)
{
  const nd_labels own = nd_factor_labels(x) & ~nd_factor_labels(y);
  int i = 0;
  while (i < e->rank && !(own & nd_label(e->out[i])))
    i++;
  return i;
}

// The product of two, of which the one goes first whose labels do in the
// result.
static nd_factor contract(const einsum *e, const nd_factor *x,
                          const nd_factor *y, nd_labels kept)
{
  const bool swaps = place_of(e, y, x) < place_of(e, x, y);
  return nd_factor_contract(e->c, swaps ? y : x, swaps ? x : y, kept);
}

static nd_factor make_set(const einsum *e, const plan *p, unsigned some)
{
  if (!(some & (some - 1)))
    return e->f[__builtin_ctz(some)];
  const nd_factor x = make_set(e, p, p->first[some]);
  const nd_factor y = make_set(e, p, some & ~p->first[some]);
  if (x.x == NULL || y.x == NULL)
    return (nd_factor){ NULL };
  return contract(e, &x, &y, p->has[some]);
}

// The product of at most EXACT inputs.
static nd_factor make_all(const einsum *e)
{
  plan p;
  const unsigned all = (1U << e->n) - 1;
  for (unsigned some = 1; some <= all; some++)
    plan_set(e, &p, some);
  return make_set(e, &p, all);
}

// What all inputs but two have, and the result.
static nd_labels kept_by_others(const einsum *e, int i, int k)
{
  nd_labels kept = labels_of_result(e);
  for (int at = 0; at < e->n; at++) {
    if (at != i && at != k)
      kept |= nd_factor_labels(&e->f[at]);
  }
  return kept;
}

// Contracts the two of many inputs that cost least.
static bool contract_cheapest(einsum *e)
{
  double least = INFINITY;
  int first = 0, second = 1;
  for (int i = 0; i < e->n; i++) {
    for (int k = i + 1; k < e->n; k++) {
      const double cost = cost_of(e, nd_factor_labels(&e->f[i]) |
                                       nd_factor_labels(&e->f[k]));
      if (cost >= least)
        continue;
      least = cost;
      first = i;
      second = k;
    }
  }
  e->f[first] = contract(e, &e->f[first], &e->f[second],
                         kept_by_others(e, first, second));
  e->f[second] = e->f[--e->n];
  return e->f[first].x != NULL;
}

// ------------------------------------------------------------------- einsum --

static nd_tensor *run(einsum *e)
{
  nd_context *c = e->c;
  for (int i = 0; i < e->n; i++) {
    take_diagonals(c, &e->f[i]);
    drop_broadcast(e, &e->f[i]);
    if (e->f[i].x == NULL)
      return NULL;
  }
  while (e->n > EXACT) {
    if (!contract_cheapest(e))
      return NULL;
  }
  nd_factor y = make_all(e);
  if (y.x != NULL)
    y = nd_factor_sum(c, &y, nd_factor_labels(&y) & ~labels_of_result(e));
  return y.x == NULL ? NULL : IDENTITY(nd_factor_arrange(c, &y, e->out));
}

static void compose(nd_context *c, const nd_job *j)
{
  einsum e = { .c = c, .n = j->n };
  const char *s = j->attr[EQUATION].text;
  const size_t bytes = (size_t)(j->n + 1) * sizeof *e.f;
  for (int i = 0; i < ND_LABELS; i++)
    e.sizes[i] = -1;
  e.f = nd_memory_new(c, bytes, ND_MEMORY_OBJECT);
  if (e.f == NULL)
    return;
  for (int i = 0; i < j->n; i++)
    e.f[i].x = j->in[i];
  if (read_inputs(&e, &s) && read_result(&e, s))
    j->out[0] = run(&e);
  nd_memory_free(c, e.f, bytes, ND_MEMORY_OBJECT);
}

const nd_op nd_op_einsum = {
  .name = "einsum",
  .module = "linalg",
  .doc =
    "sums of products by an equation, 'ij,jk->ik': letters name axes, '...' "
    "those that broadcast; without -> the result has what occurs once",
  .params = params,
  .attrs = 1,
  .dtypes = ND_NUMBERS,
  .derivative = ND_COMPOSED,
  .compose = compose,
  .low = -3,
  .high = 3,
  .cases = "[2 3] [3 4] equation=ij,jk->ik; [3 3] equation=ii; "
           "[2 3] equation=ij->ji; [2 3 3] [2 3] equation=bij,bj->bi; "
           "[2 3] [4 3] equation=ij,kj->ki; "
           "[2 1 3] [4 3] equation=...i,ji->...j; [2] [3] [2] "
           "equation=i,j,i->ji; [3 3] equation=ii->i; [0 2] [2] "
           "equation=ij,j->i; [2 3] [1 3] equation=...,...->...",
};

const nd_op *const nd_ops_einsum[] = { &nd_op_einsum, NULL };
