// tape/custom.c: derivatives of somebody's own. What was computed unheard
// becomes the output of one op, which is in no table: its attribute is the
// function that gives the gradients. The tangents come from the same function,
// as the transpose of a linear map: they are the derivative of <gradients, t>
// by what went in.

#include "tape/custom.h"

#include "base/recorder.h"
#include "ops/rules.h"
#include "tape/tape.h"

static nd_custom_rule *rule_of(const nd_job *j)
{
  return (nd_custom_rule *)j->attr[0].closure;
}

static bool check_gradient(nd_context *c, const nd_job *j, int i,
                           const nd_tensor *g)
{
  const nd_tensor *x = j->in[i];
  if (g != NULL && g->context != c)
    return nd_fail_foreign(c, "gradient", i + 1);
  if (g == NULL || (g->dtype == x->dtype && nd_same_shape(g, x)))
    return true;
  return nd_fail(c, ND_BAD_ARGUMENT, "gradient %d is %s %s, its input is %s %s",
                 i + 1, nd_dtype_name((nd_dtype)g->dtype),
                 ND_SHAPE(g->rank, g->dims), nd_dtype_name((nd_dtype)x->dtype),
                 ND_SHAPE(x->rank, x->dims));
}

// Calls the function. Afterwards gx has references of the gradients that are
// wanted and fit their inputs, or NULL.
static bool call_rule(nd_context *c, const nd_job *j, nd_tensor *const *g,
                      const bool *wanted, nd_tensor **gx)
{
  for (int i = 0; i < j->n; i++)
    gx[i] = NULL;
  const char *before = nd_context_enter(c, "custom_gradient");
  const bool rests = nd_finder_rest(c, false);  // who wrote it is told more
  bool ok = rule_of(j)->backward(rule_of(j), c, j, g, wanted, gx);
  nd_finder_rest(c, rests);
  for (int i = 0; i < j->n; i++)
    ok = ok && check_gradient(c, j, i, gx[i]);
  nd_context_leave(c, before);
  for (int i = 0; i < j->n; i++) {
    if (ok && wanted[i])
      continue;
    nd_tensor_release(gx[i]);
    gx[i] = NULL;
  }
  return ok;
}

// --------------------------------------------------------------- backward --

static void vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                const bool *wanted, nd_tensor **gx)
{
  const size_t bytes = (size_t)j->outs * sizeof *g;
  nd_tensor **all = nd_memory_new(c, bytes, ND_MEMORY_OBJECT);
  bool ok = all != NULL;
  for (int k = 0; k < j->outs && ok; k++) {
    all[k] = g[k] != NULL ? g[k] : ZEROS(j->out[k]);
    ok = all[k] != NULL;
  }
  ok = ok && call_rule(c, j, all, wanted, gx);
  for (int i = 0; i < j->n && ok; i++) {
    if (wanted[i])
      gx[i] = gx[i] != NULL ? nd_pool_add(c, gx[i]) : ZEROS(j->in[i]);
  }
  if (all != NULL)
    nd_memory_free(c, all, bytes, ND_MEMORY_OBJECT);
}

// ---------------------------------------------------------------- forward --

// What the transpose of a rule takes: points where the map is asked for its
// derivative, the gradients there, those that have a tangent, and the tangents.
typedef struct transposed {
  int n, outs, targets;
  size_t bytes;
  nd_tensor **g, **gx, **target, **seed;
  bool *wanted;
} transposed;

static bool make_room(nd_context *c, const nd_job *j, transposed *p)
{
  const size_t n = (size_t)j->n, outs = (size_t)j->outs;
  *p = (transposed){ .n = j->n, .outs = j->outs };
  p->bytes = (outs + 3 * n) * sizeof(nd_tensor *) + n;
  p->g = nd_memory_new(c, p->bytes, ND_MEMORY_OBJECT);
  if (p->g == NULL)
    return false;
  p->gx = p->g + outs;
  p->target = p->gx + n;
  p->seed = p->target + n;
  p->wanted = (bool *)(p->seed + n);
  return true;
}

