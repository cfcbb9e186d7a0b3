// Tests of tensor/walk.c: every element in its place, from any position, in
// pieces of any length, against indexing by shape and strides.

#include "tensor/walk.h"

#include "../values.h"

// Element `i` of `x` broadcast to `shape`, by the definition.
static int32_t pick(const nd_tensor *x, int rank, const int64_t *shape,
                    int64_t i)
{
  int64_t offset = 0;
  for (int axis = rank - 1; axis >= 0; axis--) {
    const int64_t at = i % shape[axis];
    const int own_axis = axis - (rank - x->rank);
    i /= shape[axis];
    if (own_axis >= 0 && x->dims[own_axis] != 1)
      offset += at * nd_strides(x)[own_axis];
  }
  return ((const int32_t *)(const void *)x->data)[offset];
}

// Walks from every position in pieces of every length up to 7.
static void check_walk(const nd_tensor *x, int rank, const int64_t *shape)
{
  int64_t size = 1;
  for (int i = 0; i < rank; i++)
    size *= shape[i];
  for (int64_t from = 0; from < size; from++) {
    for (int64_t length = 1; length < 8; length++) {
      nd_walk w;
      int32_t piece[8];
      nd_walk_broadcast(&w, x, rank, shape, from);
      for (int64_t at = from; at + length <= size; at += length) {
        nd_walk_copy(&w, length, piece);
        for (int64_t i = 0; i < length; i++) {
          if (piece[i] != pick(x, rank, shape, at + i)) {
            CHECK_INT(piece[i], pick(x, rank, shape, at + i));
            return;
          }
        }
      }
    }
  }
}

static nd_tensor *counted(const char *shape)
{
  nd_tensor *x = CALL("range", NULL, I32("1"), I32("24"), I32("1"));
  return CALL("reshape", shape, x);
}

static void views_are_walked_in_row_major_order(void)
{
  start();
  nd_tensor *x = counted("shape=[2 3 4]");
  check_walk(x, x->rank, x->dims);
  static const char *const perms[] = { "perm=[3 2 1]", "perm=[2 1 3]",
                                       "perm=[1 3 2]", "perm=[3 1 2]" };
  for (int i = 0; i < 4; i++) {
    nd_tensor *y = CALL("transpose", perms[i], x);
    check_walk(y, y->rank, y->dims);
  }
  static const char *const parts[] = { "ranges=[1:-1 2:3 1:4:2]",
                                       "ranges=[2:1:-1 3:1:-2 4:1:-1]",
                                       "ranges=[2 1:-1 3]", "ranges=[2]" };
  for (int i = 0; i < 4; i++) {
    nd_tensor *y = CALL("slice", parts[i], x);
    check_walk(y, y->rank, y->dims);
  }
  finish();
}

static void broadcast_axes_repeat(void)
{
  start();
  nd_tensor *x = counted("shape=[2 1 3 4]");
  const int64_t shape[] = { 2, 2, 2, 3, 4 };
  check_walk(x, 5, shape);
  check_walk(I32("[5]"), 5, shape);
  check_walk(I32("5"), 5, shape);
  check_walk(I32("[[1] [2] [3]]"), 5, shape);
  nd_tensor *wide = CALL("broadcast_to", "shape=[2 2 2 3 4]", x);
  check_walk(wide, 5, shape);
  finish();
}

static void neighbouring_axes_merge(void)
{
  start();
  nd_walk w;
  nd_tensor *x = counted("shape=[2 3 1 4]");
  nd_walk_start(&w, x, 0);
  CHECK_INT(w.rank, 1);
  CHECK(nd_walk_is_dense(&w));
  nd_walk_start(&w, CALL("slice", "ranges=[1:2 1:2]", x), 0);
  CHECK_INT(w.rank, 2);
  CHECK(!nd_walk_is_dense(&w));
  nd_walk_start(&w, I32("7"), 0);
  CHECK_INT(w.rank, 0);
  CHECK(nd_walk_is_dense(&w));
  finish();
}

