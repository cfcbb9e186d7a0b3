// lua/state.h: what one Lua state holds of Nadir: the context, the types of our
// userdata, and how much there was when the collector last ran.

#ifndef ND_LUA_STATE_H
#define ND_LUA_STATE_H

#include <lauxlib.h>
#include <lua.h>

#include "base/context.h"
#include "tensor/print.h"

// Userdata types. A scalar travels by value and needs no finalizer.
typedef enum ndL_type {
  NDL_SCALAR,  // first the two that boxes of tensors have
  NDL_TENSOR,
  NDL_VARIABLE,
  NDL_TAPE,
  NDL_PAUSE,
  NDL_ACCUMULATOR,
  NDL_CUSTOM,
  NDL_OPTIMIZER,
  NDL_RANDOM,
  NDL_SCOPE,
  NDL_RELEASED,  // a tensor's handle after release()
  NDL_ENDED,     // that of one whose scope has ended
  NDL_TYPES,
  NDL_OTHER = NDL_TYPES
} ndL_type;

// Tapes that record at the same time and can be found.
enum { NDL_PLACES = 16 };

typedef struct ndL_state {
  nd_context *context;
  bool owns_context;  // as in a stock Lua; else the state is one of ours
  int metatables[NDL_TYPES];  // references in the registry
  uint64_t mark;              // see ndL_object
  struct ndL_heap *heap;      // where boxes come from; NULL: from Lua's own
  struct ndL_heap *boxes;     // the same while no scope is open, else NULL
  struct ndL_scope *scopes;   // those that are open, the newest first
  size_t pace;           // bytes of tensors and objects for the next collection
  size_t floor;          // bytes of them that a full one left
  size_t freed;          // and that one freed which came of doubling
  size_t room;           // bytes that the quotas allowed then
  int heap_floor;        // likewise of the Lua heap, in KB
  unsigned collections;  // full ones that we asked for
  bool refused;          // an error was raised for want of memory
  int warned;            // lines of scripts that have warned
  nd_print_options print;
  lua_State *main;            // its main thread
  bool reads;                 // a Variable, since the last call of an op
  bool raised;                // what a script raised there is kept
  lua_Integer calls;          // of functions with gradients of their own
  struct ndL_called *strays;  // of these, those that nobody will call again
  struct ndL_taped *taped;    // the userdata of tapes (taped.c)
  nd_tape *lost;              // tapes that nobody has, but that call a host
  const nd_tape *tapes[NDL_PLACES];      // of userdata that can be found
  void (*end)(struct ndL_state *state);  // called as it ends; or NULL
} ndL_state;

// Pushes a new state, with nothing in it, which becomes that of `L`. It is to
// be the first thing of ours that gets a finalizer, so that its own, which
// frees the context, is the last to run.
ndL_state *ndL_addstate(lua_State *L);

// Raises the error of a call that comes after the state was closed.
int ndL_failclosed(lua_State *L);

ndL_state *ndL_getstate(lua_State *L);

// The state of `L`, upvalue 1 of every C function of ours but ops, which have
// it in theirs (lua/arguments.h). While Lua closes, finalizers of objects older
// than the module still run, and may call us.
static inline ndL_state *ndL_upstate(lua_State *L)
{
  ndL_state *S = lua_touserdata(L, lua_upvalueindex(1));
  if (S->context == NULL)
    ndL_failclosed(L);
  return S;
}

static inline void ndL_pushmetatable(lua_State *L, const ndL_state *S,
                                     ndL_type type)
{
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->metatables[type]);
}

// What comes first in each userdata of ours: the state's mark, plus the type. A
// mark is a number that is hard to guess, so that no bytes which a script finds
// a way to put into another userdata make it one of ours; nor does a metatable.
typedef uint64_t ndL_object;

// Pushes a userdata of ours, with `values` user values, and returns its `size`
// bytes, which are zero.
void *ndL_newobject(lua_State *L, const ndL_state *S, ndL_type type,
                    size_t size, int values);

// Gives the object on top, which is at `object`, that type.
void ndL_settype(lua_State *L, const ndL_state *S, void *object, ndL_type type);

// The half of ndL_settype that is not setting the metatable.
static inline void ndL_mark(const ndL_state *S, void *object, ndL_type type)
{
  ((ndL_object *)object)[-1] = S->mark + (uint64_t)type;
}

// From now on the core works for the thread `L`, which it may call, and ask
// where its script is, until ndL_leave gets what this returns. Nothing is
// raised in between.
static inline void *ndL_enter(lua_State *L, const ndL_state *S)
{
  void *before = S->context->script;
  S->context->script = L;
  return before;
}

static inline void ndL_leave(const ndL_state *S, void *before)
{
  S->context->script = before;
}

// Which of our types the value at `i` is; NDL_OTHER if none. *object is what
// ndL_newobject returned.
static inline ndL_type ndL_look(lua_State *L, const ndL_state *S, int i,
                                void **object)
{
  ndL_object *o = lua_touserdata(L, i);
  if (o == NULL || lua_rawlen(L, i) < sizeof *o)
    return NDL_OTHER;
  const uint64_t type = *o - S->mark;
  *object = o + 1;
  return type < NDL_TYPES ? (ndL_type)type : NDL_OTHER;
}

static inline ndL_type ndL_typeof(lua_State *L, const ndL_state *S, int i)
{
  void *object;
  return ndL_look(L, S, i, &object);
}

// True of what is or was a tensor, and of Variables.
static inline bool ndL_istensor(ndL_type type)
{
  return type <= NDL_VARIABLE || type == NDL_RELEASED || type == NDL_ENDED;
}

// The object at `i`, NULL if it is not of that type.
static inline void *ndL_toobject(lua_State *L, const ndL_state *S, int i,
                                 ndL_type type)
{
  void *object = NULL;
  return ndL_look(L, S, i, &object) == type ? object : NULL;
}

// Pushes a new metatable for `type`, and has the registry keep it.
void ndL_newmetatable(lua_State *L, ndL_state *S, ndL_type type,
                      const char *name);

#endif
