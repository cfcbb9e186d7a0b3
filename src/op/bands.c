// op/bands.c: see bands.h.

#include "op/bands.h"

#include "base/cut.h"

enum { BAND_ROWS = 8, BAND_COLUMNS = ND_MATMUL_PANEL };

nd_bands nd_bands_cut(const nd_job *j, const nd_matmul *p)
{
  nd_bands s = { .p = *p };
  s.by_columns = s.p.n > 2 * s.p.m;
  s.each = s.by_columns ? nd_parts(s.p.n, BAND_COLUMNS)
                        : nd_parts(s.p.m, BAND_ROWS);
  s.cost = (float)s.p.k *
           (s.by_columns
              ? nd_product_cost(j, &s.p, s.p.m, nd_least(s.p.n, BAND_COLUMNS))
              : nd_product_cost(j, &s.p, nd_least(s.p.m, BAND_ROWS), s.p.n));
  return s;
}

// Bands from..to-1 of one matrix.
static nd_matmul find_bands(const nd_job *j, const nd_bands *s, int64_t batch,
                            int64_t from, int64_t to)
{
  const int64_t row = s->by_columns ? 0 : from * BAND_ROWS;
  const int64_t column = s->by_columns ? from * BAND_COLUMNS : 0;
  nd_matmul y = nd_product_part(j, &s->p, batch, row, column);
  if (s->by_columns)
    y.n = nd_least(y.n, (to - from) * BAND_COLUMNS);
  else
    y.m = nd_least(y.m, (to - from) * BAND_ROWS);
  return y;
}

static void run_bands(const void *what, void *shared, void *own, int64_t from,
                      int64_t to)
{
  const nd_job *j = what;
  const nd_matmul p = nd_product_plan(j);
  const nd_bands s = nd_bands_cut(j, &p);
  const nd_matmul_kernels *kernels = nd_product_kernels(j);
  while (from < to) {
    const int64_t batch = from / s.each;
    const int64_t end = nd_least(to, (batch + 1) * s.each);
    const nd_matmul y = find_bands(j, &s, batch, from - batch * s.each,
                                   end - batch * s.each);
    kernels->run(&y, own);
    from = end;
  }
}

// Of what bands beside each other share, in nanoseconds.
static float start_cost(const nd_job *j, const nd_bands *s)
{
  const int64_t shared = s->by_columns ? s->p.m : s->p.n;
  return .1F * (float)nd_product_width(j) * (float)(s->p.k * shared);
}

nd_step nd_bands_step(const nd_job *j)
{
  const nd_matmul p = nd_product_plan(j);
  const nd_bands s = nd_bands_cut(j, &p);
  const int64_t batches = j->out[0]->size / (s.p.m * s.p.n);
  return (nd_step){ .units = batches * s.each,
                    .cost = s.cost,
                    .run = run_bands,
                    .start = start_cost(j, &s) };
}
