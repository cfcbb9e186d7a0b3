// base/error.h: the context's sticky error.

#ifndef ND_BASE_ERROR_H
#define ND_BASE_ERROR_H

#include "nadir.h"

typedef struct nd_error {
  nd_code code;
  int begin;  // of what the message says, behind the name
  char message[480];
} nd_error;

// Keeps the failure unless one is kept already. The message becomes
// `name: text`, where name is the op or function that the context is in.
// Returns false, so that a check can end with `return nd_fail(...)`.
bool nd_fail(nd_context *c, nd_code code, const char *format, ...)
  __attribute__((format(printf, 3, 4)));

// Has the message of the error that is kept begin with another name.
void nd_error_blame(nd_context *c, const char *name);

// Fails because an argument of that name is of another context; `number` tells
// which of several, 0 that there is one.
bool nd_fail_foreign(nd_context *c, const char *what, int number);

// Bytes for "[" ND_MAX_RANK sizes "]".
#define ND_SHAPE_TEXT 176

// Writes a shape as messages show it, "[2 3]", to `text` and returns `text`.
const char *nd_shape_text(char text[ND_SHAPE_TEXT], int rank,
                          const int64_t *shape);

// The text of a shape, for one message, valid to the end of the block.
#define ND_SHAPE(rank, shape) \
  nd_shape_text((char[ND_SHAPE_TEXT]){ 0 }, rank, shape)

#endif
