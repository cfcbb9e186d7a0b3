// base/error.c: failures are values. The context keeps the first one until it
// is read; everything between returns NULL or false.

#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/context.h"

enum { NAME_ROOM = 103 };  // for a name, ": " and the end

// Begins a message with the name, which may be NULL; returns the length.
static int put_name(char *message, const char *name)
{
  return name == NULL ? 0 : snprintf(message, NAME_ROOM, "%.100s: ", name);
}

bool nd_fail(nd_context *c, nd_code code, const char *format, ...)
{
  nd_error *e = &c->strand.error;
  if (e->code != ND_OK)
    return false;
  e->code = code;
  const int n = put_name(e->message, c->strand.name);
  e->begin = n;
  va_list args;
  va_start(args, format);
  vsnprintf(e->message + n, sizeof e->message - (size_t)n, format, args);
  va_end(args);
  return false;
}

void nd_error_blame(nd_context *c, const char *name)
{
  nd_error *e = &c->strand.error;
  if (e->code == ND_OK)
    return;
  char text[sizeof e->message];
  snprintf(text, sizeof text, "%s", e->message + e->begin);
  e->begin = put_name(e->message, name);
  snprintf(e->message + e->begin, sizeof e->message - (size_t)e->begin, "%s",
           text);
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
