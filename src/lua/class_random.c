// lua/class_random.c: nd.random: RandomState, NumPy's legacy stream, and the
// seed of the counter-based generator, whose draws are ops.
//
// A RandomState draws what numpy.random.RandomState of that seed draws, call
// for call; a call that fails draws nothing. Positions count from 1, so
// randint(n), choice(n) and permutation(n) give NumPy's numbers plus one, and
// ranges include both ends.

#include "lua/class_random.h"

#include "base/context.h"
#include "lua/entropy.h"
#include "lua/error.h"
#include "lua/guard.h"
#include "lua/names.h"
#include "lua/signature.h"
#include "lua/values.h"

nd_mt19937 *ndL_checkrandom(lua_State *L, const char *function)
{
  nd_mt19937 *r = ndL_toobject(L, ndL_upstate(L), 1, NDL_RANDOM);
  if (r == NULL)
    ndL_typeerror(L, function, "self", "a RandomState", 1);
  return r;
}

static const nd_param seed_params[] = {
  { "seed", ND_INTEGER, "nil", .doc = "0..4294967295; nil: one that is new" },
  { NULL },
};

// Reads the seed, the only argument, at `i`.
static uint32_t read_seed(lua_State *L, int i)
{
  ndL_arguments a;
  ndL_read(L, ndL_upstate(L), &a, i);
  if (!a.at[0].given)
    return (uint32_t)(ndL_invent(L) >> 32);
  const int64_t seed = a.at[0].integer;
  if (seed != (uint32_t)seed)
    ndL_error(L, "%s: seed must be within 0..4294967295, got %lld", a.function,
              (long long)seed);
  return (uint32_t)seed;
}

static int random_new(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  const uint32_t seed = read_seed(L, 1);
  nd_mt19937_seed(ndL_newobject(L, S, NDL_RANDOM, sizeof(nd_mt19937), 0), seed);
  return 1;
}

static int random_seed(lua_State *L)
{
  nd_mt19937 *r = ndL_checkrandom(L, "seed");
  nd_mt19937_seed(r, read_seed(L, 2));
  return 0;
}

// The words, how many of them are drawn, and the normal that waits, if any.
static int random_get_state(lua_State *L)
{
  const nd_mt19937_state *state = &ndL_checkrandom(L, "get_state")->state;
  lua_createtable(L, 0, 3);
  lua_createtable(L, ND_MT19937_WORDS, 0);
  for (int i = 0; i < ND_MT19937_WORDS; i++) {
    lua_pushinteger(L, state->key[i]);
    lua_rawseti(L, -2, i + 1);
  }
  lua_setfield(L, -2, "key");
  lua_pushinteger(L, state->position);
  lua_setfield(L, -2, "position");
  if (state->has_gauss) {
    lua_pushnumber(L, state->gauss);
    lua_setfield(L, -2, "gauss");
  }
  return 1;
}

// The whole number of 0..last on top of the stack, which it pops.
static uint32_t pop_word(lua_State *L, uint32_t last, const char *what)
{
  const int64_t word = ndL_checkwhole(L, -1, "set_state", what);
  if (word < 0 || word > last)
    ndL_error(L, "set_state: %s must be within 0..%u, got %lld", what,
              (unsigned)last, (long long)word);
  lua_pop(L, 1);
  return (uint32_t)word;
}

static const char *const saved[] = { "a table from get_state", NULL };

static const nd_param state_params[] = {
  { "state", ND_TABLE, .words = saved, .doc = "of then" },
  { NULL },
};

static int random_set_state(lua_State *L)
{
  nd_mt19937 *r = ndL_checkrandom(L, "set_state");
  ndL_arguments a;
  ndL_read(L, ndL_upstate(L), &a, 2);
  nd_mt19937_state state;
  lua_getfield(L, 2, "position");
  state.position = pop_word(L, ND_MT19937_WORDS, "position");
  lua_getfield(L, 2, "gauss");
  state.has_gauss = !lua_isnil(L, 3);
  state.gauss = ndL_optnumber(L, 3, 0, "set_state", "gauss");
  if (lua_getfield(L, 2, "key") != LUA_TTABLE)
    ndL_typeerror(L, "set_state", "key", "a list", 4);
  for (int i = 0; i < ND_MT19937_WORDS; i++) {
    lua_rawgeti(L, 4, i + 1);
    state.key[i] = pop_word(L, UINT32_MAX, "a word of key");
  }
  nd_mt19937_restore(r, &state);
  return 0;
}

static const nd_param set_seed_params[] = {
  { "seed", ND_INTEGER, .doc = "any" },
  { NULL },
};

static int module_set_seed(lua_State *L)
{
  ndL_arguments a;
  ndL_read(L, ndL_upstate(L), &a, 1);
  nd_random_set_seed(ndL_upstate(L)->context, (uint64_t)a.at[0].integer);
  return 0;
}

// Where the counter-based generator is: its seed, and how many streams are
// drawn.
static int module_get_state(lua_State *L)
{
  const nd_context *c = ndL_upstate(L)->context;
  lua_createtable(L, 0, 2);
  lua_pushinteger(L, (lua_Integer)c->seed);
  lua_setfield(L, -2, "seed");
  lua_pushinteger(L, (lua_Integer)c->stream);
  lua_setfield(L, -2, "stream");
  return 1;
}

static int module_set_state(lua_State *L)
{
  nd_context *c = ndL_upstate(L)->context;
  ndL_arguments a;
  ndL_read(L, ndL_upstate(L), &a, 1);
  lua_getfield(L, 1, "seed");
  lua_getfield(L, 1, "stream");
  const int64_t seed = ndL_checkwhole(L, -2, a.function, "seed");
  const int64_t stream = ndL_checkwhole(L, -1, a.function, "stream");
  c->seed = (uint64_t)seed;
  c->stream = (uint64_t)stream;
  return 0;
}

static const ndL_function methods[] = {
  { "seed", random_seed, seed_params, "starts the stream again" },
  { "set_state", random_set_state, state_params, "goes on where a stream was" },
  { "get_state", random_get_state,
    .doc = "where the stream is, for set_state" },
  { NULL },
};

static const ndL_function functions[] = {
  { "RandomState", random_new, seed_params,
    "draws what numpy.random.RandomState of that seed draws" },
  { "set_seed", module_set_seed, set_seed_params,
    "starts the numbers again that random ops and shuffle draw" },
  { "get_state", module_get_state,
    .doc = "where the generator of random ops is, for set_state" },
  { "set_state", module_set_state, state_params,
    "goes on where the generator of random ops was" },
  { NULL },
};

void ndL_open_random(lua_State *L)
{
  ndL_state *S = ndL_getstate(L);
  ndL_newmetatable(L, S, NDL_RANDOM, "RandomState");
  lua_newtable(L);
  ndL_bind(L, "RandomState:", methods);
  ndL_closemethods(L, "RandomState");
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  luaL_getsubtable(L, -1, "random");
  ndL_bind(L, "nd.random.", functions);
  lua_pop(L, 1);
}
