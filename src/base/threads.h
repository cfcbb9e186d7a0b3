// base/threads.h: how many threads share the large work of a context, and whose
// they are.

#ifndef ND_BASE_THREADS_H
#define ND_BASE_THREADS_H

#include "nadir.h"

typedef struct nd_threads {
  int count;  // the one that uses the context included
  int quota;
  float alone;  // nanoseconds that a step takes, as costs are estimated, below
                // which it runs in one piece, and here
  nd_parallel_for *run;  // brings the others: the host's, or nd_crew_run
  void *host;
} nd_threads;

// What a complete configuration or, before that, NADIR_THREADS asks for. False
// if there cannot be so many; then `*wanted` is the text in NADIR_THREADS, or
// NULL if it is the configuration that is wrong.
bool nd_threads_choose(const nd_config *config, int *count,
                       const char **wanted);

// Begins with so many.
void nd_threads_start(nd_threads *t, const nd_config *config, int count);
void nd_threads_end(nd_threads *t);

#endif
