// kernel/recurrent_real.h: the cells of one float dtype. Whoever includes this
// has defined LABEL, its name, REAL, SIGMOID and TANH. Loops take whole groups
// of elements, so that no formula stands twice (kernel/group.h).

#define NAME(what) ND_JOIN(LABEL, what)

enum { NAME(GROUP) = ND_GROUP(sizeof(REAL)) };

typedef void NAME(loop)(int64_t n, const REAL *const *in, REAL *const *out);

// Element `i` of an input, of an output.
#define IN(k) in[k][i]
#define OUT(k) out[k][i]

// Runs a loop over n elements: what fills no group lies in one of its own.
static void NAME(run)(NAME(loop) * loop, int64_t n, int ins,
                      const void *const *in, int outs, void *const *out)
{
  const int64_t whole = n & -NAME(GROUP);
  const size_t rest = (size_t)(n - whole) * sizeof(REAL);
  REAL room[ND_CELLS_IN + ND_CELLS_OUT][NAME(GROUP)];
  const REAL *x[ND_CELLS_IN];
  REAL *y[ND_CELLS_OUT];
  for (int k = 0; k < ins; k++)
    x[k] = in[k];
  for (int k = 0; k < outs; k++)
    y[k] = out[k];
  if (whole > 0)
    loop(whole, x, y);
  if (rest == 0)
    return;
  for (int k = 0; k < ins; k++) {
    memset(room[k], 0, sizeof room[k]);
    memcpy(room[k], x[k] + whole, rest);
    x[k] = room[k];
  }
  for (int k = 0; k < outs; k++)
    y[k] = room[ins + k];
  loop(NAME(GROUP), x, y);
  for (int k = 0; k < outs; k++)
    memcpy((REAL *)out[k] + whole, y[k], rest);
}

