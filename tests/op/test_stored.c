// Floats of two bytes, which nothing is computed with: every op that takes any
// dtype does the same to them as to float32s of the same value, in every
// layout; every other one refuses them, and says how to go on.

#include "cases.h"

static nd_dtype half;

static bool is_the_same(nd_tensor *x, nd_tensor *wide)
{
  if (x->dtype == half && wide->dtype == ND_FLOAT32)
    x = own(nd_call(c, "cast", 1, &x, "dtype=float32"));
  if (x == NULL || x->dtype != wide->dtype || !nd_same_shape(x, wide))
    return false;
  x = settle(x);
  wide = settle(wide);
  return memcmp(x->data, wide->data,
                (size_t)x->size * nd_dtype_size((nd_dtype)x->dtype)) == 0;
}

// Gives the call the dtype `half` where its inputs are float32, and those the
// values that they have then.
static void halve(case_call *k, case_call *wide, layout how)
{
  char as[32];
  snprintf(as, sizeof as, "dtype=%s", nd_dtype_name(half));
  for (int i = 0; i < k->job.n; i++) {
    if (wide->in[i]->dtype != ND_FLOAT32)
      continue;
    nd_tensor *x = settle(CALL("cast", as, wide->in[i]));
    k->in[i] = lay(x, how);
    wide->in[i] = CALL("cast", "dtype=float32", x);
  }
}

static bool check_layout(const trial *t, layout how)
{
  case_call k, wide;
  call_start(&wide, t, ND_FLOAT32, DENSE);
  call_start(&k, t, ND_FLOAT32, DENSE);
  halve(&k, &wide, how);
  if (!call_run(&wide) || !call_run(&k))
    return false;
  bool ok = k.job.outs == wide.job.outs;
  for (int i = 0; i < k.job.outs && ok; i++)
    ok = is_the_same(k.out[i], wide.out[i]);
  return ok;
}

static bool check_layouts(const trial *t)
{
  bool ok = true;
  for (layout how = DENSE; how < LAYOUTS && ok; how++) {
    const int mark = owned_count;
    ok = check_layout(t, how);
    release_to(mark);
  }
  return ok;
}

static bool check_refusal(const trial *t)
{
  case_call k, wide;
  const int mark = owned_count;
  call_start(&wide, t, ND_FLOAT32, DENSE);
  call_start(&k, t, ND_FLOAT32, DENSE);
  halve(&k, &wide, DENSE);
  const bool ok = !call_run(&k) &&
                  strstr(nd_error_message(c), "; use nd.cast") != NULL;
  if (ok)
    nd_error_clear(c);
  release_to(mark);
  return ok;
}

// Checks each case of the ops that take them, or of those that do not.
static void check_ops(bool taking, bool (*check)(const trial *t))
{
  const nd_op *op;
  trial t;
  start();
  for (int i = 0; (op = nd_op_at(i)) != NULL; i++) {
    for (const char *s = op->cases;
         s != NULL && !op->hidden && nd_dtype_in(half, op->dtypes) == taking;) {
      s = case_read(&t, op, s);
      const bool ok = check(&t);
      if (!ok)
        printf("\n  %s %s: %s\n", op->name, t.text, nd_error_message(c));
      CHECK(ok);
      nd_error_clear(c);
    }
  }
  finish();
}

static void what_takes_any_dtype_moves_them(void)
{
  check_ops(true, check_layouts);
}

static void all_else_refuses_them(void)
{
  check_ops(false, check_refusal);
}

int main(void)
{
  for (half = ND_FLOAT16; half <= ND_BFLOAT16; half++) {
    RUN(what_takes_any_dtype_moves_them);
    RUN(all_else_refuses_them);
  }
  return check_done();
}
