// tape/jacobian.c: with target [b m] and source [b n], as they lie, the result
// is [b m n]; b is 1 unless batched. A reverse sweep for each k of m, seeded at
// [: k], gives all [: k :]; or, where there are fewer of n, a forward sweep for
// each gives a column.

#include "tape/jacobian.h"

#include <string.h>

#include "ops/rules.h"
#include "tape/notes.h"
#include "tape/push.h"
#include "tape/sweep.h"

// One result on the way.
typedef struct block {
  nd_tensor *source;  // an outline of it: a rule may assign to a variable
  nd_tensor *result;
  nd_tensor **lines;  // rows or columns, where these are heard
  int64_t n;          // of the source, for each example
  int64_t count;      // of `lines`
} block;

typedef struct plan {
  nd_context *c;
  nd_tape *tape;
  const nd_jacobian_options *options;
  nd_tensor *target;  // an outline
  int64_t b, m;
  bool heard;
  nd_push push;
} plan;

// ------------------------------------------------------------------- seeds --

static void put_number(nd_tensor *x, int64_t i, double value)
{
  if (x->dtype == ND_FLOAT32)
    ((float *)(void *)x->data)[i] = (float)value;
  else
    ((double *)(void *)x->data)[i] = value;
}

// Powers of two, and so exact factors; those of neighbours differ.
static double weight_of(int64_t example, int64_t k)
{
  const uint64_t bits = (uint64_t)(example * 31 + k + 1) * 0x9E3779B97F4A7C15U;
  const int power = (int)(((bits >> 60) << 1 | (example & 1)) - 15);
  const double size = power < 0 ? 1.0 / (1 << -power) : 1 << power;
  return bits >> 32 & 1 ? size : -size;
}

// Zeros like `like`, but for element `k` of so many of each example.
static nd_tensor *make_seed(const plan *p, const nd_tensor *like, int64_t n,
                            int64_t k, bool weighted)
{
  nd_tensor *seed = nd_tensor_new(p->c, (nd_dtype)like->dtype, like->rank,
                                  like->dims, NULL);
  for (int64_t e = 0; e < p->b && seed != NULL; e++)
    put_number(seed, e * n + k, weighted ? weight_of(e, k) : 1);
  return seed;
}

// ----------------------------------------------------------------- writing --

// The values of `x` in row-major order, whose reference this takes.
static nd_tensor *settle(nd_tensor *x)
{
  nd_tensor *dense = x != NULL && nd_force(x) ? nd_tensor_dense(x) : NULL;
  nd_tensor_release(x);
  return dense;
}

// Puts [b n] in the place of [: k :].
static void write_row(const plan *p, const block *q, int64_t k,
                      const nd_tensor *row)
{
  const size_t bytes = (size_t)q->n * nd_dtype_size((nd_dtype)row->dtype);
  for (int64_t e = 0; e < p->b; e++)
    memcpy(q->result->data + (size_t)(e * p->m + k) * bytes,
           nd_values(row) + (size_t)e * bytes, bytes);
}

// Puts [b m] in the place of [: : k].
static void write_column(const plan *p, const block *q, int64_t k,
                         const nd_tensor *column)
{
  const size_t width = nd_dtype_size((nd_dtype)column->dtype);
  char *to = q->result->data + (size_t)k * width;
  const char *from = nd_values(column);
  for (int64_t i = 0; i < p->b * p->m; i++)
    memcpy(to + (size_t)(i * q->n) * width, from + (size_t)i * width, width);
}

typedef void writer(const plan *p, const block *q, int64_t k,
                    const nd_tensor *line);

// Takes the reference of row or column `k`.
static bool take(const plan *p, block *q, int64_t k, nd_tensor *line,
                 writer *write)
{
  if (line != NULL && p->heard) {
    q->lines[q->count++] = line;
    return true;
  }
  nd_tensor *dense = settle(line);
  if (dense == NULL)
    return false;
  write(p, q, k, dense);
  nd_tensor_release(dense);
  return true;
}

