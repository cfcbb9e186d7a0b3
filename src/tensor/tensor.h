// tensor/tensor.h: shape, strides and reference-counted values.
//
// A tensor of rank 0 carries its value inline. Such a tensor may also live in
// memory of somebody else (a Lua userdata, a C stack, a tape's arena); then
// `refs` is 0 and keeping it means copying it, so always write
//   kept = nd_tensor_keep(x).
//
// A tensor that waits has no values yet. Whoever reads values calls nd_force
// first, which may fail; shape, dtype and identity are there all along.

#ifndef ND_TENSOR_TENSOR_H
#define ND_TENSOR_TENSOR_H

#include "base/context.h"
#include "base/dtype.h"

typedef struct nd_type {
  nd_dtype dtype;
  int rank;
  int64_t shape[ND_MAX_RANK];
} nd_type;

typedef union nd_scalar {
  float float32;
  double float64;
  int32_t int32;
  int64_t int64;
  uint8_t uint8;
  uint16_t uint16;  // the bits of a float of two bytes
} nd_scalar;

// What tapes know a tensor by; it survives keeping and copying.
typedef struct nd_identity {
  uint64_t id;
  uint32_t tape;  // serial of the tape that `node` is of; 0: none
  int32_t node;
} nd_identity;

typedef struct nd_pending nd_pending;

struct nd_tensor {
  nd_context *context;
  union {
    nd_block *block;      // owner of the values; NULL: inline, or no values
    nd_pending *pending;  // what they wait for, if `waits`
  };
  char *data;  // first element; NULL: a shape without values, or these wait
  nd_identity identity;
  uint32_t refs;  // 0: not ours, see above
  uint8_t dtype;
  uint8_t rank;
  bool dense;  // row-major without gaps
  bool waits;
  int64_t size;  // number of elements
  union {
    nd_scalar value;     // of rank 0
    nd_pending *slices;  // of others: rows that add up to it (op/slices.h);
                         // NULL: none are kept
  };
  int64_t dims[];  // rank sizes, then rank strides counted in elements
};

// How values that wait are computed, by those who let them wait
// (op/pending.h); what belongs to one tensor begins with it.
struct nd_pending {
  bool (*force)(nd_tensor *x);
  void (*drop)(nd_tensor *x);  // nobody will ask any more, or `x` goes that
                               // has it as `slices`
};

// Whether `x` is the value that a variable has, or had, and no copy of it.
static inline bool nd_is_of_variable(const nd_tensor *x)
{
  return x->identity.id & 1;
}

// Whether rows are kept that add up to `x`, be its values asked for or not.
static inline bool nd_is_sliced(const nd_tensor *x)
{
  return x->rank > 0 && x->slices != NULL;
}

// Has the values of `x` computed. False if that was interrupted or found no
// memory, or if an error is kept: `x` still waits then, and can be asked again.
static inline bool nd_force(nd_tensor *x)
{
  return !x->waits || x->pending->force(x);
}

// The first element, for reading: the one seam where the values of a tensor are
// asked for. Whoever makes a tensor writes to `data`; all others come here,
// after nd_force.
static inline const char *nd_values(const nd_tensor *x)
{
  return x->data;
}

static inline const int64_t *nd_strides(const nd_tensor *x)
{
  return x->dims + x->rank;
}

// True unless one reference holds it, and it alone its values.
static inline bool nd_tensor_is_shared(const nd_tensor *x)
{
  return x->refs != 1 || x->waits || (x->block != NULL && x->block->refs != 1);
}

static inline bool nd_same_shape(const nd_tensor *a, const nd_tensor *b)
{
  if (a->rank != b->rank)
    return false;
  for (int i = 0; i < a->rank; i++) {
    if (a->dims[i] != b->dims[i])
      return false;
  }
  return true;
}

// Whether `x` becomes a tensor of that shape by repeating it.
static inline bool nd_broadcasts_to(const nd_tensor *x, int rank,
                                    const int64_t *shape)
{
  if (x->rank > rank)
    return false;
  for (int i = 0; i < x->rank; i++) {
    if (x->dims[i] != 1 && x->dims[i] != shape[rank - x->rank + i])
      return false;
  }
  return true;
}

// False, and an error, if one of the sizes is negative.
bool nd_sizes_check(nd_context *c, int rank, const int64_t *sizes);

// Number of elements; -1 when that or the bytes overflow.
int64_t nd_type_size(const nd_type *type);
nd_type nd_type_of(const nd_tensor *x);

// Fails with the quota's or the allocator's error, or "too large".
nd_tensor *nd_tensor_make(nd_context *c, const nd_type *type);

// The same without values; and memory for them, which has yet to be written.
nd_tensor *nd_tensor_shell(nd_context *c, const nd_type *type);
bool nd_tensor_give_values(nd_tensor *x);

// A tensor of unset values in the shape of `x`, where a size in bytes cannot
// overflow.
nd_tensor *nd_tensor_like(const nd_tensor *x, nd_dtype dtype);

// Shape, dtype and identity of `x` without its values.
nd_tensor *nd_tensor_outline(nd_tensor *x);

// A tensor on the values of `x`: same dtype, other shape and strides, `offset`
// elements further. It has an identity of its own.
nd_tensor *nd_tensor_view(nd_tensor *x, int rank, const int64_t *shape,
                          const int64_t *strides, int64_t offset);

// Makes `*x` a scalar of unset value in memory that is somebody else's.
static inline void nd_scalar_start(nd_context *c, nd_tensor *x, nd_dtype dtype)
{
  x->context = c;
  x->block = NULL;
  x->data = (char *)&x->value;
  x->identity = (nd_identity){ .id = nd_context_id(c) };
  x->refs = 0;
  x->dtype = (uint8_t)dtype;
  x->rank = 0;
  x->dense = true;
  x->waits = false;
  x->size = 1;
}

// Copies a scalar that does not wait, identity and all, to memory that is
// somebody else's.
static inline void nd_scalar_copy(nd_tensor *to, const nd_tensor *x)
{
  *to = *x;
  to->refs = 0;
  to->data = (char *)&to->value;
}

// A scalar of unset value, with one reference.
nd_tensor *nd_scalar_make(nd_context *c, nd_dtype dtype);

// Makes `*x` a scalar in the caller's memory.
void nd_scalar_set(nd_context *c, nd_tensor *x, nd_dtype dtype, double value);
void nd_scalar_set_integer(nd_context *c, nd_tensor *x, nd_dtype dtype,
                           int64_t value);

// One more reference, or a copy when `x` is not ours to share. NULL to NULL.
nd_tensor *nd_tensor_keep(nd_tensor *x);

// The first element of what does not wait, as a number; integers above 2^53
// lose bits.
double nd_tensor_first(const nd_tensor *x);

// The seam where values are asked for: `x` itself when dense, else a dense
// copy. Returns a reference.
nd_tensor *nd_tensor_dense(nd_tensor *x);

// Copies all values in row-major order. False after an interrupt, or if an
// error waits; never if that takes so little time that nobody is asked.
bool nd_tensor_copy(const nd_tensor *x, void *to);
bool nd_tensor_copies_at_once(const nd_tensor *x);

#endif
