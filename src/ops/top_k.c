// ops/top_k.c: the k largest elements along the last axis, the largest first,
// and their positions from 1. Of equals the first comes first; nan is last.
//
// Row by row, a heap of the best so far stands in the outputs themselves: its
// root is the worst of them, which a better element replaces. Taking the roots
// away, from the last place to the first, leaves them sorted.

#include "op/axes.h"
#include "ops/rules.h"
#include "tensor/reader.h"

enum { K };  // attribute

static const char *const results[] = { "values", "indices", NULL };
static const nd_param params[] = {
  { "x", ND_TENSOR },
  { "k", ND_INTEGER, "1" },
  { 0 },
};

static bool infer(nd_context *c, const nd_job *j, nd_type *out)
{
  const nd_tensor *x = j->in[0];
  const int64_t k = j->attr[K].integer;
  if (nd_axis_infer(c, j, -1) < 0)
    return false;
  const int64_t n = x->dims[x->rank - 1];
  if (k < 0 || k > n)
    return nd_fail(c, ND_BAD_ARGUMENT, "k is outside 0..%lld: %lld",
                   (long long)n, (long long)k);
  if (n > INT32_MAX)
    return nd_fail(c, ND_BAD_ARGUMENT, "too many elements: x is %s",
                   ND_SHAPE(x->rank, x->dims));
  out[0] = nd_type_of(x);
  out[0].shape[x->rank - 1] = k;
  out[1] = out[0];
  out[1].dtype = ND_INT32;
  return true;
}

// The best of the `seen` elements of a row so far, k at most.
typedef struct heap {
  int64_t k, seen;
  void *values;
  int32_t *place;
} heap;

