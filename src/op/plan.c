// op/plan.c: nodes into codes. Each node becomes one code; what is only passed
// on gets a register from the code that makes it to the last that reads it.

#include "op/plan.h"

#include <string.h>

#include "op/join.h"

// A node that costs so many nanoseconds an element is kept when it is computed
// for the first time, if somebody outside may ask for it.
static const float COSTLY = 2;

// ------------------------------------------------------------------- nodes --

// Adds `p` behind the nodes that it reads. False if they find no place.
static bool add_node(nd_plan *plan, nd_node *p, uint64_t number)
{
  if (p->plan == number)
    return true;
  bool fits = true;
  p->plan = number;
  for (int i = 0; i < p->n && fits; i++) {
    if (p->in[i] != NULL && p->in[i]->waits)
      fits = add_node(plan, nd_node_of(p->in[i]), number);
  }
  fits = fits && plan->nodes < ND_MOST_NODES;
  if (fits)
    plan->order[plan->nodes++] = p;
  else
    p->plan = 0;
  return fits;
}

// The same; without a place for all, none is added.
static bool add_root(nd_plan *plan, nd_node *p, uint64_t number)
{
  const int before = plan->nodes;
  if (add_node(plan, p, number))
    return true;
  while (before > 0 && plan->nodes > before)
    plan->order[--plan->nodes]->plan = 0;
  return false;
}

// The folds that wait for the pass of these roots; NULL if there are none.
static nd_space *find_space(const nd_context *c, int n, nd_tensor *const *roots)
{
  for (int i = 0; i < n; i++) {
    if (nd_node_of(roots[i])->space != NULL)
      return nd_node_of(roots[i])->space;
  }
  return nd_space_find_size(c, roots[0]->size);
}

bool nd_plan_nodes(nd_context *c, int n, nd_tensor *const *roots, nd_plan *plan)
{
  const uint64_t number = ++c->last_plan;
  nd_node *first = nd_node_of(roots[0]);
  plan->nodes = 0;
  if (!add_root(plan, first, number))
    return false;
  for (int i = 1; i < n; i++)
    add_root(plan, nd_node_of(roots[i]), number);
  const nd_space *s = find_space(c, n, roots);
  plan->bindings.span = s != NULL ? s->span : nd_span_all(roots[0]->size);
  for (nd_node *p = s == NULL ? NULL : s->first; p != NULL; p = p->after)
    add_root(plan, p, number);
  for (int i = 0; i < plan->nodes; i++)
    plan->order[i]->wanted = false;
  for (int i = 0; i < n; i++)
    nd_node_of(roots[i])->wanted = true;
  return true;
}

// ------------------------------------------------------------------ places --

static bool is_fold(const nd_node *p)
{
  return p->kernel == NULL;
}

// Counts who reads what, and where that ends.
static void find_uses(nd_plan *plan)
{
  for (int k = 0; k < plan->nodes; k++) {
    nd_node *p = plan->order[k];
    p->uses = 0;
    for (int i = 0; i < p->n; i++) {
      if (p->in[i] == NULL || !p->in[i]->waits)
        continue;
      nd_node *input = nd_node_of(p->in[i]);
      input->uses++;
      input->last = k;
    }
  }
}

// Roots are kept, and what others than the nodes of this pass hold, if it was
// computed before, or if that is costly.
static bool is_kept(const nd_node *p)
{
  if (p->wanted || is_fold(p))
    return true;
  return (int)p->tensor->refs > p->uses &&
         (p->passes > 0 || p->op->cost >= COSTLY);
}

static int place_constant(nd_plan *plan, const nd_node *p, int i)
{
  nd_bindings *b = &plan->bindings;
  nd_program *q = &plan->program;
  const size_t width = nd_dtype_size((nd_dtype)p->as[i]);
  for (int k = 0; k < q->constants; k++) {
    if (b->constant[k].dtype == (nd_dtype)p->as[i] &&
        memcmp(&b->constant[k].value, &p->number[i], width) == 0)
      return ND_CONSTANTS + k;
  }
  b->constant[q->constants] = (nd_bound_constant){
    .value = p->number[i], .dtype = (nd_dtype)p->as[i]
  };
  return ND_CONSTANTS + q->constants++;
}

static int place_memory(nd_plan *plan, const nd_node *p, int i)
{
  nd_bindings *b = &plan->bindings;
  nd_program *q = &plan->program;
  const nd_tensor *x = p->in[i];
  const nd_tensor *over = is_fold(p) ? x : p->tensor;
  for (int k = 0; k < q->memories; k++) {
    const nd_bound_memory *m = &b->memory[k];
    if (m->x == x && m->as == (nd_dtype)p->as[i] &&
        (m->over == over || nd_same_shape(m->over, over)))
      return ND_MEMORIES + k;
  }
  b->memory[q->memories] = (nd_bound_memory){ .x = x,
                                              .over = over,
                                              .as = (nd_dtype)p->as[i] };
  return ND_MEMORIES + q->memories++;
}

