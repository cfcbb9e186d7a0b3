// tape/differences.h: derivatives by differences, which know of no rule. What
// tests rules, ours and those of scripts, comes from here.

#ifndef ND_TAPE_DIFFERENCES_H
#define ND_TAPE_DIFFERENCES_H

#include <stdbool.h>
#include <stdint.h>

// The numbers that a function has at `t`, into y; false after a failure.
typedef bool nd_sample(void *what, double t, double *y);

// The derivatives of these n numbers at t = 0, into dy, from four points, h and
// 2 h away on either side, with an error of h^4. `room` is for n numbers.
bool nd_differences(nd_sample *f, void *what, double h, int64_t n, double *room,
                    double *dy);

#endif
