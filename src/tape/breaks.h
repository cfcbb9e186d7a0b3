// tape/breaks.h: where gradients end, as a tape notices it while it happens.
// What its records do not tell is kept on the side: what was made of watched
// tensors by ways that no gradient takes, with the lines of the script.

#ifndef ND_TAPE_BREAKS_H
#define ND_TAPE_BREAKS_H

#include "base/place.h"
#include "op/op.h"
#include "tape/identities.h"

// How a way ends. JOIN: it has ended before, and goes on with others.
typedef enum nd_cut {
  ND_CUT_JOIN,
  ND_CUT_OP,         // in an op that has no gradient
  ND_CUT_STOP,       // in stop_gradient
  ND_CUT_DTYPE,      // in a tensor of other than floats
  ND_CUT_PAUSE,      // in an op that happens while the tape is paused
  ND_CUT_ASSIGN,     // in a Variable, which gets a value
  ND_CUT_RESHAPE,    // a Variable gets a value of another shape
  ND_CUT_UNWATCHED,  // a Variable is read that the tape does not watch
  ND_CUT_NUMBER,     // in numbers
} nd_cut;

// One way into a break. Those of one tensor lie beside each other.
typedef struct nd_break {
  uint64_t id;       // of what goes in, if it has no node
  uint64_t into;     // of the Variable that is assigned to
  uint64_t at;       // the last identity that there was by then
  int32_t from;      // node of what goes in; -i: it comes from break i; 0: `id`
  int32_t since;     // the nodes that there were when a value was assigned,
  int32_t until;     // and when another took its place
  uint8_t cut;       // nd_cut
  uint8_t dtype;     // what DTYPE comes to
  bool more;         // the next one is another way to the same
  const char *word;  // the op or function
  nd_place place;
} nd_break;

// A record whose inputs come from a break.
typedef struct nd_join {
  int32_t node;  // its first output
  int32_t from;  // the break
} nd_join;

// Breaks are known by their positions from 1. As many of each kind are kept as
// the bounds say, the first ones; of numbers the last ones.
enum { ND_MOST_BREAKS = 1000, ND_MOST_JOINS = 4000, ND_MOST_NUMBERS = 32 };

typedef struct nd_breaks {
  nd_break *at;
  int32_t count, room;
  nd_identities from;  // the break that a tensor without a node comes from
  nd_join *joins;
  int32_t join_count, join_room;
  nd_break *numbers;  // room for all
  int32_t number_count, next_number;
} nd_breaks;

struct nd_tape;

// The break that `x` comes from, or 0.
int32_t nd_breaks_find(const nd_breaks *b, const nd_tensor *x);

// What the tape hears. Of an op whose outputs no gradient leaves, of one that
// it misses, of one without nodes going in, and of one that is recorded, with
// its first node. False without memory.
bool nd_breaks_cut(struct nd_tape *t, const nd_job *j);
bool nd_breaks_miss(struct nd_tape *t, const nd_job *j);
bool nd_breaks_pass(struct nd_tape *t, const nd_job *j);
bool nd_breaks_join(struct nd_tape *t, const nd_job *j, const int32_t *nodes,
                    int32_t node);

// A Variable's value, or any tensor, is read that the tape does not watch; a
// Variable gets a value; numbers are read from `x`.
bool nd_breaks_unwatched(struct nd_tape *t, const nd_tensor *x);
bool nd_breaks_assign(struct nd_tape *t, const nd_tensor *value,
                      const nd_tensor *x, bool whole);
bool nd_breaks_take(struct nd_tape *t, const nd_tensor *x);

// Drops all; NULL is allowed.
void nd_breaks_free(nd_context *c, nd_breaks *b);

#endif
