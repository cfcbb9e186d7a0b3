// tape/notes.h: what is noted for explanations, and outlives the records of a
// tape: it is asked for when the gradients are there, or applied.

#ifndef ND_TAPE_NOTES_H
#define ND_TAPE_NOTES_H

#include "tape/tape.h"

// Notes why those sources of the tape have no gradient whose result is NULL, a
// few of them and the first stranger at least, and that the others have one:
// the records may be dropped then. What finds no memory is not noted.
void nd_missing_note(nd_tape *t, int target_count, nd_tensor *const *targets,
                     int n, nd_tensor *const *sources,
                     nd_tensor *const *results);

// Why the source had no gradient when it was last missing: by that tape and of
// those targets, or of any if `t` is NULL. NULL if nothing was noted.
const char *nd_missing_find(const nd_context *c, const nd_tape *t, int n,
                            nd_tensor *const *targets, const nd_tensor *source);

// Notes that `x` was computed from a Variable, and where, unless somebody
// listens; after a few there are no more notes until the next tape is made.
void nd_derived_note(nd_context *c, const nd_tensor *x);

// What was noted of `x`, or NULL.
const nd_derived *nd_derived_find(const nd_context *c, const nd_tensor *x);

#endif
