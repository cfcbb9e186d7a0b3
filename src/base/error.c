// base/error.c: failures are values. The context keeps the first one until it
// is read; everything between returns NULL or false.

#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/context.h"

bool nd_fail(nd_context *c, nd_code code, const char *format, ...)
{
  nd_error *e = &c->strand.error;
  if (e->code != ND_OK)
    return false;
  e->code = code;
  int n = 0;
  if (c->strand.name != NULL)
    n = snprintf(e->message, sizeof e->message, "%.100s: ", c->strand.name);
  va_list args;
  va_start(args, format);
  vsnprintf(e->message + n, sizeof e->message - (size_t)n, format, args);
  va_end(args);
  return false;
}

bool nd_fail_foreign(nd_context *c, const char *what, int number)
{
  if (number > 0)
    return nd_fail(c, ND_BAD_ARGUMENT, "%s %d is of another context", what,
                   number);
  return nd_fail(c, ND_BAD_ARGUMENT, "%s is of another context", what);
}

nd_code nd_error_code(const nd_context *c)
{
  return c == NULL ? ND_OK : c->strand.error.code;
}

const char *nd_error_message(const nd_context *c)
{
  return nd_error_code(c) == ND_OK ? "" : c->strand.error.message;
}

void nd_error_clear(nd_context *c)
{
  if (c != NULL)
    c->strand.error.code = ND_OK;
}

const char *nd_shape_text(char text[ND_SHAPE_TEXT], int rank,
                          const int64_t *shape)
{
  int n = snprintf(text, ND_SHAPE_TEXT, "[");
  for (int i = 0; i < rank; i++) {
    n += snprintf(text + n, ND_SHAPE_TEXT - (size_t)n, i ? " %lld" : "%lld",
                  (long long)shape[i]);
  }
  snprintf(text + n, ND_SHAPE_TEXT - (size_t)n, "]");
  return text;
}
