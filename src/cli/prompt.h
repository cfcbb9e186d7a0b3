// cli/prompt.h: the read, evaluate, print loop.

#ifndef CLI_PROMPT_H
#define CLI_PROMPT_H

#include <lua.h>

// Reads statements and expressions from the standard input, runs them and
// prints their results, until the input ends. Errors are printed and survived.
// The global `nd` becomes require "nadir", unless there is one already.
void cli_prompt_run(lua_State *L);

#endif
