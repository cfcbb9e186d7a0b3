// op/compose.h: runs ops that are made of others.

#ifndef ND_OP_COMPOSE_H
#define ND_OP_COMPOSE_H

#include "op/op.h"

// Fills j->out with one reference each. After a failure all are NULL, and the
// error begins with the name of this op, not with that of the one that failed.
bool nd_compose(nd_context *c, const nd_job *j);

// Whether the job is to be run so.
bool nd_is_composed(const nd_job *j);

// Whether recorders hear the ops that it applies, and nothing of itself.
static inline bool nd_hears_parts(const nd_job *j)
{
  return j->op->derivative == ND_COMPOSED || j->op->kernels[0] != NULL;
}

#endif