// What was heard becomes the result, by ops: each line is in its place along
// `axis`, from 1, of all.
static bool join(const plan *p, block *q, int axis)
{
  nd_context *c = p->c;
  const size_t mark = nd_pool_mark(c);
  const nd_tensor *like = q->result;
  nd_tensor *all = q->count == 1 ? q->lines[0]
                                 : STACK((int)q->count, q->lines, axis);
  nd_tensor *joined = nd_tensor_keep(RESHAPE(all, like->rank, like->dims));
  nd_pool_drain(c, mark);
  nd_tensor_release(q->result);
  q->result = joined;
  return joined != NULL;
}

// ---------------------------------------------------------------- checking --

static double number_at(const nd_tensor *x, int64_t i)
{
  return x->dtype == ND_FLOAT32 ? ((const float *)(const void *)x->data)[i]
                                : ((const double *)(const void *)x->data)[i];
}

static bool is_scaled(double x, double weight, double y, nd_dtype dtype)
{
  const double wanted = x * weight;
  const bool single = dtype == ND_FLOAT32;
  const double room = (wanted < 0 ? -wanted : wanted) *
                        (single ? 1e-4 : 1e-10) +
                      (single ? 1e-30 : 1e-290);
  const double off = y - wanted;
  return y == wanted || (off <= room && -off <= room) || wanted != wanted;
}

// Examples that depend on themselves alone give what is `weights` times as
// much, each its own, if the seeds are.
static bool check_scaled(const plan *p, int64_t n, int64_t k, nd_tensor *line,
                         nd_tensor *weighted)
{
  nd_tensor *x = settle(nd_tensor_keep(line)), *y = settle(weighted);
  bool ok = x != NULL && y != NULL, same = true;
  for (int64_t i = 0; ok && same && i < p->b * n; i++)
    same = is_scaled(number_at(x, i), weight_of(i / n, k), number_at(y, i),
                     (nd_dtype)x->dtype);
  nd_tensor_release(x);
  nd_tensor_release(y);
  return ok && (same || nd_fail(p->c, ND_BAD_ARGUMENT,
                                "target depends on source across the batch; "
                                "use jacobian"));
}

// ---------------------------------------------------------------- reverse --

static nd_tensor *zeros_like(nd_context *c, const nd_tensor *x)
{
  return nd_tensor_new(c, (nd_dtype)x->dtype, x->rank, x->dims, NULL);
}

// The gradient for a seed, whose reference this takes.
static nd_tensor *sweep(const plan *p, nd_sweep *s, block *q, nd_tensor *seed)
{
  nd_tensor *target = p->target, *gradient = NULL;
  const bool ok = seed != NULL &&
                  nd_sweep_run(s, 1, &target, &seed, &q->source, &gradient);
  nd_tensor_release(seed);
  return ok && gradient == NULL ? zeros_like(p->c, q->source) : gradient;
}

static bool sweep_row(const plan *p, nd_sweep *s, block *q, int64_t k)
{
  nd_tensor *row = sweep(p, s, q, make_seed(p, p->target, p->m, k, false));
  if (row == NULL)
    return false;
  if (p->options->check &&
      !check_scaled(p, q->n, k, row,
                    sweep(p, s, q, make_seed(p, p->target, p->m, k, true)))) {
    nd_tensor_release(row);
    return false;
  }
  return take(p, q, k, row, write_row);
}

static bool fill_by_rows(const plan *p, block *q)
{
  nd_sweep s = { 0 };
  bool ok = nd_sweep_start(&s, p->tape, 1, &q->source);
  for (int64_t k = 0; k < p->m && ok; k++)
    ok = nd_context_ready(p->c) && sweep_row(p, &s, q, k);
  nd_sweep_finish(&s);
  return ok && (!p->heard || join(p, q, p->options->batched ? 2 : 1));
}

// ---------------------------------------------------------------- forward --

static nd_tensor *push(plan *p, const block *q, nd_tensor *seed)
{
  nd_tensor *tangent = seed == NULL
                         ? NULL
                         : nd_push_run(&p->push,
                                       nd_tape_node(p->tape, q->source), seed);
  nd_tensor_release(seed);
  return tangent;
}

