// base/options.c: the grammar of options, the same in every locale.

#include "base/options.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/near.h"
#include "base/number.h"

static const char spaces[] = " ,\t\n";

const char *nd_option_skip(const char *s)
{
  return s + strspn(s, spaces);
}

const char *nd_option_word(const char *s, char word[32])
{
  const size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz"
                             "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
  if (n == 0 || n >= 32)
    return NULL;
  memcpy(word, s, n);
  word[n] = '\0';
  return s + n;
}

bool nd_options_next(nd_options *o)
{
  const char *start = nd_option_skip(o->at);
  o->at = start;
  if (*start == '\0')
    return false;
  const char *s = nd_option_word(start, o->name);
  s = s != NULL ? s + strspn(s, " ") : NULL;
  const bool ok = s != NULL && *s == '=';
  if (!ok)
    nd_fail(o->context, ND_BAD_ARGUMENT, "options are name=value, got '%.40s'",
            start);
  o->at = ok ? s + 1 + strspn(s + 1, " ") : NULL;
  return ok;
}

// The words are those of lua/nadir/names.lua.
bool nd_option_unknown(nd_context *c, const char *name, int n,
                       const char *const *names)
{
  char known[320] = "none";
  char hint[80] = "";
  size_t size = 0;
  nd_near near = { .name = name };
  for (int i = 0; i < n; i++) {
    nd_near_try(&near, names[i]);
    if (size < sizeof known)
      size += (size_t)snprintf(known + size, sizeof known - size, "%s%s",
                               i > 0 ? ", " : "", names[i]);
  }
  if (near.best != NULL)
    snprintf(hint, sizeof hint, "; did you mean '%s'?", near.best);
  return nd_fail(c, ND_BAD_ARGUMENT, "unknown option '%s': it takes %s%s", name,
                 known, hint);
}

bool nd_options_place(nd_options *o, int i)
{
  if (o->given >> i & 1)
    return nd_fail(o->context, ND_BAD_ARGUMENT, "%s is given twice", o->name);
  o->given |= (uint64_t)1 << i;
  return true;
}

bool nd_options_take(nd_options *o, const char *end)
{
  if (end == NULL || (*end != '\0' && strchr(spaces, *end) == NULL))
    return nd_fail(o->context, ND_BAD_ARGUMENT,
                   "bad value for option '%s': '%.40s'", o->name, o->at);
  o->at = end;
  return true;
}

// ---------------------------------------------------------------- values --

const char *nd_option_flag(const char *s, bool *value)
{
  char word[32];
  s = nd_option_word(s, word);
  if (s == NULL || (strcmp(word, "true") != 0 && strcmp(word, "false") != 0))
    return NULL;
  *value = word[0] == 't';
  return s;
}

// strtoll alone would take the spaces in front of it.
const char *nd_option_whole(const char *s, int64_t *value)
{
  char *end;
  if (strspn(s, "+-0123456789") == 0)
    return NULL;
  errno = 0;
  *value = strtoll(s, &end, 10);
  return end == s || errno == ERANGE ? NULL : end;
}

const char *nd_option_number(const char *s, double *value)
{
  const char *end;
  errno = 0;
  *value = nd_number_read(s, &end);
  const bool beyond = errno == ERANGE && isinf(*value);
  return end == s || beyond ? NULL : end;
}
