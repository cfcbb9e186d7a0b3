// Tests of tape/record.c: how little a record takes.

#include "../values.h"
#include "tape/tape.h"

// Bytes of the record that a new tape keeps of `op` on scalars, all watched.
static size_t bytes_of_record(const nd_op *op)
{
  nd_tensor *x[ND_FEW];
  int n = 0;
  nd_tape *t = nd_tape_new(c, 0);
  for (const nd_param *p = op->params; p->name != NULL; p++) {
    x[n] = F32("0.7");
    nd_tape_watch(t, x[n++]);
  }
  own(nd_apply(c, op, n, x, NULL));
  const size_t bytes = t->records.chunks->used;
  CHECK(t->records.first != NULL && t->records.first->after == NULL);
  nd_tape_free(t);
  return bytes;
}

static void a_scalar_op_takes_at_most_112_bytes(void)
{
  const nd_op *op;
  start();
  for (int i = 0; (op = nd_op_at(i)) != NULL; i++) {
    if (op->derivative != ND_SLOPE)
      continue;
    if (bytes_of_record(op) > 112)
      CHECK_STR(op->name, "in 112 bytes");
    release_to(0);
  }
  finish();
}

static void what_no_derivative_reads_takes_no_room(void)
{
  start();
  CHECK_INT(bytes_of_record(nd_op_find("add")), 48);
  CHECK_INT(bytes_of_record(nd_op_find("multiply")), 48 + 2 * 16);
  CHECK_INT(bytes_of_record(nd_op_find("pow")), 48 + 3 * 16);
  finish();
}

// Only what the derivative by a watched input reads.
static void an_input_that_is_not_watched_saves_what_its_derivative_reads(void)
{
  start();
  nd_tensor *a = F32("2"), *b = F32("3"), *in[] = { a, b };
  nd_tape *t = nd_tape_new(c, 0);
  nd_tape_watch(t, a);
  nd_tensor *y = own(nd_apply(c, nd_op_find("multiply"), 2, in, NULL)), *g;
  CHECK_INT(t->records.chunks->used, 48 + 16);
  CHECK(nd_tape_differentiate(t, 1, &y, NULL, 1, &a, &g));
  CHECK_VALUES(own(g), "3", 0);
  nd_tape_free(t);
  finish();
}

int main(void)
{
  RUN(a_scalar_op_takes_at_most_112_bytes);
  RUN(what_no_derivative_reads_takes_no_room);
  RUN(an_input_that_is_not_watched_saves_what_its_derivative_reads);
  return check_done();
}
