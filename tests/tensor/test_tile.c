// Tests of tensor/tile.c: elements come in order, whatever is asked for first.

#include "tensor/tile.h"

#include "../values.h"

enum { MOST = 60000 };

static double all[MOST];

// A tensor of numbers in turn, transposed, and these in their new order.
static nd_tensor *make_turned(const int64_t *shape, const char *perm)
{
  static float data[MOST];
  for (int i = 0; i < MOST; i++)
    data[i] = (float)i;
  nd_tensor *x = own(nd_tensor_new(c, ND_FLOAT32, 3, shape, data));
  nd_tensor *y = own(nd_call(c, "transpose", 1, &x, perm));
  read_numbers(y, y->size, all);
  return y;
}

static bool reads_right(nd_tile *t, int64_t from, int64_t n)
{
  const float *x = nd_tile_at(t, from, n);
  for (int64_t i = 0; i < n; i++) {
    if ((double)x[i] != all[from + i])
      return false;
  }
  return true;
}

static void check_tile(const int64_t *shape, const char *perm)
{
  nd_tensor *x = make_turned(shape, perm);
  nd_walk w;
  nd_tile t;
  nd_walk_start(&w, x, 0);
  CHECK(nd_tile_start(&t, &w, c->level));
  bool right = true;
  for (int64_t at = 0, n; at < x->size; at += n) {
    n = x->size - at < 500 ? x->size - at : 500;
    t.end = at + 3000;
    right = right && reads_right(&t, at, n);
  }
  for (int64_t i = 0; i < 300; i++)
    right = right && reads_right(&t, i * 7919 % (x->size - 512), i + 1);
  CHECK(right);
}

static void elements_come_in_order(void)
{
  start();
  check_tile((int64_t[]){ 2, 3, 97 }, "perm=[3 1 2]");
  check_tile((int64_t[]){ 2, 300, 100 }, "perm=[1 3 2]");
  check_tile((int64_t[]){ 20, 30, 100 }, "perm=[3 2 1]");
  check_tile((int64_t[]){ 1, 5, 10000 }, "perm=[3 2 1]");
  check_tile((int64_t[]){ 1000, 1, 60 }, "perm=[3 2 1]");
  finish();
}

static void streams_that_have_no_room_are_refused(void)
{
  start();
  nd_tensor *x = make_turned((int64_t[]){ 10000, 2, 3 }, "perm=[3 2 1]");
  nd_walk w;
  nd_tile t;
  nd_walk_start(&w, x, 0);
  CHECK(!nd_tile_start(&t, &w, c->level));
  finish();
}

int main(void)
{
  RUN(elements_come_in_order);
  RUN(streams_that_have_no_room_are_refused);
  return check_done();
}
