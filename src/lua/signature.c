// lua/signature.c: reads calls by their entries, and tells help of them. A
// function finds its entry in its first own upvalue, help by the function.

#include "lua/signature.h"

#include <assert.h>

#include "lua/guard.h"

// Tables of entries by function, by path.
static const char FUNCTIONS_KEY = 0;

// ----------------------------------------------------------------- reading --

void ndL_read(lua_State *L, ndL_state *S, ndL_arguments *a, int first)
{
  const ndL_function *f = lua_touserdata(L, lua_upvalueindex(NDL_OWN));
  ndL_reader *r = &a->reader;
  a->function = r->function = f->name;
  r->L = L;
  r->S = S;
  r->params = f->params;
  r->first = first;
  r->top = lua_gettop(L);
  r->listed = 0;
  ndL_layout(r);
  ndL_spread(r);
  const int last = r->options != 0 ? first + r->count - 1 : r->top;
  nd_value *at = a->at;
  int i = first;
  for (const nd_param *p = f->params; p->name != NULL; p++, i++, at++) {
    const bool given = i <= last && !lua_isnil(L, i);
    if (!given && p->initial != NULL)
      *at = nd_param_initial(p);
    else if (!given)
      ndL_failattr(r, p, i);
    else if (p->kind != ND_TENSOR && p->kind != ND_NESTED)
      ndL_readattr(r, p, i, at);
  }
}

int ndL_refuse(const ndL_arguments *a, int k)
{
  const ndL_reader *r = &a->reader;
  ndL_failattr(r, &r->params[k], r->first + k);
  return 0;
}

// ------------------------------------------------------------------ binding --

// Pushes the table of what was noted.
static void push_functions(lua_State *L)
{
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &FUNCTIONS_KEY) == LUA_TTABLE)
    return;
  lua_pop(L, 1);
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &FUNCTIONS_KEY);
}

// Notes that the function on top has the entry at `i`.
static void note(lua_State *L, const char *path, int i)
{
  push_functions(L);
  luaL_getsubtable(L, -1, path);
  lua_pushvalue(L, -3);
  lua_pushvalue(L, i);
  lua_rawset(L, -3);
  lua_pop(L, 2);
}

void ndL_pushfunction(lua_State *L, const char *path, int n)
{
  const int entry = lua_gettop(L) - n;
  const ndL_function *f = lua_touserdata(L, entry);
  assert(nd_params_count(f->params) <= NDL_MOST_PARAMS);
  if (f->plain) {
    lua_pushlightuserdata(L, ndL_getstate(L));
    lua_pushnil(L);  // what a guard would call
  }
  for (int i = 0; i <= n; i++)
    lua_pushvalue(L, entry + i);
  if (f->plain)
    lua_pushcclosure(L, f->call, NDL_OWN + n);
  else
    ndL_pushguarded(L, f->call, 1 + n);
  note(L, path, entry);
  lua_replace(L, entry);
  lua_settop(L, entry);
}

void ndL_bind(lua_State *L, const char *path, const ndL_function *functions)
{
  for (const ndL_function *f = functions; f->name != NULL; f++) {
    lua_pushlightuserdata(L, (void *)(uintptr_t)f);
    ndL_pushfunction(L, path, 0);
    lua_setfield(L, -2, f->name);
  }
}

void ndL_bindmethods(lua_State *L, ndL_type type, const char *path,
                     const ndL_function *functions)
{
  lua_rawgetp(L, LUA_REGISTRYINDEX, ndL_getstate(L)->metatables[type]);
  lua_getfield(L, -1, "__index");
  ndL_bind(L, path, functions);
  lua_pop(L, 2);
}

// ----------------------------------------------------------------- telling --

static void set_text(lua_State *L, const char *field, const char *text)
{
  lua_pushstring(L, text);
  lua_setfield(L, -2, field);
}

static void push_param(lua_State *L, const nd_param *p)
{
  lua_newtable(L);
  set_text(L, "name", p->name);
  set_text(L, "initial", p->initial);
  set_text(L, "doc", p->doc);
  ndL_pushwanted(L, p);
  lua_setfield(L, -2, "wanted");
}

// Pushes what the entry on top, of the function below it, says.
static void push_entry(lua_State *L, const char *path)
{
  const ndL_function *f = lua_touserdata(L, -1);
  lua_newtable(L);
  set_text(L, "path", path);
  set_text(L, "name", f->name);
  set_text(L, "doc", f->doc);
  set_text(L, "rest", f->rest);
  lua_pushvalue(L, -3);
  lua_setfield(L, -2, "call");
  lua_newtable(L);
  for (int i = 0; f->params[i].name != NULL; i++) {
    push_param(L, &f->params[i]);
    lua_rawseti(L, -2, i + 1);
  }
  lua_setfield(L, -2, "params");
}

// A list in any order.
static int list_functions(lua_State *L)
{
  lua_newtable(L);
  push_functions(L);
  const int list = 1, paths = 2;
  lua_Integer n = 0;
  for (lua_pushnil(L); lua_next(L, paths); lua_pop(L, 1)) {  // any order
    const int functions = lua_gettop(L);
    for (lua_pushnil(L); lua_next(L, functions); lua_pop(L, 1)) {  // any order
      push_entry(L, lua_tostring(L, functions - 1));
      lua_rawseti(L, list, ++n);
    }
  }
  lua_settop(L, list);
  return 1;
}

int ndL_open_signatures(lua_State *L)
{
  lua_pushcfunction(L, list_functions);
  return 1;
}

int ndL_open_wanted(lua_State *L)
{
  lua_createtable(L, 0, ND_KINDS);
  for (int kind = 0; kind < ND_KINDS; kind++)
    set_text(L, nd_kind_name((nd_kind)kind), nd_kind_wanted((nd_kind)kind));
  return 1;
}
