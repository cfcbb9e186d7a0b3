// ops/sigmoid_loss.levels.c: cross entropy of labels with sigmoid(logits),
// element by element: a line like those of ops/binary.levels.c, whose result
// wants inputs of one shape.

#include "kernel/level.h"
#include "op/op.h"

// a labels, b logits: b (1 - a) for positive b, else -b a, 0 where the label
// says so even if b is infinite; and log(1 + exp(-|b|)). The slope is made of
// sigmoid(-|b|): none of it is lost where sigmoid(b) has rounded to 1.
#define LOSS NO_NAN(b, b > 0 ? 1 - a : -a) + SOFTPLUS(b > 0 ? -b : b)
#define BY_LABELS NEG(B)
#define BY_LOGITS \
  IF(GT(B, NUM(0)), SUB(SUB(NUM(1), A), SIGMOID(NEG(B))), SUB(SIGMOID(B), A))

#include "ops/elementwise.h"
#include "ops/vocab_scalar.h"

VALUES_FLOATS(2, loss, LOSS)
SLOPES_FLOATS(2, by_labels, BY_LABELS)
SLOPES_FLOATS(2, by_logits, BY_LOGITS)

const nd_kernels ND_LEVELLED(nd_kernels_sigmoid_loss) = {
  .forward = FORWARD_FLOATS(loss),
  .slope = { { by_labels_float32, by_labels_float64 },
             { by_logits_float32, by_logits_float64 } },
};

#if ND_IS_BASELINE
#include "ops/vocab_term.h"

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

static const nd_term *const slope[] = { BY_LABELS, BY_LOGITS };

#include "ops/vocab_needs.h"

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
  .slope = slope,
  .low = -3,
  .high = 3,
  .cases = "[3 4] [3 4]; [] []; [0 3] [0 3]",
  .cost = 4,
};

const nd_op *const nd_ops_sigmoid_loss[] = {
  &nd_op_sigmoid_cross_entropy_with_logits, NULL
};
#endif
