// cli/legible.c: libedit decodes what it is given, and does without the whole
// of a text, or dies, where a byte of it cannot be decoded.

#include "cli/legible.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum { ESCAPE_SIZE = 4 };

char *cli_legible(const char *text, size_t size)
{
  char *out = malloc(ESCAPE_SIZE * size + 1);
  if (out == NULL)
    return NULL;
  char *p = out;
  mbstate_t state;
  memset(&state, 0, sizeof state);
  for (size_t n; size > 0; text += n, size -= n) {
    n = mbrtowc(NULL, text, size, &state);
    if (n != 0 && n <= size) {
      memcpy(p, text, n);
      p += n;
      continue;
    }
    p += sprintf(p, "\\x%02x", (unsigned char)*text);
    memset(&state, 0, sizeof state);
    n = 1;
  }
  *p = '\0';
  return out;
}
