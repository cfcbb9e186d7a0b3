// kernel/reduce.levels.c: the folds of every dtype from one template.

#include "kernel/reduce.h"

#include <math.h>
#include <string.h>

#include "kernel/math.h"
#include "kernel/rows_within.h"

// Of whole numbers, too, where it is false.
#define IS_NAN(a) ((a) != (a))

// From 64 - n on, a mask of the first n bytes of up to 64.
static const uint8_t first_bytes[128] = {
#define EIGHT 255, 255, 255, 255, 255, 255, 255, 255
  EIGHT, EIGHT, EIGHT, EIGHT, EIGHT, EIGHT, EIGHT, EIGHT
};

#define LABEL float32
#define TYPE float
#define LOWEST -INFINITY
#define HIGHEST INFINITY
#define LOOPS "kernel/reduce_real.h"
#include "kernel/reduce_dtype.h"

#define LABEL float64
#define TYPE double
#define LOWEST -INFINITY
#define HIGHEST INFINITY
#define LOOPS "kernel/reduce_real.h"
#include "kernel/reduce_dtype.h"

#define LABEL int32
#define TYPE int32_t
#define LOWEST INT32_MIN
#define HIGHEST INT32_MAX
#define LOOPS "kernel/reduce_whole.h"
#include "kernel/reduce_dtype.h"

#define LABEL int64
#define TYPE int64_t
#define LOWEST INT64_MIN
#define HIGHEST INT64_MAX
#define LOOPS "kernel/reduce_whole.h"
#include "kernel/reduce_dtype.h"

#define LABEL uint8
#define TYPE uint8_t
#define LOWEST 0
#define HIGHEST UINT8_MAX
#define LOOPS "kernel/reduce_whole.h"
#include "kernel/reduce_dtype.h"

#define LABEL truth
#define TYPE uint8_t
#define LOWEST 0
#define HIGHEST 1
#define LOOPS "kernel/reduce_whole.h"
#include "kernel/reduce_dtype.h"

#define KERNELS(label, fold)                                             \
  {                                                                      \
    .lanes = label##_##fold##_lanes, .close = label##_##fold##_close,    \
    .run = label##_##fold##_run, .rows = label##_##fold##_rows,          \
    .merge = label##_##fold##_merge, .columns = label##_##fold##_columns \
  }
#define ROW(fold)                                                             \
  {                                                                           \
    [ND_FLOAT32] = KERNELS(float32, fold),                                    \
    [ND_FLOAT64] = KERNELS(float64, fold), [ND_INT32] = KERNELS(int32, fold), \
    [ND_INT64] = KERNELS(int64, fold), [ND_UINT8] = KERNELS(uint8, fold),     \
    [ND_BOOL] = KERNELS(truth, fold),                                         \
  }

const nd_reduce_table ND_LEVELLED(nd_reduce_table) = { .at = {
                                                         [ND_SUM] = ROW(sum),
                                                         [ND_PROD] = ROW(prod),
                                                         [ND_MAX] = ROW(max),
                                                         [ND_MIN] = ROW(min),
                                                       } };
