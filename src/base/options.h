// base/options.h: options as text, "name=value name=value", as C hosts give
// them for ops and optimizers. Commas count as spaces.

#ifndef ND_BASE_OPTIONS_H
#define ND_BASE_OPTIONS_H

#include "nadir.h"

// Where a walk over options stands. Set `context` and `at`, the text; the rest
// starts as zeros.
typedef struct nd_options {
  nd_context *context;
  const char *at;  // the value of `name`, then what follows it
  char name[32];
  uint64_t given;  // bit i: the option at position i has come
} nd_options;

// True if there is one more option: `name` is its name, and `at` its value.
// False after the last, where `at` is NULL if that was for an error.
bool nd_options_next(nd_options *o);

// Fails for a name that is none of the `n` known ones.
bool nd_option_unknown(nd_context *c, const char *name, int n,
                       const char *const *names);

// Notes that `name` is the option at position i < 64; an error if the option
// has come before.
bool nd_options_place(nd_options *o, int i);

// Goes on from `end`, what follows the value that was read; an error if that is
// NULL or more of a word.
bool nd_options_take(nd_options *o, const char *end);

// Readers of values: each returns what follows the value at `s`, or NULL if
// there is none, or it is beyond the type.
const char *nd_option_flag(const char *s, bool *value);
const char *nd_option_whole(const char *s, int64_t *value);
const char *nd_option_number(const char *s, double *value);

// Reads a name into `word`.
const char *nd_option_word(const char *s, char word[32]);

// What follows the spaces at `s`.
const char *nd_option_skip(const char *s);

#endif
