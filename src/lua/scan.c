// lua/scan.c: the lexical skeleton of Lua: strings, comments and words. A
// text that is not valid Lua may be misread only after its first error.

#include "lua/scan.h"

#include <string.h>

static bool is_word(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         (c >= '0' && c <= '9');
}

static const char *skip_quoted(const char *p, const char *end)
{
  const char quote = *p++;
  while (p < end && *p != quote)
    p += *p == '\\' && end - p > 1 ? 2 : 1;
  return p < end ? p + 1 : end;
}

// The number of = in a long bracket that begins at p, or -1.
static ptrdiff_t bracket_level(const char *p, const char *end, char bracket)
{
  if (p == end || *p != bracket)
    return -1;
  const char *q = p + 1;
  while (q < end && *q == '=')
    q++;
  return q < end && *q == bracket ? q - p - 1 : -1;
}

// p is at a [ ; a single one is skipped alone.
static const char *skip_long(const char *p, const char *end)
{
  const ptrdiff_t level = bracket_level(p, end, '[');
  if (level < 0)
    return p + 1;
  p += level + 2;
  while ((p = memchr(p, ']', (size_t)(end - p))) != NULL) {
    if (bracket_level(p, end, ']') == level)
      return p + level + 2;
    p++;
  }
  return end;
}

static const char *skip_comment(const char *p, const char *end)
{
  p += 2;
  if (bracket_level(p, end, '[') >= 0)
    return skip_long(p, end);
  const char *newline = memchr(p, '\n', (size_t)(end - p));
  return newline != NULL ? newline + 1 : end;
}

static const char *skip_word(const char *p, const char *end)
{
  while (p < end && is_word(*p))
    p++;
  return p;
}

bool ndL_scan_with(const char *text, size_t size)
{
  const char *p = text;
  const char *end = text + size;
  while (p < end) {
    if (is_word(*p)) {
      const char *word = p;
      p = skip_word(p, end);
      if (p - word == 4 && memcmp(word, "with", 4) == 0)
        return true;
    } else if (*p == '"' || *p == '\'') {
      p = skip_quoted(p, end);
    } else if (*p == '[') {
      p = skip_long(p, end);
    } else if (*p == '-' && end - p > 1 && p[1] == '-') {
      p = skip_comment(p, end);
    } else {
      p++;
    }
  }
  return false;
}
