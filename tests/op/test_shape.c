// Tests of op/shape.c, op/slice.c and op/cast.c: views that share values, views
// of views, and every way that shapes can be wrong.

#include "../values.h"

// Both have the same memory.
static bool share(const nd_tensor *x, const nd_tensor *y)
{
  return x != NULL && y != NULL && x->block != NULL && x->block == y->block;
}

static nd_tensor *matrix(void)
{
  return F32("[[1 2 3] [4 5 6]]");
}

static void transpose_shares_its_values(void)
{
  start();
  nd_tensor *x = matrix(), *y = CALL("transpose", NULL, x);
  CHECK_VALUES(y, "[[1 4] [2 5] [3 6]]", 0);
  CHECK(share(x, y));
  CHECK_VALUES(CALL("transpose", NULL, y), "[[1 2 3] [4 5 6]]", 0);
  CHECK_VALUES(CALL("transpose", "perm=[2 1]", x), "[[1 4] [2 5] [3 6]]", 0);
  CHECK_VALUES(CALL("transpose", "perm=[1 -1]", x), "[[1 2 3] [4 5 6]]", 0);
  nd_tensor *z = CALL("reshape", "shape=[2 1 3]", x);
  CHECK_VALUES(CALL("transpose", "perm=[3 1 2]", z),
               "[[[1] [4]] [[2] [5]] [[3] [6]]]", 0);
  CHECK_FAILS(CALL("transpose", "perm=[1]", x),
              "transpose: perm has 1 axes, x is [2 3]");
  CHECK_FAILS(CALL("transpose", "perm=[1 1]", x),
              "transpose: axis 1 appears twice");
  CHECK_FAILS(CALL("transpose", "perm=[1 3]", x),
              "transpose: axis 3 is outside 1..2");
  finish();
}

static void reshape_shares_dense_values_and_copies_others(void)
{
  start();
  nd_tensor *x = matrix();
  nd_tensor *y = CALL("reshape", "shape=[3 2]", x);
  CHECK_VALUES(y, "[[1 2] [3 4] [5 6]]", 0);
  CHECK(share(x, y));
  nd_tensor *z = CALL("reshape", "shape=[-1]", CALL("transpose", NULL, x));
  CHECK_VALUES(z, "[1 4 2 5 3 6]", 0);
  CHECK(!share(x, z));
  CHECK_VALUES(CALL("reshape", "shape=[1 1]", F32("5")), "[[5]]", 0);
  CHECK_VALUES(CALL("reshape", "shape=[2 0]", F32("[]")), "[[] []]", 0);
  finish();
}

static void reshape_refuses_other_sizes(void)
{
  start();
  nd_tensor *x = matrix();
  CHECK_FAILS(CALL("reshape", "shape=[4]", x),
              "reshape: sizes differ: x is [2 3], shape is [4]");
  CHECK_FAILS(CALL("reshape", "shape=[4 -1]", x),
              "reshape: sizes differ: x is [2 3], shape is [4 -1]");
  CHECK_FAILS(CALL("reshape", "shape=[0 -1]", F32("[]")),
              "reshape: sizes differ: x is [0], shape is [0 -1]");
  CHECK_FAILS(CALL("reshape", "shape=[-1 -1]", x),
              "reshape: bad shape: [-1 -1]");
  CHECK_FAILS(CALL("reshape", "shape=[-2 3]", x), "reshape: bad shape: [-2 3]");
  CHECK_FAILS(CALL("reshape", "shape=[4294967296 4294967296]", x),
              "reshape: sizes differ: x is [2 3], shape is [4294967296 "
              "4294967296]");
  CHECK_FAILS(CALL("reshape", "shape=[4294967296 4294967296 0]", F32("[]")),
              "reshape: too large: [4294967296 4294967296 0]");
  finish();
}

static void axes_of_size_one_come_and_go(void)
{
  start();
  nd_tensor *x = matrix();
  CHECK_VALUES(CALL("expand_dims", "axis=2", x), "[[[1 2 3]] [[4 5 6]]]", 0);
  CHECK_VALUES(CALL("expand_dims", "axis=-1", F32("[1 2]")), "[[1] [2]]", 0);
  CHECK_FAILS(CALL("expand_dims", "axis=4", x),
              "expand_dims: axis 4 is outside 1..3");
  nd_tensor *y = F32("[[[1] [2]]]");
  CHECK_VALUES(CALL("squeeze", NULL, y), "[1 2]", 0);
  CHECK_VALUES(CALL("squeeze", "axis=1", y), "[[1] [2]]", 0);
  CHECK_VALUES(CALL("squeeze", "axis=[3 1]", y), "[1 2]", 0);
  CHECK_FAILS(CALL("squeeze", "axis=2", y),
              "squeeze: axis 2 is not of size 1: x is [1 2 1]");
  nd_tensor *deep = ZEROS(ND_FLOAT32, 1, 1, 1, 1, 1, 1, 1, 1);
  CHECK_FAILS(CALL("expand_dims", "axis=1", deep),
              "expand_dims: at most 8 axes: x is [1 1 1 1 1 1 1 1]");
  CHECK_VALUES(CALL("squeeze", NULL, deep), "0", 0);
  finish();
}

