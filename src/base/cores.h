// base/cores.h: how many processors the machine lends to this process.

#ifndef ND_BASE_CORES_H
#define ND_BASE_CORES_H

// As many as the process may run on, by its affinity, and may keep busy, by the
// quota of its control group; 1 at least.
int nd_cores(void);

#endif
