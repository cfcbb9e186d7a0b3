// base/number.c: strtod and printf use the locale's decimal point; options and
// messages have a point everywhere.

#include "base/number.h"

#include <ctype.h>
#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Puts the locale's point, which may be of several bytes, in place of ours.
// Returns how many bytes longer the text has become.
static size_t localize(char *text, size_t room)
{
  char *point = strchr(text, '.');
  const char *theirs = localeconv()->decimal_point;
  const size_t size = strlen(theirs);
  if (point == NULL || size == 0 || strlen(text) + size > room)
    return 0;
  memmove(point + size, point + 1, strlen(point));
  for (size_t i = 0; i < size; i++)
    point[i] = theirs[i];
  return size - 1;
}

// A number of few digits is a whole number over a power of ten. Doubles hold
// both, so that one division rounds it as strtod does. False for others, and
// where a letter follows: that may be an exponent.
static bool read_short(const char *text, const char **end, double *value)
{
  const char *s = text + (*text == '-');
  double whole = 0;
  double power = 1;
  bool point = false;
  int n = 0;
  for (; (*s >= '0' && *s <= '9') || (*s == '.' && !point); s++) {
    if (*s == '.') {
      point = true;
      continue;
    }
    whole = whole * 10 + (*s - '0');
    power = point ? power * 10 : power;
    n++;
  }
  *end = s;
  *value = *text == '-' ? -whole / power : whole / power;
  return n > 0 && n <= 15 && !isalpha((unsigned char)*s);
}

double nd_number_read(const char *text, const char **end)
{
  double few;
  if (read_short(text, end, &few))
    return few;
  enum { LONGEST = 64, ROOM = LONGEST + 8 };
  char copy[ROOM];
  const size_t n = strcspn(text, " ,]\t\n");
  const size_t size = n < LONGEST - 1 ? n : LONGEST - 1;
  const char *point = memchr(text, '.', size);
  memcpy(copy, text, size);
  copy[size] = '\0';
  const size_t longer = localize(copy, ROOM);
  char *stop;
  const double value = strtod(copy, &stop);
  *end = text + (stop - copy);
  if (point != NULL && *end > point)
    *end -= longer;
  return value;
}

const char *nd_number_text(char text[ND_NUMBER_TEXT], double x)
{
  snprintf(text, ND_NUMBER_TEXT, "%.14g", isnan(x) ? fabs(x) : x);
  const char *theirs = localeconv()->decimal_point;
  char *point = *theirs == '\0' ? NULL : strstr(text, theirs);
  if (point != NULL) {
    const char *rest = point + strlen(theirs);
    *point = '.';
    memmove(point + 1, rest, strlen(rest) + 1);
  }
  return text;
}
