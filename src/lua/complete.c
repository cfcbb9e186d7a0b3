// lua/complete.c: completion of `name`, `a.b.name` and `a.b:name`.

#include "lua/complete.h"

#include <ctype.h>
#include <lauxlib.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lua/op_fields.h"

// A chain of __index tables may be a ring.
#define MAX_CHAIN 32

static const char *const keywords[] = {
  "and",      "break",  "do",   "else", "elseif", "end",   "false", "for",
  "function", "goto",   "if",   "in",   "local",  "nil",   "not",   "or",
  "repeat",   "return", "then", "true", "until",  "while", "with",  NULL
};

// The word to complete and how it hangs on what is before it.
struct stem {
  const char *word;
  size_t size;
  char link;  // '.', ':' or 0 for a global
};

static bool is_name(char c)
{
  return isalnum((unsigned char)c) || c == '_';
}

static bool is_link(char c)
{
  return c == '.' || c == ':';
}

// Where the chain of names that ends at `end` begins. Two links side by side
// are an operator and begin a new one.
static const char *find_chain(const char *text, const char *end)
{
  const char *p = end;
  while (p > text && (is_name(p[-1]) || is_link(p[-1]))) {
    if (is_link(p[-1]) && p - text > 1 && is_link(p[-2]))
      return p;
    p--;
  }
  return p;
}

// ---------------------------------------------------------------- looking --

// Replaces the value on top by the table where Lua would look next. False
// leaves nothing.
static bool next_table(lua_State *L)
{
  int type = luaL_getmetafield(L, -1, "__index");
  if (type != LUA_TTABLE && type != LUA_TNIL) {
    lua_pop(L, 1);
    type = luaL_getmetafield(L, -1, "__methods");
  }
  if (type == LUA_TNIL) {
    lua_pop(L, 1);
    return false;
  }
  lua_remove(L, -2);
  if (type == LUA_TTABLE)
    return true;
  lua_pop(L, 1);
  return false;
}

// Replaces the value on top by the field that an __index makes, which only
// runs if `__properties` says so. False leaves the value.
static bool enter_property(lua_State *L, const char *name, size_t size)
{
  if (luaL_getmetafield(L, -1, "__properties") == LUA_TNIL)
    return false;
  if (lua_istable(L, -1)) {
    lua_pushlstring(L, name, size);
    lua_rawget(L, -2);
    lua_remove(L, -2);
  }
  const bool known = lua_toboolean(L, -1);
  lua_pop(L, 1);
  if (!known)
    return false;
  lua_pushlstring(L, name, size);
  lua_gettable(L, -2);
  lua_remove(L, -2);
  return true;
}

// Replaces the value on top by its field. False leaves nothing.
static bool enter_field(lua_State *L, const char *name, size_t size)
{
  for (int i = 0; i < MAX_CHAIN; i++) {
    if (lua_istable(L, -1)) {
      lua_pushlstring(L, name, size);
      if (lua_rawget(L, -2) != LUA_TNIL) {
        lua_remove(L, -2);
        return true;
      }
      lua_pop(L, 1);
    }
    if (enter_property(L, name, size))
      return true;
    if (!next_table(L))
      return false;
  }
  lua_pop(L, 1);
  return false;
}

// Replaces the table of names on top by what the word hangs on; false leaves
// nothing.
static bool enter_chain(lua_State *L, const char *p, const char *end,
                        struct stem *stem)
{
  stem->link = 0;
  for (const char *name = p; p < end; p++) {
    if (!is_link(*p))
      continue;
    if (!enter_field(L, name, (size_t)(p - name)))
      return false;
    stem->link = *p;
    name = p + 1;
  }
  return true;
}

// ------------------------------------------------------------- collecting --

static bool fits(const char *name, size_t size, const struct stem *stem)
{
  if (size < stem->size || memcmp(name, stem->word, stem->size) != 0)
    return false;
  if (isdigit((unsigned char)name[0]) || (name[0] == '_' && stem->size == 0))
    return false;
  for (size_t i = 0; i < size; i++) {
    if (!is_name(name[i]))
      return false;
  }
  return size > 0;
}

static bool is_callable(lua_State *L, int index)
{
  if (lua_isfunction(L, index))
    return true;
  if (luaL_getmetafield(L, index, "__call") == LUA_TNIL)
    return false;
  lua_pop(L, 1);
  return true;
}

// Whether the entry on top, key and value, is one to offer.
static bool entry_fits(lua_State *L, const struct stem *stem)
{
  if (lua_type(L, -2) != LUA_TSTRING)
    return false;
  size_t size;
  const char *name = lua_tolstring(L, -2, &size);
  return fits(name, size, stem) && (stem->link != ':' || is_callable(L, -1));
}

