// ops/recurrent.h: what recurrent layers have in common: arguments, masks, and
// going through time by words.

#ifndef ND_OPS_RECURRENT_H
#define ND_OPS_RECURRENT_H

#include "ops/rules.h"

// Checks the shapes of x [batch time width], kernel [width n], recurrent_kernel
// [units n] and the initial value [..], where n is so many gates of units; an
// input that is NULL is left out.
typedef struct nd_recurrent {
  nd_tensor *x, *kernel, *recurrent, *bias, *h, *c, *mask;
} nd_recurrent;
bool nd_recurrent_check(nd_context *c, const nd_recurrent *r, int gates,
                        int bias_rows);

// Fills in what is left out: zeros, and for the mask a scalar. False after an
// error.
bool nd_recurrent_complete(nd_context *c, nd_recurrent *r, int bias_rows);

// Whether somebody listens to what is made of these.
bool nd_recurrent_heard(nd_context *c, const nd_recurrent *r, nd_tensor *sums);

// The outputs as layers give them, which at times that the mask leaves out are
// those of the time before, at first 0; or all 0 if `zeroed`.
nd_tensor *nd_recurrent_outputs(nd_context *c, const nd_recurrent *given,
                                nd_tensor *sequence, bool zeroed);

// The type of a result that has the dtype of `x`, of up to three axes.
nd_type nd_recurrent_type(const nd_tensor *x, int rank, int64_t first,
                          int64_t second, int64_t third);

// Whether a row counts at a time, by a mask that may be a scalar.
static inline bool nd_recurrent_sees(const nd_tensor *mask, int64_t at)
{
  return mask->rank == 0 || ((const uint8_t *)nd_values(mask))[at];
}

// ---------------------------------------------------------------- by words --

// x [batch time ..] at a time, from 1; NULL for NULL.
#define AT(x, t) nd_recurrent_at(c, x, t)
nd_tensor *nd_recurrent_at(nd_context *c, nd_tensor *x, int64_t t);

// Block number `i`, from 0, of the last axis, in blocks of `units`.
#define BLOCK_OF(x, i, units) nd_recurrent_block(c, x, i, units)
nd_tensor *nd_recurrent_block(nd_context *c, nd_tensor *x, int i,
                              int64_t units);

// `x` at times that count, elsewhere `y`, or 0 for NULL.
#define SEEN(mask, t, x, y) nd_recurrent_seen(c, mask, t, x, y)
nd_tensor *nd_recurrent_seen(nd_context *c, nd_tensor *mask, int64_t t,
                             nd_tensor *x, nd_tensor *y);

// What is before each time: `first`, then `sequence` but for its last time.
nd_tensor *nd_recurrent_before(nd_context *c, nd_tensor *first,
                               nd_tensor *sequence);

// The gradient of the factor of products x y at all times: x' dy.
nd_tensor *nd_recurrent_by_factor(nd_context *c, nd_tensor *x, nd_tensor *dy);

// Room for one tensor of each time; and these one after the other along time,
// or what has no times, like `like`; gives the room back.
nd_tensor **nd_recurrent_times(nd_context *c, int64_t time);
nd_tensor *nd_recurrent_stack(nd_context *c, int64_t time, nd_tensor **x,
                              const nd_tensor *like);

#endif
