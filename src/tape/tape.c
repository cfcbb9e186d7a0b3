// tape/tape.c: what is recorded, and when. A tape is a recorder: while it is
// entered it is told of every op and every read of a variable.

#include "tape/tape.h"

#include "tape/variable.h"

// --------------------------------------------------------------- recording --

// The nodes of the inputs; false if none has one.
static bool find_nodes(const nd_tape *t, const nd_job *j, int32_t *nodes)
{
  bool any = false;
  for (int i = 0; i < j->n; i++) {
    nd_tensor *x = j->in[i];
    nodes[i] = nd_op_flows(j->op, x) ? nd_tape_node(t, x) : 0;
    any |= nodes[i] != 0;
  }
  return any;
}

// Gives `x` the next node: in its own slot, or in the map if that is taken. One
// that no gradient can reach has no use for it.
static bool give_node(nd_tape *t, const nd_op *op, nd_tensor *x)
{
  t->nodes++;
  if (!nd_op_flows(op, x))
    return true;
  if (x->identity.tape != 0)
    return nd_identities_add(t->context, &t->watched, x->identity.id, t->nodes);
  x->identity.tape = t->records.serial;
  x->identity.node = t->nodes;
  return true;
}

static bool record(nd_tape *t, const nd_job *j)
{
  nd_record *r = nd_records_reserve(t->context, &t->records, j);
  if (r == NULL)
    return false;
  if (!find_nodes(t, j, r->nodes))
    return t->breaks == NULL || nd_breaks_pass(t, j);
  r->node = t->nodes + 1;
  if (t->breaks != NULL && !nd_breaks_join(t, j, r->nodes, r->node))
    return false;
  for (int k = 0; k < j->outs; k++) {
    if (!give_node(t, j->op, j->out[k]))
      return false;
  }
  return nd_records_add(&t->records, r, j);
}

static bool flows_out(const nd_job *j)
{
  for (int k = 0; k < j->outs; k++) {
    if (nd_op_flows(j->op, j->out[k]))
      return true;
  }
  return false;
}

static bool applied(nd_recorder *r, const nd_job *j)
{
  if (j->outs == 1 ? !nd_op_flows(j->op, j->out[0]) : !flows_out(j))
    return nd_breaks_cut((nd_tape *)r, j);
  return record((nd_tape *)r, j);
}

static bool read(nd_recorder *r, nd_variable *v);

static bool assigned(nd_recorder *r, nd_variable *v, nd_tensor *x, bool whole)
{
  return x == NULL || nd_breaks_assign((nd_tape *)r, v->value, x, whole);
}

static bool taken(nd_recorder *r, const nd_tensor *x)
{
  return nd_breaks_take((nd_tape *)r, x);
}

// A tape also pauses itself, while it is swept.
static bool missed(nd_recorder *r, const nd_job *j)
{
  nd_tape *t = (nd_tape *)r;
  return t->sweeps > 0 || t->drops || nd_breaks_miss(t, j);
}

static bool watches(const nd_recorder *r, const nd_tensor *x)
{
  return nd_tape_node((const nd_tape *)r, x) != 0;
}

// ---------------------------------------------------------------- entering --

static void leave(nd_tape *t)
{
  if (nd_recorder_entered(&t->recorder))
    t->ended = t->context->last_id | 1;
  nd_recorder_leave(&t->recorder);
}

static void enter(nd_tape *t)
{
  const uint64_t now = t->context->last_id | 1;
  t->left = t->ended;
  t->back = now;
  if (t->began == 0)
    t->began = t->left = now;
  nd_recorder_enter(t->context, &t->recorder);
}

static bool fail_state(nd_tape *t, const char *name, const char *text)
{
  const char *before = nd_context_enter(t->context, name);
  nd_fail(t->context, ND_BAD_STATE, "%s", text);
  nd_context_leave(t->context, before);
  return false;
}

// ------------------------------------------------------- public functions --

// 0 stands for no tape.
static uint32_t next_serial(nd_context *c)
{
  if (++c->last_serial == 0)
    c->last_serial = 1;
  return c->last_serial;
}

nd_tape *nd_tape_new(nd_context *c, int flags)
{
  if (!nd_context_ready(c))
    return NULL;
  nd_tape *t = nd_memory_new(c, sizeof *t, ND_MEMORY_OBJECT);
  if (t == NULL)
    return NULL;
  *t = (nd_tape){
    .recorder = { .applied = applied,
                  .read = read,
                  .assigned = assigned,
                  .taken = taken,
                  .missed = missed,
                  .watches = watches },
    .context = c,
    .records = { .serial = next_serial(c) },
    .older = c->tapes,
    .persistent = flags & ND_TAPE_PERSISTENT,
    .auto_watch = !(flags & ND_TAPE_NO_AUTO_WATCH),
    .fresh = true,
  };
  t->number = t->records.serial;
  t->place = nd_context_where(c);
  c->notes.derived_room = ND_NOTES;
  if (t->older != NULL)
    t->older->newer = t;
  c->tapes = t;
  enter(t);
  return t;
}

// What the records let go of may call a host. The tape hears nothing of what it
// does, and if it frees the tape, that is left to the caller.
void nd_tape_drop(nd_tape *t)
{
  nd_recorder *r = &t->recorder;
  const bool paused = r->paused;
  r->paused = t->drops = true;
  nd_identities_clear(t->context, &t->watched);
  nd_breaks_free(t->context, t->breaks);
  t->breaks = NULL;
  t->nodes = 0;
  t->records.serial = next_serial(t->context);
  nd_records_clear(t->context, &t->records);
  t->drops = false;
  r->paused = paused && nd_recorder_entered(r);
}

