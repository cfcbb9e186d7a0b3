// cli/interrupt.h: what Ctrl-C does, now in a script, now at the prompt.

#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

#include <lua.h>
#include <stdbool.h>

// From now on Ctrl-C stops what runs in L and in its coroutines. If scripts may
// catch that, the first is an error as in lua; all others, and without that the
// first too, end everything up to the caller. The third within two seconds,
// when nothing has stopped, ends the program: it is deep in foreign C code.
void cli_interrupt_raise(lua_State *L, bool may_catch);

// From now on Ctrl-C ends the read that waits for it, and is remembered.
void cli_interrupt_note(void);

// Whether Ctrl-C came since cli_interrupt_note.
bool cli_interrupt_noted(void);

// Ctrl-C ends the program, as it does before any of these calls. Takes back
// what an interrupt that nobody has seen left behind in L. Returns the message
// of the stop that ended what ran since cli_interrupt_raise, or NULL.
const char *cli_interrupt_end(lua_State *L);

#endif