// The map is linear, so that its derivative is the same everywhere; ones are
// no special case of any rule.
static bool watch_points(nd_context *c, const nd_job *j, nd_tape *tape,
                         transposed *p)
{
  for (int k = 0; k < p->outs; k++) {
    p->g[k] = nd_rule1(c, &nd_op_ones_like, j->out[k]);
    if (p->g[k] == NULL || !nd_tape_watch(tape, p->g[k]))
      return false;
  }
  return true;
}

static void choose_targets(transposed *p, nd_tensor *const *t)
{
  for (int i = 0; i < p->n; i++) {
    if (p->gx[i] == NULL || t[i] == NULL)
      continue;
    p->target[p->targets] = p->gx[i];
    p->seed[p->targets++] = t[i];
  }
}

static bool transpose(nd_context *c, const nd_job *j, nd_tape *tape,
                      transposed *p, nd_tensor *const *t, nd_tensor **ty)
{
  for (int i = 0; i < p->n; i++)
    p->wanted[i] = t[i] != NULL;
  if (!watch_points(c, j, tape, p) || !call_rule(c, j, p->g, p->wanted, p->gx))
    return false;
  nd_tape_stop(tape);
  choose_targets(p, t);
  const bool ok = nd_tape_differentiate(tape, p->targets, p->target, p->seed,
                                        p->outs, p->g, ty);
  for (int i = 0; i < p->n; i++)
    nd_tensor_release(p->gx[i]);
  return ok;
}

static void jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                nd_tensor **ty)
{
  transposed p;
  nd_tape *tape = nd_tape_new(c, 0);
  if (tape == NULL)
    return;
  if (make_room(c, j, &p)) {
    const bool ok = transpose(c, j, tape, &p, t, ty);
    for (int k = 0; k < j->outs && ok; k++)
      ty[k] = ty[k] != NULL ? nd_pool_add(c, ty[k]) : ZEROS(j->out[k]);
    nd_memory_free(c, p.g, p.bytes, ND_MEMORY_OBJECT);
  }
  nd_tape_free(tape);
}

// ---------------------------------------------------------------- applying --

static const nd_op custom = {
  .name = "custom_gradient",
  .attrs = 1,
  .derivative = ND_VJP,
  .needs = { ND_NEEDS_WORK, ND_NEEDS_WORK, ND_NEEDS_WORK },
  .vjp = vjp,
  .jvp = jvp,
};

static bool alias_all(int n, nd_tensor *const *values, nd_tensor **out)
{
  bool ok = true;
  for (int k = 0; k < n; k++) {
    nd_tensor *x = values[k];
    out[k] = nd_tensor_view(x, x->rank, x->dims, nd_strides(x), 0);
    ok = ok && out[k] != NULL;
  }
  return ok;
}

bool nd_custom_apply(nd_context *c, nd_custom_rule *f, int n,
                     nd_tensor *const *in, int outs, nd_tensor *const *values,
                     nd_tensor **out)
{
  const nd_value rule = { .given = true,
                          .holds = ND_HOLDS_CLOSURE,
                          .closure = &f->closure };
  const nd_job j = {
    .op = &custom, .n = n, .outs = outs, .in = in, .out = out, .attr = &rule
  };
  const char *before = nd_context_enter(c, custom.name);
  const bool ok = alias_all(outs, values, out) && nd_recorders_applied(c, &j);
  nd_context_leave(c, before);
  for (int k = 0; k < outs && !ok; k++) {
    nd_tensor_release(out[k]);
    out[k] = NULL;
  }
  return ok;
}

// --------------------------------------------------------- public functions --

// The rule of a host.
typedef struct hosted {
  nd_custom_rule rule;
  nd_context *context;
  nd_custom own;
} hosted;

