// lua/bind.h: how the parts of the binding see each other. Each ndL_open_ adds
// its functions to the module table on top of the stack.

#ifndef ND_LUA_BIND_H
#define ND_LUA_BIND_H

#include "lua/box.h"
#include "lua/error.h"
#include "lua/guard.h"
#include "lua/pace.h"
#include "lua/state.h"
#include "lua/warning.h"
#include "op/op.h"
#include "tape/tape.h"
#include "tape/variable.h"

void ndL_open_shape(lua_State *L);
void ndL_open_tensor(lua_State *L);
void ndL_open_op(lua_State *L);
void ndL_open_variable(lua_State *L);
void ndL_open_tape(lua_State *L);
void ndL_open_optimizer(lua_State *L);
void ndL_open_random(lua_State *L);
void ndL_open_system(lua_State *L);
void ndL_open_load(lua_State *L);

// ----------------------------------------------------------------- tensors --

// Pushes the shape of `x`, a list.
void ndL_pushshape(lua_State *L, const nd_tensor *x);

// Sets the __index of a type with tensor methods, once those are complete.
void ndL_setindex(lua_State *L, ndL_state *S, ndL_type type);

// ------------------------------------------------------------------ values --

// The dtype that a literal at `i` (number, boolean, nested table) has by
// itself: int32, int64, float32 or bool. ND_DTYPES if it is no literal.
nd_dtype ndL_literaltype(lua_State *L, int i);

// Pushes a box with the literal at `i` as a tensor of that dtype, and returns
// the tensor. Raises errors as `function`.
nd_tensor *ndL_pushliteral(lua_State *L, ndL_state *S, int i, nd_dtype dtype,
                           const char *function);

// Sets `*x` to the number or boolean at `i` as a scalar of that dtype.
void ndL_setscalar(lua_State *L, ndL_state *S, int i, nd_dtype dtype,
                   nd_tensor *x, const char *function);

// What users may give for a tensor: one, a variable or a literal, which gets
// `dtype` or, if that is ND_DTYPES, its own. May push one value to hold it.
nd_tensor *ndL_checktensor(lua_State *L, ndL_state *S, int i, nd_dtype dtype,
                           const char *function, const char *argument);

// The dtype named at `i`; raises if there is none.
nd_dtype ndL_checkdtype(lua_State *L, int i, const char *function);

// A whole number at `i`: an integer, or a float with an integer's value.
bool ndL_towhole(lua_State *L, int i, int64_t *n);

// Raises if the table at `i` has names as keys; returns how many keys it has.
lua_Integer ndL_checkkeys(lua_State *L, int i, const char *function);

// Raises unless the table at `i` is a list: positions without gaps and nothing
// else. Returns its length.
lua_Integer ndL_checklist(lua_State *L, int i, const char *function);

// The shape at `i`, a whole number or a list of them; the op checks that none
// is negative. Returns the rank.
int ndL_checkshape(lua_State *L, int i, int64_t *shape, const char *function);

// True if the value at `i` is a table of options: all its keys are names.
bool ndL_isoptions(lua_State *L, int i);

// Brings a call to positions: the first `fixed` arguments, then `n` that may
// also come by name in a last table. What was left out is nil.
void ndL_spread(lua_State *L, const char *function, int fixed, int n,
                const char *const *names);

// True for a string that C sees whole, without a NUL inside.
bool ndL_isname(lua_State *L, int i);

// Raises unless every key of the table at `i` is one of the names.
void ndL_checknames(lua_State *L, int i, const char *function, int n,
                    const char *const *names);

// For a class that has only options: one table, or none. Leaves the table at 1.
void ndL_checkoptions(lua_State *L, const char *function, int n,
                      const char *const *names);

// ------------------------------------------------------------------- names --

// Raises the error of a name that `what` lacks: the value at `key`. From
// `first` on, the stack has the tables of what there is.
int ndL_failname(lua_State *L, const char *what, int key, int first);

// Raises the error of an option that `function` does not take.
int ndL_failoption(lua_State *L, const char *function, const char *name, int n,
                   const char *const *names);

// Pushes a list of names.
void ndL_pushnames(lua_State *L, int n, const char *const *names);

// Makes it an error to ask the table of methods on top for one that is not in
// it; `what` has them.
void ndL_closemethods(lua_State *L, const char *what);

#endif
