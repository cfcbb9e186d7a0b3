// lua/flat.h: tables of tensors as the arrays that the core takes, and arrays
// as tables again.

#ifndef ND_LUA_FLAT_H
#define ND_LUA_FLAT_H

#include "lua/box.h"

enum { NDL_FEW = 8 };

// Tensors out of nested tables: a few in place, more in a Lua userdata, so that
// errors free them.
typedef struct ndL_flat {
  const char *function;
  nd_tensor **at;
  int n;
  int from;    // stack index of the value that the user gave
  int list;    // of the list of what is in it; 0: it is one tensor
  bool plain;  // the value is that list
  nd_tensor *few[NDL_FEW];
} ndL_flat;

// Pushes memory for `n` tensors, or a place holder if they fit.
void ndL_makeroom(lua_State *L, ndL_flat *f, int n);

// Pushes the list of the tensors in the value at `i`, and room for them.
void ndL_flatten(lua_State *L, ndL_state *S, int i, const char *function,
                 const char *argument, ndL_flat *f);

// What messages call the arguments whose tables go together.
typedef struct ndL_pairing {
  const char *function;
  const char *argument, *many;  // those that follow, and one of them or more
  const char *like, *likes;     // those that are followed
} ndL_pairing;

// Pushes the list of what is at `i` for the leaves of the tables at `like`, in
// their order: tensors, of literals with the dtype of the leaf, or false for
// false and nil. Raises if the tables differ.
void ndL_pushpaired(lua_State *L, ndL_state *S, int i, int like,
                    const ndL_pairing *words);

// Reads the values. An allocation may run a finalizer, and that may change a
// table or assign to a variable: what is read is good up to the next.
void ndL_gather(lua_State *L, ndL_state *S, ndL_flat *f);

// What `unconnected_gradients` may be, for what has no value.
enum { NDL_NONE, NDL_ZERO, NDL_ERROR };
extern const char *const ndL_unconnected[];

// Pushes `n` empty boxes: a few one by one, more in a table. Returns the index
// of the first, or of that.
int ndL_pushboxes(lua_State *L, const ndL_state *S, int n);

// Fills the boxes with references, with zeros or not at all where they are
// missing: false if there was no memory for zeros.
bool ndL_fillboxes(lua_State *L, ndL_state *S, const ndL_flat *like,
                   nd_tensor **values, int boxes, bool zeros);

// What is in the boxes, as many as `f` has room for: good up to the next
// allocation.
void ndL_peekboxes(lua_State *L, ndL_state *S, int boxes, ndL_flat *f);

// Pushes what is in the boxes, in the structure of the value that `like` was. A
// table or a text may be in the place of a box.
void ndL_pushlike(lua_State *L, ndL_state *S, const ndL_flat *like, int boxes);

#endif
