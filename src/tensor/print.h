// tensor/print.h: tensors as text, laid out as NumPy 2 lays out arrays.
//
// Nothing here takes memory or prints: the text goes piece by piece to a sink
// of the caller's.

#ifndef ND_TENSOR_PRINT_H
#define ND_TENSOR_PRINT_H

#include "tensor/tensor.h"

// Values out of range are taken as the nearest in range.
typedef struct nd_print_options {
  int precision;   // most digits after the point, 0 to 300
  int threshold;   // tensors with more elements are summarised
  int edge_items;  // shown at either end of an axis of a summary, at least 1
  int line_width;  // columns after which rows are wrapped
  bool suppress;   // write small numbers as 0.00001 rather than 1.e-05
} nd_print_options;

// 8, 1000, 3, 75, false.
extern const nd_print_options nd_print_defaults;

// Takes the next `n` bytes of text, not ended by '\0'; false stops the writer.
typedef bool nd_print_sink(void *data, const char *text, size_t n);

// Writes the values: "[1. 2. 3.]". Rank 0 is written in full and without
// brackets, "0.1". NULL `options` are the defaults. False when the sink was,
// and for a tensor without values.
bool nd_print(const nd_tensor *x, const nd_print_options *options,
              nd_print_sink *sink, void *data);

// Writes the sizes: "()", "(2,)", "(2, 3)".
bool nd_print_shape(const nd_tensor *x, nd_print_sink *sink, void *data);

// Writes all of it: "nd.Tensor([1. 2.], shape=(2,), dtype=float32)". Values of
// several lines start on a line of their own.
bool nd_print_tensor(const nd_tensor *x, const nd_print_options *options,
                     nd_print_sink *sink, void *data);

#endif