static bool push_column(plan *p, block *q, int64_t k)
{
  nd_tensor *column = push(p, q, make_seed(p, q->source, q->n, k, false));
  if (column == NULL)
    return false;
  if (p->options->check &&
      !check_scaled(p, p->m, k, column,
                    push(p, q, make_seed(p, q->source, q->n, k, true)))) {
    nd_tensor_release(column);
    return false;
  }
  return take(p, q, k, column, write_column);
}

static bool fill_by_columns(plan *p, block *q)
{
  bool ok = true;
  for (int64_t k = 0; k < q->n && ok; k++)
    ok = nd_context_ready(p->c) && push_column(p, q, k);
  return ok && (!p->heard || join(p, q, p->target->rank + 1));
}

// ---------------------------------------------------------------- planning --

// Batched, the first axes are one.
static bool make_type(const plan *p, const nd_tensor *source, nd_type *type)
{
  const nd_tensor *y = p->target;
  const int shared = p->options->batched;
  const int rank = y->rank + source->rank - shared;
  if (rank > ND_MAX_RANK)
    return nd_fail(p->c, ND_BAD_ARGUMENT,
                   "the result would have %d axes, and %d are the most: target "
                   "is %s, source is %s",
                   rank, ND_MAX_RANK, ND_SHAPE(y->rank, y->dims),
                   ND_SHAPE(source->rank, source->dims));
  *type = (nd_type){ .dtype = (nd_dtype)source->dtype, .rank = rank };
  memcpy(type->shape, y->dims, (size_t)y->rank * sizeof *y->dims);
  memcpy(type->shape + y->rank, source->dims + shared,
         (size_t)(source->rank - shared) * sizeof *y->dims);
  return true;
}

static bool is_itself(const plan *p, const nd_tensor *source)
{
  return source->identity.id == p->target->identity.id;
}

static bool is_connected(const plan *p, const nd_tensor *source)
{
  return nd_dtype_in((nd_dtype)source->dtype, ND_FLOATS) &&
         (is_itself(p, source) ||
          nd_push_reaches(&p->push, nd_tape_node(p->tape, source)));
}

static bool goes_forward(const plan *p, const block *q)
{
  return q->n < p->m && q->source->dtype == p->target->dtype &&
         nd_tape_node(p->tape, q->source) != 0 && nd_push_is_possible(&p->push);
}

static bool fill(plan *p, block *q)
{
  if (q->result->size == 0)
    return !p->heard || nd_tensor_give_values(q->result);
  const bool forward = goes_forward(p, q);
  const int64_t lines = forward ? q->n : p->m;
  const size_t bytes = (size_t)lines * sizeof *q->lines;
  if (p->heard && lines > INT32_MAX)
    return nd_fail(p->c, ND_BAD_ARGUMENT, "too many rows for a tape to record");
  if (p->heard) {
    q->lines = nd_memory_new(p->c, bytes, ND_MEMORY_OBJECT);
    if (q->lines == NULL)
      return false;
  }
  const bool ok = forward ? fill_by_columns(p, q) : fill_by_rows(p, q);
  for (int64_t i = 0; i < q->count; i++)
    nd_tensor_release(q->lines[i]);
  if (q->lines != NULL)
    nd_memory_free(p->c, q->lines, bytes, ND_MEMORY_OBJECT);
  return ok;
}

static int64_t divide(int64_t size, int64_t by)
{
  return by == 0 ? 0 : size / by;
}

// The result for one source; NULL, and true, if there is none.
static bool give_one(plan *p, nd_tensor *source, nd_tensor **result)
{
  nd_type type;
  const bool connected = is_connected(p, source);
  if (!make_type(p, source, &type))
    return false;
  if (!connected && !p->options->zeros)
    return true;
  block q = { .source = nd_tensor_outline(source),
              .n = divide(source->size, p->b) };
  bool ok = q.source != NULL;
  p->heard = connected && nd_recorders_hear(p->c);
  if (ok)
    q.result = p->heard ? nd_tensor_shell(p->c, &type)
               : connected
                 ? nd_tensor_make(p->c, &type)
                 : nd_tensor_new(p->c, type.dtype, type.rank, type.shape, NULL);
  ok = q.result != NULL && (!connected || fill(p, &q));
  nd_tensor_release(q.source);
  if (!ok)
    nd_tensor_release(q.result);
  *result = ok ? q.result : NULL;
  return ok;
}