static int place_input(nd_plan *plan, const nd_node *p, int i)
{
  if (p->in[i] == NULL)
    return place_constant(plan, p, i);
  if (p->in[i]->waits)
    return nd_node_of(p->in[i])->place;
  return place_memory(plan, p, i);
}

// -------------------------------------------------------------- the program --

// Where a node's values go that are kept.
static bool place_result(nd_plan *plan, nd_node *p)
{
  nd_bindings *b = &plan->bindings;
  nd_program *q = &plan->program;
  nd_kept *kept = &plan->result[plan->kept];
  char *out = nd_node_take_room(p, &kept->block);
  if (out == NULL)
    return false;
  kept->node = p;
  plan->kept++;
  if (is_fold(p)) {
    const nd_tensor *x = p->in[0];
    b->fold[q->folds] = (nd_bound_fold){
      .reduction = p->reduction,
      .kernels = nd_fold_kernels(x, p->reduction->fold),
      .dtype = (nd_dtype)x->dtype,
      .out = out,
    };
    p->place = q->folds++;
  } else {
    b->memory[q->memories] = (nd_bound_memory){
      .as = (nd_dtype)p->tensor->dtype, .out = out
    };
    p->place = ND_MEMORIES + q->memories++;
  }
  return true;
}

static bool is_register(const nd_node *p)
{
  return !is_fold(p) && p->place < ND_REGISTERS + ND_MOST_NODES;
}

static void take_register(nd_plan *plan, nd_node *p, uint64_t *free)
{
  const int i = __builtin_ctzll(*free);
  *free &= *free - 1;
  p->place = ND_REGISTERS + i;
  if (plan->program.registers <= i)
    plan->program.registers = i + 1;
}

// Gives back the registers that node number `k` is the last to read.
static void free_registers(const nd_node *p, int k, uint64_t *free)
{
  for (int i = 0; i < p->n; i++) {
    const nd_tensor *x = p->in[i];
    if (x != NULL && x->waits && nd_node_of(x)->last == k &&
        is_register(nd_node_of(x)))
      *free |= 1ULL << (nd_node_of(x)->place - ND_REGISTERS);
  }
}

static void widen(nd_program *q, nd_dtype dtype)
{
  if (q->width < nd_dtype_size(dtype))
    q->width = nd_dtype_size(dtype);
}

static void add_code(nd_plan *plan, const nd_node *p)
{
  const int number = plan->program.codes++;
  nd_instruction *code = &plan->program.code[number];
  plan->bindings.p[number] = p->p;
  code->kernel = p->kernel;
  code->summed = NULL;
  code->ones = 0;
  code->n = p->n;
  code->out = (uint16_t)p->place;
  widen(&plan->program, (nd_dtype)p->tensor->dtype);
  for (int i = 0; i < p->n; i++) {
    code->in[i] = (uint16_t)place_input(plan, p, i);
    widen(&plan->program, (nd_dtype)p->as[i]);
  }
}

// Finds the constants that some kernel reads as blocks.
static void find_spread(nd_program *q)
{
  for (int i = 0; i < q->constants; i++)
    q->spread[i] = false;
  for (int k = 0; k < q->codes; k++) {
    const nd_instruction *code = &q->code[k];
    for (int i = 0; i < code->n; i++) {
      const int place = code->in[i];
      if (place >= ND_CONSTANTS && place < ND_MEMORIES &&
          !(code->ones >> i & 1))
        q->spread[place - ND_CONSTANTS] = true;
    }
  }
}

// What an element costs with the tensors that are read and made for it.
static float moving_cost(const nd_plan *plan, float cost)
{
  const nd_bindings *b = &plan->bindings;
  size_t bytes = 0;
  if (b->span.size <= ND_BLOCK)
    return cost;
  for (int i = 0; i < plan->program.memories; i++) {
    const nd_bound_memory *m = &b->memory[i];
    if (m->x == NULL || m->x->size == b->span.size)
      bytes += nd_dtype_size(m->as);
  }
  return nd_moving_cost(cost, (float)bytes, b->span.size);
}

_Static_assert(ND_MOST_NODES == 64, "registers are bits of a word");

bool nd_plan_program(nd_plan *plan)
{
  nd_program *q = &plan->program;
  uint64_t free = ~(uint64_t)0;
  q->codes = q->registers = q->constants = q->memories = q->folds = 0;
  q->width = 1;
  plan->bindings.cost = 0;
  plan->kept = 0;
  find_uses(plan);
  for (int k = 0; k < plan->nodes; k++) {
    nd_node *p = plan->order[k];
    if (!is_kept(p))
      take_register(plan, p, &free);
    else if (!place_result(plan, p))
      return false;
    add_code(plan, p);
    free_registers(p, k, &free);
    plan->bindings.cost += nd_op_cost(p->op);
  }
  plan->bindings.cost = moving_cost(plan, plan->bindings.cost);
  nd_program_join(q, &plan->bindings, plan->order[0]->tensor->context->level);
  find_spread(q);
  return true;
}

void nd_plan_abandon(nd_plan *plan)
{
  for (int i = 0; i < plan->kept; i++)
    nd_node_return_room(plan->result[i].node, plan->result[i].block);
}
