// lua/class_scope.h: handles that go when a script says so.

#ifndef ND_LUA_CLASS_SCOPE_H
#define ND_LUA_CLASS_SCOPE_H

#include <lua.h>

// Adds nd.scope and nd.keep to the module on top, and the method `release` to
// tensors.
void ndL_open_scope(lua_State *L);

#endif