static void release_all(int n, nd_tensor **results)
{
  for (int i = 0; i < n; i++) {
    nd_tensor_release(results[i]);
    results[i] = NULL;
  }
}

static bool give_all(nd_tape *t, const nd_jacobian_options *options,
                     nd_tensor *target, int n, nd_tensor *const *sources,
                     nd_tensor **results)
{
  plan p = { .c = t->context,
             .tape = t,
             .options = options,
             .target = nd_tensor_outline(target) };
  bool ok = p.target != NULL;
  if (ok) {
    p.b = options->batched ? target->dims[0] : 1;
    p.m = divide(target->size, p.b);
    ok = nd_push_start(&p.push, t, target);
  }
  for (int i = 0; i < n && ok; i++)
    ok = give_one(&p, sources[i], &results[i]);
  nd_push_finish(&p.push);
  nd_tensor_release(p.target);
  if (!ok)
    release_all(n, results);
  return ok;
}

// ------------------------------------------------------------------- asked --

typedef struct asked {
  const nd_jacobian_options *options;
  nd_tensor *target;
  int n;
  nd_tensor *const *sources;
  nd_tensor **results;
} asked;

static bool check_rank(nd_context *c, const char *what, const nd_tensor *x)
{
  return x->rank >= 2 ||
         nd_fail(c, ND_BAD_ARGUMENT,
                 "%s must have rank at least 2, as its first axis is that of "
                 "the examples: it is %s",
                 what, ND_SHAPE(x->rank, x->dims));
}

static bool check_batch(nd_context *c, const nd_tensor *target,
                        const nd_tensor *source)
{
  if (!check_rank(c, "target", target) || !check_rank(c, "source", source))
    return false;
  return target->dims[0] == source->dims[0] ||
         nd_fail(c, ND_BAD_ARGUMENT,
                 "first sizes differ: target is %s, source is %s",
                 ND_SHAPE(target->rank, target->dims),
                 ND_SHAPE(source->rank, source->dims));
}

static bool check(nd_tape *t, const asked *a)
{
  nd_context *c = t->context;
  bool ok = nd_tape_check(c, "target", 1, &a->target) &&
            nd_tape_check(c, "source", a->n, a->sources);
  for (int i = 0; i < a->n && ok && a->options->batched; i++)
    ok = check_batch(c, a->target, a->sources[i]);
  return ok;
}

static bool give_jacobians(nd_tape *t, void *data)
{
  const asked *a = data;
  if (!check(t, a) ||
      !give_all(t, a->options, a->target, a->n, a->sources, a->results))
    return false;
  t->strangers = 0;
  nd_missing_note(t, 1, &a->target, a->n, a->sources, a->results);
  return true;
}

bool nd_tape_jacobians(nd_tape *t, const nd_jacobian_options *options,
                       nd_tensor *target, int n, nd_tensor *const *sources,
                       nd_tensor **results)
{
  for (int i = 0; i < n; i++)
    results[i] = NULL;
  asked a = { options, target, n, sources, results };
  return nd_tape_give(t, options->name, give_jacobians, &a);
}

// ----------------------------------------------------------------- Hessian --

// The gradient, which the tape records, whether it is entered or not.
static bool record_gradient(nd_tape *t, nd_tensor *target, int n,
                            nd_tensor *const *sources, nd_tensor **gradients)
{
  nd_recorder *r = &t->recorder;
  const bool entered = nd_recorder_entered(r), paused = r->paused;
  nd_sweep s = { 0 };
  if (!entered)
    nd_recorder_enter(t->context, r);
  r->paused = false;
  const bool ok = nd_sweep_start(&s, t, n, sources) &&
                  nd_sweep_run(&s, 1, &target, NULL, sources, gradients);
  nd_sweep_finish(&s);
  if (!entered)
    nd_recorder_leave(r);
  else
    r->paused = paused && nd_recorder_entered(r);
  return ok;
}

