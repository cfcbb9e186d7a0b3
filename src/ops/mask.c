// ops/mask.c: what a mask chooses: boolean_mask, nonzero. Running sums of the
// mask number what is chosen, and sums by these numbers leave its positions.

#include "op/axes.h"
#include "ops/rules.h"

// How many of a mask as numbers are 1; -1 after an error.
static int64_t count(nd_context *c, nd_tensor *ones)
{
  nd_tensor *n = SUM(ones, (nd_value){ 0 }, DROP);
  return n != NULL && nd_force(n) ? (int64_t)nd_tensor_first(n) : -1;
}

// Positions of what is true, of all elements in order, from 1: int64 [n].
static nd_tensor *find(nd_context *c, nd_tensor *mask)
{
  nd_tensor *flat = RESHAPE(mask, 1, &mask->size);
  nd_tensor *ones = CAST(flat, ND_INT64);
  const int64_t n = count(c, ones);
  if (n < 0)
    return NULL;
  nd_tensor *numbers = MUL(RUNNING_SUM(ones, 0, false), ones);
  nd_tensor *places = ADD(COUNT(mask->size, 1), NUMBER(ones, 1));
  return SEGMENT_SUM(places, numbers, n);
}

// ------------------------------------------------------------ boolean_mask --

enum { AXIS = 0 };  // attribute

static const nd_param mask_params[] = {
  { "x", ND_TENSOR },
  { "mask", ND_TENSOR, .dtypes = ND_BOOLS },
  { "axis", ND_AXIS, "1" },
  { 0 },
};

// The first of the axes that the mask stands for; -1 after an error.
static int check_mask(nd_context *c, const nd_job *j)
{
  const nd_tensor *x = j->in[0], *mask = j->in[1];
  const int axis = nd_axis_infer(c, j, j->attr[AXIS].integer);
  if (axis < 0)
    return -1;
  bool fits = mask->rank > 0 && axis + mask->rank <= x->rank;
  for (int i = 0; i < mask->rank && fits; i++)
    fits = mask->dims[i] == x->dims[axis + i];
  if (fits)
    return axis;
  nd_fail(c, ND_BAD_ARGUMENT, "the mask is %s, x is %s from axis %d on",
          ND_SHAPE(mask->rank, mask->dims), ND_SHAPE(x->rank, x->dims),
          axis + 1);
  return -1;
}

static void boolean_mask(nd_context *c, const nd_job *j)
{
  nd_tensor *x = j->in[0], *mask = j->in[1];
  const int axis = check_mask(c, j);
  int64_t shape[ND_MAX_RANK];
  if (axis < 0)
    return;
  nd_tensor *first = MOVE_AXES(x, axis, mask->rank, 0);
  shape[0] = mask->size;
  for (int i = mask->rank; first != NULL && i < x->rank; i++)
    shape[i - mask->rank + 1] = first->dims[i];
  nd_tensor *rows = RESHAPE(first, x->rank - mask->rank + 1, shape);
  j->out[0] = MOVE_AXES(GATHER(rows, find(c, mask)), 0, 1, axis);
}

const nd_op nd_op_boolean_mask = {
  .name = "boolean_mask",
  .doc = "elements of x, or parts along its other axes, where the mask, which "
         "stands for its axes from axis on, is true",
  .params = mask_params,
  .attrs = 1,
  .dtypes = ND_ANY,
  .derivative = ND_COMPOSED,
  .compose = boolean_mask,
  .low = -3,
  .high = 3,
  .cases = "[5] bool[5]; [3 4] bool[3 4]; [4 3] bool[4]; [2 4 3] bool[4] "
           "axis=2; [2 3 4] bool[2 3]; [0] bool[0]; [2 3 4] bool[3 4] axis=2",
};

// ----------------------------------------------------------------- nonzero --

static const nd_param nonzero_params[] = {
  { "condition", ND_TENSOR },
  { 0 },
};

// The place of each position, from 1, along one axis, from 1; of the axes
// behind it there are `inner` elements.
static nd_tensor *along(nd_context *c, nd_tensor *positions, int64_t size,
                        int64_t inner)
{
  nd_tensor *one = NUMBER(positions, 1);
  nd_tensor *at = FLOORDIV(SUB(positions, one),
                           NUMBER(positions, (double)(inner > 0 ? inner : 1)));
  nd_tensor *n = NUMBER(positions, (double)(size > 0 ? size : 1));
  return ADD(SUB(at, MUL(FLOORDIV(at, n), n)), one);
}

static void nonzero(nd_context *c, const nd_job *j)
{
  nd_tensor *x = j->in[0], *places[ND_MAX_RANK];
  nd_tensor *zero = NUMBER(x, 0);
  nd_tensor *mask = nd_rule2(c, &nd_op_not_equal, x, zero);
  nd_tensor *positions = mask == NULL ? NULL : find(c, mask);
  if (positions == NULL)
    return;
  if (x->rank == 0) {
    const int64_t shape[] = { positions->size, 0 };
    j->out[0] = BROADCAST(NUMBER(positions, 0), 2, shape);
    return;
  }
  int64_t inner = 1;
  for (int i = x->rank - 1; i >= 0; i--) {
    places[i] = along(c, positions, x->dims[i], inner);
    inner *= x->dims[i];
  }
  j->out[0] = STACK(x->rank, places, 2);
}

const nd_op nd_op_nonzero = {
  .name = "nonzero",
  .doc = "positions of what is true, or not 0, in order: int64 [n rank]",
  .params = nonzero_params,
  .dtypes = ND_VALUES,
  .compose = nonzero,
};

const nd_op *const nd_ops_mask[] = { &nd_op_boolean_mask, &nd_op_nonzero,
                                     NULL };
