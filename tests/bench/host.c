// Runs a script as a host does: host limits|unlimited FILE. For the row on what
// the hook of the limits costs.

#include "lua/nadirlua.h"

#include <stdio.h>
#include <string.h>

int main(int n, char **arguments)
{
  static char text[4096];
  FILE *file = n == 3 ? fopen(arguments[2], "r") : NULL;
  if (file == NULL) {
    fprintf(stderr, "usage: host limits|unlimited FILE\n");
    return 2;
  }
  text[fread(text, 1, sizeof text - 1, file)] = '\0';
  fclose(file);
  const nd_config config = { .size = sizeof config,
                             .unlimited = strcmp(arguments[1], "limits") != 0 };
  nd_interpreter *i = nd_interpreter_new(&config);
  const bool ok = nd_interpreter_run(i, text, arguments[2]);
  if (!ok)
    fprintf(stderr, "%s\n", nd_interpreter_error(i));
  nd_interpreter_free(i);
  return !ok;
}