static bool check_single(nd_context *c, const nd_tensor *target)
{
  return target->size == 1 ||
         nd_fail(c, ND_BAD_ARGUMENT,
                 "target must have one element, and it is %s",
                 ND_SHAPE(target->rank, target->dims));
}

// A gradient that there is none of is 0 everywhere, and so are its derivatives.
static bool give_row(nd_tape *t, const asked *a, nd_tensor *gradient, int i)
{
  nd_tensor *zero = NULL;
  if (gradient == NULL && a->options->zeros)
    gradient = zero = zeros_like(t->context, a->sources[i]);
  const bool ok = gradient == NULL
                    ? !a->options->zeros
                    : give_all(t, a->options, gradient, a->n, a->sources,
                               a->results + (size_t)i * (size_t)a->n);
  nd_tensor_release(zero);
  return ok;
}

// The sources as they were: a rule may assign to a variable.
static bool keep_outlines(int n, nd_tensor *const *sources, nd_tensor **kept)
{
  bool ok = true;
  for (int i = 0; i < n; i++) {
    kept[i] = nd_tensor_outline(sources[i]);
    ok = ok && kept[i] != NULL;
  }
  return ok;
}

static bool give_rows(nd_tape *t, asked *a, nd_tensor **kept,
                      nd_tensor **gradients)
{
  bool ok = keep_outlines(a->n, a->sources, kept);
  a->sources = kept;
  ok = ok && record_gradient(t, a->target, a->n, kept, gradients);
  for (int i = 0; i < a->n && ok; i++)
    ok = give_row(t, a, gradients[i], i);
  release_all(a->n, kept);
  release_all(a->n, gradients);
  return ok;
}

static bool give_hessians(nd_tape *t, void *data)
{
  asked *a = data;
  nd_context *c = t->context;
  if (!check(t, a) || !check_single(c, a->target))
    return false;
  const size_t n = (size_t)a->n, bytes = (2 * n + 1) * sizeof(nd_tensor *);
  nd_tensor **room = nd_memory_new(c, bytes, ND_MEMORY_OBJECT);
  if (room == NULL)
    return false;
  memset(room, 0, bytes);
  const bool ok = give_rows(t, a, room, room + n);
  nd_memory_free(c, room, bytes, ND_MEMORY_OBJECT);
  if (!ok)
    release_all(a->n * a->n, a->results);
  return ok;
}

bool nd_tape_hessians(nd_tape *t, bool zeros, nd_tensor *target, int n,
                      nd_tensor *const *sources, nd_tensor **results)
{
  for (int i = 0; i < n * n; i++)
    results[i] = NULL;
  const nd_jacobian_options options = { .name = "hessian", .zeros = zeros };
  asked a = { &options, target, n, sources, results };
  return nd_tape_give(t, options.name, give_hessians, &a);
}

// --------------------------------------------------------- public functions --

static bool give_by_tensors(nd_tape *t, nd_tensor *target, int n,
                            nd_tensor *const *sources, nd_tensor **results)
{
  const nd_jacobian_options options = { .name = "jacobian" };
  return nd_tape_jacobians(t, &options, target, n, sources, results);
}

bool nd_tape_jacobian(nd_tape *t, nd_tensor *target, int n,
                      nd_variable *const *sources, nd_tensor **jacobians)
{
  return nd_tape_by_variables(t, "jacobian", target, n, sources,
                              give_by_tensors, jacobians);
}

nd_tensor *nd_tape_batch_jacobian(nd_tape *t, nd_tensor *target,
                                  nd_tensor *source, bool check)
{
  if (t == NULL || target == NULL || source == NULL)
    return NULL;
  const nd_jacobian_options options = {
    .name = "batch_jacobian", .batched = true, .check = check, .zeros = true
  };
  nd_tensor *result = NULL;
  nd_tape_jacobians(t, &options, target, 1, &source, &result);
  return result;
}
