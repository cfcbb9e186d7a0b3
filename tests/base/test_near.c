// The nearest of some names.

#include "base/near.h"

#include "../check.h"

// The nearest of the names; "" if there is none.
static const char *nearest(const char *name, int n, const char *const *names)
{
  nd_near near = { .name = name };
  for (int i = 0; i < n; i++)
    nd_near_try(&near, names[i]);
  return near.best != NULL ? near.best : "";
}

static const char *const names[] = { "reduce_min", "reduce_mean", "abs" };

#define NEAREST(name) nearest(name, 3, names)

static void letters_may_lack_or_differ_or_be_swapped(void)
{
  CHECK_STR(NEAREST("reduce_men"), "reduce_mean");
  CHECK_STR(NEAREST("reducemean"), "reduce_mean");
  CHECK_STR(NEAREST("erduce_mean"), "reduce_mean");
  CHECK_STR(NEAREST("reduce_meanx"), "reduce_mean");
  CHECK_STR(NEAREST("REDUCE_MEAN"), "reduce_mean");
  CHECK_STR(NEAREST("asb"), "abs");
}

static void what_differs_by_many_is_not_near(void)
{
  CHECK_STR(NEAREST(""), "");
  CHECK_STR(NEAREST("xyz"), "");
  CHECK_STR(NEAREST("axx"), "");
}

static void of_several_the_longest_is_nearest(void)
{
  static const char *const two[] = { "axis", "axes_", "axis_" };
  CHECK_STR(nearest("axes", 3, two), "axes_");
}

static void of_as_long_ones_the_same_case_is_nearest(void)
{
  static const char *const two[] = { "Ones", "ones" };
  CHECK_STR(nearest("onse", 2, two), "ones");
  CHECK_STR(nearest("Onse", 2, two), "Ones");
}

static void no_long_name_is_near(void)
{
  char text[200];
  for (size_t i = 0; i < sizeof text; i++)
    text[i] = 'a';
  text[sizeof text - 1] = '\0';
  const char *const list[] = { text };
  CHECK_STR(nearest(text, 1, list), "");
  CHECK_STR(nearest("aaaa", 1, list), "");
}

int main(void)
{
  RUN(letters_may_lack_or_differ_or_be_swapped);
  RUN(what_differs_by_many_is_not_near);
  RUN(of_several_the_longest_is_nearest);
  RUN(of_as_long_ones_the_same_case_is_nearest);
  RUN(no_long_name_is_near);
  return check_done();
}
