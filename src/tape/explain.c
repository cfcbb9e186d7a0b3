// tape/explain.c: the reasons for a missing gradient. Of several the one that
// is nearest to the target is told: a break on the way there, then what the
// tape did not record, then what the source lacks. What can only be guessed,
// that numbers were read and came back, is told where nothing else is known.

#include "tape/explain.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tape/notes.h"
#include "tape/trace.h"
#include "tape/variable.h"

// A sentence in the making.
typedef struct reason {
  nd_trace s;
  const nd_tape *t;
  const nd_tensor *source;
  char *text;
} reason;

// --------------------------------------------------------------- sentences --

// Appends to the text; what is too long is cut.
__attribute__((format(printf, 2, 3))) static void say(const reason *r,
                                                      const char *format, ...)
{
  const size_t used = strlen(r->text);
  va_list args;
  va_start(args, format);
  vsnprintf(r->text + used, ND_REASON_TEXT - used, format, args);
  va_end(args);
}

// " at file:12", if that is known.
static void say_at(const reason *r, const char *word, nd_place p)
{
  if (p.line > 0)
    say(r, " %s %s:%d", word, r->t->context->sources.name[p.source],
        (int)p.line);
}

static void say_tape(const reason *r, const nd_tape *t)
{
  say(r, "the tape");
  say_at(r, "of", t->place);
}

static const char hint[] = "; call tape:watch before it is used";

void nd_explain_dtype(const nd_tensor *x, char text[ND_REASON_TEXT])
{
  snprintf(text, ND_REASON_TEXT,
           "it is %s, and only floats have gradients; write 0. for 0, or use "
           "nd.cast",
           nd_dtype_name((nd_dtype)x->dtype));
}

// Whether a break on the way is known.
static bool explain_break(reason *r)
{
  const nd_break *k = nd_trace_break(&r->s);
  if (k == NULL)
    return false;
  say(r, "its way to target ends");
  say_at(r, "at", k->place);
  say(r, ": %s", k->word);
  switch ((nd_cut)k->cut) {
  case ND_CUT_STOP: say(r, " lets no gradient through"); break;
  case ND_CUT_DTYPE:
    say(r, " gives %s, and only floats have gradients",
        nd_dtype_name((nd_dtype)k->dtype));
    break;
  case ND_CUT_PAUSE: say(r, " happened while the tape was paused"); break;
  case ND_CUT_ASSIGN: say(r, " to a Variable has no gradient"); break;
  default: say(r, " has no gradient"); break;
  }
  return true;
}

// ------------------------------------------------------------ outside of it --

// Another tape that knows `x`, or NULL.
static const nd_tape *find_other(const nd_tape *t, const nd_tensor *x)
{
  const nd_tape *other = t->context->tapes;
  while (other != NULL && (other == t || nd_tape_node(other, x) == 0))
    other = other->older;
  return other;
}

static bool was_reset(const nd_tape *t, const nd_tensor *x)
{
  return t->reset != 0 && x->identity.id <= t->reset;
}

typedef struct period {
  const char *before, *after;  // the tape
} period;

// When `x` was made, while the tape did not record; NULL if it did.
static const period *find_outside(const nd_tape *t, const nd_tensor *x)
{
  static const period early = { "before ", " began to record" },
                      reset = { "before ", " was reset" },
                      between = { "while ", " did not record" },
                      late = { "after ", " had stopped recording" };
  const uint64_t id = x->identity.id;
  if (id <= t->began)
    return &early;
  if (was_reset(t, x))
    return &reset;
  if (id > t->left && id <= t->back)
    return &between;
  return !nd_tape_is_entered(t) && id > t->ended ? &late : NULL;
}

static void say_outside(const reason *r, const nd_tensor *y)
{
  const nd_tape *other = find_other(r->t, y);
  const period *p = find_outside(r->t, y);
  if (other != NULL) {
    say(r, "target was recorded by ");
    say_tape(r, other);
    say(r, ", not by ");
    say_tape(r, r->t);
    return;
  }
  say(r, "target was made %s", p->before);
  say_tape(r, r->t);
  say(r, "%s", p->after);
  if (was_reset(r->t, y) && y->identity.id > r->t->began)
    say_at(r, "at", r->t->reset_place);
}

// Whether all targets were made outside of what the tape recorded.
static bool explain_outside(const reason *r)
{
  for (int i = 0; i < r->s.n; i++) {
    const nd_tensor *y = r->s.targets[i];
    if (nd_tape_node(r->t, y) != 0 || nd_breaks_find(r->t->breaks, y) != 0 ||
        nd_is_of_variable(y) || find_outside(r->t, y) == NULL)
      return false;
  }
  if (r->s.n > 0)
    say_outside(r, r->s.targets[0]);
  return r->s.n > 0;
}

