// pieces.h: runs the units of an op's work (base/work.h) in any order, and on
// two threads, which must change no bit.

#ifndef ND_TEST_PIECES_H
#define ND_TEST_PIECES_H

#include <pthread.h>

#include "cases.h"
#include "op/engine.h"
#include "op/kernel.h"

// The work of a job as steps, whatever computes it.
typedef struct pieces {
  const nd_job *j;
  nd_engine engine;
  double p[ND_MAX_ATTRS];
  nd_work work;
  const void *what;
  char *shared, *own[2];
} pieces;

static inline void piece_elements(const void *what, void *shared, void *own,
                                  int64_t from, int64_t to)
{
  const nd_job *j = what;
  j->op->run(j, from, to);
}

static inline void piece_blocks(const void *what, void *shared, void *own,
                                int64_t from, int64_t to)
{
  nd_engine_run(what, from, to);
}

// Step number `i`; false after the last.
static inline bool piece_step(const pieces *p, nd_step *step, int i)
{
  const nd_op *op = p->j->op;
  if (p->work.next != NULL)
    return p->work.next(p->j, step, i);
  *step = (nd_step){ .units = p->j->out[0]->size,
                     .run = op->run != NULL ? piece_elements : piece_blocks };
  return i == 0;
}

// Memory for units, which has anything in it.
static inline char *piece_memory(size_t bytes)
{
  char *room = malloc(bytes + 1);
  memset(room, 0xa5, bytes + 1);
  return room;
}

// False for an op that makes views.
static inline bool pieces_start(pieces *p, const nd_job *j)
{
  const nd_op *op = j->op;
  *p = (pieces){ .j = j, .what = j };
  if (op->work != NULL)
    p->work = op->work(j);
  if (p->work.next == NULL && op->run == NULL) {
    if (op->kernels[c->level] == NULL)
      return false;
    const nd_dtype dtype = nd_kernel_dtype(j);
    nd_dtype dtypes[ND_FEW];
    nd_kernel_reads(j, dtype, dtypes);
    nd_kernel_parameters(op, j->attr, p->p);
    nd_engine_start(&p->engine, nd_kernel_find(c->level, j, dtype), p->p, j->n,
                    j->in, dtypes, j->out[0]);
    p->what = &p->engine;
  }
  p->shared = piece_memory(p->work.shared);
  for (int i = 0; i < 2; i++)
    p->own[i] = piece_memory(p->work.own);
  return true;
}

static inline void pieces_end(pieces *p)
{
  free(p->shared);
  free(p->own[0]);
  free(p->own[1]);
}

// The units of each step, `size` at a time, from the last to the first but for
// every third piece, which goes before them.
static inline void pieces_run_shuffled(pieces *p, int64_t size)
{
  nd_step s;
  for (int i = 0; piece_step(p, &s, i); i++) {
    const int64_t count = (s.units + size - 1) / size;
    for (int64_t k = 0; k < 2 * count; k++) {
      const int64_t at = k < count ? k : 2 * count - 1 - k;
      if ((at % 3 == 1) != (k < count))
        continue;
      const int64_t from = s.first + at * size, end = s.first + s.units;
      s.run(p->what, p->shared, p->own[0], from,
            from + size < end ? from + size : end);
    }
  }
}

typedef struct half {
  const pieces *p;
  nd_step step;
  int which;
} half;

static inline void *piece_half(void *data)
{
  const half *h = data;
  const int64_t middle = h->step.first + h->step.units / 2;
  const int64_t from = h->which == 0 ? h->step.first : middle;
  const int64_t to = h->which == 0 ? middle : h->step.first + h->step.units;
  if (from < to)
    h->step.run(h->p->what, h->p->shared, h->p->own[h->which], from, to);
  return NULL;
}

// The two halves of each step at the same time.
static inline void pieces_run_on_threads(pieces *p)
{
  nd_step s;
  for (int i = 0; piece_step(p, &s, i); i++) {
    half h[2] = { { p, s, 0 }, { p, s, 1 } };
    pthread_t thread;
    pthread_create(&thread, NULL, piece_half, &h[0]);
    piece_half(&h[1]);
    pthread_join(thread, NULL);
  }
}

#endif
