// lua/switches.c: what a context does for people who look for nan, switched on
// and off.

#include "lua/switches.h"

#include "lua/signature.h"

// Reads a call without arguments.
static nd_context *read_call(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_arguments a;
  ndL_read(L, S, &a, 1);
  return S->context;
}

static int enable_check_numerics(lua_State *L)
{
  nd_context_set_check_numerics(read_call(L), true);
  return 0;
}

static int disable_check_numerics(lua_State *L)
{
  nd_context_set_check_numerics(read_call(L), false);
  return 0;
}

static int enable_strict_gradients(lua_State *L)
{
  nd_context_set_strict_gradients(read_call(L), true);
  return 0;
}

static int disable_strict_gradients(lua_State *L)
{
  nd_context_set_strict_gradients(read_call(L), false);
  return 0;
}

static const nd_param no_params[] = { { NULL } };

static const ndL_function functions[] = {
  { "enable_check_numerics", enable_check_numerics, no_params,
    "from here on the first op or gradient that gives a nan or inf is an "
    "error, which tells what it was made of" },
  { "disable_check_numerics", disable_check_numerics, no_params,
    "from here on results are not looked at" },
  { "enable_strict_gradients", enable_strict_gradients, no_params,
    "from here on a zero gradient times a slope of inf or nan is nan, and the "
    "slope of relu at nan" },
  { "disable_strict_gradients", disable_strict_gradients, no_params,
    "from here on a zero gradient stays zero" },
  { NULL },
};

int ndL_open_switches(lua_State *L)
{
  lua_newtable(L);
  ndL_bind(L, "nd.debugging.", functions);
  return 1;
}
