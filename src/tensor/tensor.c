// tensor/tensor.c: makes, shares and frees tensors. Values belong to an
// nd_block, which several tensors (views) may share; headers are small objects.

#include "tensor/tensor.h"

#include <string.h>

#include "kernel/convert.h"
#include "tensor/copy.h"

static size_t header_size(int rank)
{
  return sizeof(nd_tensor) + 2 * (size_t)rank * sizeof(int64_t);
}

static void release_block(nd_context *c, nd_block *b)
{
  if (b != NULL && --b->refs == 0)
    nd_block_free(c, b);
}

bool nd_sizes_check(nd_context *c, int rank, const int64_t *sizes)
{
  for (int i = 0; i < rank; i++) {
    if (sizes[i] < 0)
      return nd_fail(c, ND_BAD_ARGUMENT, "negative size: %s",
                     ND_SHAPE(rank, sizes));
  }
  return true;
}

int64_t nd_type_size(const nd_type *type)
{
  int64_t size = 1;
  bool empty = false;
  for (int i = 0; i < type->rank; i++) {
    if (type->shape[i] == 0)
      empty = true;
    else if (__builtin_mul_overflow(size, type->shape[i], &size))
      return -1;
  }
  int64_t bytes;
  const int64_t width = (int64_t)nd_dtype_size(type->dtype);
  if (__builtin_mul_overflow(size, width, &bytes) || bytes > PTRDIFF_MAX - 4096)
    return -1;
  return empty ? 0 : size;
}

nd_type nd_type_of(const nd_tensor *x)
{
  nd_type type = { .dtype = (nd_dtype)x->dtype, .rank = x->rank };
  memcpy(type.shape, x->dims, x->rank * sizeof *x->dims);
  return type;
}

static void set_dense_dims(nd_tensor *x, const int64_t *shape)
{
  int64_t stride = 1;
  for (int i = x->rank - 1; i >= 0; i--) {
    x->dims[i] = shape[i];
    x->dims[x->rank + i] = stride;
    stride *= shape[i] > 0 ? shape[i] : 1;
  }
  x->dense = true;
}

// A header without values, with one reference.
static nd_tensor *make_header(nd_context *c, nd_dtype dtype, int rank,
                              int64_t size)
{
  nd_tensor *x = nd_small_new(c, header_size(rank));
  if (x == NULL)
    return NULL;
  x->context = c;
  x->block = NULL;
  x->data = NULL;
  x->identity = (nd_identity){ .id = nd_context_id(c) };
  x->refs = 1;
  x->dtype = (uint8_t)dtype;
  x->rank = (uint8_t)rank;
  x->waits = false;
  x->size = size;
  x->slices = NULL;
  return x;
}

nd_tensor *nd_tensor_shell(nd_context *c, const nd_type *type)
{
  const int64_t size = nd_type_size(type);
  if (size < 0) {
    nd_fail(c, ND_BAD_ARGUMENT, "too large: %s of %s",
            ND_SHAPE(type->rank, type->shape), nd_dtype_name(type->dtype));
    return NULL;
  }
  nd_tensor *x = make_header(c, type->dtype, type->rank, size);
  if (x != NULL)
    set_dense_dims(x, type->shape);
  return x;
}

bool nd_tensor_give_values(nd_tensor *x)
{
  if (x->rank == 0) {
    x->data = (char *)&x->value;
    return true;
  }
  const size_t bytes = (size_t)x->size * nd_dtype_size((nd_dtype)x->dtype);
  x->block = nd_block_new(x->context, bytes);
  if (x->block == NULL)
    return false;
  x->data = nd_block_data(x->block);
  return true;
}

nd_tensor *nd_tensor_make(nd_context *c, const nd_type *type)
{
  nd_tensor *x = nd_tensor_shell(c, type);
  if (x != NULL && !nd_tensor_give_values(x)) {
    nd_tensor_release(x);
    return NULL;
  }
  return x;
}

// Without values.
static nd_tensor *copy_shape(const nd_tensor *x, nd_dtype dtype)
{
  nd_tensor *y = make_header(x->context, dtype, x->rank, x->size);
  if (y != NULL)
    set_dense_dims(y, x->dims);
  return y;
}

nd_tensor *nd_tensor_like(const nd_tensor *x, nd_dtype dtype)
{
  nd_tensor *y = copy_shape(x, dtype);
  if (y != NULL && !nd_tensor_give_values(y)) {
    nd_tensor_release(y);
    return NULL;
  }
  return y;
}