// Whether numbers were read before a target was made; the last are told.
static bool explain_number(const reason *r)
{
  const nd_breaks *b = r->t->breaks;
  uint64_t last = 0;
  for (int i = 0; i < r->s.n; i++) {
    if (r->s.targets[i]->identity.id > last)
      last = r->s.targets[i]->identity.id;
  }
  for (int32_t i = 1; b != NULL && i <= b->number_count; i++) {
    const int32_t at = b->next_number - i + ND_MOST_NUMBERS;
    const nd_break *k = &b->numbers[at % ND_MOST_NUMBERS];
    if (k->at >= last || !nd_trace_goes(&r->s, k))
      continue;
    const bool itself = k->id == r->source->identity.id;
    say(r, "%s was read as a number", itself ? "it" : "what depends on it");
    say_at(r, "at", k->place);
    say(r, ", and numbers have no gradient");
    return true;
  }
  return false;
}

// ---------------------------------------------------------------- strangers --

// A Variable that the tape was told of without watching it.
static bool explain_unwatched(const reason *r)
{
  const nd_breaks *b = r->t->breaks;
  const int32_t from = nd_breaks_find(b, r->source);
  if (from == 0 || b->at[from - 1].cut != ND_CUT_UNWATCHED)
    return false;
  say(r, "it %swas not watched when it was read",
      r->t->auto_watch ? "is not trainable and " : "");
  say_at(r, "at", b->at[from - 1].place);
  if (!r->t->auto_watch)
    say(r, ", and this tape watches nothing by itself");
  say(r, "%s", hint);
  return true;
}

static bool is_remembered(const nd_tape *t, const nd_tensor *x)
{
  for (size_t i = 0; i < t->variable_count; i++) {
    if (t->variables[i]->value->identity.id == x->identity.id)
      return true;
  }
  return false;
}

// A Variable that the tape watched in another shape: to it, another one.
static bool explain_reshaped(const reason *r)
{
  const nd_breaks *b = r->t->breaks;
  int32_t i = b == NULL || !is_remembered(r->t, r->source) ? 0 : b->count;
  while (i > 0 && b->at[i - 1].cut != ND_CUT_RESHAPE)
    i--;
  if (i == 0)
    return false;
  say(r, "it was assigned another shape");
  say_at(r, "at", b->at[i - 1].place);
  say(r, " after it was read");
  return true;
}

// Tapes of earlier steps know Variables, too.
static bool explain_other(const reason *r)
{
  const nd_tape *other = find_other(r->t, r->source);
  if (other == NULL || nd_is_of_variable(r->source) ||
      was_reset(r->t, r->source))
    return false;
  const uint64_t id = r->source->identity.id;
  const bool watched = nd_identities_find(&other->watched, id) != 0;
  say(r, "it was %s by ", watched ? "watched" : "recorded");
  say_tape(r, other);
  say(r, ", not by ");
  say_tape(r, r->t);
  return true;
}

static bool explain_derived(const reason *r)
{
  const nd_derived *d = nd_derived_find(r->t->context, r->source);
  if (d == NULL)
    return false;
  say(r, "it is no Variable but a tensor, computed from one");
  say_at(r, "at", d->place);
  say(r, " and not watched; use assign to change a Variable");
  return true;
}

static void explain_unknown(const reason *r)
{
  const bool variable = nd_is_of_variable(r->source);
  const bool reset = was_reset(r->t, r->source);
  say(r, "it was not %s", variable ? "used" : "watched");
  say(r, "%s", reset ? " since " : variable ? " while " : " by ");
  say_tape(r, r->t);
  if (reset) {
    say(r, " was reset");
    say_at(r, "at", r->t->reset_place);
  }
  if (!variable)
    say(r, "%s", hint);
  else if (!reset)
    say(r, " recorded");
}

static void explain(reason *r)
{
  if (explain_break(r) || explain_outside(r))
    return;
  if (r->s.node == 0 && explain_unwatched(r))
    return;
  if (explain_number(r))
    return;
  if (r->s.node != 0) {
    say(r, "target does not depend on it, by what ");
    say_tape(r, r->t);
    say(r, " recorded");
  } else if (!explain_reshaped(r) && !explain_other(r) && !explain_derived(r)) {
    explain_unknown(r);
  }
}

bool nd_explain(const nd_tape *t, int n, nd_tensor *const *targets,
                const nd_tensor *source, bool *missing,
                char text[ND_REASON_TEXT])
{
  reason r = { .t = t, .source = source, .text = text };
  *missing = true;
  if (!nd_dtype_in((nd_dtype)source->dtype, ND_FLOATS)) {
    nd_explain_dtype(source, text);
    return true;
  }
  if (!nd_trace_start(&r.s, t, n, targets, source))
    return false;
  text[0] = '\0';
  *missing = !nd_trace_connects(&r.s);
  if (*missing)
    explain(&r);
  nd_trace_finish(&r.s);
  return true;
}
