// lua/system.c: what the module tells about itself and the machine.

#include "lua/system.h"

#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/dtype.h"
#include "lua/error.h"
#include "lua/guard.h"
#include "lua/signature.h"

static int push_time(lua_State *L, clockid_t clock)
{
  struct timespec t;
  clock_gettime(clock, &t);
  lua_pushnumber(L, (lua_Number)t.tv_sec + (lua_Number)t.tv_nsec * 1e-9);
  return 1;
}

static int system_clock(lua_State *L)
{
  return push_time(L, CLOCK_MONOTONIC);
}

static int system_timestamp(lua_State *L)
{
  return push_time(L, CLOCK_REALTIME);
}

int ndL_open_host(lua_State *L)
{
  char name[256] = "";
  gethostname(name, sizeof name - 1);
  lua_pushstring(L, name);
  return 1;
}

// columns(): how wide the terminal is that the standard output goes to, or nil.
static int find_columns(lua_State *L)
{
  struct winsize size;
  if (!isatty(STDOUT_FILENO))
    return 0;
  const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
  lua_pushinteger(L, known && size.ws_col > 0 ? size.ws_col : 80);
  return 1;
}

int ndL_open_columns(lua_State *L)
{
  lua_pushcfunction(L, find_columns);
  return 1;
}

// In the order of nd_memory_kind.
static const char *const kinds[] = { "tensor", "object", "script", "all",
                                     NULL };

static const nd_param memory_params[] = {
  { "kind", ND_WORD, "tensor", .words = kinds,
    .doc = "values of tensors; records, slots and other objects; the Lua heap; "
           "all that is lent" },
  { NULL },
};

static int system_memory(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_arguments a;
  ndL_read(L, S, &a, 1);
  const nd_memory_kind kind = (nd_memory_kind)a.at[0].integer;
  const size_t used = nd_context_bytes(S->context, kind);
  const size_t cached = nd_context_cached(S->context, kind);
  const bool among = kind != ND_MEMORY_TENSOR;
  lua_pushinteger(L, (lua_Integer)(among ? used - cached : used));
  lua_pushinteger(L, (lua_Integer)nd_context_peak(S->context, kind));
  lua_pushinteger(L, (lua_Integer)cached);
  return 3;
}

static const nd_param eager_params[] = {
  { "on", ND_FLAG, "true", .doc = "whether no result waits" },
  { NULL },
};

static int system_eager(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_arguments a;
  ndL_read(L, S, &a, 1);
  lua_pushboolean(L, nd_context_is_eager(S->context));
  nd_context_set_eager(S->context, a.at[0].integer);
  return 1;
}

static int system_cpu(lua_State *L)
{
  lua_pushstring(L, nd_context_cpu(ndL_upstate(L)->context));
  return 1;
}

static const nd_param threads_params[] = {
  { "n", ND_INTEGER, .doc = "the script's own included" },
  { NULL },
};

static int system_set_num_threads(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_arguments a;
  ndL_read(L, S, &a, 1);
  const char *before = nd_context_enter(S->context, "set_num_threads");
  const bool ok = nd_context_set_threads(S->context, a.at[0].integer);
  nd_context_leave(S->context, before);
  return ok ? 0 : ndL_raise(L, S);
}

static const nd_param no_params[] = { { NULL } };

static int system_get_num_threads(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_arguments a;
  ndL_read(L, S, &a, 1);
  lua_pushinteger(L, nd_context_threads(S->context));
  return 1;
}

static const ndL_function functions[] = {
  { "memory", system_memory, memory_params,
    "bytes of a kind: live, the most that ever were, and waiting to be used "
    "again" },
  { "set_num_threads", system_set_num_threads, threads_params,
    "how many threads share large work; changes no result" },
  { "get_num_threads", system_get_num_threads, no_params,
    "how many threads share large work" },
  { "eager", system_eager, eager_params,
    "computes every result at once, or lets large ones wait until a value is "
    "read; returns whether it did" },
  { "clock", system_clock, .doc = "seconds since some moment, to tell time" },
  { "timestamp", system_timestamp,
    .doc = "seconds since 1970, with a fraction" },
  { "cpu", system_cpu, .doc = "the level of kernels that this CPU runs" },
  { NULL },
};

void ndL_open_system(lua_State *L)
{
  ndL_bind(L, "nd.", functions);
  lua_pushliteral(L, ND_VERSION);
  lua_setfield(L, -2, "version");
  lua_pushstring(L, nd_range_words[ND_NEW_AXIS]);
  lua_setfield(L, -2, nd_range_words[ND_NEW_AXIS]);
#define NAME(constant, type, name)            \
  lua_pushstring(L, nd_dtype_name(constant)); \
  lua_setfield(L, -2, nd_dtype_name(constant));
  ND_DTYPE_LIST(NAME)
}
