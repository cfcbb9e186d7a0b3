// base/cpu.c: asks the CPU which kernels it can run.

#include "base/cpu.h"

#include <string.h>

static const char *const names[ND_LEVELS] = { "baseline", "avx2", "avx512" };

const char *nd_level_name(nd_level level)
{
  return names[level];
}

#if defined(__x86_64__)
static bool cpu_runs(nd_level level)
{
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") &&
                    __builtin_cpu_supports("fma");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") &&
                      __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512bw");
  return level == ND_BASELINE || (level == ND_AVX2 && avx2) ||
         (level == ND_AVX512 && avx512);
}
#else
static bool cpu_runs(nd_level level)
{
  return level == ND_BASELINE;
}
#endif

bool nd_level_choose(const char *name, nd_level *level)
{
  for (int i = ND_LEVELS - 1; i >= 0; i--) {
    const bool wanted = name == NULL || strcmp(name, names[i]) == 0;
    if (wanted && cpu_runs((nd_level)i)) {
      *level = (nd_level)i;
      return true;
    }
  }
  return false;
}
