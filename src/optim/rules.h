// optim/rules.h: update rules. Each is one entry in one table: its settings
// with defaults, the slots it keeps per variable, and one fused kernel.

#ifndef ND_OPTIM_RULES_H
#define ND_OPTIM_RULES_H

#include "base/cpu.h"
#include "kernel/level.h"
#include "nadir.h"
#include "op/param.h"

enum { ND_MAX_SETTINGS = 24, ND_MAX_SLOTS = 4, ND_MAX_COEFFICIENTS = 6 };

// Settings that every optimizer has, behind its rule's own and in this order.
enum {
  ND_WEIGHT_DECAY,
  ND_CLIPNORM,
  ND_CLIPVALUE,
  ND_GLOBAL_CLIPNORM,
  ND_USE_EMA,
  ND_EMA_MOMENTUM,
  ND_EMA_OVERWRITE_FREQUENCY,
  ND_LOSS_SCALE_FACTOR,
  ND_GRADIENT_ACCUMULATION_STEPS,
  ND_LAZY,
  ND_COMMON_SETTINGS
};

// One step for `n` elements: out = w changed by g; slots are updated in place.
// `k` are the rule's coefficients for this step. `out` may be `w`. Slots that
// are not by element stand at the number of the row, or at its columns.
typedef void nd_update_kernel(int64_t n, const double *k, void *out,
                              const void *w, const void *g, void *const *slots);

typedef struct nd_update_pair {
  nd_update_kernel *at[2];  // ND_FLOAT32, ND_FLOAT64
} nd_update_pair;

// What the elements of a slot belong to: to one of the variable each; to a row,
// so that the slot lacks the last axis; to a column, so that it lacks the axis
// before.
typedef enum nd_lies { ND_BY_ELEMENT, ND_BY_ROW, ND_BY_COLUMN } nd_lies;

// How a slot begins: as a number, which is 0 unless the rule says another, or
// as the variable.
typedef struct nd_slot {
  const char *name;
  nd_lies lies;
  bool copies;
} nd_slot;

// A rule may treat variables in two ways: the first is for what it is about.
enum { ND_WAYS = 2 };

// What a rule sees of a variable before its step, and what it finds there that
// its kernel cannot see: it completes `k`, and gives slots that it renews as a
// whole. A slot that is not kept is for this step alone.
typedef struct nd_whole {
  nd_context *context;
  const double *settings;
  double t;                 // the number of the step
  int way;                  // of the variable
  double left;              // what decay leaves of a weight
  nd_tensor *w, *g;         // the weights; the gradient, scaled and clipped
  nd_tensor *const *slots;  // as the last step left them
  double *k;
  nd_tensor *after[ND_MAX_SLOTS];  // of the pool; NULL: the kernel's to change
} nd_whole;

typedef struct nd_update {
  const char *name;
  const char *doc;
  const nd_param *settings;  // learning_rate first; ends with a NULL name
  nd_slot slots[ND_MAX_SLOTS];

  // Which way a variable goes, and what leaving it to the other way is called:
  // excluding it from this. NULL: there is one way.
  int (*way)(const nd_tensor *w, bool excluded);
  const char *excludes;

  // Whether weight_decay is what it is about, and stands second in calls.
  bool decays;

  // Which slots there are, as bits; NULL: all that have a name.
  int (*kept)(const double *settings, int way);

  // What the elements of a slot begin with; NULL: 0.
  double (*begin)(const double *settings, int slot);

  // Whether elements with a gradient of 0 stay as they are, and their slots;
  // NULL: never.
  bool (*rests)(const double *settings);

  // What goes first of weights of the second way, times learning_rate; NULL:
  // weight_decay.
  double (*decay)(const double *settings);

  // Coefficients of step t = 1, 2, ..., computed in double.
  void (*prepare)(const double *settings, double t, double *k);

  // Looks at a variable as a whole, with ops, before anything changes; may
  // fail. NULL: there is nothing to see.
  bool (*whole)(nd_whole *w);

  const nd_update_pair *kernels[ND_LEVELS];
} nd_update;

// Entries by position, NULL after the last; and by name.
const nd_update *nd_update_at(int i);
const nd_update *nd_update_find(const char *name);

// The value that a setting starts with: a number, or 1 or 0 for a flag.
double nd_setting_initial(const nd_param *s);

#endif
