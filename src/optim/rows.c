// optim/rows.c: numbers the different positions among many by a hash table, in
// time and memory that depend only on how many there are.

#include "optim/rows.h"

#include <string.h>

#include "tensor/reader.h"

// Numbers are given out from 1. The table is at most half full.
typedef struct numbering {
  const nd_tensor *positions;
  int64_t size;     // what position -1 stands for
  int bits;         // of the table's size
  int64_t *number;  // table of the numbers given out; 0: free
  int64_t *at;      // row by number - 1
  int64_t *id;      // number by place in positions
  int64_t *count;   // given out so far
} numbering;

static void clear(const void *what, void *shared, void *own, int64_t from,
                  int64_t to)
{
  const numbering *m = what;
  memset(m->number + from, 0, (size_t)(to - from) * sizeof *m->number);
}

// The number of a row, a new one if it has none yet.
static int64_t number_of(const numbering *m, int64_t row)
{
  const uint64_t mask = (UINT64_C(1) << m->bits) - 1;
  const uint64_t hash = (uint64_t)row * UINT64_C(0x9e3779b97f4a7c15);
  uint64_t place = hash >> (64 - m->bits);
  while (m->number[place] != 0 && m->at[m->number[place] - 1] != row)
    place = (place + 1) & mask;
  if (m->number[place] == 0) {
    m->at[*m->count] = row;
    m->number[place] = ++*m->count;
  }
  return m->number[place];
}

// Blocks of positions, each in a step of its own: they follow each other.
static void number_block(const void *what, void *shared, void *own,
                         int64_t block, int64_t end)
{
  const numbering *m = what;
  const int64_t from = block * ND_BLOCK, left = m->positions->size - from;
  const int64_t n = left < ND_BLOCK ? left : ND_BLOCK;
  nd_reader r;
  nd_reader_start(&r, m->positions, ND_INT64);
  const int64_t *position = nd_reader_at(&r, from, n);
  for (int64_t i = 0; i < n; i++) {
    const int64_t p = position[i];
    m->id[from + i] = number_of(m, p > 0 ? p - 1 : p + m->size);
  }
}

static bool next(const void *what, nd_step *step, int i)
{
  const numbering *m = what;
  if (i == 0)
    *step = (nd_step){ 0, INT64_C(1) << m->bits, .5F, clear };
  else
    *step = (nd_step){ i - 1, 1, 4.F * ND_BLOCK, number_block };
  return i == 0 || (i - 1) * (int64_t)ND_BLOCK < m->positions->size;
}

// Makes room for the numbers of all positions, and of the table.
static bool make_room(nd_context *c, const numbering *m, nd_rows *rows)
{
  const size_t n = (size_t)m->positions->size + ((size_t)1 << m->bits);
  rows->memory = nd_memory_new(c, n * sizeof(int64_t), ND_MEMORY_OBJECT);
  if (rows->memory != NULL)
    rows->bytes = n * sizeof(int64_t);
  return rows->memory != NULL;
}

static bool find(nd_context *c, const nd_tensor *g, nd_tensor *ids,
                 nd_rows *rows)
{
  numbering m = { .positions = nd_slices_of(g)->positions,
                  .size = g->dims[0],
                  .bits = 1,
                  .id = (int64_t *)(void *)ids->data,
                  .count = &rows->n };
  while (((int64_t)1 << m.bits) < 2 * m.positions->size)
    m.bits++;
  if (!make_room(c, &m, rows))
    return false;
  rows->at = m.at = rows->memory;
  m.number = m.at + m.positions->size;
  const nd_work work = { .next = next };
  if (nd_work_run(c, &work, &m))
    rows->sums = nd_slices_sum(g, ids, rows->n);
  return rows->sums != NULL;
}

bool nd_rows_find(const nd_tensor *g, nd_rows *rows)
{
  *rows = (nd_rows){ .n = 0 };
  nd_tensor *ids = nd_tensor_like(nd_slices_of(g)->positions, ND_INT64);
  const bool ok = ids != NULL && find(g->context, g, ids, rows);
  nd_tensor_release(ids);
  return ok;
}

void nd_rows_end(nd_context *c, nd_rows *rows)
{
  nd_tensor_release(rows->sums);
  if (rows->memory != NULL)
    nd_memory_free(c, rows->memory, rows->bytes, ND_MEMORY_OBJECT);
}
