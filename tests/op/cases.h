// cases.h: the arguments that ops are tested with, made from the cases in their
// entries. A case is written "[3 4] {1 3} axis=2"; cases are separated by ';'.
//
//   [3 4]      a float tensor of that shape, sampled within low..high
//   {1 3}      an int32 vector
//   {{1} {3}}  an int32 matrix
//   bool[3 4]  random booleans
//   regular[3 3]    matrices far from singular, whose singular values differ
//   symmetric[3 3]  the same, symmetric and positive definite
//   the rest   the op's options
//
// Samples are points of one even grid, shuffled and shifted a little, so that
// no two are so near that a maximum or a comparison changes between them. Large
// inputs repeat the points of a coarse grid, each input points of its own.

#ifndef ND_TEST_CASES_H
#define ND_TEST_CASES_H

#include "../values.h"

enum { CASE_INPUTS = 7, CASE_OUTPUTS = 6, CASE_SAMPLES = 2048 };

// How the values of an input lie in memory.
typedef enum layout { DENSE, TRANSPOSED, STEPPED, REVERSED, LAYOUTS } layout;

// One case read: shapes and values, from which arguments of any dtype and
// layout are made.
typedef struct trial {
  const nd_op *op;
  char text[120];
  nd_value attr[ND_MAX_ATTRS];
  int64_t lists[256];  // of the attributes
  int n;
  struct {
    enum { FLOATING, WHOLE, TRUTH, REGULAR, SYMMETRIC } kind;
    int rank;
    int64_t shape[ND_MAX_RANK];
    int64_t size;
    double at[CASE_SAMPLES];
  } in[CASE_INPUTS];
} trial;

// An op at work on a case.
typedef struct case_call {
  nd_job job;
  nd_tensor *in[CASE_INPUTS];
  nd_tensor *out[CASE_OUTPUTS];  // NULL before call_run
} case_call;

// ----------------------------------------------------------------- numbers --

static uint64_t sample_state;

static inline void sample_seed(uint64_t seed)
{
  sample_state = seed * 2 + 1;
}

// Uniform in 0..1: the high bits of a linear congruence.
static inline double sample(void)
{
  sample_state = sample_state * 6364136223846793005U + 1442695040888963407U;
  return (double)(sample_state >> 11) / 0x1p53;
}

static inline double sample_within(double low, double high)
{
  return low + (high - low) * sample();
}

// --------------------------------------------------------------- reading --

static inline const char *case_space(const char *s)
{
  return s + strspn(s, " ");
}

// Reads "[3 4]" or "{1 3}" as integers.
static inline const char *case_list(const char *s, int64_t *v, int *n)
{
  const char close = *s == '[' ? ']' : '}';
  *n = 0;
  for (s = case_space(s + 1); *s != close; s = case_space(s)) {
    char *end;
    v[(*n)++] = strtoll(s, &end, 10);
    s = end;
  }
  return s + 1;
}

// Reads "{{1 2} {3 4}}": all integers, and how many rows they are.
static inline const char *case_rows(const char *s, int64_t *v, int *n,
                                    int *rows)
{
  *n = *rows = 0;
  for (s = case_space(s + 1); *s == '{'; s = case_space(s), ++*rows) {
    int some;
    s = case_list(s, v + *n, &some);
    *n += some;
  }
  return s + 1;
}

static inline int64_t case_size(int rank, const int64_t *shape)
{
  int64_t size = 1;
  for (int i = 0; i < rank; i++)
    size *= shape[i];
  return size;
}

// Reads the word before a shape; the kind of what has that shape.
static inline const char *case_word(const char *s, int *kind)
{
  static const char *const words[] = { [FLOATING] = "",
                                       [TRUTH] = "bool",
                                       [REGULAR] = "regular",
                                       [SYMMETRIC] = "symmetric" };
  const size_t length = strcspn(s, "[{; ");
  *kind = s[length] == '{' ? WHOLE : FLOATING;
  for (int i = 0; i <= SYMMETRIC && s[length] == '['; i++) {
    if (words[i] != NULL && strlen(words[i]) == length &&
        strncmp(s, words[i], length) == 0) {
      *kind = i;
      return s + length;
    }
  }
  return s;
}

