// base/cpu.h: the levels that kernels are compiled for, and which one runs.

#ifndef ND_BASE_CPU_H
#define ND_BASE_CPU_H

#include "nadir.h"

typedef enum nd_level {
  ND_BASELINE,  // what the compiler assumes of any CPU of this architecture
  ND_AVX2,      // and FMA
  ND_AVX512,    // F, VL, DQ, BW
  ND_LEVELS
} nd_level;

const char *nd_level_name(nd_level level);

// The best level that both this CPU and this build have, or the one called
// `name`; false when that one cannot run here.
bool nd_level_choose(const char *name, nd_level *level);

#endif
