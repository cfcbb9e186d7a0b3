// lua/signature.c: reads calls by their entries, and tells help of them.

#include "lua/signature.h"

#include <assert.h>
#include <string.h>

#include "base/number.h"
#include "lua/guard.h"

// A list of what was noted: path, entries, path, entries.
static const char NOTES_KEY = 0;

static const char *const anything[] = { "anything", NULL };

const nd_param ndL_anyvalue[] = {
  { "value", ND_OTHER, .words = anything, .doc = "is looked at" },
  { NULL },
};

static const nd_param nothing[] = { { NULL } };

static const nd_param *params_of(const ndL_function *f)
{
  return f->params != NULL ? f->params : nothing;
}

// The first upvalue of its own that every function has: its entry, and what is
// left out stands for, so that it is not read from text in every call.
typedef struct bound {
  const ndL_function *f;
  int count;       // parameters
  int must_have;   // those up to the last that must be given
  uint32_t keeps;  // bit i: a table that stands there
  bool shape;      // one is a shape, which has refusals of its own
  nd_value initial[];
} bound;

// ----------------------------------------------------------------- reading --

static void read_given(ndL_reader *r, int last, nd_value *at)
{
  const nd_param *p = r->params;
  for (int i = r->first; i <= last && p->name != NULL; i++, p++, at++) {
    if (!lua_isnil(r->L, i) && p->kind != ND_TENSOR && p->kind != ND_NESTED)
      ndL_readattr(r, p, i, at);
  }
}

static void check_given(ndL_reader *r, int must_have)
{
  for (int k = 0; k < must_have; k++) {
    const nd_param *p = &r->params[k];
    if (p->initial == NULL && lua_isnil(r->L, r->first + k))
      ndL_failattr(r, p, r->first + k);
  }
}

// True for so many positions, and nothing that may be options.
static bool has_positions(const bound *b, const ndL_reader *r, int n)
{
  return n > 0 && n >= b->must_have && n <= b->count && !b->shape &&
         ((b->keeps >> (n - 1) & 1) != 0 ||
          lua_type(r->L, r->top) != LUA_TTABLE);
}

void ndL_read(lua_State *L, ndL_state *S, ndL_arguments *a, int first)
{
  const bound *b = lua_touserdata(L, lua_upvalueindex(NDL_OWN));
  ndL_reader *r = &a->reader;
  a->function = r->function = b->f->name;
  r->L = L;
  r->S = S;
  r->params = b->f->params;
  r->first = first;
  r->top = lua_gettop(L);
  r->listed = 0;
  memcpy(a->at, b->initial, (size_t)b->count * sizeof *b->initial);
  if (r->top < first && b->must_have == 0) {
    lua_settop(L, first + b->count - 1);
    return;
  }
  const int n = r->top - first + 1;
  if (has_positions(b, r, n)) {
    r->count = b->count;
    r->positions = n;
    r->options = 0;
  } else {
    ndL_layout(r);
  }
  ndL_spread(r);
  check_given(r, b->must_have);
  read_given(r, r->options != 0 ? first + r->count - 1 : r->top, a->at);
}

int ndL_refuse(const ndL_arguments *a, int k)
{
  const ndL_reader *r = &a->reader;
  ndL_failattr(r, &r->params[k], r->first + k);
  return 0;
}

// ------------------------------------------------------------------ binding --

// Whether the list on top has the functions, as those of several types that
// share them.
static bool is_noted(lua_State *L, const ndL_function *functions)
{
  bool found = false;
  for (lua_Integer i = (lua_Integer)lua_rawlen(L, -1); i > 0 && !found;
       i -= 2) {
    lua_rawgeti(L, -1, i);
    found = lua_touserdata(L, -1) == functions;
    lua_pop(L, 1);
  }
  return found;
}

void ndL_note(lua_State *L, const char *path, const ndL_function *functions)
{
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &NOTES_KEY) != LUA_TTABLE) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &NOTES_KEY);
  }
  const lua_Integer n = (lua_Integer)lua_rawlen(L, -1);
  if (!is_noted(L, functions)) {
    lua_pushstring(L, path);
    lua_rawseti(L, -2, n + 1);
    lua_pushlightuserdata(L, (void *)(uintptr_t)functions);
    lua_rawseti(L, -2, n + 2);
  }
  lua_pop(L, 1);
}

