// lua/flat.c: tables of tensors as the arrays that the core takes, and arrays
// as tables again.

#include "lua/flat.h"

#include "lua/error.h"
#include "lua/nested.h"
#include "lua/values.h"

void ndL_makeroom(lua_State *L, ndL_flat *f, int n)
{
  f->n = n;
  f->at = f->few;
  if (n > NDL_FEW)
    f->at = lua_newuserdatauv(L, (size_t)n * sizeof *f->at, 0);
  else
    lua_pushnil(L);
}

void ndL_flatten(lua_State *L, ndL_state *S, int i, const char *function,
                 const char *argument, ndL_flat *f)
{
  f->from = i;
  f->list = 0;
  f->plain = false;
  int n = 1;
  if (ndL_peek(L, S, i) == NULL) {
    f->plain = ndL_pushleaves(L, S, i, function, argument);
    f->list = lua_gettop(L);
    n = (int)lua_rawlen(L, f->list);
  }
  f->function = function;
  ndL_makeroom(L, f, n);
}

static int fail_changed(lua_State *L, const ndL_flat *f)
{
  return ndL_error(L, "%s: a table changed during the call", f->function);
}

static int fail_released(lua_State *L, const ndL_flat *f)
{
  return ndL_error(L, "%s: a tensor was released during the call", f->function);
}

static nd_tensor *take_leaf(lua_State *L, ndL_state *S, int i,
                            const ndL_flat *f)
{
  nd_tensor *x = ndL_peek(L, S, i);
  if (x == NULL && ndL_istensor(ndL_typeof(L, S, i)))
    fail_released(L, f);
  if (x == NULL)
    fail_changed(L, f);
  return x;
}

void ndL_gather(lua_State *L, ndL_state *S, ndL_flat *f)
{
  if (f->list == 0) {
    f->at[0] = take_leaf(L, S, f->from, f);
    return;
  }
  if (lua_rawlen(L, f->list) != (lua_Unsigned)f->n)
    fail_changed(L, f);
  for (int k = 0; k < f->n; k++) {
    lua_rawgeti(L, f->list, k + 1);
    f->at[k] = take_leaf(L, S, -1, f);
    lua_pop(L, 1);
  }
}

// ------------------------------------------------------------------ pairs --

// Values in the order of those that they go with, in the table at `list`.
typedef struct paired {
  const ndL_pairing *words;
  int list;
  int n;
  int depth;
} paired;

static void add_paired(lua_State *L, ndL_state *S, int i, int like, paired *p)
{
  const nd_tensor *x = ndL_peek(L, S, like);
  const nd_dtype dtype = x == NULL ? ND_FLOAT32 : (nd_dtype)x->dtype;
  const int top = lua_gettop(L);
  if (lua_toboolean(L, i))
    ndL_checktensor(L, S, i, dtype, p->words->function, p->words->argument);
  if (lua_gettop(L) == top)
    lua_pushvalue(L, i);
  if (!lua_toboolean(L, -1))
    lua_pushboolean(L, 0);
  lua_rawseti(L, p->list, ++p->n);
  lua_settop(L, top);
}

static int count_entries(lua_State *L, int i)
{
  int n = 0;
  for (lua_pushnil(L); lua_next(L, i); lua_pop(L, 1))  // any order
    n++;
  return n;
}

// Raises unless the value at `i` is a table with as many entries as the table
// at `like`, which is how many.
static int check_alike(lua_State *L, int i, int like, const ndL_pairing *words)
{
  if (lua_type(L, i) != LUA_TTABLE) {
    lua_pushfstring(L, "a table like %s", words->like);
    ndL_typeerror(L, words->function, words->argument, lua_tostring(L, -1), i);
  }
  const int given = count_entries(L, i), wanted = count_entries(L, like);
  if (given != wanted)
    ndL_error(L, "%s: %d %s for %d %s", words->function, given, words->many,
              wanted, words->likes);
  return wanted;
}

static void list_paired(lua_State *L, ndL_state *S, int i, int like, paired *p)
{
  const ndL_pairing *words = p->words;
  if (lua_type(L, like) != LUA_TTABLE) {
    add_paired(L, S, i, like, p);
    return;
  }
  ndL_checknested(L, like, words->function, words->like, p->depth++);
  const int n = check_alike(L, i, like, words);
  luaL_checkstack(L, 8, words->function);
  ndL_pushkeys(L, like);
  const int keys = lua_gettop(L);
  for (int k = 1; k <= n; k++) {
    lua_rawgeti(L, keys, k);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, i) == LUA_TNIL)
      ndL_error(L, "%s: %s lacks '%s'", words->function, words->argument,
                luaL_tolstring(L, keys + 1, NULL));
    lua_pushvalue(L, keys + 1);
    lua_rawget(L, like);
    list_paired(L, S, keys + 2, keys + 3, p);
    lua_settop(L, keys);
  }
  lua_settop(L, keys - 1);
  p->depth--;
}

void ndL_pushpaired(lua_State *L, ndL_state *S, int i, int like,
                    const ndL_pairing *words)
{
  lua_newtable(L);
  paired p = { .words = words, .list = lua_gettop(L) };
  list_paired(L, S, i, like, &p);
}

