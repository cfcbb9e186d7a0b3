// tape/differences.c: derivatives by differences.

#include "tape/differences.h"

bool nd_differences(nd_sample *f, void *what, double h, int64_t n, double *room,
                    double *dy)
{
  static const double at[] = { -2, -1, 1, 2 }, weight[] = { 1, -8, 8, -1 };
  for (int64_t i = 0; i < n; i++)
    dy[i] = 0;
  for (int k = 0; k < 4; k++) {
    if (!f(what, at[k] * h, room))
      return false;
    for (int64_t i = 0; i < n; i++)
      dy[i] += weight[k] * room[i] / (12 * h);
  }
  return true;
}