static void clear(nd_tape *t)
{
  for (size_t i = 0; i < t->variable_count; i++)
    nd_variable_release(t->variables[i]);
  nd_memory_free(t->context, t->variables,
                 t->variable_room * sizeof *t->variables, ND_MEMORY_OBJECT);
  t->variables = NULL;
  t->variable_count = t->variable_room = 0;
  nd_tape_drop(t);
}

void nd_tape_free(nd_tape *t)
{
  if (t == NULL)
    return;
  leave(t);
  t->freed = true;
  if (t->sweeps > 0 || t->drops)
    return;
  clear(t);
  if (t->older != NULL)
    t->older->newer = t->newer;
  *(t->newer != NULL ? &t->newer->older : &t->context->tapes) = t->older;
  nd_memory_free(t->context, t, sizeof *t, ND_MEMORY_OBJECT);
}

static bool check_idle(nd_tape *t, const char *name)
{
  if (t->drops)
    return fail_state(t, name, "the tape is dropping its records");
  return t->sweeps == 0 || fail_state(t, name, ND_TAPE_SWEPT);
}

// What is let go of may free the tape.
static void clear_or_free(nd_tape *t)
{
  clear(t);
  if (t->freed)
    nd_tape_free(t);
}

bool nd_tape_release(nd_tape *t)
{
  if (!check_idle(t, "release"))
    return false;
  leave(t);
  t->used = t->released = true;
  clear_or_free(t);
  return true;
}

bool nd_tape_stop(nd_tape *t)
{
  if (t == NULL)
    return false;
  leave(t);
  return true;
}

bool nd_tape_start(nd_tape *t)
{
  if (t == NULL || !nd_context_ready(t->context))
    return false;
  if (nd_recorder_entered(&t->recorder))
    return fail_state(t, "GradientTape", "the tape is still recording");
  if (!check_idle(t, "GradientTape"))
    return false;
  if (t->used) {
    clear(t);
    t->began = t->reset = 0;
  }
  t->used = t->released = t->fresh = false;
  enter(t);
  return true;
}

bool nd_tape_pause(nd_tape *t, const char *name)
{
  if (!nd_tape_records(t))
    return fail_state(t, name, "the tape is not recording");
  t->recorder.paused = true;
  return true;
}

bool nd_tape_resume(nd_tape *t)
{
  if (t != NULL && nd_recorder_entered(&t->recorder))
    t->recorder.paused = false;
  return true;
}

bool nd_tape_reset(nd_tape *t)
{
  if (!check_idle(t, "reset"))
    return false;
  if (!nd_tape_records(t))
    return fail_state(t, "reset", "the tape is not recording");
  t->reset = t->context->last_id | 1;
  t->reset_place = nd_context_where(t->context);
  clear_or_free(t);
  return true;
}

static bool fail_foreign(nd_tape *t)
{
  const char *before = nd_context_enter(t->context, "watch");
  nd_fail_foreign(t->context, "a value", 0);
  nd_context_leave(t->context, before);
  return false;
}

bool nd_tape_watch(nd_tape *t, nd_tensor *x)
{
  if (t == NULL || x == NULL || !nd_context_ready(t->context))
    return false;
  if (x->context != t->context)
    return fail_foreign(t);
  if (t->drops)
    return check_idle(t, "watch");
  if (!nd_dtype_in((nd_dtype)x->dtype, ND_FLOATS) || nd_tape_node(t, x) != 0)
    return true;
  if (!nd_identities_add(t->context, &t->watched, x->identity.id, t->nodes + 1))
    return false;
  t->nodes++;
  return true;
}

static bool remember(nd_tape *t, nd_variable *v)
{
  if (t->variable_count == t->variable_room) {
    const size_t room = t->variable_room ? 2 * t->variable_room : 8;
    const size_t width = sizeof *t->variables;
    nd_variable **variables = nd_memory_resize(t->context, t->variables,
                                               t->variable_room * width,
                                               room * width, ND_MEMORY_OBJECT);
    if (variables == NULL)
      return false;
    t->variables = variables;
    t->variable_room = room;
  }
  t->variables[t->variable_count++] = nd_variable_retain(v);
  return true;
}

static bool watch_value(nd_tape *t, nd_variable *v)
{
  nd_tensor *x = v->value;
  if (!nd_dtype_in((nd_dtype)x->dtype, ND_FLOATS) || nd_tape_node(t, x) != 0)
    return true;
  if (!remember(t, v) || !nd_tape_watch(t, x))
    return false;
  x->identity.tape = t->records.serial;
  x->identity.node = t->nodes;
  return true;
}

bool nd_tape_watch_variable(nd_tape *t, nd_variable *v)
{
  if (t == NULL || v == NULL || !nd_context_ready(t->context))
    return false;
  if (t->drops)
    return check_idle(t, "watch");
  return v->context == t->context ? watch_value(t, v) : fail_foreign(t);
}

static bool read(nd_recorder *r, nd_variable *v)
{
  nd_tape *t = (nd_tape *)r;
  return v->trainable && t->auto_watch ? watch_value(t, v)
                                       : nd_breaks_unwatched(t, v->value);
}
