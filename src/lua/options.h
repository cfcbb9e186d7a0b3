// lua/options.h: which arguments of a call are positions, and which come by
// name in a last table.

#ifndef ND_LUA_OPTIONS_H
#define ND_LUA_OPTIONS_H

#include "lua/state.h"
#include "op/param.h"
#include "tensor/tensor.h"

// Numbers in the lists of most calls; a longer list has memory of its own.
enum { NDL_LISTS = 4 * ND_MAX_RANK };

// A call whose arguments are read. What comes before `count` is the caller's to
// set, and `listed` as 0.
typedef struct ndL_reader {
  lua_State *L;
  ndL_state *S;
  const char *function;  // as messages call it
  const nd_param *params;
  int first, top;  // stack indices of the first argument and of the last
  int count;       // parameters
  int positions;   // how many arguments come before the options
  int options;     // stack index of the options, 0: none
  uint32_t named;  // the parameters that these give, as bits
  int listed;      // how many of `lists` are used
  int64_t lists[NDL_LISTS];  // of values
} ndL_reader;

// Tells positions from options, and refuses too many of the former and wrong
// ones of the latter. Options are a table with nothing but names, also an empty
// one where the parameter takes no table. What has a metatable is a value, and
// so is a table with names at the place of a parameter to which they belong,
// unless something that must be given would then be missing.
void ndL_layout(ndL_reader *r);

// True if a table at the place of `p` is its value, whatever is in it.
bool ndL_keepstable(const nd_param *p);

// The stack index of the option for parameter `k`, which is pushed; 0 if there
// is none.
int ndL_option(ndL_reader *r, int k);

// The same of the argument, whether it is a position or an option.
static inline int ndL_argument(ndL_reader *r, int k)
{
  if (k < r->positions && !lua_isnil(r->L, r->first + k))
    return r->first + k;
  return r->options == 0 ? 0 : ndL_option(r, k);
}

// Leaves one value for each parameter on the stack, from `first` on: nil for
// what was left out.
void ndL_spread(ndL_reader *r);

#endif
