// optim/rules.c: the table of update rules; each is in a file with its kin.

#include "optim/rules.h"

#include <string.h>

extern const nd_update nd_entry_sgd, nd_entry_rmsprop, nd_entry_adam,
  nd_entry_adamw, nd_entry_adamax, nd_entry_nadam, nd_entry_adagrad,
  nd_entry_adadelta, nd_entry_ftrl, nd_entry_lion, nd_entry_lamb,
  nd_entry_adafactor, nd_entry_muon, nd_entry_schedule_free;

static const nd_update *const updates[] = {
  &nd_entry_sgd,     &nd_entry_rmsprop,       &nd_entry_adam,
  &nd_entry_adamw,   &nd_entry_adamax,        &nd_entry_nadam,
  &nd_entry_adagrad, &nd_entry_adadelta,      &nd_entry_ftrl,
  &nd_entry_lion,    &nd_entry_lamb,          &nd_entry_adafactor,
  &nd_entry_muon,    &nd_entry_schedule_free,
};

enum { UPDATES_COUNT = sizeof updates / sizeof *updates };

const nd_update *nd_update_at(int i)
{
  return i < UPDATES_COUNT ? updates[i] : NULL;
}

const nd_update *nd_update_find(const char *name)
{
  for (int i = 0; i < UPDATES_COUNT; i++) {
    if (strcmp(updates[i]->name, name) == 0)
      return updates[i];
  }
  return NULL;
}

double nd_setting_initial(const nd_param *s)
{
  const nd_value v = nd_param_initial(s);
  return nd_param_number(s, &v);
}
