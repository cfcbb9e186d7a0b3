// base/crew.h: the threads of the process that help with large work, shared by
// all its contexts. There are none before they are first called, nor after the
// last context that may call them is gone.

#ifndef ND_BASE_CREW_H
#define ND_BASE_CREW_H

#include "nadir.h"

// A context that may call joins before, and leaves when it no longer does.
void nd_crew_join(void);
void nd_crew_leave(void);

// How many threads wait for a call awake: they come at once, while it takes
// twenty microseconds to wake one, and five to say so.
int nd_crew_awake(void);

// Calls part(data, 0) here and, at the same time, part(data, i) for some other
// i < n, each once, on threads that nobody else has now. Returns when all have
// returned: who has not begun when part 0 returns never begins. `none` is not
// used. The threads take no signals, and a child after fork has its own.
nd_parallel_for nd_crew_run;

#endif
