// op/fields.h: products of large matrices cut into fields, one after the other,
// of which a few steps each take some terms. Units are areas of a field. Where
// there are rows enough, areas share what is packed of both factors by a step
// of its own; else steps take as many blocks as are cheap.

#ifndef ND_OP_FIELDS_H
#define ND_OP_FIELDS_H

#include "op/bands.h"

// True if a product is worth a step for packing.
bool nd_fields_share(const nd_job *j, const nd_bands *s);

// nd_work.next, and how much memory it takes.
bool nd_fields_next(const void *what, nd_step *step, int i);
nd_work nd_fields_memory(const nd_job *j);

#endif
