// cli/warning.h: warnings on stderr.

#ifndef CLI_WARNING_H
#define CLI_WARNING_H

#include <stdbool.h>

struct cli_warnings {
  const char *program;
  bool begun;  // one of Lua's has come in part
};

// Shows a warning of ours as an error is shown: an nd_warning.
void cli_warning_show(void *warnings, const char *text);

// Shows a piece of a warning of Lua's as the lua program does: a
// lua_WarnFunction.
void cli_warning_show_piece(void *warnings, const char *piece, int more);

#endif
