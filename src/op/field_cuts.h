// op/field_cuts.h: how products of large matrices are cut: into fields, one
// after the other, and each into stages, of which one takes some terms. A stage
// packs these of both factors, or multiplies them, area by area.

#ifndef ND_OP_FIELD_CUTS_H
#define ND_OP_FIELD_CUTS_H

#include "op/bands.h"

typedef struct nd_field_cuts {
  const nd_matmul_kernels *kernels;
  nd_matmul p;
  bool shares;            // areas share what a stage of its own has packed
  int64_t rows, columns;  // of an area
  int64_t high, wide;     // areas of a field
  int64_t terms;          // of a stage
  int64_t tiles;          // bytes that they take of the rows of an area, packed
  int64_t leaf;           // terms of what is put together by kernel/tree.h
  int64_t batches;
} nd_field_cuts;

// True if a product is worth stages for packing.
bool nd_field_shares(const nd_job *j, const nd_bands *s);

nd_field_cuts nd_field_cut(const nd_job *j);

// Elements that wait for other blocks of one area; 0 if it is worked on where
// it is to stand.
int64_t nd_field_slots(const nd_field_cuts *c);

// Columns of a field, as they are packed, and the bytes that a stage packs, of
// b and then of a.
int64_t nd_field_packed_columns(const nd_field_cuts *c);
int64_t nd_field_packed_bytes(const nd_job *j, const nd_field_cuts *c);

// What a unit packs: so many terms of one panel, or all terms of so many rows
// of one area.
enum { ND_PACKED_TERMS = 64, ND_PACKED_ROWS = 24 };

_Static_assert(ND_MATMUL_CHAIN % ND_PACKED_TERMS == 0,
               "a unit packs terms that lie beside each other");

typedef struct nd_field_stage {
  int64_t batch, row, column;  // where the field begins
  int64_t rows, columns;
  int64_t part;   // of the terms
  int64_t terms;  // in it
  bool packs;     // slices of panels, and then pieces of areas
  int64_t units;
  float cost;  // of a unit
} nd_field_stage;

// Stage number `i`; its batch is too large after the last. None has more units
// than nd_field_most.
nd_field_stage nd_field_find_stage(const nd_job *j, const nd_field_cuts *c,
                                   int64_t i);
int64_t nd_field_most(const nd_field_cuts *c);

// Units that pack a panel, and those that pack the rows of an area.
int64_t nd_field_slices(const nd_field_stage *s);
int64_t nd_field_pieces(const nd_field_cuts *c);

#endif