// Reads one tensor of the case into t->in[t->n]; NULL when none is there.
static inline const char *case_tensor(trial *t, const char *s)
{
  int kind;
  s = case_word(s, &kind);
  if (*s != '[' && *s != '{')
    return NULL;
  const bool whole = kind == WHOLE;
  int64_t v[64];
  int n, rows = 0;
  if (whole && s[1] == '{')
    s = case_rows(s, v, &n, &rows);
  else
    s = case_list(s, v, &n);
  t->in[t->n].kind = kind;
  t->in[t->n].rank = whole ? 1 : n;
  for (int i = 0; i < n && !whole; i++)
    t->in[t->n].shape[i] = v[i];
  for (int i = 0; i < n && whole; i++)
    t->in[t->n].at[i] = (double)v[i];
  if (whole)
    t->in[t->n].shape[0] = n;
  if (rows > 0) {
    t->in[t->n].rank = 2;
    t->in[t->n].shape[0] = rows;
    t->in[t->n].shape[1] = n / rows;
  }
  t->in[t->n].size = case_size(t->in[t->n].rank, t->in[t->n].shape);
  t->n++;
  return s;
}

static inline void shuffle(double *v, int64_t n)
{
  for (int64_t i = n - 1; i > 0; i--) {
    const int64_t j = (int64_t)(sample() * (double)(i + 1));
    const double held = v[i];
    v[i] = v[j];
    v[j] = held;
  }
}

static inline bool case_is_real(const trial *t, int i)
{
  return t->in[i].kind != WHOLE && t->in[i].kind != TRUTH;
}

// Matrices of numbers within -most..most become regular, or symmetric as well,
// by what their diagonals get.
static inline void case_regular(int rank, const int64_t *shape, bool symmetric,
                                double most, double *x)
{
  const int64_t m = shape[rank - 2], n = shape[rank - 1];
  const int64_t count = m * n > 0 ? case_size(rank, shape) / (m * n) : 0;
  for (int64_t k = 0; k < count; k++, x += m * n) {
    for (int64_t i = 0; i < m; i++) {
      for (int64_t j = i + 1; j < n && symmetric; j++)
        x[i * n + j] = x[j * n + i];
      if (i < n)
        x[i * (n + 1)] += (double)(float)(most * (double)n * (1 + (double)i) *
                                          (i % 2 == 1 && !symmetric ? -1 : 1));
    }
  }
}

// Values are rounded to float, so that both float dtypes see the same ones.
static inline void case_sample(trial *t)
{
  enum { COARSE = 64 };
  double grid[COARSE];
  int64_t count = 0;
  for (int i = 0; i < t->n; i++)
    count += case_is_real(t, i) ? t->in[i].size : 0;
  const bool repeats = count > COARSE;
  count = repeats ? COARSE : count;
  const double low = t->op->low, step = (t->op->high - low) / (double)count;
  for (int64_t k = 0; k < count; k++)
    grid[k] = (double)(float)(low + step * ((double)k + sample_within(.3, .7)));
  shuffle(grid, count);
  int64_t next = 0;
  for (int i = 0; i < t->n; i++) {
    for (int64_t j = 0; j < t->in[i].size; j++) {
      if (case_is_real(t, i))
        t->in[i].at[j] =
          grid[repeats ? (j % (COARSE / CASE_INPUTS)) * CASE_INPUTS + i
                       : next++];
      else if (t->in[i].kind == TRUTH)
        t->in[i].at[j] = sample() < .5;
    }
    if (t->in[i].kind == REGULAR || t->in[i].kind == SYMMETRIC)
      case_regular(t->in[i].rank, t->in[i].shape, t->in[i].kind == SYMMETRIC,
                   t->op->high, t->in[i].at);
  }
}

