// lua/values.h: Lua numbers, booleans and tables as tensors, shapes and dtypes.

#ifndef ND_LUA_VALUES_H
#define ND_LUA_VALUES_H

#include "lua/state.h"
#include "tensor/tensor.h"

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
// `dtype` or, if that is ND_DTYPES, its own. Held, by one more value on top if
// it is a literal.
nd_tensor *ndL_checktensor(lua_State *L, ndL_state *S, int i, nd_dtype dtype,
                           const char *function, const char *argument);

// ndL_typeerror, but of a number the message shows the value.
void ndL_failvalue(lua_State *L, const char *function, const char *argument,
                   const char *wanted, int i);

// The dtype named at `i`; raises if there is none.
nd_dtype ndL_checkdtype(lua_State *L, int i, const char *function);

// A whole number at `i`: an integer, or a float with an integer's value.
bool ndL_towhole(lua_State *L, int i, int64_t *n);

// The whole number at `i`; raises if there is none.
int64_t ndL_checkwhole(lua_State *L, int i, const char *function,
                       const char *argument);

// The number at `i`, or `initial` if it was left out.
double ndL_optnumber(lua_State *L, int i, double initial, const char *function,
                     const char *argument);

// Raises if the table at `i` has names as keys; returns how many keys it has.
lua_Integer ndL_checkkeys(lua_State *L, int i, const char *function);

// Raises unless the table at `i` is a list: positions without gaps and nothing
// else. Returns its length.
lua_Integer ndL_checklist(lua_State *L, int i, const char *function);

// The shape at `i`, a whole number or a list of them; the op checks that none
// is negative. Returns the rank.
int ndL_checkshape(lua_State *L, int i, int64_t *shape, const char *function);

#endif
