// lua/system.c: what the module tells about itself and the machine.

#include "lua/system.h"

#include <time.h>

#include "base/dtype.h"
#include "lua/guard.h"

static int system_clock(lua_State *L)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  lua_pushnumber(L, (lua_Number)t.tv_sec + (lua_Number)t.tv_nsec * 1e-9);
  return 1;
}

static int system_memory(lua_State *L)
{
  const nd_context *c = ndL_upstate(L)->context;
  lua_pushinteger(L, (lua_Integer)nd_context_bytes(c, ND_MEMORY_TENSOR));
  lua_pushinteger(L, (lua_Integer)nd_context_peak(c, ND_MEMORY_TENSOR));
  return 2;
}

static int system_cpu(lua_State *L)
{
  lua_pushstring(L, nd_context_cpu(ndL_upstate(L)->context));
  return 1;
}

static const luaL_Reg functions[] = {
  { "clock", system_clock },
  { "memory", system_memory },
  { "cpu", system_cpu },
  { NULL, NULL },
};

void ndL_open_system(lua_State *L)
{
  ndL_setfunctions(L, functions);
  lua_pushliteral(L, ND_VERSION);
  lua_setfield(L, -2, "version");
#define NAME(constant, type, name)            \
  lua_pushstring(L, nd_dtype_name(constant)); \
  lua_setfield(L, -2, nd_dtype_name(constant));
  ND_DTYPE_LIST(NAME)
}