static bool hosted_backward(nd_custom_rule *f, nd_context *c, const nd_job *j,
                            nd_tensor *const *g, const bool *wanted,
                            nd_tensor **gx)
{
  const nd_custom *own = &((hosted *)f)->own;
  if (own->backward(own->data, c, j->outs, g, j->n, gx))
    return true;
  return nd_error_code(c) != ND_OK
           ? false
           : nd_fail(c, ND_BAD_ARGUMENT, "the host's function failed");
}

static void hosted_release(nd_closure *closure)
{
  hosted *h = (hosted *)closure;
  if (h->own.release != NULL)
    h->own.release(h->own.data);
  nd_memory_free(h->context, h, sizeof *h, ND_MEMORY_OBJECT);
}

static bool run_forward(nd_context *c, const nd_custom *own, int n,
                        nd_tensor *const *inputs, int count,
                        nd_tensor **outputs)
{
  nd_recorder rest;
  nd_recorders_part(c, nd_recorders_first(c), &rest);
  bool ok = own->forward(own->data, c, n, inputs, count, outputs);
  nd_recorders_move(&c->strand.recorders, &rest);
  for (int k = 0; k < count && ok; k++) {
    ok = outputs[k] != NULL;
    if (ok && outputs[k]->context != c)
      return nd_fail_foreign(c, "custom_gradient: output", k + 1);
  }
  if (ok || nd_error_code(c) != ND_OK)
    return ok;
  return nd_fail(c, ND_BAD_ARGUMENT,
                 "custom_gradient: the host's function failed");
}

static bool check_inputs(nd_context *c, int n, nd_tensor *const *inputs)
{
  for (int i = 0; i < n; i++) {
    if (inputs == NULL || inputs[i] == NULL)
      return false;
    if (inputs[i]->context != c)
      return nd_fail_foreign(c, "custom_gradient: input", i + 1);
  }
  return true;
}

static bool apply_hosted(nd_context *c, hosted *h, int n,
                         nd_tensor *const *inputs, int count,
                         nd_tensor **outputs)
{
  if (!check_inputs(c, n, inputs))
    return false;
  const size_t bytes = (size_t)(count > 0 ? count : 1) * sizeof *outputs;
  nd_tensor **values = nd_memory_new(c, bytes, ND_MEMORY_OBJECT);
  if (values == NULL)
    return false;
  for (int k = 0; k < count; k++)
    values[k] = NULL;
  const bool ok = run_forward(c, &h->own, n, inputs, count, values) &&
                  nd_custom_apply(c, &h->rule, n, inputs, count, values,
                                  outputs);
  for (int k = 0; k < count; k++)
    nd_tensor_release(values[k]);
  nd_memory_free(c, values, bytes, ND_MEMORY_OBJECT);
  return ok;
}

static hosted *make_hosted(nd_context *c, const nd_custom *own)
{
  hosted *h = nd_memory_new(c, sizeof *h, ND_MEMORY_OBJECT);
  if (h == NULL)
    return NULL;
  *h = (hosted){ .context = c, .own = *own };
  h->rule.closure = (nd_closure){ .refs = 1,
                                  .hosted = true,
                                  .release = hosted_release };
  h->rule.backward = hosted_backward;
  return h;
}

bool nd_custom_gradient(nd_context *c, const nd_custom *function, int n,
                        nd_tensor *const *inputs, int count,
                        nd_tensor **outputs)
{
  if (function == NULL)
    return false;
  for (int k = 0; k < count && outputs != NULL; k++)
    outputs[k] = NULL;
  const bool complete = function->forward != NULL &&
                        function->backward != NULL && n >= 0 && count >= 0 &&
                        (outputs != NULL || count == 0);
  hosted *h = complete && nd_context_ready(c) ? make_hosted(c, function) : NULL;
  if (h == NULL) {
    if (function->release != NULL)
      function->release(function->data);
    return false;
  }
  const bool ok = apply_hosted(c, h, n, inputs, count, outputs);
  nd_closure_release(&h->rule.closure);
  return ok;
}