nd_tensor *nd_tensor_outline(nd_tensor *x)
{
  nd_tensor *y = copy_shape(x, (nd_dtype)x->dtype);
  if (y != NULL)
    y->identity = x->identity;
  return y;
}

static bool strides_are_dense(const nd_tensor *x)
{
  int64_t stride = 1;
  for (int i = x->rank - 1; i >= 0; i--) {
    if (x->dims[i] != 1 && nd_strides(x)[i] != stride)
      return false;
    stride *= x->dims[i];
  }
  return true;
}

nd_tensor *nd_tensor_view(nd_tensor *x, int rank, const int64_t *shape,
                          const int64_t *strides, int64_t offset)
{
  int64_t size = 1;
  if (!nd_force(x))
    return NULL;
  for (int i = 0; i < rank; i++)
    size *= shape[i];
  nd_tensor *y = make_header(x->context, (nd_dtype)x->dtype, rank, size);
  if (y == NULL)
    return NULL;
  for (int i = 0; i < rank; i++) {
    y->dims[i] = shape[i];
    y->dims[rank + i] = strides[i];
  }
  const size_t width = nd_dtype_size((nd_dtype)x->dtype);
  const char *first = nd_values(x) + offset * (int64_t)width;
  if (rank == 0) {
    y->data = (char *)&y->value;
    memcpy(y->data, first, width);
  } else if (x->block == NULL) {
    // The value is inline in a header that may go before the view does.
    y->block = nd_block_new(x->context, width);
    if (y->block == NULL) {
      nd_tensor_release(y);
      return NULL;
    }
    y->data = nd_block_data(y->block);
    memcpy(y->data, first, width);
  } else {
    y->block = x->block;
    y->block->refs++;
    y->data = (char *)(uintptr_t)first;
  }
  y->dense = size <= 1 || strides_are_dense(y);
  return y;
}

nd_tensor *nd_tensor_keep(nd_tensor *x)
{
  if (x == NULL)
    return NULL;
  if (x->refs > 0) {
    x->refs++;
    return x;
  }
  nd_tensor *y = nd_small_new(x->context, header_size(0));
  if (y == NULL)
    return NULL;
  nd_scalar_copy(y, x);
  y->refs = 1;
  return y;
}

nd_tensor *nd_tensor_retain(nd_tensor *x)
{
  return nd_tensor_keep(x);
}

void nd_tensor_release(nd_tensor *x)
{
  if (x == NULL || x->refs == 0 || --x->refs > 0)
    return;
  if (!x->waits)
    release_block(x->context, x->block);
  else if (!nd_is_sliced(x))
    x->pending->drop(x);
  if (nd_is_sliced(x))
    x->slices->drop(x);
  nd_small_free(x->context, x, header_size(x->rank));
}

nd_tensor *nd_scalar_make(nd_context *c, nd_dtype dtype)
{
  nd_tensor *x = nd_small_new(c, header_size(0));
  if (x != NULL) {
    nd_scalar_start(c, x, dtype);
    x->refs = 1;
  }
  return x;
}

void nd_scalar_set(nd_context *c, nd_tensor *x, nd_dtype dtype, double value)
{
  nd_scalar_start(c, x, dtype);
  if (dtype == ND_FLOAT32)  // as most are, of which scripts make many
    x->value.float32 = (float)value;
  else
    nd_convert(c->level, dtype, ND_FLOAT64, 1, &x->value, &value);
}

void nd_scalar_set_integer(nd_context *c, nd_tensor *x, nd_dtype dtype,
                           int64_t value)
{
  nd_scalar_start(c, x, dtype);
  if (dtype == ND_FLOAT32)
    x->value.float32 = (float)value;
  else
    nd_convert(c->level, dtype, ND_INT64, 1, &x->value, &value);
}

double nd_tensor_first(const nd_tensor *x)
{
  double first;
  nd_convert(x->context->level, ND_FLOAT64, (nd_dtype)x->dtype, 1, &first,
             nd_values(x));
  return first;
}

// Values on their way to memory, one after the other; zeros without any.
typedef struct copying {
  const char *from;
  char *to;
  size_t width;
} copying;

static void copy_units(const void *what, void *shared, void *own, int64_t from,
                       int64_t to)
{
  const copying *k = what;
  const size_t start = (size_t)from * k->width;
  const size_t bytes = (size_t)(to - from) * k->width;
  if (k->from != NULL)
    memcpy(k->to + start, k->from + start, bytes);
  else
    memset(k->to + start, 0, bytes);
}

static nd_step copy_step(int64_t size)
{
  return (nd_step){ .units = size, .cost = .2F, .run = copy_units };
}

