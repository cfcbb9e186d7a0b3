// cli/warning.c: warnings on stderr.

#include "cli/warning.h"

#include <stdio.h>

void cli_warning_show(void *warnings, const char *text)
{
  const struct cli_warnings *w = warnings;
  fflush(stdout);
  fprintf(stderr, "%s: warning: %s\n", w->program, text);
}

void cli_warning_show_piece(void *warnings, const char *piece, int more)
{
  struct cli_warnings *w = warnings;
  fprintf(stderr, "%s%s%s", w->begun ? "" : "Lua warning: ", piece,
          more ? "" : "\n");
  w->begun = more;
}
