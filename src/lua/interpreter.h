// lua/interpreter.h: what the parts of the interpreter for hosts share.

#ifndef ND_LUA_INTERPRETER_H
#define ND_LUA_INTERPRETER_H

#include <lua.h>

#include "lua/nadirlua.h"

enum { NDL_ERROR_BYTES = 1024 };

struct nd_interpreter {
  nd_context *context;
  lua_State *L;
  int depth;  // calls of the host's that are under way, one in another
  nd_code code;
  char error[NDL_ERROR_BYTES];
};

// Calls `f` protected with `data` as its light userdata. False after an error
// or a stop, which the interpreter then keeps.
bool ndL_protect(nd_interpreter *i, lua_CFunction f, void *data);

#endif