// Reads the case at `s`, and returns where the next one starts or NULL. A case
// that cannot be read leaves the context's error.
static inline const char *case_read(trial *t, const nd_op *op, const char *s)
{
  const char *end = s + strcspn(s, ";");
  const int length = (int)(end - case_space(s));
  t->op = op;
  t->n = 0;
  snprintf(t->text, sizeof t->text, "%.*s", length, case_space(s));
  const char *rest = t->text;
  for (const char *at = rest; at != NULL; rest = at != NULL ? at : rest) {
    rest = case_space(at);
    at = t->n < CASE_INPUTS ? case_tensor(t, rest) : NULL;
  }
  rest = case_space(rest);
  nd_values_start(op, t->attr);
  nd_values_parse(c, op, t->attr, t->lists, rest);
  sample_seed((uint64_t)length + (uint64_t)op->name[0]);
  case_sample(t);
  return *end == ';' ? end + 1 : NULL;
}

// ------------------------------------------------------------------ making --

// The ranges first..last in that step of so many axes, written to `ends`.
static inline nd_value ranges_of(int rank, int64_t first, int64_t last,
                                 int64_t step, int64_t *ends)
{
  for (int i = 0; i < rank; i++) {
    ends[3 * i] = first;
    ends[3 * i + 1] = last;
    ends[3 * i + 2] = step;
  }
  return nd_value_list(3 * rank, ends);
}

static inline nd_tensor *slice_all(nd_tensor *x, int64_t first, int64_t last,
                                   int64_t step)
{
  int64_t ends[3 * ND_MAX_RANK];
  const nd_value ranges = ranges_of(x->rank, first, last, step, ends);
  return own(nd_apply(c, nd_op_find("slice"), 1, &x, &ranges));
}

// `x` spread over every second place of a tensor twice as large, plus one.
static inline nd_tensor *spread_out(nd_tensor *x)
{
  int64_t ends[3 * ND_MAX_RANK], shape[ND_MAX_RANK];
  for (int i = 0; i < x->rank; i++)
    shape[i] = 2 * x->dims[i] + 1;
  const nd_value attr[] = { ranges_of(x->rank, 2, -1, 2, ends),
                            nd_value_list(x->rank, shape) };
  return own(nd_apply(c, nd_op_find("unslice"), 1, &x, attr));
}

// A tensor with the values of `x`, in rows of its own.
static inline nd_tensor *settle(nd_tensor *x)
{
  const nd_type type = nd_type_of(x);
  nd_tensor *y = own(nd_tensor_make(c, &type));
  nd_tensor_read(x, y->data);
  return y;
}

// The same values in another layout. Rank 0 has only one.
static inline nd_tensor *lay(nd_tensor *x, layout how)
{
  if (x->rank == 0 || how == DENSE)
    return x;
  if (how == STEPPED)
    return slice_all(spread_out(x), 2, -1, 2);
  if (how == REVERSED)
    return slice_all(settle(slice_all(x, -1, 1, -1)), -1, 1, -1);
  return CALL("transpose", NULL, settle(CALL("transpose", NULL, x)));
}

static inline nd_tensor *make_input(const trial *t, int i, nd_dtype dtype)
{
  static double data[CASE_SAMPLES];
  literal l = { .rank = t->in[i].rank, .count = t->in[i].size };
  memcpy(l.at, t->in[i].at, (size_t)l.count * sizeof *l.at);
  dtype = t->in[i].kind == WHOLE   ? ND_INT32
          : t->in[i].kind == TRUTH ? ND_BOOL
                                   : dtype;
  literal_set(&l, dtype, data);
  return own(nd_tensor_new(c, dtype, l.rank, t->in[i].shape, data));
}

// A call with inputs of that float dtype and layout.
static inline void call_start(case_call *k, const trial *t, nd_dtype dtype,
                              layout how)
{
  *k = (case_call){ .job = { .op = t->op, .n = t->n, .attr = t->attr } };
  k->job.in = k->in;
  k->job.out = k->out;
  for (int i = 0; i < t->n; i++)
    k->in[i] = lay(make_input(t, i, dtype), how);
}

// Applies the op; its outputs are owned. False after an error.
static inline bool call_run(case_call *k)
{
  memset(k->out, 0, sizeof k->out);
  if (!nd_job_count(c, &k->job) || k->job.outs > CASE_OUTPUTS ||
      !nd_job_apply(c, &k->job))
    return false;
  for (int i = 0; i < k->job.outs; i++)
    own(k->out[i]);
  return true;
}

#endif
