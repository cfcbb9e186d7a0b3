// optim/turn.h: a call of an optimizer, and what the step of each variable
// needs. All that may fail is done when the jobs are made, or as a rule looks.

#ifndef ND_OPTIM_TURN_H
#define ND_OPTIM_TURN_H

#include "optim/frame.h"
#include "optim/optimizer.h"
#include "optim/rows.h"

// What a rule found as it looked at the variable.
typedef struct nd_found {
  double k[ND_MAX_COEFFICIENTS];
  nd_tensor *after[ND_MAX_SLOTS];
} nd_found;

// Tensors are references, but for the first, NULL where there is none.
typedef struct nd_update_job {
  nd_variable *variable;
  nd_tensor *given;     // borrowed: what the call has for the variable
  nd_tensor *gradient;  // NULL: there is no step
  nd_tensor *fresh;     // room for the new value; NULL: update in place
  nd_rows rows;         // of the gradient, where others stay as they are
  double scale;         // what clipping by a norm multiplies the gradient by
  nd_found *found;      // NULL: the rule does not look
  int way;              // of the rule (optim/rules.h)
} nd_update_job;

enum { ND_FEW_JOBS = 8 };

// A call of an optimizer. Jobs, and what is asked for values for them; few lie
// here.
typedef struct nd_turn {
  nd_optimizer *o;
  int n;
  int kept[ND_WAYS];  // slots, by the way of a variable
  nd_update_job *jobs;
  nd_tensor **asked;
  nd_found *found;
  nd_update_job few[ND_FEW_JOBS];
  nd_tensor *few_asked[ND_FEW_JOBS];
} nd_turn;

// Begins a call: checks what it is given, makes slots. False after an error.
bool nd_turn_check(nd_turn *turn, nd_optimizer *o, int n,
                   nd_variable *const *variables, nd_tensor *const *gradients);

// Makes the jobs; false after an error. Either way end them. The gradients of a
// variable that comes several times are added up, as the first of them.
bool nd_turn_make(nd_turn *turn, nd_variable *const *variables,
                  nd_tensor *const *gradients);
void nd_turn_end(nd_turn *turn);

// Has the rule look at the variables, in a step with these coefficients; false
// after an error.
bool nd_turn_look(nd_turn *turn, const nd_frame *frame, const double *k);

// One step of one variable. Nothing can fail any more.
void nd_turn_run(const nd_turn *turn, nd_update_job *j, const nd_frame *frame,
                 const double *k);

// What is around the rule for one variable, given what is around it for all.
nd_frame nd_turn_frame(const nd_turn *turn, const nd_update_job *j,
                       const nd_frame *frame);

#endif
