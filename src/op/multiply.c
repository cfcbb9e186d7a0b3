// op/multiply.c: see multiply.h.

#include "op/multiply.h"

#include "op/fields.h"

// What is too little to cut: matrices, or elements one by one.
void nd_multiply_run(const nd_job *j, int64_t from, int64_t to)
{
  const nd_matmul_kernels *kernels = nd_product_kernels(j);
  const nd_matmul p = nd_product_plan(j);
  const int64_t size = p.m * p.n;
  for (int64_t at = from; at < to;) {
    const int64_t batch = at / size, i = at % size;
    const bool whole = i == 0 && to - at >= size;
    nd_matmul y = nd_product_part(j, &p, batch, i / p.n, i % p.n);
    if (!whole)
      y.m = y.n = 1;
    kernels->run(&y, NULL);
    at += whole ? size : 1;
  }
}

static bool next_band(const void *what, nd_step *step, int i)
{
  *step = nd_bands_step(what);
  return i == 0;
}

nd_work nd_multiply_work(const nd_job *j)
{
  enum { TINY = 1 << 15 };  // terms in all, which are not worth a step
  if (j->out[0]->size == 0)
    return (nd_work){ 0 };
  const nd_matmul p = nd_product_plan(j);
  const size_t own = nd_product_kernels(j)->scratch(&p);
  if (own == 0 && j->out[0]->size * p.k <= TINY)
    return (nd_work){ 0 };
  const nd_bands bands = nd_bands_cut(j, &p);
  if (!nd_field_shares(j, &bands) && bands.cost <= ND_PATIENCE)
    return (nd_work){ .own = own, .next = next_band };
  nd_work work = nd_fields_memory(j);
  work.next = nd_fields_next;
  return work;
}
