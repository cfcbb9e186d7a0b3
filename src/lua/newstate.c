// lua/newstate.c: Lua states of ours: a heap, Lua's warnings and the stop.

#include "lua/newstate.h"

#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "base/memory.h"
#include "lua/heap.h"

// What the allocator's data of a state of ours is.
typedef struct own {
  ndL_heap heap;  // comes first: it is what the allocator takes
  bool warns;     // Lua's warnings are on
  bool quiet;     // all were turned off
  bool begun;     // one has come in part
  lua_WarnFunction tell;
  void *tell_data;
  char warning[256];  // for the host: what has come of one, cut there
  ndL_stop stop;
} own;

// NULL of a state that is none of ours.
static own *own_of(lua_State *L)
{
  return (own *)ndL_heapof(L);
}

// Tells the host, who gets a warning as a whole.
static void tell_host(void *data, const char *piece, int more)
{
  own *o = data;
  const nd_context *c = o->heap.context;
  const size_t n = o->begun ? strlen(o->warning) : 0;
  snprintf(o->warning + n, sizeof o->warning - n, "%s%s",
           o->begun ? "" : "warn: ", piece);
  if (!more && c->warning != NULL)
    c->warning(c->warning_data, o->warning);
}

// "@on" and "@off" switch, the latter also what we warn of, which begins on;
// pieces of a message come one by one.
static void warn(void *data, const char *message, int more)
{
  own *o = data;
  if (!o->begun && !more && message[0] == '@') {
    if (strcmp(message, "@on") == 0)
      o->warns = true, o->quiet = false;
    else if (strcmp(message, "@off") == 0)
      o->warns = false, o->quiet = true;
    return;
  }
  if (o->warns)
    o->tell(o->tell_data, message, more);
  o->begun = more;
}

static void free_own(own *o)
{
  nd_context *c = o->heap.context;
  ndL_heap_free(&o->heap);
  nd_memory_free(c, o, sizeof *o, ND_MEMORY_OBJECT);
}

lua_State *ndL_newstate(nd_context *c)
{
  own *o = nd_memory_new(c, sizeof *o, ND_MEMORY_OBJECT);
  if (o == NULL)
    return NULL;
  *o = (own){ .heap = { .context = c } };
  lua_State *L = lua_newstate(ndL_heap_allocate, o);
  if (L == NULL) {
    free_own(o);
    return NULL;
  }
  lua_setwarnf(L, warn, o);
  ndL_tellwarnings(L, tell_host, o);
  o->stop = (ndL_stop){ .word = "interrupted", .running = L };
  return L;
}

void ndL_tellwarnings(lua_State *L, lua_WarnFunction tell, void *data)
{
  own *o = own_of(L);
  o->tell = tell;
  o->tell_data = data;
}

bool ndL_isquiet(lua_State *L)
{
  const own *o = own_of(L);
  return o != NULL && o->quiet;
}

nd_context *ndL_contextof(lua_State *L)
{
  own *o = own_of(L);
  return o == NULL ? NULL : o->heap.context;
}

ndL_stop *ndL_stopof(lua_State *L)
{
  own *o = own_of(L);
  return o == NULL ? NULL : &o->stop;
}

void ndL_closestate(lua_State *L)
{
  own *o = own_of(L);
  lua_close(L);
  free_own(o);
}
