// kernel/reduce.levels.c: rows are runs, and columns are merged rows, to the
// last bit, at every CPU level; nothing is written behind them.

#include "kernel/reduce.h"

#include <string.h>

#include "base/cpu.h"
#include "base/dtype.h"
#include "check.h"

ND_DECLARE_LEVELS(const nd_reduce_table, nd_reduce_table);

static const nd_reduce_table *const tables[ND_LEVELS] = ND_LIST_LEVELS(
  nd_reduce_table);

enum { MOST = 130, ROWS = 21, ROOM = MOST * ROWS + 64 };

static double in[ROOM], got[ROOM], want[ROOM];

static void set_inputs(nd_dtype dtype)
{
  for (int i = 0; i < ROOM; i++) {
    const double x = (double)(i * 7919 % 3001) / 1000 - 1.2;
    switch (dtype) {
    case ND_FLOAT32:
      ((float *)in)[i] = i % 97 == 5 ? __builtin_nanf("") : (float)x;
      break;
    case ND_FLOAT64: in[i] = i % 97 == 5 ? __builtin_nan("") : x; break;
    case ND_INT32: ((int32_t *)in)[i] = (int32_t)(x * 1e9); break;
    case ND_INT64: ((int64_t *)in)[i] = (int64_t)(x * 1e18); break;
    default: ((uint8_t *)in)[i] = (uint8_t)(i * 7919 >> 3); break;
    }
  }
}

static void clear(void)
{
  memset(got, 77, sizeof got);
  memset(want, 77, sizeof want);
}

static bool rows_agree(const nd_reduce_kernels *k, size_t width, int n)
{
  clear();
  k->rows(ROWS, n, got, in);
  for (int r = 0; r < ROWS; r++)
    k->run(n, (char *)want + (size_t)r * width,
           (char *)in + (size_t)(r * n) * width);
  return memcmp(got, want, sizeof got) == 0;
}

static bool columns_agree(const nd_reduce_kernels *k, size_t width, int n,
                          int step)
{
  clear();
  memcpy(got, in, (size_t)n * width);
  memcpy(want, in, (size_t)n * width);
  const char *first = (char *)in +
                      (step < 0 ? (size_t)(n * (ROWS - 1)) : 0) * width;
  k->columns(ROWS, n, step, got, first);
  for (int r = 0; r < ROWS; r++)
    k->merge(n, want, first + (int64_t)r * step * (int64_t)width);
  return memcmp(got, want, sizeof got) == 0;
}

static void check_level(const nd_reduce_table *table)
{
  for (int f = 0; f < ND_FOLDS; f++) {
    for (int d = 0; d < ND_DTYPES && nd_dtype_in((nd_dtype)d, ND_VALUES); d++) {
      const nd_reduce_kernels *k = &table->at[f][d];
      const size_t width = nd_dtype_size((nd_dtype)d);
      set_inputs((nd_dtype)d);
      for (int n = 0; n <= MOST; n++) {
        CHECK(rows_agree(k, width, n));
        CHECK(columns_agree(k, width, n, n));
        CHECK(columns_agree(k, width, n, -n));
        CHECK(columns_agree(k, width, n / 2, n));
        CHECK(columns_agree(k, width, n, 0));
      }
    }
  }
}

static void rows_are_runs_and_columns_are_merged(void)
{
  for (int i = 0; i < ND_LEVELS; i++) {
    nd_level level;
    if (nd_level_choose(nd_level_name((nd_level)i), &level))
      check_level(tables[i]);
  }
}

int main(void)
{
  RUN(rows_are_runs_and_columns_are_merged);
  return check_done();
}
