// nadirlua.h: the interpreter for hosts that run Lua scripts. It adds a Lua
// state with Nadir in it to the core of nadir.h.

#ifndef NADIRLUA_H
#define NADIRLUA_H

#include "nadir.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct nd_interpreter nd_interpreter;

struct lua_State;

// Returns a new interpreter: a Lua state with the standard libraries, LPeg and
// Nadir, whose memory comes from the configuration's allocator and counts
// against its quotas. Scripts may use the `with` statement; os.exit is an error
// in them, since it would end the host. NULL when memory runs out or the CPU
// level is not to be had. `config` may be NULL.
ND_API nd_interpreter *nd_interpreter_new(const nd_config *config);

// Closes the state and frees everything. NULL is allowed.
ND_API void nd_interpreter_free(nd_interpreter *i);

// Runs `text`, which messages call `name`. False after an error in the script,
// or after nd_interrupt, which leave the interpreter ready for the next.
ND_API bool nd_interpreter_run(nd_interpreter *i, const char *text,
                               const char *name);

// The last error, "name:line: what is wrong", or "". Valid until the next run.
ND_API const char *nd_interpreter_error(const nd_interpreter *i);

// Reads the global variable `name`, a number or a tensor with one element.
// False if it is neither.
ND_API bool nd_interpreter_number(nd_interpreter *i, const char *name,
                                  double *value);

// What the interpreter works with: for nd_interrupt, accounts, and functions of
// the host's own.
ND_API nd_context *nd_interpreter_context(nd_interpreter *i);
ND_API struct lua_State *nd_interpreter_lua(nd_interpreter *i);

#ifdef __cplusplus
}
#endif

#endif
