// op/join.c: joins codes of a program. A code is joined with the next one if
// that alone reads it; a fold with the code that computes what it reads.

#include "op/join.h"

#include <string.h>

ND_DECLARE_ROWS(const nd_joined, nd_joined_binary);
ND_DECLARE_ROWS(const nd_summing, nd_sums_binary);
ND_DECLARE_ROWS(const nd_summing, nd_sums_unary);

static const nd_joined *find_pair(nd_level level, const nd_instruction *first,
                                  const nd_instruction *second, int at)
{
  static const nd_joined *const tables[ND_LEVELS] = ND_LIST_ROWS(
    nd_joined_binary, 0);
  for (const nd_joined *p = tables[level]; p->first != NULL; p++) {
    if (p->first == first->kernel && p->second == second->kernel && p->at == at)
      return p;
  }
  return NULL;
}

static nd_summed_kernel *find_sum(nd_level level, nd_block_kernel *of)
{
  static const nd_summing *const tables[][ND_LEVELS] = {
    ND_LIST_ROWS(nd_sums_unary, 0), ND_LIST_ROWS(nd_sums_binary, 0)
  };
  for (int i = 0; i < 2; i++) {
    for (const nd_summing *s = tables[i][level]; s->of != NULL; s++) {
      if (s->of == of)
        return s->summed;
    }
  }
  return NULL;
}

// How often a code reads a place; which input that is goes to `*at`.
static int count_reads(const nd_instruction *code, int place, int *at)
{
  int n = 0;
  for (int i = 0; i < code->n; i++) {
    if (code->in[i] == place) {
      *at = i;
      n++;
    }
  }
  return n;
}

// Whether a code from number `k` on, but for number `except`, reads what is in
// the place now.
static bool is_read(const nd_program *p, int k, int except, int place)
{
  int at;
  for (; k < p->codes; k++) {
    if (k != except && count_reads(&p->code[k], place, &at) > 0)
      return true;
    if (p->code[k].kernel != NULL && p->code[k].out == place)
      return false;
  }
  return false;
}

static void remove_code(nd_program *p, nd_bindings *b, int k)
{
  const size_t rest = (size_t)(--p->codes - k);
  memmove(&p->code[k], &p->code[k + 1], rest * sizeof *p->code);
  memmove(&b->p[k], &b->p[k + 1], rest * sizeof *b->p);
}

static bool is_constant(int place)
{
  return place >= ND_CONSTANTS && place < ND_MEMORIES;
}

// Takes the kernel of a pair for those of its inputs that are constants.
static void choose_kernel(const nd_joined *pair, nd_instruction *both)
{
  unsigned ones = 0;
  for (int i = 0; i < 3; i++)
    ones |= (unsigned)is_constant(both->in[i]) << i;
  while (pair->by_ones[ones] == NULL)
    ones &= ones - 1;
  both->kernel = pair->by_ones[ones];
  both->ones = (uint16_t)ones;
}

// Makes one of codes k and k + 1; NULL if nothing does both.
static const nd_joined *join_pair(nd_program *p, nd_bindings *b, nd_level level,
                                  int k)
{
  nd_instruction *first = &p->code[k];
  const nd_instruction *second = first + 1;
  const int place = first->out;
  int at = 0;
  if (first->kernel == NULL || second->kernel == NULL ||
      place >= ND_CONSTANTS || count_reads(second, place, &at) != 1 ||
      (second->out != place && is_read(p, k + 2, p->codes, place)))
    return NULL;
  const nd_joined *pair = find_pair(level, first, second, at);
  if (pair == NULL)
    return NULL;
  for (int i = 0; i < second->n; i++) {
    if (i != at)
      first->in[first->n++] = second->in[i];
  }
  first->kernel = pair->by_ones[0];
  first->out = second->out;
  b->p[k] = b->p[k + 1];
  remove_code(p, b, k + 1);
  return pair;
}

static void join_pairs(nd_program *p, nd_bindings *b, nd_level level)
{
  for (int k = 0; k + 1 < p->codes; k++) {
    const nd_joined *last = NULL, *pair;
    while (k + 1 < p->codes && (pair = join_pair(p, b, level, k)) != NULL)
      last = pair;
    if (last != NULL)
      choose_kernel(last, &p->code[k]);
  }
}

// The code before number `k` that computes what is in the place then; -1.
static int find_maker(const nd_program *p, int k, int place)
{
  while (--k >= 0) {
    if (p->code[k].kernel != NULL && p->code[k].out == place)
      return k;
  }
  return -1;
}

// Has the sum that code `k` is added up by who computes what it reads.
static bool join_sum(nd_program *p, nd_bindings *b, nd_level level, int k)
{
  const nd_instruction *fold = &p->code[k];
  const int place = fold->in[0], maker = find_maker(p, k, place);
  if (maker < 0 || b->fold[fold->out].reduction->fold != ND_SUM)
    return false;
  nd_instruction *code = &p->code[maker];
  nd_summed_kernel *summed = find_sum(level, code->kernel);
  if (code->summed != NULL || summed == NULL)
    return false;
  code->summed = summed;
  code->fold = fold->out;
  code->kept = place >= ND_MEMORIES || is_read(p, maker + 1, k, place);
  remove_code(p, b, k);
  return true;
}

void nd_program_join(nd_program *p, nd_bindings *b, nd_level level)
{
  join_pairs(p, b, level);
  if (!nd_span_is_long(&b->span))
    return;
  for (int k = 0; k < p->codes; k++) {
    if (p->code[k].kernel == NULL && join_sum(p, b, level, k))
      k--;
  }
}
