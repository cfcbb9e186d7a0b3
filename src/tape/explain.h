// tape/explain.h: why no gradient reaches a source, in the one sentence that
// every warning and error shows.

#ifndef ND_TAPE_EXPLAIN_H
#define ND_TAPE_EXPLAIN_H

#include "tape/tape.h"

// Sets *missing to whether no target depends on the source by what the tape
// has recorded, and then writes why, "it ...; hint", to `text`. False without
// memory.
bool nd_explain(const nd_tape *t, int n, nd_tensor *const *targets,
                const nd_tensor *source, bool *missing,
                char text[ND_REASON_TEXT]);

// The same for a tensor that is watched but has no floats.
void nd_explain_dtype(const nd_tensor *x, char text[ND_REASON_TEXT]);

#endif