static void broadcast_to_repeats_without_copying(void)
{
  start();
  nd_tensor *x = F32("[[1] [2]]");
  nd_tensor *y = CALL("broadcast_to", "shape=[2 2 3]", x);
  CHECK_VALUES(y, "[[[1 1 1] [2 2 2]] [[1 1 1] [2 2 2]]]", 0);
  CHECK(share(x, y));
  CHECK_FAILS(CALL("broadcast_to", "shape=[3]", x),
              "broadcast_to: does not fit: x is [2 1], shape is [3]");
  CHECK_FAILS(CALL("broadcast_to", "shape=[3 1]", x),
              "broadcast_to: does not fit: x is [2 1], shape is [3 1]");
  CHECK_FAILS(CALL("broadcast_to", "shape=[2 -1]", x),
              "broadcast_to: does not fit: x is [2 1], shape is [2 -1]");
  finish();
}

// ------------------------------------------------------------------- slice --

static void ranges_include_both_ends(void)
{
  start();
  nd_tensor *x = F32("[10 20 30 40 50]");
  CHECK_VALUES(CALL("slice", "ranges=[2:4:1]", x), "[20 30 40]", 0);
  CHECK_VALUES(CALL("slice", "ranges=2:4", x), "[20 30 40]", 0);
  CHECK_VALUES(CALL("slice", "ranges=[1:5:2]", x), "[10 30 50]", 0);
  CHECK_VALUES(CALL("slice", "ranges=[-2:-1]", x), "[40 50]", 0);
  CHECK_VALUES(CALL("slice", "ranges=[5:1:-1]", x), "[50 40 30 20 10]", 0);
  CHECK_VALUES(CALL("slice", "ranges=[-1:2:-2]", x), "[50 30]", 0);
  CHECK_VALUES(CALL("slice", "ranges=[4:2]", x), "[]", 0);
  CHECK_VALUES(CALL("slice", "ranges=[2:4:-1]", x), "[]", 0);
  finish();
}

static void ends_of_ranges_are_cut_to_the_size(void)
{
  start();
  nd_tensor *x = F32("[10 20 30]");
  CHECK_VALUES(CALL("slice", "ranges=[2:99]", x), "[20 30]", 0);
  CHECK_VALUES(CALL("slice", "ranges=[-99:1]", x), "[10]", 0);
  CHECK_VALUES(CALL("slice", "ranges=[99:-99:-1]", x), "[30 20 10]", 0);
  CHECK_VALUES(CALL("slice", "ranges=[4:9]", x), "[]", 0);
  CHECK_VALUES(CALL("slice", "ranges=[-9:-4]", x), "[]", 0);
  CHECK_VALUES(
    CALL("slice", "ranges=[1:9223372036854775807:9223372036854775807]", x),
    "[10]", 0);
  CHECK_VALUES(
    CALL("slice", "ranges=[3:-9223372036854775808:-9223372036854775808]", x),
    "[30]", 0);
  CHECK_VALUES(CALL("slice", "ranges=[1:-1]", F32("[]")), "[]", 0);
  finish();
}

static void a_position_drops_its_axis(void)
{
  start();
  nd_tensor *x = matrix();
  CHECK_VALUES(CALL("slice", "ranges=[2]", x), "[4 5 6]", 0);
  CHECK_VALUES(CALL("slice", "ranges=[1:-1 -1]", x), "[3 6]", 0);
  CHECK_VALUES(CALL("slice", "ranges=[2 1]", x), "4", 0);
  CHECK_FAILS(CALL("slice", "ranges=[3]", x),
              "slice: position 3 is outside 1..2");
  CHECK_FAILS(CALL("slice", "ranges=[-3]", x),
              "slice: position -3 is outside 1..2");
  CHECK_FAILS(CALL("slice", "ranges=[0]", x),
              "slice: position 0: positions count from 1 here, and -1 is the "
              "last");
  CHECK_FAILS(CALL("slice", "ranges=[0:1]", x),
              "slice: position 0: positions count from 1 here, and -1 is the "
              "last");
  CHECK_FAILS(CALL("slice", "ranges=[1:2:0]", x), "slice: step 0");
  CHECK_FAILS(CALL("slice", "ranges=[1 1 1]", x), "slice: 3 ranges for [2 3]");
  finish();
}

