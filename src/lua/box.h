// lua/box.h: a tensor as a Lua value, and a Lua value as a tensor.

#ifndef ND_LUA_BOX_H
#define ND_LUA_BOX_H

#include "lua/taped.h"
#include "tape/variable.h"
#include "tensor/tensor.h"

// The userdata of a tensor. `tensor` points to `value` for a scalar, which is
// then nobody else's and needs no finalizer; else it is a reference. Also that
// of a tape.
typedef union ndL_box {
  struct {
    nd_tensor *tensor;
    nd_tensor value;
  };
  ndL_taped taped;
} ndL_box;

// From now on tensors and tapes are let go of as Lua frees their boxes, which
// so need no finalizer. False if Lua's memory is none of ours.
bool ndL_startboxes(lua_State *L, ndL_state *S);

// Pushes an empty box. Filling it cannot fail, so the order is: box, core call,
// then ndL_fill, which takes the reference.
ndL_box *ndL_newbox(lua_State *L, const ndL_state *S);
void ndL_fill(lua_State *L, ndL_state *S, ndL_box *box, nd_tensor *x);

// The same of the empty box at `i`.
void ndL_fillat(lua_State *L, ndL_state *S, int i, nd_tensor *x);

// ndL_fill but for the metatable: that of the returned type is still to be set.
ndL_type ndL_adopt(ndL_state *S, ndL_box *box, nd_tensor *x);

// The box at `i`, filled or not, of those that only we hold; NULL for nil.
ndL_box *ndL_boxat(lua_State *L, int i);

// Lets go of the tensor of a filled box, which then says that it is `released`:
// NDL_RELEASED or NDL_ENDED. What a script asks for may come while one of our
// functions is at work, in a finalizer or in a callback: see scope.md.
void ndL_releasebox(const ndL_state *S, ndL_box *box, ndL_type released);

// ndL_fill, or the context's error when `x` is NULL. Returns 1.
int ndL_result(lua_State *L, ndL_state *S, ndL_box *box, nd_tensor *x);

// The tensor at `i`, of a tensor or of a variable; NULL when it is neither.
// What either lends may go at the next allocation, as that may run a finalizer,
// and that may assign or release. So whoever goes on with it holds it: what is
// at `i` gives way to a box that no script has. A noted read is one that tapes
// hear of; it raises when there is no memory for that.
nd_tensor *ndL_hold(lua_State *L, ndL_state *S, int i, bool noted);

// The same for a look that is over before the next allocation.
nd_tensor *ndL_peek(lua_State *L, ndL_state *S, int i);

// The same, noted, for ops (lua/arguments.h) and assignments: a box for each
// argument would cost them more than reading once more what an allocation may
// have changed.
nd_tensor *ndL_borrow(lua_State *L, ndL_state *S, int i);

// Has the values of `x` computed, which is on the stack, or raises.
void ndL_force(lua_State *L, ndL_state *S, nd_tensor *x);

// ndL_peek of one whose values are there: it is held if they waited.
nd_tensor *ndL_ready(lua_State *L, ndL_state *S, int i);

// The variable at `i`, NULL if it is none.
nd_variable *ndL_tovariable(lua_State *L, ndL_state *S, int i);

#endif
