// optim/rule_lamb.c: Lamb.

#include "optim/look.h"

DECLARE_KERNELS(lamb);

enum { BETA_1 = 1, BETA_2, EPSILON };

static void prepare(const double *s, double t, double *k)
{
  k[0] = s[RATE];
  k[1] = 1 - s[BETA_1];
  k[2] = 1 - s[BETA_2];
  k[3] = s[EPSILON];
  k[4] = 1 / (1 - pow(s[BETA_1], t));
  k[5] = 1 / (1 - pow(s[BETA_2], t));
}

// The rate is for a step as long as the weights: r of the kernel has its norm
// scaled to theirs, if neither is 0.
static bool look(nd_whole *w)
{
  nd_context *c = w->context;
  const double *k = w->k;
  nd_tensor *m = MIX(w->slots[0], w->g, k[1]);
  nd_tensor *v = MIX(w->slots[1], SQUARE(w->g), k[2]);
  nd_tensor *r = DIV(MUL(m, NUM(k[4])),
                     ADD(SQRT(MUL(v, NUM(k[5]))), NUM(k[3])));
  double step, weights;
  if (!nd_look_at(SQUARES(r), &step) || !nd_look_at(SQUARES(w->w), &weights))
    return false;
  step = sqrt(step);
  weights = w->left * sqrt(weights);
  w->k[0] *= step > 0 && weights > 0 ? weights / step : 1;
  return true;
}

const nd_update nd_entry_lamb = {
  .name = "Lamb",
  .doc = "Adam with steps in proportion to the norm of the weights",
  .settings = SETTINGS("0.001", "nil", MEAN_1("0.9"), MEAN_2("0.999"), DIVISOR),
  .slots = { { "momentum" }, { "velocity" } },
  .prepare = prepare,
  .whole = look,
  .kernels = KERNELS(lamb),
};
