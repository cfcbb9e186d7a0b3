// cli/interrupt.h: what Ctrl-C does, now in a script, now at the prompt.

#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

#include <lua.h>
#include <stdbool.h>

// From now on Ctrl-C raises "interrupted!" in L. A second one, before the
// first is seen, ends the program: the script is deep in foreign C code.
void cli_interrupt_raise(lua_State *L);

// From now on Ctrl-C ends the read that waits for it, and is remembered.
void cli_interrupt_note(void);

// Whether Ctrl-C came since cli_interrupt_note.
bool cli_interrupt_noted(void);

// Ctrl-C ends the program, as it does before any of these calls. Takes back
// what an interrupt that nobody has seen left behind in L.
void cli_interrupt_end(lua_State *L);

#endif
