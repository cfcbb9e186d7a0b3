// lua/op_entry.c: nd.ops, what the table of ops says of each.

#include "lua/op_entry.h"

#include "op/op.h"

// Pushes a list of names that ends with NULL; nil for NULL.
static void push_names(lua_State *L, const char *const *names)
{
  if (names == NULL) {
    lua_pushnil(L);
    return;
  }
  lua_newtable(L);
  for (int i = 0; names[i] != NULL; i++) {
    lua_pushstring(L, names[i]);
    lua_rawseti(L, -2, i + 1);
  }
}

// What the table knows of one op, for help, completion and tests.
static void push_entry(lua_State *L, const nd_op *op)
{
  lua_newtable(L);
  lua_pushstring(L, op->name);
  lua_setfield(L, -2, "name");
  lua_pushstring(L, op->module);
  lua_setfield(L, -2, "module");
  lua_pushboolean(L, op->inside);
  lua_setfield(L, -2, "inside");
  lua_pushstring(L, op->doc);
  lua_setfield(L, -2, "doc");
  lua_pushstring(L, nd_derivative_name(op->derivative));
  lua_setfield(L, -2, "derivative");
  push_names(L, op->results);
  lua_setfield(L, -2, "results");
  lua_pushboolean(L, op->outs != NULL);
  lua_setfield(L, -2, "gives_list");
  lua_newtable(L);
  for (int i = 0; op->params[i].name != NULL; i++) {
    lua_newtable(L);
    lua_pushstring(L, op->params[i].name);
    lua_setfield(L, -2, "name");
    lua_pushstring(L, nd_kind_name(op->params[i].kind));
    lua_setfield(L, -2, "kind");
    lua_pushstring(L, op->params[i].initial);
    lua_setfield(L, -2, "initial");
    push_names(L,
               nd_param_has_words(&op->params[i]) ? op->params[i].words : NULL);
    lua_setfield(L, -2, "words");
    lua_rawseti(L, -2, i + 1);
  }
  lua_setfield(L, -2, "params");
}

static int ops_list(lua_State *L)
{
  lua_newtable(L);
  const nd_op *op;
  for (int i = 0, n = 0; (op = nd_op_at(i)) != NULL; i++) {
    if (op->hidden)
      continue;
    push_entry(L, op);
    lua_rawseti(L, -2, ++n);
  }
  return 1;
}

void ndL_open_entry(lua_State *L)
{
  lua_pushcfunction(L, ops_list);
  lua_setfield(L, -2, "ops");
}
