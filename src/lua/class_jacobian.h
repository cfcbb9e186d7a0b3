// lua/class_jacobian.h: the methods of tapes that give all derivatives of a
// tensor: `jacobian`, `batch_jacobian` and `hessian`.

#ifndef ND_LUA_CLASS_JACOBIAN_H
#define ND_LUA_CLASS_JACOBIAN_H

#include <lua.h>

// Adds them to the class of tapes, which is open.
void ndL_open_jacobian(lua_State *L);

#endif