static void views_of_views_reach_the_right_elements(void)
{
  start();
  nd_tensor *x = CALL("reshape", "shape=[4 6]",
                      CALL("range", NULL, F32("1"), F32("24"), F32("1")));
  nd_tensor *y = CALL("slice", "ranges=[4:1:-1 2:6:2]", x);
  CHECK_VALUES(y, "[[20 22 24] [14 16 18] [8 10 12] [2 4 6]]", 0);
  nd_tensor *t = CALL("transpose", NULL, y);
  nd_tensor *z = CALL("slice", "ranges=[3:1:-2 2:4]", t);
  CHECK_VALUES(z, "[[18 12 6] [14 8 2]]", 0);
  CHECK(share(x, z));
  CHECK_VALUES(CALL("reshape", "shape=[6]", z), "[18 12 6 14 8 2]", 0);
  CHECK_VALUES(CALL("reduce_sum", "axis=2", z), "[36 24]", 0);
  CHECK_VALUES(CALL("slice", "ranges=[2 -1]", z), "2", 0);
  CHECK_VALUES(CALL("add", NULL, z, CALL("slice", "ranges=[1]", z)),
               "[[36 24 12] [32 20 8]]", 0);
  finish();
}

static void a_view_lives_on_without_what_it_views(void)
{
  start();
  nd_tensor *x = nd_tensor_new(c, ND_FLOAT32, 1, (int64_t[]){ 3 },
                               (float[]){ 1, 2, 3 });
  nd_tensor *y = CALL("slice", "ranges=[2:3]", x);
  nd_tensor_release(x);
  CHECK_VALUES(y, "[2 3]", 0);
  finish();
}

static void a_scalar_in_memory_of_the_caller_can_be_viewed(void)
{
  start();
  nd_tensor x;
  nd_scalar_set(c, &x, ND_FLOAT64, 2.5);
  nd_tensor *y = CALL("broadcast_to", "shape=[3]", &x);
  nd_tensor *z = CALL("identity", NULL, &x);
  x.value.float64 = 9;
  CHECK_VALUES(y, "[2.5 2.5 2.5]", 0);
  CHECK_VALUES(z, "2.5", 0);
  finish();
}

static void unslice_puts_values_into_zeros(void)
{
  start();
  CHECK_VALUES(CALL("unslice", "ranges=[3:1:-2 2] shape=[3 2]", F32("[7 8]")),
               "[[0 8] [0 0] [0 7]]", 0);
  CHECK_FAILS(CALL("unslice", "ranges=[1:2] shape=[4]", F32("[7 8 9]")),
              "unslice: does not fit: x is [3], ranges give [2]");
  CHECK_FAILS(CALL("unslice", "ranges=[5] shape=[4]", F32("7")),
              "unslice: position 5 is outside 1..4");
  CHECK_FAILS(CALL("unslice", "ranges=[1] shape=[-4]", F32("7")),
              "unslice: negative size: [-4]");
  finish();
}

// -------------------------------------------------------------------- cast --

static void casts_truncate_and_stay_defined(void)
{
  start();
  nd_tensor *x = F64("[1.9 -1.9 nan 1e30 -1e30 300]");
  CHECK_VALUES(CALL("cast", "dtype=int32", x),
               "[1 -1 -2147483648 -2147483648 -2147483648 300]", 0);
  CHECK_VALUES(CALL("cast", "dtype=uint8", F32("[1.9 255 256 300]")),
               "[1 255 0 44]", 0);
  CHECK_VALUES(CALL("cast", "dtype=bool", F32("[0 -0 .5 nan]")), "[0 0 1 1]",
               0);
  CHECK_VALUES(CALL("cast", "dtype=float32", BOOL("[1 0]")), "[1 0]", 0);
  CHECK_VALUES(CALL("cast", "dtype=int64", U8("[200]")), "[200]", 0);
  CHECK_VALUES(CALL("cast", "dtype=uint8", I32("[-1 257]")), "[255 1]", 0);
  finish();
}

static void casts_read_views(void)
{
  start();
  nd_tensor *x = CALL("transpose", NULL, matrix());
  CHECK_VALUES(CALL("cast", "dtype=int64", x), "[[1 4] [2 5] [3 6]]", 0);
  nd_tensor *many = CALL("broadcast_to", "shape=[3000]", F32("2.5"));
  CHECK_VALUES(CALL("reduce_sum", NULL, CALL("cast", "dtype=int32", many)),
               "6000", 0);
  finish();
}

int main(void)
{
  RUN(transpose_shares_its_values);
  RUN(reshape_shares_dense_values_and_copies_others);
  RUN(reshape_refuses_other_sizes);
  RUN(axes_of_size_one_come_and_go);
  RUN(broadcast_to_repeats_without_copying);
  RUN(ranges_include_both_ends);
  RUN(ends_of_ranges_are_cut_to_the_size);
  RUN(a_position_drops_its_axis);
  RUN(views_of_views_reach_the_right_elements);
  RUN(a_view_lives_on_without_what_it_views);
  RUN(a_scalar_in_memory_of_the_caller_can_be_viewed);
  RUN(unslice_puts_values_into_zeros);
  RUN(casts_truncate_and_stay_defined);
  RUN(casts_read_views);
  return check_done();
}