#define CELLS(name, ins, outs)                                 \
  static void NAME(name)(int64_t units, const void *const *in, \
                         void *const *out)                     \
  {                                                            \
    NAME(run)(NAME(name##_loop), units, ins, in, outs, out);   \
  }

// -------------------------------------------------------------------- LSTM --

static void NAME(lstm_loop)(int64_t n, const REAL *const *in, REAL *const *out)
{
  EACH(NAME(GROUP))
  {
    const REAL input = SIGMOID(IN(0) + IN(4) + IN(8));
    const REAL forget = SIGMOID(IN(1) + IN(5) + IN(9));
    const REAL g = TANH(IN(2) + IN(6) + IN(10));
    const REAL output = SIGMOID(IN(3) + IN(7) + IN(11));
    const REAL before = IN(12);
    const REAL cell = ND_FMA(forget, before, input * g);
    const REAL h = output * TANH(cell);
    OUT(0) = input;
    OUT(1) = forget;
    OUT(2) = g;
    OUT(3) = output;
    OUT(4) = before;
    OUT(5) = cell;
    OUT(6) = h;
    OUT(7) = h;
  }
}

static void NAME(lstm_back_loop)(int64_t n, const REAL *const *in,
                                 REAL *const *out)
{
  EACH(NAME(GROUP))
  {
    const REAL input = IN(0), forget = IN(1), g = IN(2), output = IN(3);
    const REAL before = IN(4), dh = IN(5) + IN(6);
    const REAL t = TANH(ND_FMA(forget, before, input * g));
    const REAL dc = ND_FMA(dh * output, 1 - t * t, IN(7));
    OUT(0) = dc * g * (input * (1 - input));
    OUT(1) = dc * before * (forget * (1 - forget));
    OUT(2) = dc * input * (1 - g * g);
    OUT(3) = dh * t * (output * (1 - output));
    OUT(4) = dc * forget;
  }
}

CELLS(lstm, 13, 8)
CELLS(lstm_back, 8, 5)

// --------------------------------------------------------------------- GRU --

static void NAME(gru_loop)(int64_t n, const REAL *const *in, REAL *const *out)
{
  EACH(NAME(GROUP))
  {
    const REAL z = SIGMOID(IN(0) + IN(3) + (IN(6) + IN(9)));
    const REAL r = SIGMOID(IN(1) + IN(4) + (IN(7) + IN(10)));
    const REAL m = IN(8) + IN(11), before = IN(12);
    const REAL g = TANH(ND_FMA(r, m, IN(2) + IN(5)));
    const REAL h = ND_FMA(z, before - g, g);
    OUT(0) = z;
    OUT(1) = r;
    OUT(2) = g;
    OUT(3) = m;
    OUT(4) = before;
    OUT(5) = h;
    OUT(6) = h;
  }
}

static void NAME(gru_back_loop)(int64_t n, const REAL *const *in,
                                REAL *const *out)
{
  EACH(NAME(GROUP))
  {
    const REAL z = IN(0), r = IN(1), g = IN(2), m = IN(3);
    const REAL dh = IN(5) + IN(6);
    const REAL dz = dh * (IN(4) - g) * (z * (1 - z));
    const REAL dg = dh * (1 - z) * (1 - g * g);
    const REAL dr = dg * m * (r * (1 - r));
    OUT(0) = dz;
    OUT(1) = dr;
    OUT(2) = dg;
    OUT(3) = dz;
    OUT(4) = dr;
    OUT(5) = dg * r;
    OUT(6) = dh * z;
  }
}

static void NAME(gru_gates_loop)(int64_t n, const REAL *const *in,
                                 REAL *const *out)
{
  EACH(NAME(GROUP))
  {
    const REAL z = SIGMOID(IN(0) + IN(2) + IN(4));
    const REAL r = SIGMOID(IN(1) + IN(3) + IN(5));
    OUT(0) = z;
    OUT(1) = r;
    OUT(2) = r * IN(6);
  }
}

static void NAME(gru_blend_loop)(int64_t n, const REAL *const *in,
                                 REAL *const *out)
{
  EACH(NAME(GROUP))
  {
    const REAL g = TANH(IN(0) + IN(1) + IN(2));
    const REAL before = IN(4);
    const REAL h = ND_FMA(IN(3), before - g, g);
    OUT(0) = g;
    OUT(1) = before;
    OUT(2) = h;
    OUT(3) = h;
  }
}

static void NAME(gru_blend_back_loop)(int64_t n, const REAL *const *in,
                                      REAL *const *out)
{
  EACH(NAME(GROUP))
  {
    const REAL z = IN(0), g = IN(1), dh = IN(3) + IN(4);
    OUT(0) = dh * (IN(2) - g) * (z * (1 - z));
    OUT(1) = dh * (1 - z) * (1 - g * g);
    OUT(2) = dh * z;
  }
}

static void NAME(gru_gates_back_loop)(int64_t n, const REAL *const *in,
                                      REAL *const *out)
{
  EACH(NAME(GROUP))
  {
    const REAL r = IN(0), drh = IN(3);
    OUT(0) = drh * IN(1) * (r * (1 - r));
    OUT(1) = ND_FMA(drh, r, IN(2));
  }
}

CELLS(gru, 13, 7)
CELLS(gru_back, 7, 7)
CELLS(gru_gates, 7, 3)
CELLS(gru_blend, 5, 4)
CELLS(gru_blend_back, 5, 3)
CELLS(gru_gates_back, 4, 2)

static const nd_recurrent_kernels NAME(kernels) = {
  .lstm = NAME(lstm),
  .lstm_back = NAME(lstm_back),
  .gru = NAME(gru),
  .gru_back = NAME(gru_back),
  .gru_gates = NAME(gru_gates),
  .gru_blend = NAME(gru_blend),
  .gru_blend_back = NAME(gru_blend_back),
  .gru_gates_back = NAME(gru_gates_back),
};

#undef CELLS
#undef IN
#undef OUT
#undef NAME
#undef LABEL
#undef REAL
#undef SIGMOID
#undef TANH
