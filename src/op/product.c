// op/product.c: see product.h.

#include "op/product.h"

ND_DECLARE_WIDE(const nd_matmul_table, nd_matmul_table);

static int64_t side_stride(const nd_job *j, int i, int axis)
{
  const nd_tensor *x = j->in[i];
  return nd_strides(x)[x->rank - 2 + (axis ^ (int)nd_product_flips(j, i))];
}

// Where matrix number `batch` of the result finds its input `i`.
static const void *find_matrix(const nd_job *j, int i, int64_t batch)
{
  const nd_tensor *x = j->in[i];
  const nd_tensor *out = j->out[0];
  const int missing = out->rank - x->rank;
  int64_t offset = 0;
  for (int axis = out->rank - 3; axis >= missing; axis--) {
    const int64_t at = batch % out->dims[axis];
    batch /= out->dims[axis];
    if (x->dims[axis - missing] != 1)
      offset += at * nd_strides(x)[axis - missing];
  }
  return nd_values(x) + offset * (int64_t)nd_dtype_size((nd_dtype)x->dtype);
}

bool nd_product_stacks(const nd_job *j)
{
  return j->in[0]->rank > 2 && j->in[1]->rank == 2 && !nd_product_flips(j, 0);
}

nd_matmul nd_product_plan(const nd_job *j)
{
  nd_matmul p = {
    .m = nd_product_side(j, 0, 0),
    .n = nd_product_side(j, 1, 1),
    .k = nd_product_side(j, 0, 1),
    .a_row = side_stride(j, 0, 0),
    .a_column = side_stride(j, 0, 1),
    .b_row = side_stride(j, 1, 0),
    .b_column = side_stride(j, 1, 1),
  };
  if (nd_product_stacks(j) && j->in[0]->dense) {
    p.m = j->out[0]->size / p.n;
    p.a_row = p.k;
    p.a_column = 1;
  }
  p.c_row = p.n;
  return p;
}

int64_t nd_product_width(const nd_job *j)
{
  return (int64_t)nd_dtype_size((nd_dtype)j->out[0]->dtype);
}

nd_matmul nd_product_part(const nd_job *j, const nd_matmul *p, int64_t batch,
                          int64_t row, int64_t column)
{
  const int64_t width = nd_product_width(j);
  nd_matmul y = *p;
  y.m -= row;
  y.n -= column;
  y.a = (const char *)find_matrix(j, 0, batch) + row * p->a_row * width;
  y.b = (const char *)find_matrix(j, 1, batch) + column * p->b_column * width;
  y.c = j->out[0]->data + ((batch * p->m + row) * p->n + column) * width;
  return y;
}

const nd_matmul_kernels *nd_product_kernels(const nd_job *j)
{
  static const nd_matmul_table *const tables[ND_LEVELS] = ND_LIST_WIDE(
    nd_matmul_table);
  const nd_tensor *out = j->out[0];
  return tables[out->context->level]->at[out->dtype];
}

bool nd_product_is_float(const nd_job *j)
{
  return nd_dtype_in((nd_dtype)j->out[0]->dtype, ND_FLOATS);
}

bool nd_product_is_dots(const nd_job *j, const nd_matmul *p)
{
  return !nd_product_is_float(j) || (p->m == 1 && p->b_row == 1) ||
         (p->n == 1 && p->a_column == 1);
}

float nd_product_cost(const nd_job *j, const nd_matmul *p, int64_t rows,
                      int64_t columns)
{
  const float width = (float)nd_product_width(j);
  const float each = nd_product_is_float(j) ? .00625F * width : 1;
  if (p->m == 1 && p->n == 1)
    return 1.5F;
  if (nd_product_is_float(j) && nd_product_is_dots(j, p))
    return (float)(rows * columns) * .1F * width;
  return (float)columns * ((float)rows * each + .05F * width);
}
