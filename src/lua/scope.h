// lua/scope.h: which scopes are open, and what each notes: the handles made
// while it is. Releasing them is class_scope.c's; the reasons are in scope.md.

#ifndef ND_LUA_SCOPE_H
#define ND_LUA_SCOPE_H

#include "lua/state.h"

// What a scope's userdata holds. Its user value 1 is the thread.
typedef struct ndL_scope {
  struct ndL_scope *older;  // the one opened before, of those that are open
  lua_State *thread;        // that opened it
} ndL_scope;

// Opens the scope on top of the stack. Raises Lua's error of memory.
void ndL_scope_open(lua_State *L, ndL_state *S, ndL_scope *scope);

// From now on it notes nothing more; what it noted stays until it is forgotten.
// Both may come twice, and cannot fail.
void ndL_scope_leave(ndL_state *S, const ndL_scope *scope);
void ndL_scope_forget(lua_State *L, const ndL_scope *scope);

// Pushes the table whose keys are what the scope noted, or nil.
int ndL_scope_pushnotes(lua_State *L, const ndL_scope *scope);

// Has the scope that `L` is in note the handle on top of the stack; raises
// Lua's error of memory.
void ndL_scope_add(lua_State *L, const ndL_state *S);

static inline void ndL_scope_note(lua_State *L, const ndL_state *S)
{
  if (S->scopes != NULL)
    ndL_scope_add(L, S);
}

#endif
