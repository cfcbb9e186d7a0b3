// kernel/level.h: names for code that is compiled once per CPU level, which is
// that in files named NAME.levels.c. The build passes -DND_LEVEL=baseline, avx2
// or avx512; such a file defines its table as ND_LEVELLED(name), and the one
// compiled as baseline also holds whatever must exist once.

#ifndef ND_KERNEL_LEVEL_H
#define ND_KERNEL_LEVEL_H

#define ND_JOIN_NOW(a, b) a##_##b
#define ND_JOIN(a, b) ND_JOIN_NOW(a, b)

// `name` in this file's level: name_avx2.
#define ND_LEVELLED(name) ND_JOIN(name, ND_LEVEL)

#define ND_NUMBER_baseline 0
#define ND_NUMBER_avx2 1
#define ND_NUMBER_avx512 2
#define ND_IS_BASELINE (ND_JOIN(ND_NUMBER, ND_LEVEL) == 0)

// Bytes of the widest vectors of this level.
#if defined(__AVX512F__)
#define ND_VECTOR_BYTES 64
#elif defined(__AVX2__)
#define ND_VECTOR_BYTES 32
#else
#define ND_VECTOR_BYTES 16
#endif

// Before a loop of few turns, as many each time: none is left.
#ifdef __clang__
#define ND_UNROLL _Pragma("clang loop unroll(full)")
#else
#define ND_UNROLL _Pragma("GCC unroll 16")
#endif

// Before a loop whose iterations do not read what others write.
#ifdef __clang__
#define ND_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define ND_INDEPENDENT _Pragma("GCC ivdep")
#endif

// As ND_UNROLL, but not in the baseline of CPUs that have other levels: long
// folds would be a tenth of the program for those of before 2013.
#if defined(__x86_64__) && !defined(__AVX2__)
#define ND_UNROLL_FAST
#else
#define ND_UNROLL_FAST ND_UNROLL
#endif

// Declares `name` of every level in this build, and lists them by level: of a
// table, of the rows of an array one by one, and of what is WIDE, which has
// kernels for AVX-512. Elsewhere avx2's serve there, too: memory is what takes
// time, and code of a third level would be a quarter of the program.
#if defined(__x86_64__)
#define ND_DECLARE_LEVELS(type, name) \
  extern type name##_baseline;        \
  extern type name##_avx2
#define ND_DECLARE_ROWS(type, name) \
  extern type name##_baseline[];    \
  extern type name##_avx2[]
#define ND_DECLARE_WIDE(type, name) \
  ND_DECLARE_LEVELS(type, name);    \
  extern type name##_avx512
#define ND_LIST_LEVELS(name)                     \
  {                                              \
    &name##_baseline, &name##_avx2, &name##_avx2 \
  }
#define ND_LIST_ROWS(name, i)                             \
  {                                                       \
    &name##_baseline[i], &name##_avx2[i], &name##_avx2[i] \
  }
#define ND_LIST_WIDE(name)                         \
  {                                                \
    &name##_baseline, &name##_avx2, &name##_avx512 \
  }
#else
#define ND_DECLARE_LEVELS(type, name) extern type name##_baseline
#define ND_DECLARE_ROWS(type, name) extern type name##_baseline[]
#define ND_DECLARE_WIDE ND_DECLARE_LEVELS
#define ND_LIST_LEVELS(name) \
  {                          \
    &name##_baseline         \
  }
#define ND_LIST_ROWS(name, i) \
  {                           \
    &name##_baseline[i]       \
  }
#define ND_LIST_WIDE ND_LIST_LEVELS
#endif

#endif
