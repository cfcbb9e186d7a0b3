// Tests of base/context.c, base/error.c and base/dtype.c.

#include "base/dtype.h"

#include "../values.h"

static void a_new_context_is_ready(void)
{
  start();
  CHECK_INT(nd_error_code(c), ND_OK);
  CHECK_STR(nd_error_message(c), "");
  CHECK(nd_context_ready(c));
  for (int kind = 0; kind < ND_MEMORY_KINDS; kind++)
    CHECK_INT(nd_context_bytes(c, (nd_memory_kind)kind), 0);
  finish();
}

static void the_defaults_are_enough(void)
{
  nd_context *plain = nd_context_new(NULL);
  CHECK(plain != NULL);
  nd_tensor *x = nd_tensor_new(plain, ND_FLOAT32, 0, NULL, NULL);
  CHECK(x != NULL);
  nd_tensor_release(x);
  nd_context_free(plain);
  nd_context_free(NULL);
}

// A host that was compiled with a shorter nd_config.
static void fields_that_the_host_does_not_know_stay_at_their_defaults(void)
{
  nd_config config = { .size = offsetof(nd_config, cpu),
                       .tensor_quota = 10,
                       .cpu = "nothing" };
  nd_context *old = nd_context_new(&config);
  CHECK(old != NULL);
  CHECK(nd_tensor_new(old, ND_UINT8, 1, (int64_t[]){ 11 }, NULL) == NULL);
  nd_context_free(old);
}

static void no_memory_gives_no_context(void)
{
  const host refusing = { .refuse_from = 1, .refuse_to = 1 };
  CHECK(!start_at(refusing, (nd_config){ 0 }));
  CHECK_INT(memory.bytes, 0);
}

static void a_context_takes_what_is_still_held_with_it(void)
{
  CHECK(start_with((nd_config){ 0 }));
  nd_tensor *x = nd_tensor_new(c, ND_FLOAT32, 1, (int64_t[]){ 1000 }, NULL);
  nd_variable *v = nd_variable_new(x, true);
  nd_tape *t = nd_tape_new(c, 0);
  nd_tensor *y = nd_variable_read(v);
  nd_tensor *z = nd_call(c, "exp", 1, &y, NULL);
  nd_optimizer *o = nd_optimizer_new(c, "Adam", NULL);
  CHECK(nd_optimizer_apply(o, 1, &v, &x));
  CHECK(t != NULL && z != NULL);
  CHECK(memory.bytes > 20000);
  nd_context_free(c);
  CHECK_INT(memory.bytes, 0);
}

static void identities_are_never_given_twice(void)
{
  start();
  const uint64_t first = nd_context_id(c);
  CHECK(first != 0);
  CHECK(nd_context_id(c) != first);
  nd_tensor *x = F32("1"), *y = F32("1");
  CHECK(x->identity.id != y->identity.id && x->identity.id != 0);
  finish();
}

static void the_first_error_stays(void)
{
  start();
  CHECK(!nd_fail(c, ND_BAD_ARGUMENT, "first %d", 1));
  CHECK(!nd_fail(c, ND_NO_MEMORY, "second"));
  CHECK(!nd_context_ready(c));
  CHECK_FAILS(nd_context_ready(c), "first 1");
  CHECK(nd_context_ready(c));
  finish();
}

static void an_error_names_where_it_happened(void)
{
  start();
  const char *outside = nd_context_enter(c, "outer");
  const char *before = nd_context_enter(c, "inner");
  nd_fail(c, ND_BAD_STATE, "no");
  CHECK_STR(nd_error_message(c), "inner: no");
  nd_error_clear(c);
  nd_context_leave(c, before);
  nd_fail(c, ND_BAD_STATE, "no");
  CHECK_FAILS_AS(false, ND_BAD_STATE, "outer: no");
  nd_context_leave(c, outside);
  nd_fail(c, ND_BAD_STATE, "no");
  CHECK_FAILS_AS(false, ND_BAD_STATE, "no");
  finish();
}

static void a_long_message_is_cut(void)
{
  static char long_text[2000];
  start();
  memset(long_text, 'x', sizeof long_text - 1);
  const char *before = nd_context_enter(c, long_text);
  nd_fail(c, ND_BAD_ARGUMENT, "%s", long_text);
  CHECK_INT(strlen(nd_error_message(c)), sizeof c->strand.error.message - 1);
  nd_error_clear(c);
  nd_context_leave(c, before);
  nd_fail(c, ND_BAD_ARGUMENT, "%s", long_text);
  CHECK_INT(strlen(nd_error_message(c)), sizeof c->strand.error.message - 1);
  nd_error_clear(c);
  finish();
}

static void an_interrupt_is_reported_once(void)
{
  start();
  nd_interrupt(c);
  nd_interrupt(c);
  CHECK_FAILS_AS(nd_context_ready(c), ND_INTERRUPTED, "interrupted");
  CHECK(nd_context_ready(c));
  finish();
}

// An error that is there already is not hidden, and the interrupt not lost.
static void an_interrupt_waits_for_the_error_to_be_cleared(void)
{
  start();
  nd_fail(c, ND_BAD_ARGUMENT, "first");
  nd_interrupt(c);
  CHECK_FAILS(nd_context_ready(c), "first");
  CHECK_FAILS_AS(nd_context_ready(c), ND_INTERRUPTED, "interrupted");
  finish();
}

static void shapes_are_written_in_brackets(void)
{
  int64_t shape[ND_MAX_RANK] = { 0 };
  char text[ND_SHAPE_TEXT];
  CHECK_STR(nd_shape_text(text, 0, shape), "[]");
  shape[0] = 2;
  shape[1] = 3;
  CHECK_STR(nd_shape_text(text, 2, shape), "[2 3]");
  for (int i = 0; i < ND_MAX_RANK; i++)
    shape[i] = INT64_MIN;
  CHECK_INT(strlen(nd_shape_text(text, ND_MAX_RANK, shape)),
            ND_MAX_RANK * 20 + ND_MAX_RANK - 1 + 2);
}

static void dtypes_have_names_and_sizes(void)
{
  static const char *const names[] = { "float32", "float64", "int32",
                                       "int64",   "uint8",   "bool",
                                       "float16", "bfloat16" };
  static const size_t sizes[] = { 4, 8, 4, 8, 1, 1, 2, 2 };
  nd_dtype dtype = ND_DTYPES;
  for (int d = 0; d < ND_DTYPES; d++) {
    CHECK_STR(nd_dtype_name((nd_dtype)d), names[d]);
    CHECK_INT(nd_dtype_size((nd_dtype)d), sizes[d]);
    CHECK(nd_dtype_find(names[d], &dtype) && dtype == (nd_dtype)d);
  }
  CHECK(!nd_dtype_find("float8", &dtype));
  CHECK(!nd_dtype_find("", &dtype));
}

int main(void)
{
  RUN(a_new_context_is_ready);
  RUN(the_defaults_are_enough);
  RUN(fields_that_the_host_does_not_know_stay_at_their_defaults);
  RUN(no_memory_gives_no_context);
  RUN(a_context_takes_what_is_still_held_with_it);
  RUN(identities_are_never_given_twice);
  RUN(the_first_error_stays);
  RUN(an_error_names_where_it_happened);
  RUN(a_long_message_is_cut);
  RUN(an_interrupt_is_reported_once);
  RUN(an_interrupt_waits_for_the_error_to_be_cleared);
  RUN(shapes_are_written_in_brackets);
  RUN(dtypes_have_names_and_sizes);
  return check_done();
}
