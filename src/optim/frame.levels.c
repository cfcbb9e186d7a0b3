// optim/frame.levels.c: the frame around update rules, block by block, so that
// it costs no pass over memory of its own.

#include "optim/frame.h"

#include "kernel/block.h"

#define FRAME(label, type)                                                    \
  static void prepare_##label(int64_t n, const nd_frame *f, const type *w,    \
                              const type *g, type *out_w, type *out_g)        \
  {                                                                           \
    const type scale = (type)f->scale, most = (type)f->limit;                 \
    const type decay = (type)f->decay;                                        \
    for (int64_t i = 0; i < n; i++) {                                         \
      const type x = g[i] * scale;                                            \
      out_g[i] = x > most ? most : x < -most ? -most : x;                     \
      out_w[i] = w[i] - w[i] * decay;                                         \
    }                                                                         \
  }                                                                           \
                                                                              \
  static void average_##label(int64_t n, const nd_frame *f, type *w, type *m) \
  {                                                                           \
    const type keep = (type)f->keep, rest = (type)(1 - f->keep);              \
    for (int64_t i = 0; i < n; i++)                                           \
      m[i] = keep * m[i] + rest * w[i];                                       \
    for (int64_t i = 0; i < n && f->overwrite; i++)                           \
      w[i] = m[i];                                                            \
  }                                                                           \
                                                                              \
  static void run_##label(                                                    \
    int64_t n, const nd_frame *f, nd_update_kernel *rule, const double *k,    \
    void *out, const void *w, const void *g, void *const *slots, void *mean)  \
  {                                                                           \
    type block_w[ND_BLOCK], block_g[ND_BLOCK];                                \
    for (int64_t at = 0, m; at < n; at += m) {                                \
      void *part[ND_MAX_SLOTS];                                               \
      m = n - at < ND_BLOCK ? n - at : ND_BLOCK;                              \
      for (int i = 0; i < ND_MAX_SLOTS; i++)                                  \
        part[i] = slots[i] == NULL ? NULL : (type *)slots[i] + at;            \
      prepare_##label(m, f, (const type *)w + at, (const type *)g + at,       \
                      block_w, block_g);                                      \
      rule(m, k, (type *)out + at, block_w, block_g, part);                   \
      if (mean != NULL)                                                       \
        average_##label(m, f, (type *)out + at, (type *)mean + at);           \
    }                                                                         \
  }                                                                           \
                                                                              \
  static double squares_##label(int64_t n, const void *x)                     \
  {                                                                           \
    enum { LANES = 8 };                                                       \
    const type *p = x;                                                        \
    double sums[LANES] = { 0 }, sum = 0;                                      \
    int64_t i = 0;                                                            \
    for (; i + LANES <= n; i += LANES) {                                      \
      for (int l = 0; l < LANES; l++)                                         \
        sums[l] += (double)p[i + l] * (double)p[i + l];                       \
    }                                                                         \
    for (int l = 0; l < LANES; l++)                                           \
      sum += sums[l];                                                         \
    for (; i < n; i++)                                                        \
      sum += (double)p[i] * (double)p[i];                                     \
    return sum;                                                               \
  }                                                                           \
                                                                              \
  static void add_##label(int64_t n, bool first, void *out, const void *x)    \
  {                                                                           \
    const type *p = x;                                                        \
    type *o = out;                                                            \
    for (int64_t i = 0; i < n; i++)                                           \
      o[i] = first ? p[i] : o[i] + p[i];                                      \
  }

FRAME(float32, float)
FRAME(float64, double)

const nd_frame_table ND_LEVELLED(nd_frame_table) = {
  .run = { run_float32, run_float64 },
  .squares = { squares_float32, squares_float64 },
  .add = { add_float32, add_float64 },
};

#if ND_IS_BASELINE

ND_DECLARE_LEVELS(const nd_frame_table, nd_frame_table);

static const nd_frame_table *const tables[ND_LEVELS] = ND_LIST_LEVELS(
  nd_frame_table);

const nd_frame_table *nd_frame_kernels(int level)
{
  return tables[level];
}

#endif