bool nd_tensor_copies_at_once(const nd_tensor *x)
{
  nd_copy k;
  nd_step step = copy_step(x->size);
  if (!x->dense) {
    nd_copy_start(&k, x, NULL);
    step = nd_copy_step(&k);
  }
  return (float)step.units * step.cost <= ND_PATIENCE;
}

static bool copy(nd_context *c, int64_t size, const copying *k)
{
  const nd_step step = copy_step(size);
  return nd_step_run(c, &step, k, NULL);
}

bool nd_tensor_copy(const nd_tensor *x, void *to)
{
  if (x->dense) {
    const copying k = { .from = nd_values(x),
                        .to = to,
                        .width = nd_dtype_size((nd_dtype)x->dtype) };
    return copy(x->context, x->size, &k);
  }
  nd_copy k;
  nd_copy_start(&k, x, to);
  const nd_step step = nd_copy_step(&k);
  return nd_step_run(x->context, &step, &k, NULL);
}

nd_tensor *nd_tensor_dense(nd_tensor *x)
{
  if (x == NULL || !nd_force(x))
    return NULL;
  if (x->dense)
    return nd_tensor_keep(x);
  const nd_type type = nd_type_of(x);
  nd_tensor *y = nd_tensor_make(x->context, &type);
  if (y == NULL)
    return NULL;
  y->identity = x->identity;
  if (nd_tensor_copy(x, y->data))
    return y;
  nd_tensor_release(y);
  return NULL;
}

// ------------------------------------------------------- public functions --

static bool check_new(nd_context *c, nd_dtype dtype, int rank,
                      const int64_t *shape)
{
  if ((unsigned)dtype >= ND_DTYPES)
    return nd_fail(c, ND_BAD_ARGUMENT, "no such dtype: %d", (int)dtype);
  if (rank < 0 || rank > ND_MAX_RANK)
    return nd_fail(c, ND_BAD_ARGUMENT, "at most %d axes, got %d", ND_MAX_RANK,
                   rank);
  return nd_sizes_check(c, rank, shape);
}

nd_tensor *nd_tensor_new(nd_context *c, nd_dtype dtype, int rank,
                         const int64_t *shape, const void *data)
{
  if (!nd_context_ready(c) || (shape == NULL && rank > 0) ||
      !check_new(c, dtype, rank, shape))
    return NULL;
  nd_type type = { .dtype = dtype, .rank = rank };
  if (rank > 0)
    memcpy(type.shape, shape, (size_t)rank * sizeof *shape);
  nd_tensor *x = nd_tensor_make(c, &type);
  if (x == NULL)
    return NULL;
  const copying k = { .from = data,
                      .to = x->data,
                      .width = nd_dtype_size(dtype) };
  if (copy(c, x->size, &k))
    return x;
  nd_tensor_release(x);
  return NULL;
}

nd_dtype nd_tensor_dtype(const nd_tensor *x)
{
  return x == NULL ? (nd_dtype)0 : (nd_dtype)x->dtype;
}

int nd_tensor_rank(const nd_tensor *x)
{
  return x == NULL ? 0 : x->rank;
}

int64_t nd_tensor_size(const nd_tensor *x)
{
  return x == NULL ? 0 : x->size;
}

const int64_t *nd_tensor_shape(const nd_tensor *x)
{
  return x == NULL ? NULL : x->dims;
}

bool nd_tensor_is_slices(const nd_tensor *x)
{
  return x != NULL && nd_is_sliced(x);
}

// Whether recorders have taken note that numbers are made of `x`.
static bool is_noted(const nd_tensor *x)
{
  nd_context *c = x->context;
  return !nd_context_has_recorders(c) || nd_recorders_taken(c, x);
}

bool nd_tensor_read(nd_tensor *x, void *data)
{
  if (x == NULL || !nd_force(x) || !is_noted(x))
    return false;
  return data == NULL ? x->size == 0 : nd_tensor_copy(x, data);
}

bool nd_tensor_item(nd_tensor *x, double *value)
{
  if (x == NULL || value == NULL)
    return false;
  if (x->size != 1) {
    const char *before = nd_context_enter(x->context, "item");
    nd_fail(x->context, ND_BAD_ARGUMENT, "needs one element, x is %s",
            ND_SHAPE(x->rank, x->dims));
    nd_context_leave(x->context, before);
    return false;
  }
  if (!nd_force(x) || !is_noted(x))
    return false;
  *value = nd_tensor_first(x);
  return true;
}
