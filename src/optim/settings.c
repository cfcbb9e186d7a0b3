// optim/settings.c: optimizers and their settings, which text or numbers set.

#include "optim/optimizer.h"

#include <string.h>

#include "base/number.h"
#include "base/options.h"

static bool fail_unknown(const nd_optimizer *o, const char *name)
{
  const char *names[ND_MAX_SETTINGS];
  int n = 0;
  for (const nd_param *s = o->update->settings; s->name != NULL; s++)
    names[n++] = s->name;
  return nd_option_unknown(o->context, name, n, names);
}

// Whoever looks at whole variables has no rows to leave alone.
static bool check_lazy(const nd_optimizer *o, int setting, double value)
{
  return setting != o->own + ND_LAZY || value == 0 ||
         o->update->whole == NULL ||
         nd_fail(o->context, ND_BAD_ARGUMENT,
                 "lazy cannot be true: steps depend on all rows");
}

// Of the three ways to clip there is one at a time.
static bool check_clips(const nd_optimizer *o, int setting, double value)
{
  const int first = o->own + ND_CLIPNORM, last = o->own + ND_GLOBAL_CLIPNORM;
  const nd_param *names = o->update->settings + o->own;
  bool other = false;
  for (int i = first; i <= last; i++)
    other = other || (i != setting && o->settings[i] > 0);
  return setting < first || setting > last || value == 0 || !other ||
         nd_fail(o->context, ND_BAD_ARGUMENT,
                 "only one of %s, %s and %s can be set",
                 names[ND_CLIPNORM].name, names[ND_CLIPVALUE].name,
                 names[ND_GLOBAL_CLIPNORM].name);
}

// Lets go of the gradients that wait for a step.
static void forget_sums(nd_optimizer *o)
{
  o->waiting = 0;
  for (nd_slots *s = o->slots; s != NULL; s = s->next)
    s->summed = false;
}

static bool fail_value(const nd_optimizer *o, const char *name,
                       const char *wanted, double value)
{
  return nd_fail(o->context, ND_BAD_ARGUMENT, "%s must be %s, got %s", name,
                 wanted, ND_NUMBER(value));
}

static bool set(nd_optimizer *o, const char *name, double value)
{
  const int i = nd_params_find(o->update->settings, name);
  if (i < 0)
    return fail_unknown(o, name);
  const char *wanted = nd_param_refuses(&o->update->settings[i], value);
  if (wanted != NULL)
    return fail_value(o, name, wanted, value);
  if (!check_clips(o, i, value) || !check_lazy(o, i, value))
    return false;
  if (i == o->own + ND_GRADIENT_ACCUMULATION_STEPS && o->settings[i] != value)
    forget_sums(o);
  if (o->settings[i] == value)
    return true;
  o->settings[i] = value;
  nd_slots_forget(o);
  return true;
}

// Reads true or false for a switch, else a number.
static const char *read_value(const char *text, const nd_param *s,
                              double *value)
{
  if (s->kind != ND_FLAG)
    return nd_option_number(text, value);
  bool flag = false;
  text = nd_option_flag(text, &flag);
  *value = flag;
  return text;
}

// Reads "learning_rate=0.1 nesterov=true".
static bool parse(nd_optimizer *o, const char *text)
{
  nd_options all = { .context = o->context, .at = text };
  while (nd_options_next(&all)) {
    const int i = nd_params_find(o->update->settings, all.name);
    double value = 0;
    if (i < 0)
      return fail_unknown(o, all.name);
    if (!nd_options_place(&all, i) ||
        !nd_options_take(&all,
                         read_value(all.at, &o->update->settings[i], &value)) ||
        !set(o, all.name, value))
      return false;
  }
  return all.at != NULL;
}

static nd_optimizer *make(nd_context *c, const nd_update *u,
                          const char *options)
{
  nd_optimizer *o = nd_memory_new(c, sizeof *o, ND_MEMORY_OBJECT);
  if (o == NULL)
    return NULL;
  *o = (nd_optimizer){ .context = c, .update = u };
  const int count = nd_params_count(u->settings);
  o->own = count - ND_COMMON_SETTINGS;
  for (int i = 0; i < count; i++)
    o->settings[i] = nd_setting_initial(&u->settings[i]);
  if (options == NULL || parse(o, options))
    return o;
  nd_optimizer_free(o);
  return NULL;
}

nd_optimizer *nd_optimizer_new(nd_context *c, const char *name,
                               const char *options)
{
  if (name == NULL || !nd_context_ready(c))
    return NULL;
  const char *before = nd_context_enter(c, name);
  const nd_update *u = nd_update_find(name);
  nd_optimizer *o = NULL;
  if (u == NULL)
    nd_fail(c, ND_BAD_ARGUMENT, "no such optimizer");
  else
    o = make(c, u, options);
  nd_context_leave(c, before);
  return o;
}

void nd_optimizer_free(nd_optimizer *o)
{
  if (o == NULL)
    return;
  while (o->slots != NULL) {
    nd_attachment *a = &o->slots->attachment;
    nd_attachment_detach(a);
    a->drop(a);
  }
  nd_memory_free(o->context, o, sizeof *o, ND_MEMORY_OBJECT);
}

// What is counted, and is no setting: NULL if it is not that.
static int64_t *find_count(nd_optimizer *o, const char *name)
{
  return strcmp(name, "iterations") == 0 ? &o->iterations
         : strcmp(name, "waiting") == 0  ? &o->waiting
                                         : NULL;
}

static bool set_any(nd_optimizer *o, const char *name, double value)
{
  static const nd_param count = { .name = "", .kind = ND_COUNT };
  int64_t *counter = find_count(o, name);
  if (counter == NULL)
    return set(o, name, value);
  const char *wanted = nd_param_refuses(&count, value);
  const int64_t calls = nd_optimizer_calls(o);
  if (wanted != NULL || value > 0x1p53)
    return fail_value(o, name, wanted != NULL ? wanted : "at most 2^53", value);
  if (counter == &o->waiting && value >= (double)calls)
    return nd_fail(o->context, ND_BAD_ARGUMENT,
                   "waiting must be below gradient_accumulation_steps, got %s",
                   ND_NUMBER(value));
  *counter = (int64_t)value;
  return true;
}

bool nd_optimizer_set(nd_optimizer *o, const char *name, double value)
{
  if (o == NULL || name == NULL || !nd_context_ready(o->context))
    return false;
  const char *before = nd_context_enter(o->context, o->update->name);
  const bool ok = set_any(o, name, value);
  nd_context_leave(o->context, before);
  return ok;
}

bool nd_optimizer_get(nd_optimizer *o, const char *name, double *value)
{
  if (o == NULL || name == NULL || value == NULL ||
      !nd_context_ready(o->context))
    return false;
  const int i = nd_params_find(o->update->settings, name);
  const int64_t *counter = find_count(o, name);
  if (i >= 0 || counter != NULL) {
    *value = i >= 0 ? o->settings[i] : (double)*counter;
    return true;
  }
  const char *before = nd_context_enter(o->context, o->update->name);
  fail_unknown(o, name);
  nd_context_leave(o->context, before);
  return false;
}
