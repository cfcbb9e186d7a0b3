// op/fields.h: products of large matrices, cut as field_cuts.h says. Where
// there are rows enough, areas share what is packed of both factors by a step
// of its own; else steps take as many blocks as are cheap.

#ifndef ND_OP_FIELDS_H
#define ND_OP_FIELDS_H

#include "op/field_cuts.h"

// nd_work.next, and how much memory it takes.
bool nd_fields_next(const void *what, nd_step *step, int i);
nd_work nd_fields_memory(const nd_job *j);

#endif
