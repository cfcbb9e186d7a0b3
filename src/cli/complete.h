// cli/complete.h: completion on a terminal.

#ifndef CLI_COMPLETE_H
#define CLI_COMPLETE_H

#include <stdio.h>

#include "lua/complete.h"

struct cli_completion {
  const char *text;  // the line up to the cursor
  size_t size;
  int console;                     // index of a value with a method `scope`
  int count;                       // of names that fit
  char insert[NDL_COMPLETE_ROOM];  // what all of them add to the line
  FILE *list;                      // where several are listed, or NULL
  int columns;                     // of the terminal
};

// Completes the name before the cursor (lua/complete.h), and lists several
// names that have nothing more in common.
void cli_complete(lua_State *L, struct cli_completion *c);

#endif
