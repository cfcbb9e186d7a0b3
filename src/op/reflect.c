// op/reflect.c: see reflect.h.

#include "op/reflect.h"

#include <math.h>
#include <string.h>

#include "base/cut.h"

enum { BLOCK = ND_REFLECTIONS, BAND = ND_BLOCK_ROWS };

double nd_element(const nd_matrices *p, const char *x, int64_t i)
{
  return p->width == sizeof(float) ? (double)((const float *)(const void *)x)[i]
                                   : ((const double *)(const void *)x)[i];
}

void nd_element_set(const nd_matrices *p, char *x, int64_t i, double value)
{
  if (p->width == sizeof(float))
    ((float *)(void *)x)[i] = (float)value;
  else
    ((double *)(void *)x)[i] = value;
}

// ------------------------------------------------------------------ layout --

int64_t nd_reflections_blocks(int64_t count)
{
  return nd_parts(count, BLOCK);
}

static size_t whole(size_t bytes)
{
  return (bytes + 63) / 64 * 64;
}

static size_t v_bytes(int64_t count, int64_t length, int64_t width)
{
  return whole((size_t)(count * length * width));
}

static size_t t_bytes(int64_t count, int64_t width)
{
  return (size_t)(nd_reflections_blocks(count) * BLOCK * BLOCK * width);
}

size_t nd_reflections_bytes(int64_t count, int64_t length, int64_t width)
{
  return v_bytes(count, length, width) + t_bytes(count, width) +
         whole((size_t)count * sizeof(double));
}

char *nd_reflections_lay(nd_reflections *r, char *at, int64_t width)
{
  r->v = at;
  r->t = at + v_bytes(r->count, r->length, width);
  r->tau = (double *)(void *)(r->t + t_bytes(r->count, width));
  return at + nd_reflections_bytes(r->count, r->length, width);
}

static char *row_of(const nd_matrices *p, const nd_reflections *r, int64_t i)
{
  return r->v + i * r->length * p->width;
}

// --------------------------------------------------------------- one alone --

// A power of two that brings the largest of `n` elements near 1; 1 if none is
// finite and other than 0.
static double find_scale(const nd_matrices *p, int64_t n, const char *x)
{
  double most = 0;
  int e;
  for (int64_t i = 0; i < n; i++)
    most = fmax(most, fabs(nd_element(p, x, i)));
  if (most == 0 || isinf(most))
    return 1;
  frexp(most, &e);
  return ldexp(1, e < -1000 ? 1000 : -e);
}

// True if squares of what is in `x` may have overflowed or vanished.
static bool is_far(const nd_matrices *p, double squares)
{
  const double far = p->width == sizeof(float) ? 1e30 : 1e280;
  return !(squares < far && squares > 1 / far);
}

double nd_reflections_make(const nd_matrices *p, const nd_reflections *r,
                           int64_t i, const char *x)
{
  const int64_t first = i + r->shift, left = r->length - first - 1;
  char *v = row_of(p, r, i) + first * p->width;
  const char *start = x + first * p->width, *tail = start + p->width;
  double alpha = nd_element(p, start, 0), scale = 1;
  double squares = p->kernels->dot(left, tail, tail);
  memset(row_of(p, r, i), 0, (size_t)(r->length * p->width));
  if (is_far(p, squares) && left > 0) {
    scale = find_scale(p, left + 1, start);
    for (int64_t k = 1; k <= left; k++)
      nd_element_set(p, v, k, nd_element(p, start, k) * scale);
    alpha *= scale;
    tail = v + p->width;
    squares = p->kernels->dot(left, tail, tail);
  }
  nd_element_set(p, v, 0, 1);
  r->tau[i] = 0;
  if (squares == 0) {
    memset(v + p->width, 0, (size_t)(left * p->width));
    return alpha / scale;
  }
  const double beta = -copysign(sqrt(alpha * alpha + squares), alpha);
  for (int64_t k = 1; k <= left; k++)
    nd_element_set(p, v, k, nd_element(p, tail, k - 1) / (alpha - beta));
  r->tau[i] = (beta - alpha) / beta;
  return beta / scale;
}

void nd_reflections_apply(const nd_matrices *p, const nd_reflections *r,
                          int64_t i, char *x)
{
  const int64_t first = (i + r->shift) * p->width;
  const int64_t left = r->length - i - r->shift;
  const char *v = row_of(p, r, i) + first;
  const double size = p->kernels->dot(left, v, x + first);
  p->kernels->axpy(left, -r->tau[i] * size, v, x + first);
}