// ------------------------------------------------------------------- boxes --

const char *const ndL_unconnected[] = { "none", "zero", "error", NULL };

// Pushes box number `k` of as many as `like` has.
static void push_box(lua_State *L, const ndL_flat *like, int boxes, int k)
{
  if (like->n > NDL_FEW)
    lua_rawgeti(L, boxes, k + 1);
  else
    lua_pushvalue(L, boxes + k);
}

// Where a walk over a structure stands, which fills it with what is in boxes.
typedef struct rebuilt {
  const ndL_flat *like;
  int boxes;
  int at;     // so many were taken
  int depth;  // of the table
} rebuilt;

// Pushes what is in the next box: a missing one is nil alone and false in a
// table.
static void push_next(lua_State *L, rebuilt *r)
{
  const bool inside = r->depth > 0;
  if (r->at == r->like->n)
    fail_changed(L, r->like);
  push_box(L, r->like, r->boxes, r->at++);
  const ndL_box *box = ndL_boxat(L, -1);
  const int type = lua_type(L, -1);
  if ((box != NULL && box->tensor != NULL) || type == LUA_TTABLE ||
      type == LUA_TSTRING)
    return;
  lua_pop(L, 1);
  if (inside)
    lua_pushboolean(L, 0);
  else
    lua_pushnil(L);
}

// Pushes a list of what is in the next `n` boxes.
static void push_list(lua_State *L, rebuilt *r, int n)
{
  lua_createtable(L, n, 0);
  for (int k = 1; k <= n; k++) {
    push_next(L, r);
    lua_rawseti(L, -2, k);
  }
}

// Pushes what is in the boxes in the structure of the value at `i`.
static void rebuild(lua_State *L, ndL_state *S, int i, rebuilt *r)
{
  if (ndL_istensor(ndL_typeof(L, S, i))) {
    push_next(L, r);
    return;
  }
  if (lua_type(L, i) != LUA_TTABLE || r->depth++ > NDL_DEEPEST)
    fail_changed(L, r->like);
  luaL_checkstack(L, 6, "nested tables");
  if (ndL_isplain(L, S, i)) {
    push_list(L, r, (int)lua_rawlen(L, i));
    r->depth--;
    return;
  }
  lua_createtable(L, (int)lua_rawlen(L, i), 0);
  const int result = lua_gettop(L);
  ndL_pushkeys(L, i);
  for (lua_Unsigned k = 1; k <= lua_rawlen(L, result + 1); k++) {
    lua_rawgeti(L, result + 1, (lua_Integer)k);
    lua_pushvalue(L, -1);
    lua_rawget(L, i);
    rebuild(L, S, result + 3, r);
    lua_replace(L, result + 3);
    lua_rawset(L, result);
  }
  lua_settop(L, result);
  r->depth--;
}

// Lua searches an object that gets a finalizer from the newest one on, so many
// boxes get theirs when they are made.
static int push_table(lua_State *L, const ndL_state *S, int n)
{
  lua_createtable(L, n, 0);
  for (int k = 1; k <= n; k++) {
    ndL_settype(L, S, ndL_newbox(L, S), NDL_TENSOR);
    lua_rawseti(L, -2, k);
  }
  return lua_gettop(L);
}

int ndL_pushboxes(lua_State *L, const ndL_state *S, int n)
{
  if (n > NDL_FEW)
    return push_table(L, S, n);
  luaL_checkstack(L, n + LUA_MINSTACK, "tensors");
  for (int k = 0; k < n; k++)
    ndL_newbox(L, S);
  return lua_gettop(L) - n + 1;
}

bool ndL_fillboxes(lua_State *L, ndL_state *S, const ndL_flat *like,
                   nd_tensor **values, int boxes, bool zeros)
{
  bool ok = true;
  for (int k = 0; k < like->n; k++) {
    nd_tensor *g = values[k];
    if (g == NULL && zeros) {
      const nd_type type = nd_type_of(like->at[k]);
      g = nd_tensor_new(S->context, type.dtype, type.rank, type.shape, NULL);
      ok = ok && g != NULL;
    }
    if (g == NULL)
      continue;
    if (like->n <= NDL_FEW) {
      ndL_fillat(L, S, boxes + k, g);
      continue;
    }
    lua_rawgeti(L, boxes, k + 1);
    ndL_fillat(L, S, lua_gettop(L), g);
    lua_pop(L, 1);
  }
  return ok;
}

void ndL_peekboxes(lua_State *L, ndL_state *S, int boxes, ndL_flat *f)
{
  for (int k = 0; k < f->n; k++) {
    push_box(L, f, boxes, k);
    f->at[k] = ndL_peek(L, S, -1);
    lua_pop(L, 1);
  }
}

void ndL_pushlike(lua_State *L, ndL_state *S, const ndL_flat *like, int boxes)
{
  rebuilt r = { .like = like, .boxes = boxes, .depth = like->plain };
  if (like->plain)
    push_list(L, &r, like->n);
  else
    rebuild(L, S, like->from, &r);
  if (r.at != like->n)
    fail_changed(L, like);
}
