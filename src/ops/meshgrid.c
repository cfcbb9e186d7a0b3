// ops/meshgrid.c: lists of coordinates spread over the grid that they span.
// What comes out are views: each axis but one has stride 0.

#include "ops/rules.h"

enum { INDEXING };  // attribute
enum { XY, IJ };    // its words

static const char *const indexings[] = { [XY] = "xy", [IJ] = "ij", NULL };
static const nd_param params[] = {
  { "values", ND_TENSORS },
  { "indexing", ND_WORD, "xy", .words = indexings },
  { 0 },
};

// The axis of the grid along which input `i` runs.
static int axis_of(const nd_job *j, int i)
{
  const bool swapped = j->attr[INDEXING].integer == XY && j->n > 1 && i < 2;
  return swapped ? 1 - i : i;
}

static int count_outs(nd_context *c, const nd_job *j)
{
  if (j->n <= ND_MAX_RANK)
    return j->n;
  nd_fail(c, ND_BAD_ARGUMENT, "at most %d axes, got %d", ND_MAX_RANK, j->n);
  return -1;
}

static bool infer(nd_context *c, const nd_job *j, nd_type *out)
{
  nd_type grid = { .rank = j->n };
  for (int i = 0; i < j->n; i++) {
    const nd_tensor *x = j->in[i];
    if (x->rank > 1)
      return nd_fail(c, ND_BAD_ARGUMENT, "needs vectors: input %d is %s", i + 1,
                     ND_SHAPE(x->rank, x->dims));
    grid.dtype = (nd_dtype)x->dtype;
    grid.shape[axis_of(j, i)] = x->size;
  }
  const int64_t size = nd_type_size(&grid);
  if (size < 0)
    return nd_fail(c, ND_BAD_ARGUMENT, "too large: %s",
                   ND_SHAPE(grid.rank, grid.shape));
  for (int k = 0; k < j->outs; k++)
    out[k] = grid;
  return nd_account_allows(c, (size_t)size * nd_dtype_size(grid.dtype),
                           ND_MEMORY_TENSOR);
}

static void view(nd_context *c, const nd_job *j, const nd_type *types)
{
  for (int k = 0; k < j->outs; k++) {
    const nd_tensor *x = j->in[k];
    int64_t strides[ND_MAX_RANK] = { 0 };
    strides[axis_of(j, k)] = x->rank > 0 ? nd_strides(x)[0] : 0;
    j->out[k] = nd_tensor_view(j->in[k], types[k].rank, types[k].shape, strides,
                               0);
  }
}

// Each input's gradient is summed over all axes but its own.
static void transpose(nd_context *c, const nd_job *j, nd_tensor *const *g,
                      const bool *wanted, nd_tensor **gx)
{
  for (int i = 0; i < j->n; i++) {
    if (!wanted[i])
      continue;
    int64_t axes[ND_MAX_RANK];
    int n = 0;
    for (int axis = 0; axis < j->n; axis++) {
      if (axis != axis_of(j, i))
        axes[n++] = axis + 1;
    }
    const nd_tensor *x = j->in[i];
    nd_tensor *sum = g[i] == NULL ? ZEROS(x)
                                  : SUM(g[i], nd_value_list(n, axes), DROP);
    gx[i] = RESHAPE(sum, x->rank, x->dims);
  }
}

const nd_op nd_op_meshgrid = {
  .name = "meshgrid",
  .doc = "a list of grids, each with the numbers of one vector along its axis; "
         "indexing 'xy' has the first vector along axis 2, 'ij' along axis 1",
  .params = params,
  .attrs = 1,
  .dtypes = ND_ANY,
  .derivative = ND_LINEAR,
  .outs = count_outs,
  .infer = infer,
  .view = view,
  .transpose = transpose,
  .low = -3,
  .high = 3,
  .cases = "[3]; [3] [2]; [3] [2] indexing=ij; [2] [1] [3]; [] [2]; [0] [2]",
};

const nd_op *const nd_ops_meshgrid[] = { &nd_op_meshgrid, NULL };