// ------------------------------------------------------------------- blocks --

// A block: its reflections, and where they begin to be other than 0.
typedef struct block {
  int64_t n, first, length;
  const char *v;
  char *t;
  const double *tau;
} block;

static block find_block(const nd_matrices *p, const nd_reflections *r,
                        int64_t number)
{
  const int64_t i = number * BLOCK, first = i + r->shift;
  return (block){ .n = nd_least(r->count - i, BLOCK),
                  .first = first,
                  .length = r->length - first,
                  .v = row_of(p, r, i) + first * p->width,
                  .t = r->t + i * BLOCK * p->width,
                  .tau = r->tau + i };
}

// t[j][j] = tau[j], and above it column j is -tau[j] t (v . v[j]).
void nd_reflections_join(const nd_piece *y, const nd_reflections *r,
                         int64_t number)
{
  const nd_matrices *p = y->p;
  const block b = find_block(p, r, number);
  const int64_t row = r->length * p->width;
  double t[BLOCK][BLOCK], beside[BLOCK];
  for (int64_t j = 0; j < b.n; j++) {
    for (int64_t i = 0; i < j; i++)
      beside[i] = p->kernels->dot(b.length - j, b.v + i * row + j * p->width,
                                  b.v + j * row + j * p->width);
    for (int64_t i = 0; i < b.n; i++) {
      double sum = 0;
      for (int64_t k = i; k < j; k++)
        sum += t[i][k] * beside[k];
      t[i][j] = i < j ? -b.tau[j] * sum : i == j ? b.tau[j] : 0;
      nd_element_set(p, b.t, i * BLOCK + j, -t[i][j]);
    }
  }
}

nd_stage nd_reflections_stage(const nd_matrices *p, int64_t rows,
                              int64_t length)
{
  const int64_t high = nd_least(rows, BAND);
  return nd_strips(p, rows, nd_terms_cost(p, (double)(high * BLOCK * length)));
}

size_t nd_reflections_own(const nd_matrices *p, int64_t length)
{
  const size_t wide = nd_matrices_scratch(p, BAND, length, BLOCK);
  const size_t narrow = nd_matrices_scratch(p, BAND, BLOCK, length);
  return (size_t)(2 * BAND * BLOCK * p->width) +
         (wide > narrow ? wide : narrow);
}

// x - ((x v') t) v, of some rows
static void reflect(const nd_piece *y, const block *b, int64_t v_row, bool flip,
                    char *x, int64_t x_row, int64_t rows)
{
  const nd_matrices *p = y->p;
  char *first = y->own, *second = first + BAND * BLOCK * p->width;
  char *scratch = second + BAND * BLOCK * p->width;
  const nd_matmul into = { .m = rows,
                           .n = b->n,
                           .k = b->length,
                           .a = x,
                           .a_row = x_row,
                           .a_column = 1,
                           .b = b->v,
                           .b_row = 1,
                           .b_column = v_row,
                           .c = first,
                           .c_row = BLOCK };
  const nd_matmul by = { .m = rows,
                         .n = b->n,
                         .k = b->n,
                         .a = first,
                         .a_row = BLOCK,
                         .a_column = 1,
                         .b = b->t,
                         .b_row = flip ? 1 : BLOCK,
                         .b_column = flip ? BLOCK : 1,
                         .c = second,
                         .c_row = BLOCK };
  const nd_matmul back = { .m = rows,
                           .n = b->length,
                           .k = b->n,
                           .a = second,
                           .a_row = BLOCK,
                           .a_column = 1,
                           .b = b->v,
                           .b_row = v_row,
                           .b_column = 1,
                           .c = x,
                           .c_row = x_row };
  nd_matrices_multiply(p, &into, scratch);
  nd_matrices_multiply(p, &by, scratch);
  nd_matrices_add(p, &back, scratch);
}

void nd_reflections_run(const nd_piece *y, const nd_reflections *r,
                        int64_t number, bool flip, char *x, int64_t x_row,
                        int64_t rows)
{
  const nd_matrices *p = y->p;
  const block b = find_block(p, r, number);
  for (int64_t i = y->from; i < y->to; i++) {
    char *strip = x + (i * BAND * x_row + b.first) * p->width;
    reflect(y, &b, r->length, flip, strip, x_row,
            nd_least(rows - i * BAND, BAND));
  }
}
