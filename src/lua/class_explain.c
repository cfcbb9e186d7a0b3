// lua/class_explain.c: tape:explain, and the errors that say the same.

#include "lua/class_explain.h"

#include <string.h>

#include "lua/class_tape.h"
#include "lua/error.h"
#include "lua/nested.h"
#include "lua/pace.h"
#include "lua/signature.h"
#include "tape/explain.h"
#include "tape/notes.h"
#include "tape/sweep.h"

void ndL_requireconnected(lua_State *L, ndL_state *S, const char *function,
                          int n, nd_tensor *const *targets,
                          const ndL_flat *sources)
{
  char reason[ND_REASON_TEXT];
  bool missing = false;
  int k = 0;
  nd_tape *t = ndL_totape(L, S, 1);
  if (t->used)
    return;  // which is an error of its own
  for (; k < sources->n && !missing; k++) {
    if (!nd_explain(t, n, targets, sources->at[k], &missing, reason))
      ndL_raise(L, S);
  }
  if (missing && ndL_pushlabel(L, S, 3, k - 1))
    ndL_error(L, "%s: no gradient for source%s: %s", function,
              lua_tostring(L, -2), reason);
}

// ------------------------------------------------------------ tape:explain --

// Of a tape that has given its gradient there is what was noted then.
static bool explain_used(const nd_tape *t, const ndL_flat *targets,
                         const nd_tensor *source, char *text)
{
  const char *noted = nd_missing_find(t->context, t, targets->n, targets->at,
                                      source);
  const char *before = nd_context_enter(t->context, "explain");
  if (noted != NULL)
    memcpy(text, noted, ND_REASON_TEXT);
  else
    nd_fail(t->context, ND_BAD_STATE, "%s",
            t->released
              ? "the tape was released"
              : "the tape has given its gradient, and missed none of these; "
                "persistent = true keeps what it recorded");
  nd_context_leave(t->context, before);
  return noted != NULL;
}

// Pushes why source `k` has no gradient, or false if it has one.
static void push_reason(lua_State *L, ndL_state *S, ndL_flat *targets,
                        ndL_flat *sources, int k)
{
  char text[ND_REASON_TEXT];
  bool missing = true;
  ndL_gather(L, S, targets);
  ndL_gather(L, S, sources);
  nd_tape *t = ndL_checktape(L, S, "explain");
  const nd_tensor *source = sources->at[k];
  const bool ok = t->used ? explain_used(t, targets, source, text)
                          : nd_explain(t, targets->n, targets->at, source,
                                       &missing, text);
  if (!ok)
    ndL_raise(L, S);
  if (missing)
    lua_pushstring(L, text);
  else
    lua_pushboolean(L, 0);
}

// Pushes the reasons as boxes are: a few one by one, more in a table.
static int push_reasons(lua_State *L, ndL_state *S, ndL_flat *targets,
                        ndL_flat *sources)
{
  const int n = sources->n, first = lua_gettop(L) + 1;
  luaL_checkstack(L, NDL_FEW + LUA_MINSTACK, "explain");
  if (n > NDL_FEW)
    lua_createtable(L, n, 0);
  for (int k = 0; k < n; k++) {
    push_reason(L, S, targets, sources, k);
    if (n > NDL_FEW)
      lua_rawseti(L, first, k + 1);
  }
  return first;
}

static const nd_param params[] = {
  { "target", ND_NESTED, .doc = "what is differentiated" },
  { "sources", ND_NESTED, .doc = "by what; the result has their structure" },
  { NULL },
};

static int tape_explain(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_arguments a;
  ndL_pace(L, S);
  ndL_checktape(L, S, "explain");
  ndL_read(L, S, &a, 2);
  ndL_flat targets, sources;
  ndL_flatten(L, S, 2, a.function, "target", &targets);
  ndL_flatten(L, S, 3, a.function, "sources", &sources);
  ndL_pushlike(L, S, &sources, push_reasons(L, S, &targets, &sources));
  return 1;
}

void ndL_open_explain(lua_State *L)
{
  static const ndL_function methods[] = {
    { "explain", tape_explain, params,
      "why gradient gives none of target by each of the sources; nil where it "
      "gives one, false in a table" },
    { NULL },
  };
  ndL_bindmethods(L, NDL_TAPE, "GradientTape:", methods);
}
