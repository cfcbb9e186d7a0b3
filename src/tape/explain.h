// tape/explain.h: why no gradient reaches a source, in the one sentence that
// every warning and error shows.

#ifndef ND_TAPE_EXPLAIN_H
#define ND_TAPE_EXPLAIN_H

#include "tape/tape.h"
#include "tape/variable.h"

enum { ND_REASON_TEXT = 160 };

// Writes the reason why `t`, which does not know `x`, has no gradient for it,
// "it ...; hint", to `text` and returns `text`. `v` is the variable whose value
// `x` is, or NULL.
const char *nd_explain_source(char text[ND_REASON_TEXT], const nd_tape *t,
                              const nd_tensor *x, const nd_variable *v);

#endif