#define DEFINE_HEAP(label, type)                                              \
  /* True if element i comes after element h in the result. */                \
  static bool after_##label(const heap *l, int64_t i, int64_t h)              \
  {                                                                           \
    const type a = ((const type *)l->values)[i];                              \
    const type b = ((const type *)l->values)[h];                              \
    if ((a != a) != (b != b))                                                 \
      return a != a;                                                          \
    return a < b || (!(a > b) && l->place[i] > l->place[h]);                  \
  }                                                                           \
  static void swap_##label(heap *l, int64_t i, int64_t h)                     \
  {                                                                           \
    type *value = l->values;                                                  \
    const type v = value[i];                                                  \
    const int32_t p = l->place[i];                                            \
    value[i] = value[h];                                                      \
    l->place[i] = l->place[h];                                                \
    value[h] = v;                                                             \
    l->place[h] = p;                                                          \
  }                                                                           \
  /* Lets element i of n down to where none below it comes after it. */       \
  static void sink_##label(heap *l, int64_t n, int64_t i)                     \
  {                                                                           \
    for (int64_t last = i;; i = last) {                                       \
      for (int64_t h = 2 * i + 1; h <= 2 * i + 2 && h < n; h++) {             \
        if (after_##label(l, h, last))                                        \
          last = h;                                                           \
      }                                                                       \
      if (last == i)                                                          \
        return;                                                               \
      swap_##label(l, i, last);                                               \
    }                                                                         \
  }                                                                           \
  static void set_##label(heap *l, int64_t i, type value)                     \
  {                                                                           \
    ((type *)l->values)[i] = value;                                           \
    l->place[i] = (int32_t)l->seen;                                           \
  }                                                                           \
  static void offer_##label(heap *l, int64_t n, const void *block)            \
  {                                                                           \
    const type *next = block, *root = l->values;                              \
    for (int64_t i = 0; i < n && l->k > 0; i++) {                             \
      l->seen++;                                                              \
      if (l->seen <= l->k) {                                                  \
        set_##label(l, l->seen - 1, next[i]);                                 \
        for (int64_t h = l->k / 2 - 1; l->seen == l->k && h >= 0; h--)        \
          sink_##label(l, l->k, h);                                           \
      } else if (next[i] > *root || (*root != *root && next[i] == next[i])) { \
        set_##label(l, 0, next[i]);                                           \
        sink_##label(l, l->k, 0);                                             \
      }                                                                       \
    }                                                                         \
  }                                                                           \
  static void sort_##label(heap *l)                                           \
  {                                                                           \
    for (int64_t rest = l->k - 1; rest > 0; rest--) {                         \
      swap_##label(l, 0, rest);                                               \
      sink_##label(l, rest, 0);                                               \
    }                                                                         \
  }

DEFINE_HEAP(float32, float)
DEFINE_HEAP(float64, double)
DEFINE_HEAP(int32, int32_t)
DEFINE_HEAP(int64, int64_t)
DEFINE_HEAP(uint8, uint8_t)

static const struct {
  void (*offer)(heap *l, int64_t n, const void *block);
  void (*sort)(heap *l);
} kernels[ND_DTYPES] = {
  [ND_FLOAT32] = { offer_float32, sort_float32 },
  [ND_FLOAT64] = { offer_float64, sort_float64 },
  [ND_INT32] = { offer_int32, sort_int32 },
  [ND_INT64] = { offer_int64, sort_int64 },
  [ND_UINT8] = { offer_uint8, sort_uint8 },
};

static void pick_row(const nd_job *j, nd_reader *r, int64_t row)
{
  const nd_tensor *x = j->in[0];
  const int64_t n = x->dims[x->rank - 1], k = j->attr[K].integer;
  heap l = {
    .k = k,
    .values = j->out[0]->data + row * k * (int64_t)r->width,
    .place = (int32_t *)(void *)j->out[1]->data + row * k,
  };
  for (int64_t at = 0; at < n; at += ND_BLOCK) {
    const int64_t size = n - at < ND_BLOCK ? n - at : ND_BLOCK;
    kernels[x->dtype].offer(&l, size, nd_reader_at(r, row * n + at, size));
  }
  kernels[x->dtype].sort(&l);
}

static void run(const void *what, void *shared, void *own, int64_t from,
                int64_t to)
{
  const nd_job *j = what;
  nd_reader r;
  nd_reader_start(&r, j->in[0], (nd_dtype)j->in[0]->dtype);
  for (int64_t row = from; row < to; row++)
    pick_row(j, &r, row);
}

// One step over the rows.
static bool next(const void *what, nd_step *step, int i)
{
  const nd_job *j = what;
  const nd_tensor *x = j->in[0];
  const int64_t n = x->dims[x->rank - 1], k = j->attr[K].integer;
  *step = (nd_step){
    .units = k > 0 ? j->out[0]->size / k : 0,
    .cost = 10 + 5 * (float)n,
    .run = run,
  };
  return i == 0;
}

static nd_work work(const nd_job *j)
{
  return (nd_work){ .next = next };
}

// Where the chosen are among all elements, from 1, as one vector.
static nd_tensor *positions(nd_context *c, const nd_job *j)
{
  const nd_tensor *x = j->in[0];
  const int64_t n = x->dims[x->rank - 1], rows = x->size / n;
  nd_tensor *places = CAST(j->out[1], ND_INT64);
  places = RESHAPE(places, 2, ((int64_t[]){ rows, -1 }));
  nd_tensor *before = RESHAPE(COUNT(rows, n), 2, ((int64_t[]){ rows, 1 }));
  return RESHAPE(ADD(places, before), 1, (int64_t[]){ -1 });
}

static void vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                const bool *wanted, nd_tensor **gx)
{
  const nd_tensor *x = j->in[0];
  if (x->size == 0) {
    gx[0] = ZEROS(x);
    return;
  }
  nd_tensor *flat = RESHAPE(g[0], 1, (int64_t[]){ -1 });
  gx[0] = RESHAPE(UNGATHER(flat, positions(c, j), x->size), x->rank, x->dims);
}

static void jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                nd_tensor **ty)
{
  const nd_tensor *y = j->out[0];
  if (y->size == 0) {
    ty[0] = ZEROS(y);
    return;
  }
  nd_tensor *flat = RESHAPE(t[0], 1, (int64_t[]){ -1 });
  ty[0] = RESHAPE(GATHER(flat, positions(c, j)), y->rank, y->dims);
}

const nd_op nd_op_top_k = {
  .name = "top_k",
  .doc = "the k largest along the last axis, and their int32 positions from 1; "
         "largest first, first of equals first, nan last",
  .params = params,
  .attrs = 1,
  .dtypes = ND_NUMBERS,
  .derivative = ND_VJP,
  .needs = { ND_NEEDS_OUT },
  .results = results,
  .infer = infer,
  .work = work,
  .vjp = vjp,
  .jvp = jvp,
  .low = -3,
  .high = 3,
  .cases = "[5]; [5] k=3; [3 4] k=2; [2 2 3] k=3; [0 3] k=1; [2 3] k=0",
};

const nd_op *const nd_ops_top_k[] = { &nd_op_top_k, NULL };