void ndL_pushentry(lua_State *L, const ndL_function *f)
{
  const int count = nd_params_count(params_of(f));
  assert(count <= NDL_MOST_PARAMS);
  bound *b = lua_newuserdatauv(
    L, sizeof *b + (size_t)count * sizeof *b->initial, 0);
  *b = (bound){ .f = f, .count = count };
  for (int k = 0; k < b->count; k++) {
    const nd_param *p = &params_of(f)[k];
    b->shape = b->shape || p->kind == ND_SIZES;
    b->keeps |= (uint32_t)ndL_keepstable(p) << k;
    b->initial[k] = nd_param_initial(p);
    if (p->initial == NULL)
      b->must_have = k + 1;
  }
}

void ndL_pushfunction(lua_State *L, const ndL_function *f, int n)
{
  const int first = lua_gettop(L) - n + 1;
  if (f->plain) {
    lua_pushlightuserdata(L, ndL_getstate(L));
    lua_pushnil(L);  // what a guard would call
  }
  ndL_pushentry(L, f);
  for (int i = 0; i < n; i++)
    lua_pushvalue(L, first + i);
  if (f->plain)
    lua_pushcclosure(L, f->call, NDL_OWN + n);
  else
    ndL_pushguarded(L, f->call, 1 + n);
  lua_insert(L, first);
  lua_settop(L, first);
}

void ndL_bind(lua_State *L, const char *path, const ndL_function *functions)
{
  ndL_note(L, path, functions);
  for (const ndL_function *f = functions; f->name != NULL; f++) {
    ndL_pushfunction(L, f, 0);
    lua_setfield(L, -2, f->name);
  }
}

void ndL_bindmethods(lua_State *L, ndL_type type, const char *path,
                     const ndL_function *functions)
{
  ndL_pushmetatable(L, ndL_getstate(L), type);
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

static void push_entry(lua_State *L, const char *path, const ndL_function *f)
{
  lua_newtable(L);
  set_text(L, "path", path);
  set_text(L, "name", f->name);
  set_text(L, "doc", f->doc);
  set_text(L, "rest", f->rest);
  lua_newtable(L);
  const nd_param *p = params_of(f);
  for (int i = 0; p[i].name != NULL; i++) {
    push_param(L, &p[i]);
    lua_rawseti(L, -2, i + 1);
  }
  lua_setfield(L, -2, "params");
}

// The entry of the function at `i`. It may be anybody's: of what is no `bound`
// but at least as large the first pointer is read, and is no entry.
static const ndL_function *find_entry(lua_State *L, int i)
{
  const ndL_function *f = NULL;
  const int top = lua_gettop(L);
  if (lua_iscfunction(L, i) && lua_getupvalue(L, i, NDL_OWN) != NULL &&
      lua_type(L, -1) == LUA_TUSERDATA && lua_rawlen(L, -1) >= sizeof(bound))
    f = ((const bound *)lua_touserdata(L, -1))->f;
  lua_settop(L, top);
  return f;
}

// signatures(f): the list of all entries, or of that of the function alone.
static int list_entries(lua_State *L)
{
  lua_settop(L, 1);
  const bool all = lua_isnil(L, 1);
  const ndL_function *one = find_entry(L, 1);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &NOTES_KEY);
  lua_newtable(L);
  const int notes = 2;
  lua_Integer n = 0;
  for (lua_Integer i = 1; i < (lua_Integer)lua_rawlen(L, notes); i += 2) {
    lua_rawgeti(L, notes, i);
    lua_rawgeti(L, notes, i + 1);
    const char *path = lua_tostring(L, -2);
    const ndL_function *f = lua_touserdata(L, -1);
    lua_pop(L, 2);
    for (; f->name != NULL; f++) {
      if (!all && f != one)
        continue;
      push_entry(L, path, f);
      lua_rawseti(L, -2, ++n);
    }
  }
  return 1;
}

int ndL_open_signatures(lua_State *L)
{
  lua_pushcfunction(L, list_entries);
  return 1;
}

int ndL_open_wanted(lua_State *L)
{
  lua_createtable(L, 0, ND_KINDS);
  for (int kind = 0; kind < ND_KINDS; kind++)
    set_text(L, nd_kind_name((nd_kind)kind), nd_kind_wanted((nd_kind)kind));
  return 1;
}

static int number_text(lua_State *L)
{
  lua_pushstring(L, ND_NUMBER(luaL_checknumber(L, 1)));
  return 1;
}

int ndL_open_number(lua_State *L)
{
  lua_pushcfunction(L, number_text);
  return 1;
}
