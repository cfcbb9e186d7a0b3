// optim/rules.h: update rules. Each is one entry in one table: its settings
// with defaults, how many slots it keeps per variable, and one fused kernel.

#ifndef ND_OPTIM_RULES_H
#define ND_OPTIM_RULES_H

#include "base/cpu.h"
#include "kernel/level.h"
#include "nadir.h"
#include "op/param.h"

enum { ND_MAX_SETTINGS = 20, ND_MAX_SLOTS = 3, ND_MAX_COEFFICIENTS = 6 };

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
// `k` are the rule's coefficients for this step. `out` may be `w`.
typedef void nd_update_kernel(int64_t n, const double *k, void *out,
                              const void *w, const void *g, void *const *slots);

typedef struct nd_update_pair {
  nd_update_kernel *at[2];  // ND_FLOAT32, ND_FLOAT64
} nd_update_pair;

typedef struct nd_update {
  const char *name;
  const char *doc;
  const nd_param *settings;  // learning_rate first; ends with a NULL name
  const char *slots[ND_MAX_SLOTS];

  // Which slots there are, as bits; NULL: all that have a name.
  int (*kept)(const double *settings);

  // What the elements of a slot begin with; NULL: 0.
  double (*begin)(const double *settings, int slot);

  // Whether elements with a gradient of 0 stay as they are, and their slots;
  // NULL: never.
  bool (*rests)(const double *settings);

  // Coefficients of step t = 1, 2, ..., computed in double.
  void (*prepare)(const double *settings, double t, double *k);

  const nd_update_pair *kernels[ND_LEVELS];
} nd_update;

// Entries by position, NULL after the last; and by name.
const nd_update *nd_update_at(int i);
const nd_update *nd_update_find(const char *name);

// The value that a setting starts with: a number, or 1 or 0 for a flag.
double nd_setting_initial(const nd_param *s);

#endif
