// optim/entry.h: the words that entries of rules are written with.

#ifndef ND_OPTIM_ENTRY_H
#define ND_OPTIM_ENTRY_H

#include <math.h>

#include "optim/rules.h"

// Every rule has its rate as the first setting, and starts with it.
enum { RATE };

// The kernels of a rule, for `.kernels`.
#define KERNELS(name) ND_LIST_LEVELS(nd_update_##name)
#define DECLARE_KERNELS(name) \
  ND_DECLARE_LEVELS(const nd_update_pair, nd_update_##name)

// What every optimizer has is said here, and stands around a rule's own.
#define SETTINGS(rate, decay, ...)                                             \
  ((const nd_param[]){                                                         \
    { "learning_rate", ND_RATE, rate,                                          \
      .doc = "how far a step goes; a function gives it for each" },            \
    __VA_ARGS__,                                                               \
    { "weight_decay", ND_AMOUNT, decay,                                        \
      .doc = "what a step takes from a weight first, times learning_rate and " \
             "the weight" },                                                   \
    { "clipnorm", ND_AMOUNT, "nil", .doc = "largest norm of one gradient" },   \
    { "clipvalue", ND_AMOUNT, "nil",                                           \
      .doc = "largest size of an element of a gradient" },                     \
    { "global_clipnorm", ND_AMOUNT, "nil",                                     \
      .doc = "largest norm of all gradients together" },                       \
    { "use_ema", ND_FLAG, "false",                                             \
      .doc = "whether running means of the weights are kept" },                \
    { "ema_momentum", ND_SHARE, "0.99", .doc = "of these means" },             \
    { "ema_overwrite_frequency", ND_COUNT, "nil",                              \
      .doc = "after so many steps, each time, weights become their means" },   \
    { "loss_scale_factor", ND_AMOUNT, "nil",                                   \
      .doc = "what gradients are divided by, as scale_loss multiplies" },      \
    { "gradient_accumulation_steps", ND_COUNT, "nil",                          \
      .doc = "how many calls make a step, by the mean of their gradients" },   \
    { "lazy", ND_FLAG, "false",                                                \
      .doc = "whether rows without gradient stay as they are" },               \
    { .name = NULL } })
#define MEAN_1(initial)                                               \
  {                                                                   \
    "beta_1", ND_DECAY, initial, .doc = "of the mean of the gradient" \
  }
#define MEAN_2(initial)                                             \
  {                                                                 \
    "beta_2", ND_DECAY, initial, .doc = "of the mean of its square" \
  }
#define RHO(initial)                                                        \
  {                                                                         \
    "rho", ND_DECAY, initial, .doc = "of the mean of the gradient's square" \
  }
#define DIVISOR                                                  \
  {                                                              \
    "epsilon", ND_AMOUNT, "1e-07", .doc = "added to the divisor" \
  }
#define INITIAL                                                  \
  {                                                              \
    "initial_accumulator_value", ND_AMOUNT, "0.1",               \
      .doc = "what the sum of the gradient's square begins with" \
  }

#define MOMENTUM                                                      \
  {                                                                   \
    "momentum", ND_SHARE, "0", .doc = "of the last step that goes on" \
  }

#endif
