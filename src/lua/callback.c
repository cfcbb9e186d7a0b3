// lua/callback.c: calls of Lua from within the core.

#include "lua/callback.h"

#include "base/error.h"
#include "lua/error.h"

bool ndL_callback(ndL_state *S, lua_CFunction function, void *data)
{
  lua_State *script = S->context->script;
  lua_State *L = script != NULL ? script : S->main;
  if (!lua_checkstack(L, 4))
    return nd_fail(S->context, ND_NO_MEMORY, "out of memory");
  lua_pushcfunction(L, function);
  lua_pushlightuserdata(L, data);
  if (lua_pcall(L, 1, 0, 0) == LUA_OK)
    return true;
  const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1)
                                                    : "an error without text";
  nd_fail(S->context, ND_BAD_SCRIPT, "%s", text);
  ndL_keepraised(L, S);
  return false;
}
