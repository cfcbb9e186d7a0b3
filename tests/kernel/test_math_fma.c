// Tests of kernel/math.h again, compiled for a CPU with FMA where the compiler
// can be told so from here. Elsewhere it repeats test_math.c.

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC target("avx2,fma")
#endif

#include "test_math.c"
