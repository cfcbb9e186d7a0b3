// build/bench/conv [WORD]: convolutions and their two gradients beside those of
// oneDNN, for the rows whose name has the word; README.md beside this says how
// to read it. Both have one thread, whose own time counts, so that a busy
// machine changes little.

#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "contest.h"
#include "onednn.h"
#include "op/op.h"
#include "ops/entries.h"

typedef struct row {
  const char *name;
  convolution v;
  bool same;  // padded so that there are as many windows as positions
} row;

// Batch, size, taps, step, groups, channels of a group.
#define CONV(name, batch, size, taps, step, groups, in, out, same)  \
  {                                                                 \
    name, { batch, size, 0, taps, step, 0, groups, in, out }, same, \
  }

static const row rows[] = {
  CONV("net 28x28x1 to 32", 32, 28, 3, 1, 1, 1, 32, true),
  CONV("net 14x14x32 to 64", 32, 14, 3, 1, 1, 32, 64, true),
  CONV("14x14x32 to 64, valid", 32, 14, 3, 1, 1, 32, 64, false),
  CONV("28x28x64 to 64", 8, 28, 3, 1, 1, 64, 64, true),
  CONV("32x32x3 to 32", 32, 32, 3, 1, 1, 3, 32, true),
  CONV("64x64x3 to 32, 7, by 2", 8, 64, 7, 2, 1, 3, 32, true),
  CONV("28x28x64 to 64, by 2", 8, 28, 3, 2, 1, 64, 64, true),
  CONV("28x28x64 to 64, 1x1", 8, 28, 1, 1, 1, 64, 64, true),
  CONV("28x28x32, depthwise", 32, 28, 3, 1, 32, 1, 1, true),
};

static const char *const product_names[] = { "y", "dx", "dw" };

enum { OURS, BLOCKED, LAST, ALL };  // who takes part

typedef struct problem {
  nd_context *c;
  const convolution *v;
  bool same;
  product what;
  nd_tensor *x, *w, *y;
  onednn peers[ALL];
} problem;

static nd_tensor *apply_product(const problem *p)
{
  const convolution *v = p->v;
  const int64_t dims[] = { v->taps, v->taps, v->in, v->groups * v->out };
  nd_tensor *const in[] = { p->what == BY_INPUT ? p->y : p->x,
                            p->what == BY_FILTERS ? p->y : p->w };
  const nd_value attr[] = { p->what == BY_FILTERS
                              ? nd_value_list(4, dims)
                              : nd_value_list(4, p->x->dims),
                            nd_value_list(1, &v->step),
                            nd_value_integer(p->same ? ND_SAME : ND_VALID),
                            nd_value_list(1, (int64_t[]){ 1 }) };
  if (p->what == FORWARD)
    return nd_apply(p->c, &nd_op_convolution, 2, in, attr + 1);
  return nd_apply(p->c,
                  p->what == BY_INPUT ? &nd_op_conv_transpose
                                      : &nd_op_conv_filter_gradient,
                  2, in, attr);
}

static void run_contestant(const void *what, int who)
{
  const problem *p = what;
  if (who == OURS)
    nd_tensor_release(apply_product(p));
  else
    run_onednn(&p->peers[who]);
}

static nd_tensor *make_tensor(nd_context *c, int64_t n, int64_t high,
                              int64_t wide, int64_t channels)
{
  char options[100];
  snprintf(options, sizeof options, "shape=[%lld %lld %lld %lld]", (long long)n,
           (long long)high, (long long)wide, (long long)channels);
  return nd_call(c, "normal", 0, NULL, options);
}

static void compete(problem *p, bool peers)
{
  const convolution *v = p->v;
  contest t = { .count = ALL,
                .ours = 1,
                .run = run_contestant,
                .problem = p,
                .level = p->c->level,
                .narrow = true,
                .there = { true } };
  t.operations = 2. * (double)(v->batch * v->windows * v->windows * v->taps *
                               v->taps * v->groups * v->in * v->out);
  for (int who = BLOCKED; who < ALL; who++)
    t.there[who] = peers &&
                   make_onednn(&p->peers[who], v, p->what, who == LAST);
  time_all(&t);
  print_contest(&t);
  for (int who = BLOCKED; who < ALL; who++) {
    if (t.there[who])
      free_onednn(&p->peers[who]);
  }
}

static convolution complete(const row *r)
{
  convolution v = r->v;
  v.windows = r->same ? (v.size + v.step - 1) / v.step
                      : (v.size - v.taps) / v.step + 1;
  const int64_t lack = (v.windows - 1) * v.step + v.taps - v.size;
  v.before = r->same && lack > 0 ? lack / 2 : 0;
  return v;
}

static void show_products(nd_context *c, const row *r, bool peers)
{
  const convolution v = complete(r);
  problem p = { .c = c, .v = &v, .same = r->same };
  p.x = make_tensor(c, v.batch, v.size, v.size, v.groups * v.in);
  p.w = make_tensor(c, v.taps, v.taps, v.in, v.groups * v.out);
  p.y = make_tensor(c, v.batch, v.windows, v.windows, v.groups * v.out);
  for (p.what = FORWARD; p.what <= BY_FILTERS; p.what++) {
    printf("%-24s %-2s", r->name, product_names[p.what]);
    compete(&p, peers);
  }
  nd_tensor_release(p.x);
  nd_tensor_release(p.w);
  nd_tensor_release(p.y);
}

int main(int n, char **arguments)
{
  nd_context *c = nd_context_new(NULL);
  if (c == NULL)
    return 1;
  const bool peers = open_onednn();
  printf("level %s\n%-27s %8s %8s %8s %6s  %11s\n", nd_level_name(c->level), "",
         "op", "oneDNN", "NHWC", "peak", "op");
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (n < 2 || strstr(rows[i].name, arguments[1]) != NULL)
      show_products(c, &rows[i], peers);
  }
  nd_context_free(c);
  return 0;
}