static void axes_may_be_walked_in_another_order(void)
{
  start();
  nd_tensor *x = counted("shape=[2 3 4]");
  const int axes[] = { 2, 0, 1 };
  int32_t got[24], want[24];
  nd_walk w;
  nd_walk_permuted(&w, x, axes, 0);
  nd_walk_copy(&w, 24, got);
  nd_tensor_read(CALL("transpose", "perm=[3 1 2]", x), want);
  CHECK(memcmp(got, want, sizeof got) == 0);
  nd_walk_seek(&w, 5);
  nd_walk_copy(&w, 19, got);
  CHECK(memcmp(got, want + 5, 19 * sizeof *got) == 0);
  finish();
}

static void elements_of_every_width_are_copied(void)
{
  start();
  for (int d = 0; d < ND_DTYPES; d++) {
    nd_tensor *x = tensor((nd_dtype)d, "[[1 0 1] [0 0 1]]");
    nd_tensor *y = CALL("transpose", NULL, x);
    CHECK_VALUES(y, "[[1 0] [0 0] [1 1]]", 0);
  }
  finish();
}

static void what_lies_together_is_given_where_it_lies(void)
{
  start();
  nd_walk w;
  float room[4];
  nd_tensor *x = F32("[[1 2 3] [4 5 6]]");
  nd_walk_start(&w, x, 1);
  CHECK(nd_walk_next(&w, 3, room) == (const void *)(x->data + 4));
  CHECK(nd_walk_next(&w, 2, room) == (const void *)(x->data + 16));
  nd_walk_start(&w, CALL("transpose", NULL, x), 1);
  CHECK(nd_walk_next(&w, 3, room) == (const void *)room);
  CHECK(room[0] == 4 && room[1] == 2 && room[2] == 5);
  CHECK(nd_walk_next(&w, 2, room) == (const void *)room);
  CHECK(room[0] == 3 && room[1] == 6);
  finish();
}

static void runs_and_rows_are_found_where_they_lie(void)
{
  start();
  nd_walk w;
  const char *first;
  int64_t stride = 0;
  nd_tensor *x = counted("shape=[2 3 4]");
  nd_walk_start(&w, CALL("transpose", "perm=[1 3 2]", x), 4);
  CHECK_INT(nd_walk_run(&w, 9, &first, &stride), 2);
  CHECK(first == x->data + 20 && stride == 16);
  CHECK_INT(nd_walk_run(&w, 2, &first, &stride), 2);
  CHECK(first == x->data + 8);
  CHECK_INT(nd_walk_rows(&w, 0, 2, 3, &first, &stride), 0);
  nd_walk_start(&w, x, 0);
  CHECK_INT(nd_walk_rows(&w, 5, 3, 4, &first, &stride), 5);
  CHECK(first == x->data + 20 && stride == 16);
  nd_walk_start(&w, CALL("slice", "ranges=[1:-1 1:-1 2:4]", x), 0);
  CHECK_INT(nd_walk_rows(&w, 4, 2, 3, &first, &stride), 5);
  CHECK(first == x->data + 24 && stride == 16);
  CHECK_INT(nd_walk_rows(&w, 4, 3, 3, &first, &stride), 0);
  nd_walk_start(&w, I32("7"), 0);
  CHECK_INT(nd_walk_run(&w, 4, &first, &stride), 4);
  CHECK_INT(stride, 0);
  finish();
}

static void nothing_is_walked_in_no_steps(void)
{
  start();
  nd_walk w;
  char none;
  nd_walk_start(&w, ZEROS(ND_INT32, 2, 0, 3), 0);
  nd_walk_copy(&w, 0, &none);
  finish();
}

int main(void)
{
  RUN(views_are_walked_in_row_major_order);
  RUN(broadcast_axes_repeat);
  RUN(neighbouring_axes_merge);
  RUN(axes_may_be_walked_in_another_order);
  RUN(elements_of_every_width_are_copied);
  RUN(what_lies_together_is_given_where_it_lies);
  RUN(runs_and_rows_are_found_where_they_lie);
  RUN(nothing_is_walked_in_no_steps);
  return check_done();
}
