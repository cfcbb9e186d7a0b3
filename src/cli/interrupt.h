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

// Ctrl-C stops nothing any more, and does what it did before. Returns the
// message of the stop that ended what ran since cli_interrupt_raise, or NULL.
const char *cli_interrupt_end(lua_State *L);

// From now on, and until the release, Ctrl-C does not end the program when
// nothing runs: it is kept for what runs, or is read, next.
void cli_interrupt_hold(void);
void cli_interrupt_release(void);

// From now on Ctrl-C, also one that was kept, ends the read that waits or comes
// next.
void cli_interrupt_wait(void);

// Ends that. Whether Ctrl-C came, which is thereby answered.
bool cli_interrupt_waited(void);

// Keeps the Ctrl-C that stopped what ran last, if one did.
void cli_interrupt_keep(void);

#endif
