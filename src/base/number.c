// base/number.c: strtod reads the locale's decimal point; options are written
// with a point everywhere.

#include "base/number.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

double nd_number_read(const char *text, const char **end)
{
  enum { LONGEST = 64 };
  char copy[LONGEST];
  const size_t n = strcspn(text, " ,]\t\n");
  const size_t size = n < LONGEST - 1 ? n : LONGEST - 1;
  memcpy(copy, text, size);
  copy[size] = '\0';
  char *point = strchr(copy, '.');
  if (point != NULL)
    *point = *localeconv()->decimal_point;
  char *stop;
  const double value = strtod(copy, &stop);
  *end = text + (stop - copy);
  return value;
}
