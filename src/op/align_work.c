// op/align_work.c: alignments as the work of a job.

#include "base/cut.h"
#include "op/align.h"
#include "op/rows.h"

// --------------------------------------------------------------- arguments --

// The class of the blank, from 0; -1 if there is none.
static int64_t find_blank(const nd_job *j)
{
  const int64_t at = j->attr[ND_ALIGN_BLANK].integer;
  const int64_t classes = j->in[ND_ALIGN_LOGITS]->dims[2];
  if (at == 0 || at > classes || at < -classes)
    return -1;
  return at > 0 ? at - 1 : at + classes;
}

nd_align nd_align_of(const nd_job *j)
{
  const nd_tensor *logits = j->in[ND_ALIGN_LOGITS];
  const bool time_major = j->attr[ND_ALIGN_TIME_MAJOR].integer != 0;
  nd_align a = {
    .align = nd_align_find(logits->context),
    .k = nd_rows_kernels(logits->context, ND_FLOAT64),
    .labels = j->in[ND_ALIGN_LABELS],
    .lengths = j->in[ND_ALIGN_LENGTHS],
    .times = j->in[ND_ALIGN_TIMES],
    .logits = logits,
    .time = logits->dims[time_major ? 0 : 1],
    .batch = logits->dims[time_major ? 1 : 0],
    .classes = logits->dims[2],
    .most = 2 * j->in[ND_ALIGN_LABELS]->dims[1] + 1,
    .blank = find_blank(j),
    .time_major = time_major,
    .keeps = j->n > ND_ALIGN_DIRECTIONS,
  };
  if (a.batch == 0) {  // sizes of nothing may be any
    a.time = 0;
    a.most = 1;
  }
  if (j->n > ND_ALIGN_DIRECTIONS) {
    a.directions = j->in[ND_ALIGN_DIRECTIONS];
    a.order = (int)a.directions->dims[0];
  }
  return a;
}

// ------------------------------------------------------------------- steps --

static void start_examples(const void *what, void *shared, void *own,
                           int64_t from, int64_t to)
{
  const nd_align a = nd_align_of(what);
  for (int64_t i = from; i < to; i++)
    nd_align_start(&a, shared, i);
}

// Leaves softmax of the rows of a tile in the output of the slope.
static void keep_softmax(const nd_rows *l, char *out)
{
  nd_piece p;
  for (int64_t i = 0; i < l->pieces; i++) {
    nd_rows_piece(l, i, 0, INT64_MAX, &p);
    l->k->divide(p.rows, p.n, out + p.at * l->width, l->s + p.row);
  }
}

static void measure_rows(const void *what, void *shared, void *own,
                         int64_t from, int64_t to)
{
  const nd_job *j = what;
  const nd_align a = nd_align_of(j);
  const bool single = a.logits->dtype == ND_FLOAT32;
  double *shifts = nd_align_shifts(&a, shared);
  double *logs = nd_align_logs(&a, shared);
  char *out = a.keeps ? j->out[0]->data : NULL;
  nd_rows l;
  nd_rows_start(&l, a.logits, NULL, a.classes, 1);
  for (int64_t row = from; row < to; row += l.rows) {
    nd_rows_tile(&l, row, to);
    nd_rows_measure(&l, out != NULL ? ND_KEEP_EXP : ND_KEEP_NONE, out, 0,
                    INT64_MAX);
    if (out != NULL)
      keep_softmax(&l, out);
    l.k->log(l.rows, l.s);
    for (int64_t r = 0; r < l.rows; r++) {
      shifts[row + r] = single ? (double)((const float *)(void *)l.m)[r]
                               : l.m[r];
      logs[row + r] = l.s[r];
    }
  }
}

// Times that are done at once, for each example: as many as no one waits for.
static int64_t times_at_once(const nd_align *a)
{
  const int64_t most = (int64_t)(2e5F / nd_align_cost(a));
  return most > 1 ? most : 1;
}

// A unit is some times of an example.
static void go_forward(const void *what, void *shared, void *own, int64_t from,
                       int64_t to)
{
  const nd_align a = nd_align_of(what);
  const int64_t n = times_at_once(&a);
  for (int64_t i = from; i < to; i++) {
    const int64_t first = i / a.batch * n;
    nd_align_forward(&a, shared, i % a.batch, first, first + n);
  }
}

static void go_backward(const void *what, void *shared, void *own, int64_t from,
                        int64_t to)
{
  const nd_align a = nd_align_of(what);
  const int64_t n = times_at_once(&a);
  const int64_t last = nd_parts(a.time, n) - 1;
  for (int64_t i = from; i < to; i++) {
    const int64_t first = (last - i / a.batch) * n;
    nd_align_backward(&a, shared, i % a.batch, first, first + n);
  }
}

bool nd_align_step(const nd_job *j, nd_units_run *finish, nd_step *step, int i)
{
  const nd_align a = nd_align_of(j);
  const int64_t n = times_at_once(&a), blocks = nd_parts(a.time, n);
  const int64_t rows = a.time * a.batch, turns = blocks * (a.keeps ? 2 : 1);
  const bool back = i >= 2 + blocks;
  if (i == 0)
    *step = (nd_step){ .units = a.batch,
                       .cost = 100 + 2 * (float)a.most,
                       .run = start_examples };
  else if (i == 1)
    *step = (nd_step){ .units = rows,
                       .cost = 20 + 3 * (float)a.classes,
                       .run = measure_rows };
  else if (i < 2 + turns)
    *step = (nd_step){ .first = (i - 2 - (back ? blocks : 0)) * a.batch,
                       .units = a.batch,
                       .cost = (float)nd_least(n, a.time) * nd_align_cost(&a),
                       .run = back ? go_backward : go_forward };
  else
    *step = (nd_step){ .units = a.keeps ? rows : a.batch,
                       .cost = a.keeps ? 50 + 2 * (float)(a.classes << a.order)
                                       : 50,
                       .run = finish };
  return i <= 2 + turns;
}
