// lua/state.h: what one Lua state holds of Nadir: the context, the metatables
// by address, and the pace of the collector.

#ifndef ND_LUA_STATE_H
#define ND_LUA_STATE_H

#include <lauxlib.h>
#include <lua.h>

#include "base/context.h"

// Userdata types. A scalar travels by value and needs no finalizer.
typedef enum ndL_type {
  NDL_SCALAR,
  NDL_TENSOR,
  NDL_VARIABLE,
  NDL_TAPE,
  NDL_PAUSE,
  NDL_OPTIMIZER,
  NDL_RANDOM,
  NDL_TYPES,
  NDL_OTHER = NDL_TYPES
} ndL_type;

typedef struct ndL_state {
  nd_context *context;
  bool owns_context;  // as in a stock Lua; else the state is one of ours
  const void *metatables[NDL_TYPES];
  size_t pace;           // bytes of tensors and objects for the next collection
  size_t floor;          // bytes of them that a full one left
  size_t room;           // bytes that the quotas allowed then
  int heap_floor;        // likewise of the Lua heap, in KB
  unsigned collections;  // full ones that we asked for
  bool refused;          // an error was raised for want of memory
  int warned;            // lines of scripts that have warned
} ndL_state;

// Raises the error of a call that comes after the state was closed.
int ndL_failclosed(lua_State *L);

ndL_state *ndL_getstate(lua_State *L);

// The state of `L`, upvalue 1 of every C function of ours. While Lua closes,
// finalizers of objects older than the module still run, and may call us.
static inline ndL_state *ndL_upstate(lua_State *L)
{
  ndL_state *S = lua_touserdata(L, lua_upvalueindex(1));
  if (S->context == NULL)
    ndL_failclosed(L);
  return S;
}

// Makes states opened in `L` use `c`, which outlives `L`.
void ndL_setcontext(lua_State *L, nd_context *c);

int luaopen_nadir(lua_State *L);

// Takes from scripts what a state with limits cannot lend them.
void ndL_limit(lua_State *L);

// Which of our types the value at `i` is; NDL_OTHER if none.
ndL_type ndL_typeof(lua_State *L, const ndL_state *S, int i);

// The userdata at 1, which must be of `type`: scripts can get at metamethods by
// debug.getmetatable, and call them with anything.
void *ndL_checkself(lua_State *L, ndL_type type, const char *function);

// Sets `functions`, closures over the state, as fields of the table on top.
// They are guarded: lua/guard.h says what they must keep to.
void ndL_setfunctions(lua_State *L, const luaL_Reg *functions);

// The same without guard, for finalizers, for what takes no memory of ours, and
// for what calls a script's functions.
void ndL_setplain(lua_State *L, const luaL_Reg *functions);

// Pushes a new metatable for `type`, which is then known by its address.
void ndL_newmetatable(lua_State *L, ndL_state *S, ndL_type type,
                      const char *name);

// Calls the collector if tensors or objects grew enough since the last time.
void ndL_pace(lua_State *L, ndL_state *S);

// Collects everything that can be.
void ndL_collect(lua_State *L, ndL_state *S);

// True after a failure for want of memory: all is collected, and worth another
// try. Finalizers have run.
bool ndL_retry(lua_State *L, ndL_state *S);

// ----------------------------------------------------------------- errors --

// Pushes "file:line: " of the innermost function that is a script's: neither C
// nor of our own modules. Pushes "" if there is none.
void ndL_pushwhere(lua_State *L);

// Raises `format` at the line of the script that called us.
int ndL_error(lua_State *L, const char *format, ...)
  __attribute__((format(printf, 2, 3)));

// Warns with "file:line: function: text", once for each line and function.
void ndL_warn(lua_State *L, const char *function, const char *text);

// Calls `f`, which warns, with the values at 1, 2 and 3 and `data`. What was
// done is done: that there is no memory for a warning raises nothing.
void ndL_trywarn(lua_State *L, lua_CFunction f, void *data);

// Raises the context's error and clears it.
int ndL_raise(lua_State *L, ndL_state *S);

// Raises "function: argument ... must be what, got type".
int ndL_typeerror(lua_State *L, const char *function, const char *argument,
                  const char *wanted, int i);

// The name of the type of the value at `i`, as messages show it.
const char *ndL_typename(lua_State *L, int i);

#endif
