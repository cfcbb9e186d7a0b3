// lua/entropy.h: numbers that are hard to guess.

#ifndef ND_LUA_ENTROPY_H
#define ND_LUA_ENTROPY_H

#include <stdint.h>

// From the system; where it has none, from the clock and an address.
uint64_t ndL_invent(const void *p);

#endif
