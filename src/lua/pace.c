// lua/pace.c: when the collector runs. Lua sees a few bytes of each tensor. So
// tensor memory is counted here: doubling since the last full collection costs
// another, and net growth by as much as that freed a minor one, within limits.
// For what lives as long as a step of training should not outlive two minor
// ones, after which only a full one frees it. Objects, such as the records of
// tapes, count as well. A quota makes both come sooner, so that what was
// dropped never takes more than three quarters of what the quotas leave. Minor
// collections that are asked for put off the full ones that Lua would do by
// itself, so the Lua heap, too, is watched for doubling.

#include "lua/pace.h"

#include "lua/taped.h"

// Net growth of tensor memory, in bytes.
enum {
  LEAST_PACE = 1 << 18,         // to a minor collection
  LEAST_UNDER_QUOTA = 1 << 16,  // the same where a quota leaves little
  MOST_PACE = 1 << 24,
  SLACK = 1 << 20  // which is never worth a full collection
};

// Growth of the Lua heap, in KB, that is never worth a full collection.
enum { HEAP_SLACK = 256 };

static size_t held(const ndL_state *S)
{
  const nd_account *a = &S->context->memory.account;
  return a->used[ND_MEMORY_TENSOR] + a->used[ND_MEMORY_OBJECT];
}

static size_t clamp(size_t x, size_t least, size_t most)
{
  return x < least ? least : x > most ? most : x;
}

static void set_pace(ndL_state *S, size_t left)
{
  const size_t half = nd_account_headroom(S->context) / 2;
  const size_t most = clamp(S->floor + SLACK, LEAST_PACE, MOST_PACE);
  const size_t growth = clamp(S->freed, LEAST_PACE, most);
  S->pace = left + clamp(half, LEAST_UNDER_QUOTA, growth);
}

void ndL_startpace(ndL_state *S)
{
  S->room = nd_account_headroom(S->context);
  set_pace(S, 0);
}

void ndL_collect(lua_State *L, ndL_state *S)
{
  lua_gc(L, LUA_GCCOLLECT);
  lua_gc(L, LUA_GCCOLLECT);
  ndL_taped_free_lost(S);
  S->collections++;
  S->floor = held(S);
  S->room = nd_account_headroom(S->context);
  S->heap_floor = lua_gc(L, LUA_GCCOUNT);
  set_pace(S, S->floor);
}

bool ndL_retry(lua_State *L, ndL_state *S)
{
  if (nd_error_code(S->context) != ND_NO_MEMORY)
    return false;
  nd_error_clear(S->context);
  ndL_collect(L, S);
  return true;
}

// As steps of training make it necessary: what that freed is what they make.
static void collect_doubled(lua_State *L, ndL_state *S, size_t before)
{
  ndL_collect(L, S);
  S->freed = before > S->floor ? before - S->floor : 0;
  set_pace(S, S->floor);
}

void ndL_pace(lua_State *L, ndL_state *S)
{
  const size_t before = held(S);
  if (before < S->pace)
    return;
  lua_gc(L, LUA_GCSTEP, 0);
  ndL_taped_free_lost(S);
  const size_t left = held(S);
  const bool pressed = left > S->floor && left - S->floor > S->room / 2;
  const bool heaped = lua_gc(L, LUA_GCCOUNT) > 2 * S->heap_floor + HEAP_SLACK;
  if (left > 2 * S->floor + SLACK)
    collect_doubled(L, S, before);
  else if (pressed || heaped)
    ndL_collect(L, S);
  else
    set_pace(S, left);
}
