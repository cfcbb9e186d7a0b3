// lua/scope.c: open scopes and what they note.

#include "lua/scope.h"

#include "lua/registry.h"

// Boxes come from the heap at once only while nobody notes them.
static void set_boxes(ndL_state *S)
{
  S->boxes = S->scopes == NULL ? S->heap : NULL;
}

// The notes are in the registry, by the scope's address. They hold nothing:
// garbage goes while the scope is open.
void ndL_scope_open(lua_State *L, ndL_state *S, ndL_scope *scope)
{
  lua_pushthread(L);
  lua_setiuservalue(L, -2, 1);
  scope->thread = L;
  ndL_keepweak(L, scope, "k", 0);
  scope->older = S->scopes;
  S->scopes = scope;
  set_boxes(S);
}

void ndL_scope_leave(ndL_state *S, const ndL_scope *scope)
{
  ndL_scope **link = &S->scopes;
  while (*link != NULL && *link != scope)
    link = &(*link)->older;
  if (*link != NULL)
    *link = scope->older;
  set_boxes(S);
}

void ndL_scope_forget(lua_State *L, const ndL_scope *scope)
{
  lua_pushnil(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, scope);
}

int ndL_scope_pushnotes(lua_State *L, const ndL_scope *scope)
{
  return lua_rawgetp(L, LUA_REGISTRYINDEX, scope);
}

// The newest scope of this thread, else the newest of one that waits for it: a
// thread that has yielded, or has died, is in the middle of its scope.
static const ndL_scope *scope_of(lua_State *L, const ndL_state *S)
{
  const ndL_scope *waiting = NULL;
  for (const ndL_scope *s = S->scopes; s != NULL; s = s->older) {
    if (s->thread == L)
      return s;
    if (waiting == NULL && lua_status(s->thread) == LUA_OK)
      waiting = s;
  }
  return waiting;
}

void ndL_scope_add(lua_State *L, const ndL_state *S)
{
  const ndL_scope *scope = scope_of(L, S);
  if (scope == NULL)
    return;
  luaL_checkstack(L, 3, "scope");
  ndL_scope_pushnotes(L, scope);
  lua_pushvalue(L, -2);
  lua_pushboolean(L, 1);
  lua_rawset(L, -3);
  lua_pop(L, 1);
}
