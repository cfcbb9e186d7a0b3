// lua/manager.c: opens the managers of `with` statements: values whose
// metatables have `__close`. Where there is `__enter`, too, that is called with
// the value and gives what the name stands for. Metatables are read as Lua
// itself reads them for a variable that is to be closed: `__metatable` hides
// nothing, and `__index` is not asked.

#include "lua/manager.h"

#include "lua/error.h"
#include "lua/module.h"

enum { CLOSE = 1, ENTER = 2 };  // upvalues: these names

static int fail(lua_State *L)
{
  ndL_require(L, "nadir.describe");
  lua_getfield(L, -1, "type");
  lua_pushvalue(L, 1);
  lua_call(L, 1, 1);
  return ndL_error(L,
                   "with: cannot close a %s value; a manager needs a __close "
                   "metamethod",
                   lua_tostring(L, -1));
}

// Pushes a field of the metatable at 2.
static int push_field(lua_State *L, int name)
{
  lua_pushvalue(L, lua_upvalueindex(name));
  return lua_rawget(L, 2);
}

static int finish(lua_State *L, int status, lua_KContext unused)
{
  lua_pushvalue(L, 1);
  return 2;
}

static int open(lua_State *L)
{
  lua_settop(L, 1);
  if (!lua_getmetatable(L, 1) || push_field(L, CLOSE) == LUA_TNIL)
    return fail(L);
  if (push_field(L, ENTER) == LUA_TNIL) {
    lua_settop(L, 1);
    lua_pushvalue(L, 1);
    return 2;
  }
  lua_pushvalue(L, 1);
  lua_callk(L, 1, 1, 0, finish);
  return finish(L, LUA_OK, 0);
}

int ndL_open_manager(lua_State *L)
{
  lua_pushliteral(L, "__close");
  lua_pushliteral(L, "__enter");
  lua_pushcclosure(L, open, 2);
  return 1;
}