// Puts the keys of the table on top that fit into the set.
static void collect(lua_State *L, int set, const struct stem *stem)
{
  lua_pushnil(L);
  while (lua_next(L, -2) != 0) {  // any order: a set
    const bool good = entry_fits(L, stem);
    lua_pop(L, 1);
    if (good) {
      lua_pushvalue(L, -1);
      lua_pushboolean(L, true);
      lua_rawset(L, set);
    }
  }
}

// The same for the fields that the value on top makes by an __index.
static void collect_properties(lua_State *L, int set, const struct stem *stem)
{
  if (stem->link == ':' || luaL_getmetafield(L, -1, "__properties") == LUA_TNIL)
    return;
  if (lua_istable(L, -1))
    collect(L, set, stem);
  lua_pop(L, 1);
}

// Consumes the value on top; the set is below it.
static void collect_chain(lua_State *L, const struct stem *stem)
{
  const int set = lua_gettop(L) - 1;
  for (int i = 0; i < MAX_CHAIN; i++) {
    if (lua_istable(L, -1)) {
      ndL_fillfields(L, -1);
      collect(L, set, stem);
    }
    collect_properties(L, set, stem);
    if (!next_table(L))
      return;
  }
  lua_pop(L, 1);
}

static void collect_keywords(lua_State *L, const struct stem *stem)
{
  for (int i = 0; keywords[i] != NULL; i++) {
    if (fits(keywords[i], strlen(keywords[i]), stem)) {
      lua_pushboolean(L, true);
      lua_setfield(L, -2, keywords[i]);
    }
  }
}

// --------------------------------------------------------------- the rest --

static int compare(const void *a, const void *b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// Pushes an array of the names in the set, sorted; they live in the set.
static const char **push_names(lua_State *L, int *count)
{
  *count = 0;
  for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1))  // any order
    ++*count;
  const char **names = lua_newuserdatauv(
    L, (size_t)(*count + 1) * sizeof *names, 0);
  int i = 0;
  for (lua_pushnil(L); lua_next(L, -3) != 0; lua_pop(L, 1))  // any order
    names[i++] = lua_tostring(L, -2);
  qsort(names, (size_t)*count, sizeof *names, compare);
  return names;
}

// Sorted names share what the first and the last one share.
static void find_common(ndL_completion *c, const char *first, const char *last)
{
  size_t n = 0;
  while (n + 1 < sizeof c->insert && first[c->typed + n] != '\0' &&
         first[c->typed + n] == last[c->typed + n])
    n++;
  memcpy(c->insert, first + c->typed, n);
  c->insert[n] = '\0';
}

// Pushes a list of the names.
static void push_list(lua_State *L, const char **names, int count)
{
  lua_createtable(L, count, 0);
  for (int i = 0; i < count; i++) {
    lua_pushstring(L, names[i]);
    lua_rawseti(L, -2, i + 1);
  }
}

typedef struct request {
  const char *text;
  size_t size;
  ndL_completion *found;
} request;

// Runs protected. The arguments are the request and the console.
static int complete(lua_State *L)
{
  const request *r = lua_touserdata(L, 1);
  ndL_completion *c = r->found;
  const char *end = r->text + r->size;
  const char *chain = find_chain(r->text, end);
  struct stem stem = { .word = end };
  while (stem.word > chain && is_name(stem.word[-1]))
    stem.word--;
  stem.size = c->typed = (size_t)(end - stem.word);
  lua_newtable(L);
  lua_getfield(L, 2, "scope");
  lua_pushvalue(L, 2);
  lua_call(L, 1, 1);
  if (!enter_chain(L, chain, stem.word, &stem))
    return 0;
  collect_chain(L, &stem);
  if (stem.link == 0)
    collect_keywords(L, &stem);
  int count;
  const char **names = push_names(L, &count);
  if (count == 0)
    return 0;
  push_list(L, names, count);
  find_common(c, names[0], names[count - 1]);
  c->count = count;
  return 1;
}

bool ndL_complete(lua_State *L, int console, const char *text, size_t size,
                  ndL_completion *c)
{
  request r = { .text = text, .size = size, .found = c };
  *c = (ndL_completion){ 0 };
  if (!lua_checkstack(L, LUA_MINSTACK))
    return false;
  lua_pushvalue(L, console);
  lua_pushcfunction(L, complete);
  lua_insert(L, -2);
  lua_pushlightuserdata(L, &r);
  lua_insert(L, -2);
  if (lua_pcall(L, 2, 1, 0) == LUA_OK && c->count > 0)
    return true;
  lua_pop(L, 1);
  *c = (ndL_completion){ 0 };
  return false;
}
