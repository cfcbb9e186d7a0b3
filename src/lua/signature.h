// lua/signature.h: functions of ours that are no ops: what each takes, said in
// one entry, and how a call of it is read. signatures.md says how to add one.

#ifndef ND_LUA_SIGNATURE_H
#define ND_LUA_SIGNATURE_H

#include "lua/attributes.h"

typedef struct ndL_function {
  const char *name;  // as calls, messages and help have it
  lua_CFunction call;
  const nd_param *params;  // after self; ends with a NULL name. NULL: it takes
                           // nothing, and does not read its call
  const char *doc;         // what it does, one line
  bool plain;              // not guarded (lua/guard.h)
  const char *rest;  // what any number of positions stand for that come before
                     // the parameters; NULL: there are none
} ndL_function;

enum { NDL_MOST_PARAMS = 28 };

// The parameters of what takes one value of any type, and does not read its
// call.
extern const nd_param ndL_anyvalue[];

// The arguments of a call. `at` has one value for each parameter.
typedef struct ndL_arguments {
  const char *function;  // its name
  nd_value at[NDL_MOST_PARAMS];
  ndL_reader reader;
} ndL_arguments;

// Reads the arguments of the function that runs, which ndL_bind made; the first
// after self is at stack index `first`. Afterwards the stack has one value for
// each parameter from there on, nil for what was left out. Flags, numbers,
// words, dtypes, shapes and lists are in `a->at`, as the caller gave them or as
// the parameter starts. The others are checked as far as their kind is a type
// of Lua's, and stay on the stack.
void ndL_read(lua_State *L, ndL_state *S, ndL_arguments *a, int first);

// Raises that the argument for parameter `k` must be what that says.
int ndL_refuse(const ndL_arguments *a, int k);

// Sets the functions, the last of which has a NULL name, as fields of the table
// on top. They stay the caller's. `path` is what scripts write before a name:
// "nd.", or the class and a colon.
void ndL_bind(lua_State *L, const char *path, const ndL_function *functions);

// The same on the methods of a type, which are its __index.
void ndL_bindmethods(lua_State *L, ndL_type type, const char *path,
                     const ndL_function *functions);

// What ndL_bind is made of. Pushes one such function with `n` more upvalues of
// its own, from NDL_OWN + 1 on, which it pops; pushes its first own upvalue, by
// which ndL_read knows the function; tells help of such functions.
void ndL_pushfunction(lua_State *L, const ndL_function *f, int n);
void ndL_pushentry(lua_State *L, const ndL_function *f);
void ndL_note(lua_State *L, const char *path, const ndL_function *functions);

// Native modules: a function that gives the list of all entries, or of that of
// the function it is called with; the table of what messages say that values
// must be, by the names of their kinds; and the text of a number in messages.
int ndL_open_signatures(lua_State *L);
int ndL_open_wanted(lua_State *L);
int ndL_open_number(lua_State *L);

#endif
