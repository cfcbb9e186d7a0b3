// lua/text.c: how tensors become text, which NumPy's set_printoptions says too.

#include "lua/text.h"

#include <lauxlib.h>
#include <limits.h>

#include "lua/error.h"
#include "lua/signature.h"
#include "lua/state.h"

bool ndL_addtext(void *buffer, const char *text, size_t n)
{
  luaL_addlstring(buffer, text, n);
  return true;
}

enum { PRECISION, THRESHOLD, EDGEITEMS, LINEWIDTH, SUPPRESS, OPTIONS };

static const nd_param params[] = {
  { "precision", ND_INTEGER, "nil",
    .doc = "most digits after the point; 8 at first" },
  { "threshold", ND_INTEGER, "nil",
    .doc = "more elements are summarised; 1000 at first" },
  { "edgeitems", ND_INTEGER, "nil",
    .doc = "of a summary, at either end of an axis; 3 at first" },
  { "linewidth", ND_INTEGER, "nil",
    .doc = "columns after which rows are wrapped; 75 at first" },
  { "suppress", ND_FLAG, "nil",
    .doc = "small numbers as 0.00001 rather than 1.e-05; false at first" },
  { NULL },
};

// Where whole numbers are kept, and what they are at least.
static int *place_of(nd_print_options *o, int k, int *least)
{
  int *const places[] = { [PRECISION] = &o->precision,
                          [THRESHOLD] = &o->threshold,
                          [EDGEITEMS] = &o->edge_items,
                          [LINEWIDTH] = &o->line_width };
  *least = k == EDGEITEMS || k == LINEWIDTH;
  return places[k];
}

// Pushes the options as a table that print_options takes.
static void push_options(lua_State *L, nd_print_options *o)
{
  int least;
  lua_createtable(L, 0, OPTIONS);
  for (int k = 0; k < SUPPRESS; k++) {
    lua_pushinteger(L, *place_of(o, k, &least));
    lua_setfield(L, -2, params[k].name);
  }
  lua_pushboolean(L, o->suppress);
  lua_setfield(L, -2, params[SUPPRESS].name);
}

static int print_options(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_arguments a;
  ndL_read(L, S, &a, 1);
  nd_print_options o = S->print;
  for (int k = 0; k < SUPPRESS; k++) {
    int least, *place = place_of(&o, k, &least);
    if (!a.at[k].given)
      continue;
    if (a.at[k].integer < least || a.at[k].integer > INT_MAX)
      return ndL_error(L, "print_options: %s must be %d or more, got %lld",
                       params[k].name, least, (long long)a.at[k].integer);
    *place = (int)a.at[k].integer;
  }
  if (a.at[SUPPRESS].given)
    o.suppress = a.at[SUPPRESS].integer != 0;
  push_options(L, &S->print);
  S->print = o;
  return 1;
}

static const ndL_function functions[] = {
  { "print_options", print_options, params,
    "how tensors print; what is left out stays; returns what they were" },
  { NULL },
};

void ndL_open_text(lua_State *L)
{
  ndL_bind(L, "nd.", functions);
}
