// optim/pass.c: the pass over a variable that is its step.

#include "base/cut.h"
#include "base/work.h"
#include "kernel/block.h"
#include "optim/turn.h"

// The update of one variable's elements, of some rows of its first axis, or of
// all rows of its last, which a slot has numbers for.
typedef struct pass {
  const nd_frame *frame;
  nd_frame_kernel *around;
  nd_update_kernel *kernel;
  const double *k;
  const nd_slot *lie;
  size_t width;    // of an element
  int64_t run;     // elements of a row
  int64_t column;  // rows that have the same columns
  const int64_t *rows;
  char *out;
  const char *w, *g;
  char *slots[ND_ALL_SLOTS];
} pass;

// Calls the rule for `n` elements.
static void run_kernel(const pass *p, int64_t n, size_t at, const char *g,
                       void *const *slots)
{
  if (nd_frame_is_empty(p->frame, slots[ND_MEAN_SLOT]))
    p->kernel(n, p->k, p->out + at, p->w + at, g, slots);
  else
    p->around(n, p->frame, p->kernel, p->k, p->out + at, p->w + at, g, slots,
              slots[ND_MEAN_SLOT]);
}

// Updates `n` elements from element `at` on, by those of the gradient from
// `from` on.
static void run_part(const pass *p, int64_t n, int64_t at, int64_t from)
{
  const size_t offset = (size_t)at * p->width;
  void *slots[ND_ALL_SLOTS];
  for (int i = 0; i < ND_ALL_SLOTS; i++)
    slots[i] = p->slots[i] == NULL ? NULL : p->slots[i] + offset;
  run_kernel(p, n, offset, p->g + (size_t)from * p->width, slots);
}

static void run_elements(const void *what, void *shared, void *own,
                         int64_t from, int64_t to)
{
  run_part(what, to - from, from, from);
}

static void run_rows(const void *what, void *shared, void *own, int64_t from,
                     int64_t to)
{
  const pass *p = what;
  for (int64_t i = from; i < to; i++)
    run_part(p, p->run, p->rows[i] * p->run, i * p->run);
}

static nd_lies lies(const pass *p, int slot)
{
  return slot < ND_MAX_SLOTS ? p->lie[slot].lies : ND_BY_ELEMENT;
}

// Where a slot is for element `at` of a row.
static int64_t place(const pass *p, int slot, int64_t row, int64_t at)
{
  switch (lies(p, slot)) {
  case ND_BY_ROW: return row;
  case ND_BY_COLUMN: return row / p->column * p->run + at;
  default: return row * p->run + at;
  }
}

// The frame counts on from where slots are, so it gets a block at a time.
static void run_by_rows(const void *what, void *shared, void *own, int64_t from,
                        int64_t to)
{
  const pass *p = what;
  for (int64_t row = from; row < to; row++) {
    for (int64_t at = 0; at < p->run; at += ND_BLOCK) {
      const size_t offset = (size_t)(row * p->run + at) * p->width;
      void *slots[ND_ALL_SLOTS] = { NULL };
      for (int i = 0; i < ND_ALL_SLOTS; i++) {
        if (p->slots[i] != NULL)
          slots[i] = p->slots[i] + (size_t)place(p, i, row, at) * p->width;
      }
      run_kernel(p, nd_least(ND_BLOCK, p->run - at), offset, p->g + offset,
                 slots);
    }
  }
}

// Whether a slot that is there is not by element.
static bool is_by_rows(const pass *p)
{
  bool found = false;
  for (int i = 0; i < ND_MAX_SLOTS; i++)
    found |= p->lie[i].lies != ND_BY_ELEMENT && p->slots[i] != NULL;
  return found;
}

// What an element costs: the gradient, the variable before and after, and slots
// by element before and after.
static float element_cost(const nd_tensor *w, const pass *p)
{
  size_t moved = 3;
  for (int i = 0; i < ND_ALL_SLOTS; i++) {
    if (p->slots[i] != NULL && lies(p, i) == ND_BY_ELEMENT)
      moved += 2;
  }
  return nd_moving_cost(.5F, (float)(moved * p->width), w->size);
}

// One step over all elements, or over the rows that there are.
static nd_step make_step(const nd_tensor *w, const nd_update_job *j, pass *p)
{
  nd_step step = { .units = w->size,
                   .cost = element_cost(w, p),
                   .run = run_elements };
  if (j->rows.sums != NULL) {
    p->rows = j->rows.at;
    p->run = w->dims[0] > 0 ? w->size / w->dims[0] : 0;
    step.units = j->rows.n;
    step.run = run_rows;
  } else if (j->found != NULL && w->size > 0 && is_by_rows(p)) {
    p->run = w->dims[w->rank - 1];
    p->column = w->dims[w->rank - 2];
    step.units = w->size / p->run;
    step.run = run_by_rows;
  }
  if (step.run != run_elements)
    step.cost *= (float)p->run;
  return step;
}

nd_frame nd_turn_frame(const nd_turn *turn, const nd_update_job *j,
                       const nd_frame *frame)
{
  const nd_slots *slots = nd_slots_find(turn->o, j->variable);
  const nd_update *u = turn->o->update;
  nd_frame f = *frame;
  f.scale *= j->scale;
  if (j->way != 0 && u->decay != NULL)
    f.decay = u->decay(turn->o->settings) * turn->o->settings[0];
  if (slots != NULL && slots->excluded[ND_BY_DECAY])
    f.decay = 0;
  if (slots == NULL || !slots->averaged)
    f.keep = 0;
  return f;
}

// Gives the variable's slots what the rule found, and the pass all that it is
// to have.
static void place_slots(const nd_turn *turn, nd_update_job *j, nd_slots *slots,
                        pass *p)
{
  const int kept = turn->kept[j->way];
  for (int i = 0; slots != NULL && i < ND_ALL_SLOTS; i++) {
    nd_tensor **after = j->found != NULL && i < ND_MAX_SLOTS
                          ? &j->found->after[i]
                          : NULL;
    if (kept >> i & 1 && after != NULL && *after != NULL) {
      nd_tensor_release(slots->at[i]);
      slots->at[i] = *after;
      *after = NULL;
    }
    if (kept >> i & 1)
      p->slots[i] = slots->at[i]->data;
    else if (after != NULL && *after != NULL)
      p->slots[i] = (*after)->data;
  }
}

void nd_turn_run(const nd_turn *turn, nd_update_job *j, const nd_frame *frame,
                 const double *k)
{
  nd_optimizer *o = turn->o;
  nd_slots *slots = nd_slots_find(o, j->variable);
  const nd_frame f = nd_turn_frame(turn, j, frame);
  const nd_tensor *w = j->variable->value;
  pass p = { .frame = &f,
             .around = nd_frame_kernels(o->context->level)->run[w->dtype],
             .kernel = o->update->kernels[o->context->level]->at[w->dtype],
             .k = j->found != NULL ? j->found->k : k,
             .lie = o->update->slots,
             .width = nd_dtype_size((nd_dtype)w->dtype),
             .out = j->fresh != NULL ? j->fresh->data : w->data,
             .w = w->data,
             .g = j->gradient->data };
  place_slots(turn, j, slots, &p);
  const nd_step step = make_step(w, j, &p);
  nd_step_finish(o->context, &step, &p);
  if (slots != NULL) {
    slots->averaged = p.slots[ND_MEAN_SLOT] != NULL;
    slots->summed = false;
  }
  if (j->fresh != NULL)
    nd_variable_replace(j->variable, j->fresh);
  j->fresh = NULL;
}
