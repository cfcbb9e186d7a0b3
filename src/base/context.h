// base/context.h: the one object that everything takes. It owns the memory
// accounts, the error, the identities given out, and the hooks by which higher
// layers listen to lower ones.

#ifndef ND_BASE_CONTEXT_H
#define ND_BASE_CONTEXT_H

#include <stdatomic.h>

#include "base/cpu.h"
#include "base/error.h"
#include "base/memory.h"
#include "nadir.h"

typedef struct nd_recorder nd_recorder;

struct nd_context {
  nd_memory memory;
  nd_error error;
  nd_warning *warning;  // the host's, for the layers of Lua
  void *warning_data;
  const char *name;  // the op or function in progress, for messages
  atomic_bool interrupted;
  nd_level level;    // which kernels run
  uint64_t last_id;  // identities of tensors and variables count up from 1

  nd_recorder *recorder;  // the innermost one that is entered
  uint32_t last_serial;   // of tapes

  // Temporaries of derivative rules. Owned by tensor/pool.c.
  nd_tensor **pool;
  size_t pool_size;
  size_t pool_room;

  // The counter-based generator: each random op takes the next stream.
  uint64_t seed;
  uint64_t stream;
};

// The caller's configuration, NULL or not, over the defaults. Fields that an
// older header did not have stay at theirs.
nd_config nd_config_complete(const nd_config *given);

// A fresh identity.
static inline uint64_t nd_context_id(nd_context *c)
{
  return ++c->last_id;
}

// Starts a function that users know by `name`: errors will begin with it.
// Returns the name to put back with nd_context_leave.
static inline const char *nd_context_enter(nd_context *c, const char *name)
{
  const char *before = c->name;
  c->name = name;
  return before;
}

static inline void nd_context_leave(nd_context *c, const char *before)
{
  c->name = before;
}

// Whether nd_interrupt was called since the last time this was asked.
bool nd_context_interrupted(nd_context *c);

// True while nothing has failed and nobody has interrupted; else keeps the
// interruption as the error. False for NULL.
bool nd_context_ready(nd_context *c);

#endif
