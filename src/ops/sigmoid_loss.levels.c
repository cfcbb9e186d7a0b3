// ops/sigmoid_loss.levels.c: cross entropy of labels with sigmoid(logits),
// element by element. It is written like ops/binary.levels.c, whose formulas it
// shares the vocabulary with: the slopes are read as kernel, as recorded rule
// and as the set of values that a tape keeps.

#include "kernel/level.h"
#include "op/op.h"

// z labels, x logits: x (1 - z) for positive x, else -x z, 0 where the label
// says so even if x is infinite; and log(1 + exp(-|x|)). The slope is made of
// sigmoid(-|x|): none of it is lost where sigmoid(x) has rounded to 1.
#define LINE(weight) ((weight) == 0 ? 0 : x * (weight))
#define LOSS LINE(x > 0 ? 1 - z : -z) + PER_FLOAT(softplus, x)(x > 0 ? -x : x)
#define BY_LABELS NEG(x)
#define BY_LOGITS \
  IF(GT(x, NUM(0)), SUB(SUB(NUM(1), z), SIGMOID(NEG(x))), SUB(SIGMOID(x), z))

#include "ops/elementwise.h"
#include "ops/vocab_scalar.h"

#define FORWARD(name, label, type, result, formula) \
  ND_BLOCK_KERNEL(name##_##label)                   \
  {                                                 \
    typedef type T;                                 \
    T *restrict y = out;                            \
    const T *pz = in[0], *px = in[1];               \
    for (int i = 0; i < n; i++) {                   \
      const T z = pz[i], x = px[i];                 \
      y[i] = formula;                               \
    }                                               \
  }
#define BACKWARD(name, label, type, result, slope) \
  ND_BLOCK_KERNEL(name##_##label)                  \
  {                                                \
    typedef type T;                                \
    T *restrict y = out;                           \
    const T *pg = in[0], *pz = in[1], *px = in[2]; \
    for (int i = 0; i < n; i++) {                  \
      const T g = pg[i], z = pz[i], x = px[i];     \
      (void)z;                                     \
      y[i] = ZERO_STAYS(g, slope);                 \
    }                                              \
  }

KERNELS_FLOATS(FORWARD, loss, LOSS)
KERNELS_FLOATS(BACKWARD, by_labels, BY_LABELS)
KERNELS_FLOATS(BACKWARD, by_logits, BY_LOGITS)

const nd_kernels ND_LEVELLED(nd_kernels_sigmoid_loss) = {
  .forward = FORWARD_FLOATS(loss),
  .slope = { { by_labels_float32, by_labels_float64 },
             { by_logits_float32, by_logits_float64 } },
};

#if ND_IS_BASELINE
#include "ops/vocab_tensor.h"

// Broadcasting [n] against [n 1] in a loss is a mistake, not a wish.
static bool infer(nd_context *c, const nd_job *j, nd_type *out)
{
  const nd_tensor *labels = j->in[0], *logits = j->in[1];
  *out = nd_type_of(logits);
  return nd_same_shape(labels, logits) ||
         nd_fail(c, ND_BAD_ARGUMENT,
                 "shapes differ: labels is %s, logits is %s",
                 ND_SHAPE(labels->rank, labels->dims),
                 ND_SHAPE(logits->rank, logits->dims));
}

static nd_tensor *rule(nd_context *c, int i, const nd_job *j)
{
  nd_tensor *z = j->in[0], *x = j->in[1];
  return i == 0 ? BY_LABELS : BY_LOGITS;
}

#include "ops/vocab_needs.h"

enum { z = 1 << 0, x = 1 << 1 };

ND_DECLARE_LEVELS(const nd_kernels, nd_kernels_sigmoid_loss);

static const nd_param params[] = {
  { "labels", ND_TENSOR },
  { "logits", ND_TENSOR },
  { 0 },
};

const nd_op nd_op_sigmoid_cross_entropy_with_logits = {
  .name = "sigmoid_cross_entropy_with_logits",
  .module = "nn",
  .doc = "-labels * log(p) - (1 - labels) * log(1 - p), p = sigmoid(logits)",
  .params = params,
  .dtypes = ND_FLOATS,
  .derivative = ND_SLOPE,
  .needs = { BY_LABELS, BY_LOGITS },
  .infer = infer,
  .kernels = ND_LIST_LEVELS(nd_kernels_sigmoid_loss),
  .slope = rule,
  .low = -3,
  .high = 3,
  .cases = "[3 4] [3 4]; [] []; [0 3] [0 3]",
  .cost = 2,
};

const nd_op *const nd_ops_sigmoid_loss[] = {
  &nd_op_sigmoid_cross_entropy_with_logits, NULL
};
#endif
