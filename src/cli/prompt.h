// cli/prompt.h: the read, evaluate, print loop.

#ifndef CLI_PROMPT_H
#define CLI_PROMPT_H

#include <lua.h>

// Loads what the prompt needs. Call before scripts, which may break what that
// uses.
void cli_prompt_open(lua_State *L);

// Reads statements and expressions from the standard input, runs them and
// prints their results, until the input ends. Errors are printed and survived.
// The globals `nd`, `help`, `exit` and `quit` are there, unless a script has
// its own.
void cli_prompt_run(lua_State *L);

#endif
