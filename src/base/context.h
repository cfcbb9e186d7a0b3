// base/context.h: the one object that everything takes. It owns the memory
// accounts and the identities given out, and runs one strand at a time.

#ifndef ND_BASE_CONTEXT_H
#define ND_BASE_CONTEXT_H

#include <stdatomic.h>

#include "base/cpu.h"
#include "base/memory.h"
#include "base/place.h"
#include "base/strand.h"
#include "base/threads.h"
#include "nadir.h"

// From how many elements on results wait (op/pending.h).
#ifndef ND_LEAST_WAITING
#define ND_LEAST_WAITING 1024
#endif

enum { ND_REASON_TEXT = 256, ND_NOTES = 8 };

// Why the gradient of a source was missing, by its identity, and what it was
// asked for: the tape's number and a digest of the targets.
typedef struct nd_missing {
  uint64_t source, targets;
  uint32_t tape;
  char text[ND_REASON_TEXT];
} nd_missing;

// A tensor that was computed from a Variable while nobody listened.
typedef struct nd_derived {
  uint64_t id;
  nd_place place;
} nd_derived;

// What outlives a tape, the latest of each kind.
typedef struct nd_notes {
  nd_missing missing[ND_NOTES];
  nd_derived derived[ND_NOTES];
  bool any_missing;
  int next_missing;
  int next_derived;
  int derived_room;  // how many more are noted before the next tape
} nd_notes;

struct nd_context {
  nd_memory memory;
  nd_strand strand;     // the one that runs
  nd_warning *warning;  // the host's, for the layers of Lua
  void *warning_data;
  atomic_bool interrupted;
  nd_level level;  // which kernels run
  nd_threads threads;
  nd_where *where;   // of the layers of Lua; may be NULL
  void *script;      // who called the core, for `where`; NULL: no script did
  uint64_t last_id;  // identities of tensors count up from 2 by 2; a variable
                     // takes the odd number after one

  uint32_t last_serial;  // of tapes
  nd_tape *tapes;        // the newest of those there are
  nd_notes notes;        // of what has no gradient (tape/notes.h)
  nd_sources sources;    // that places are of

  // Whether rules multiply zeros as any other numbers (ops/elementwise.h).
  bool strict_gradients;

  // Results that wait, owned by op/pending.c: those over as many elements
  // together, and how many they are at least.
  struct nd_space *spaces;
  int64_t least_waiting;
  uint64_t last_plan;

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
  return c->last_id += 2;
}

// Where the script is; no line if there is none.
nd_place nd_context_where(nd_context *c);

// Starts a function that users know by `name`: errors will begin with it.
// Returns the name to put back with nd_context_leave.
static inline const char *nd_context_enter(nd_context *c, const char *name)
{
  const char *before = c->strand.name;
  c->strand.name = name;
  return before;
}

static inline void nd_context_leave(nd_context *c, const char *before)
{
  c->strand.name = before;
}

// Whether a recorder is entered, paused or not.
static inline bool nd_context_has_recorders(const nd_context *c)
{
  const nd_recorder *ends = &c->strand.recorders;
  return ends->inner != ends;
}

// Whether nd_interrupt was called since the last time this was asked.
bool nd_context_interrupted(nd_context *c);

// True while nothing has failed and nobody has interrupted; else keeps the
// interruption as the error. False for NULL.
bool nd_context_ready(nd_context *c);

#endif
