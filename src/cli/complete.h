// cli/complete.h: what a half-typed name may become.

#ifndef CLI_COMPLETE_H
#define CLI_COMPLETE_H

#include <lua.h>
#include <stddef.h>
#include <stdio.h>

#define CLI_COMPLETE_ROOM 128

struct cli_completion {
  const char *text;  // the line up to the cursor
  size_t size;
  int console;                     // index of a value with a method `scope`
  int count;                       // of names that fit
  char insert[CLI_COMPLETE_ROOM];  // what all of them add to the line
  FILE *list;                      // where several are listed, or NULL
  int columns;                     // of the terminal
};

// Looks the name before the cursor up among the console's variables, globals,
// fields, methods and keywords. Runs no code of the script: it reads tables
// raw, follows __index only through tables, and takes the names of an object
// whose __index is a function from the table `__methods` in its metatable.
// Never raises; without memory there are no names.
void cli_complete(lua_State *L, struct cli_completion *c);

#endif
