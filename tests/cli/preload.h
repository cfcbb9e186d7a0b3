// tests/cli/preload.h: what libraries to preload have. They define _GNU_SOURCE.

#ifndef PRELOAD_H
#define PRELOAD_H

#include <dlfcn.h>

// The function that is replaced where this stands.
#define NEXT(function) ((__typeof__(function) *)dlsym(RTLD_NEXT, #function))

#endif
