// kernel/matmul_real.h: the multiply of one float type: matmul_float32.c and
// matmul_float64.c define REAL and REAL_BITS and include this.
//
// A tile of c, TILE_ROWS by a panel of a few vectors, stays in registers while
// it takes TERMS terms; then the next tile below takes the same part of b. So
// b is packed into panels, which are read from the first cache over and over,
// unless there are too few rows to pay for that. a is read where it lies,
// except that wide multiplies pack it when it is flipped. The blocking is after
// Goto and van de Geijn, "Anatomy of high-performance matrix multiplication"
// (2008).
//
// c takes one block of terms at a time. Where there are more, an area of c
// takes all of them before the next area, so that few sums wait.

#include "kernel/matmul_tile.h"
#include "kernel/tree.h"

// Sizes of blocks, for caches of 32 KB and 512 KB or more.
enum {
  TERMS = ND_MATMUL_CHAIN,  // that a tile takes at a time
  FEW_TERMS = 8,            // the same when c is one long row
  PACKED_TERMS = 16,        // of one panel before the next gets its own
  MANY_COLUMNS = 256,       // of b that are packed at a time
  MANY_ROWS = 384,          // of a between two packings of b
  FEW_ROWS = 48,            // up to which b is read where it lies
  ROW = 4096,     // columns of a long row that wait in the first cache
  AREA = 131072,  // elements of c that wait until k has ended
  BLOCK = TERMS * ND_MATMUL_CHAINS
};

// ---------------------------------------------------------------- packing --

// LANES rows of LANES, transposed.
ND_INLINE void flip(const REAL *in, int64_t in_row, vector *x)
{
  ND_UNROLL
  for (int i = 0; i < LANES; i++)
    x[i] = load(in + i * in_row, 0);
  ND_UNROLL
  for (int round = 1; round < LANES; round *= 2) {
    vector y[LANES];
    ND_UNROLL
    for (int i = 0; i < LANES / 2; i++) {
      y[2 * i] = ZIP_LOW(x[i], x[i + LANES / 2]);
      y[2 * i + 1] = ZIP_HIGH(x[i], x[i + LANES / 2]);
    }
    ND_UNROLL
    for (int i = 0; i < LANES; i++)
      x[i] = y[i];
  }
}

ND_INLINE void store_flipped(const REAL *in, int64_t in_row, REAL *out,
                             int64_t out_row)
{
  vector x[LANES];
  flip(in, in_row, x);
  ND_UNROLL
  for (int i = 0; i < LANES; i++)
    store(out + i * out_row, 0, x[i]);
}

// Columns of b, where they are contiguous, to rows of a panel.
static void pack_flipped(const REAL *b, int64_t b_column, int64_t k,
                         int columns, REAL *out, int width)
{
  for (int j = 0; j < columns; j += LANES) {
    int64_t p = 0;
    for (; columns - j >= LANES && p + LANES <= k; p += LANES)
      store_flipped(b + j * b_column + p, b_column, out + p * width + j, width);
    for (; p < k; p++) {
      for (int i = j; i < columns && i < j + LANES; i++)
        out[p * width + i] = b[i * b_column + p];
    }
  }
}

// `k` rows of a panel of b.
static void pack_panel(const task *t, const panel *y, const REAL *b, int64_t k,
                       REAL *out)
{
  const int width = y->vectors * LANES;
  const int columns = y->columns;
  if (t->b_row == 1 && t->b_column != 1) {
    pack_flipped(b, t->b_column, k, columns, out, width);
  } else {
    for (int64_t p = 0; p < k; p++) {
      for (int j = 0; j < columns; j++)
        out[p * width + j] = b[p * t->b_row + j * t->b_column];
    }
  }
  for (int64_t p = 0; p < k && columns < width; p++) {
    for (int j = columns; j < width; j++)
      out[p * width + j] = 0;
  }
}

// Cuts the next panel, from `column` on, out of those up to `end`.
static panel next_panel(int64_t column, int64_t end)
{
  const int64_t left = (end - column) / LANES;
  panel y = { .column = column };
  y.vectors = left >= TILE_VECTORS ? TILE_VECTORS : left >= 2 ? 2 : 1;
  y.columns = y.vectors * LANES;
  if (left == 0)
    y.columns = (int)(end - column);
  y.stride = y.vectors * LANES;
  return y;
}

// Terms of columns from..to-1 of b as panels, one after the other: a few terms
// at a time, so that memory is read in long runs.
static void pack_b(const task *t, const stretch *s, int64_t from, int64_t to,
                   REAL *out)
{
  const int64_t step = t->b_row == 1 ? TERMS : PACKED_TERMS;
  for (int64_t p = 0; p < s->k; p += step) {
    const int64_t left = s->k - p;
    const int64_t k = left < step ? left : step;
    REAL *at = out;
    for (int64_t j = from; j < to;) {
      const panel y = next_panel(j, to);
      pack_panel(t, &y, t->b + (s->from + p) * t->b_row + j * t->b_column, k,
                 at + p * y.stride);
      at += s->k * y.stride;
      j += y.columns;
    }
  }
}

// The rows of a as columns of tiles.
static void pack_a(const task *t, const stretch *s, REAL *out)
{
  int rows;
  for (int64_t i = t->row; i < t->rows; i += rows) {
    rows = tile_rows(t->rows - i);
    const REAL *a = t->a + i * t->a_row + s->from * t->a_column;
    for (int64_t p = 0; p < s->k; p++) {
      for (int j = 0; j < rows; j++)
        *out++ = a[p * t->a_column + j * t->a_row];
    }
  }
}

// ------------------------------------------------------------------ blocks --

static task start(const nd_matmul *p)
{
  task t = {
    .a = p->a,
    .b = p->b,
    .c = p->c,
    .a_row = p->a_row,
    .a_column = p->a_column,
    .b_row = p->b_row,
    .b_column = p->b_column,
    .c_row = p->n,
    .c_column = 1,
    .k = p->k,
    .row = p->from / p->n,
    .rows = (p->to - 1) / p->n + 1,
    .column = 0,
    .columns = p->n,
    .from = p->from,
    .to = p->to,
  };
  if (t.rows - t.row == 1) {
    t.column = p->from % p->n;
    t.columns = (p->to - 1) % p->n + 1;
  }
  return t;
}

// The same multiply as c' = b' a': tall and narrow becomes wide and low.
static task turn(const task *t)
{
  return (task){
    .a = t->b,
    .b = t->a,
    .c = t->c,
    .a_row = t->b_column,
    .a_column = t->b_row,
    .b_row = t->a_column,
    .b_column = t->a_row,
    .c_row = t->c_column,
    .c_column = t->c_row,
    .k = t->k,
    .row = t->column,
    .rows = t->columns,
    .column = t->row,
    .columns = t->rows,
    .from = t->from,
    .to = t->to,
  };
}

// True if the loops are as fast: vectors have too little to hold.
static bool is_tiny(const nd_matmul *p)
{
  const int64_t size = p->to - p->from;
  return size == 1 || (size <= 32 && size * p->k <= 32);
}

// True if the rows of a are read where they lie. Flipped ones are far from each
// other, and are packed when enough columns share them.
static bool reads_a(const task *t)
{
  return t->a_column == 1 || t->columns - t->column < MANY_COLUMNS;
}

// True if no column of b need be packed, but for those that fill no vector.
static bool reads_b(const task *t)
{
  return t->b_column == 1 && t->rows - t->row <= FEW_ROWS;
}

// Columns from..to-1 of the task.
static void run_columns(const task *t, const stretch *s, int64_t from,
                        int64_t to, REAL *scratch)
{
  const bool in_place = reads_b(t);
  const REAL *packed = scratch;
  if (!in_place)
    pack_b(t, s, from, to, scratch);
  for (int64_t j = from; j < to;) {
    panel y = next_panel(j, to);
    y.b = packed;
    if (!in_place) {
      packed += s->k * y.stride;
    } else if (y.columns == y.stride) {
      y.b = t->b + s->from * t->b_row + j;
      y.stride = t->b_row;
    } else {
      pack_b(t, s, j, to, scratch);
    }
    run_panel(t, s, &y);
    j += y.columns;
  }
}

// One chain of the next LANES columns of a row of c, where columns of b are
// contiguous: as many products of two vectors, side by side.
ND_INLINE vector chains(const task *t, int64_t k, const REAL *a, const REAL *b)
{
  vector sum = { 0 };
  int64_t p = 0;
  for (; p + LANES <= k; p += LANES) {
    vector y[LANES];
    flip(b + p, t->b_column, y);
    ND_UNROLL
    for (int i = 0; i < LANES; i++)
      sum = FMA(splat(a[(p + i) * t->a_column]), y[i], sum);
  }
  for (; p < k; p++) {
    vector y = { 0 };
    for (int j = 0; j < LANES; j++)
      y[j] = b[j * t->b_column + p];
    sum = FMA(splat(a[p * t->a_column]), y, sum);
  }
  return sum;
}

// A block of those columns' terms.
static vector dots(const task *t, int64_t terms, const REAL *a, const REAL *b)
{
  vector sum = { 0 };
  int64_t p = 0;
  do {
    const int64_t k = terms - p < TERMS ? terms - p : TERMS;
    const vector chain = chains(t, k, a + p * t->a_column, b + p);
    sum = p == 0 ? chain : sum + chain;
    p += TERMS;
  } while (p < terms);
  return sum;
}

// Sums of blocks of an area of c, as kernel/tree.h puts them together.
typedef struct slots {
  REAL *values;
  int64_t size;
} slots;

static void plus(int64_t n, void *sum, const void *in)
{
  REAL *restrict x = sum;
  const REAL *restrict y = in;
  for (int64_t i = 0; i < n; i++)
    x[i] += y[i];
}

static void join(void *all, int into, int from)
{
  const slots *s = all;
  plus(s->size, s->values + into * s->size, s->values + from * s->size);
}

// All terms of those columns, of which there are more than a block.
static void long_dots(const task *t, const REAL *a, const REAL *b, REAL *c)
{
  REAL values[ND_TREE_SLOTS * LANES];
  slots s = { values, LANES };
  int64_t block = 0;
  for (int64_t p = 0; p < t->k; p += BLOCK, block++) {
    const int64_t k = t->k - p < BLOCK ? t->k - p : BLOCK;
    store(values, nd_tree_slot(block), dots(t, k, a + p * t->a_column, b + p));
    nd_tree_add(block, join, &s);
  }
  store(c, 0, load(values, nd_tree_end(block, join, &s)));
}

// As much of the task as dots can do: whole vectors of a row.
static void run_dots(task *t)
{
  if (t->rows - t->row != 1 || t->b_row != 1 || t->c_column != 1)
    return;
  const REAL *a = t->a + t->row * t->a_row;
  REAL *const c = t->c + t->row * t->c_row;
  for (; t->columns - t->column >= LANES; t->column += LANES) {
    const REAL *b = t->b + t->column * t->b_column;
    if (t->k > BLOCK)
      long_dots(t, a, b, c + t->column);
    else
      store(c + t->column, 0, dots(t, t->k, a, b));
  }
}

// Terms of a few rows.
static void run_stretch(const task *t, stretch *s, REAL *scratch)
{
  s->a = NULL;
  if (!reads_a(t)) {
    REAL *const a = scratch + s->k * (MANY_COLUMNS + LANES);
    pack_a(t, s, a);
    s->a = a;
  }
  for (int64_t j = t->column; j < t->columns; j += MANY_COLUMNS) {
    const int64_t end = t->columns - j;
    run_columns(t, s, j, end < MANY_COLUMNS ? t->columns : j + MANY_COLUMNS,
                scratch);
  }
}

// One chain of one row, a few terms at a time: b is read in long runs.
static void run_chain(const task *t, int64_t from, int64_t to, REAL *scratch)
{
  stretch s = { .from = from };
  do {
    s.k = to - s.from < FEW_TERMS ? to - s.from : FEW_TERMS;
    s.how = s.from == from ? BEGIN : CONTINUE;
    run_stretch(t, &s, scratch);
    s.from += s.k;
  } while (s.from < to);
}

// Rows and columns from here on of the task, as a task whose c is `c`, without
// gaps.
static task cut(const task *t, int64_t rows, int64_t columns, REAL *c)
{
  task y = *t;
  y.a += t->row * t->a_row;
  y.b += t->column * t->b_column;
  y.c = c;
  y.c_row = columns;
  y.c_column = 1;
  y.row = y.column = y.from = 0;
  y.rows = rows;
  y.columns = columns;
  y.to = rows * columns;
  return y;
}

// The first column from `offset` elements of c on.
static int64_t find_column(int64_t offset, int64_t step, int64_t columns)
{
  if (offset <= 0)
    return 0;
  const int64_t column = (offset + step - 1) / step;
  return column < columns ? column : columns;
}

// Writes, or adds, what was cut from the task here to where it is wanted.
static void deliver(const task *t, const task *y, bool adds)
{
  for (int64_t i = 0; i < y->rows; i++) {
    const int64_t at = (t->row + i) * t->c_row + t->column * t->c_column;
    const int64_t end = find_column(t->to - at, t->c_column, y->columns);
    const REAL *in = y->c + i * y->c_row;
    REAL *c = t->c + at;
    int64_t j = find_column(t->from - at, t->c_column, y->columns);
    for (; j < end; j++)
      c[j * t->c_column] = adds ? c[j * t->c_column] + in[j] : in[j];
  }
}

// Elements of chains of a long row that wait.
static int64_t row_size(int64_t k)
{
  return k > TERMS ? ROW : 0;
}

// Adds a chain to a part of one long row, by way of `waiting`.
static void add_chain(const task *t, int64_t from, int64_t to, REAL *waiting,
                      REAL *scratch)
{
  const task y = cut(t, 1, t->columns - t->column, waiting);
  run_chain(&y, from, to, scratch);
  deliver(t, &y, true);
}

// Adds chains from term `from` on, to one part of a row after the other.
static void add_chains(const task *t, int64_t from, REAL *scratch)
{
  task part = *t;
  for (; part.column < t->columns; part.column = part.columns) {
    const int64_t left = t->columns - part.column;
    part.columns = left < ROW ? t->columns : part.column + ROW;
    for (int64_t p = from; p < t->k; p += TERMS)
      add_chain(&part, p, t->k - p < TERMS ? t->k : p + TERMS, scratch,
                scratch + ROW);
  }
}

// One long row of c.
static void run_row(const task *t, REAL *scratch)
{
  run_chain(t, 0, t->k < TERMS ? t->k : TERMS, scratch + row_size(t->k));
  if (t->k > TERMS)
    add_chains(t, TERMS, scratch);
}

// True if c is one row, of many columns.
static bool is_row(const task *t)
{
  return t->rows - t->row == 1 && t->columns - t->column > PANEL;
}

static void run_rows(const task *t, REAL *scratch)
{
  if (is_row(t)) {
    run_row(t, scratch);
    return;
  }
  stretch s = { .from = 0 };
  do {
    s.k = t->k - s.from < TERMS ? t->k - s.from : TERMS;
    s.how = s.from == 0 ? BEGIN : ADD;
    run_stretch(t, &s, scratch);
    s.from += s.k;
  } while (s.from < t->k);
}

// All terms of the task, of which there are at most BLOCK.
static void run_block(task *t, REAL *scratch)
{
  run_dots(t);
  const int64_t end = t->rows;
  while (t->row < end && t->column < t->columns) {
    t->rows = end - t->row < MANY_ROWS ? end : t->row + MANY_ROWS;
    run_rows(t, scratch);
    t->row = t->rows;
  }
}

// ---------------------------------------------------------------- long sums --

// The rows and columns of the task, block after block.
static void run_area(const task *t, REAL *values, REAL *scratch)
{
  const int64_t rows = t->rows - t->row;
  const int64_t columns = t->columns - t->column;
  slots s = { values, rows * columns };
  task y = cut(t, rows, columns, values);
  int64_t block = 0;
  for (int64_t p = 0; p < t->k; p += BLOCK, block++) {
    task part = y;
    part.a += p * t->a_column;
    part.b += p * t->b_row;
    part.c = values + nd_tree_slot(block) * s.size;
    part.k = t->k - p < BLOCK ? t->k - p : BLOCK;
    run_block(&part, scratch);
    nd_tree_add(block, join, &s);
  }
  y.c = values + nd_tree_end(block, join, &s) * s.size;
  deliver(t, &y, false);
}

// Columns of areas that are `rows` high: as many as fit, all of a width.
static int64_t area_width(int64_t rows, int64_t columns)
{
  const int64_t most = AREA / rows / PANEL * PANEL;
  const int64_t areas = (columns + most - 1) / most;
  return ((columns + areas - 1) / areas + PANEL - 1) / PANEL * PANEL;
}

static void run_long(task t, REAL *values, REAL *scratch)
{
  run_dots(&t);
  const int64_t rows = t.rows, columns = t.columns, column = t.column;
  for (; t.row < rows && column < columns; t.row = t.rows) {
    t.rows = rows - t.row < MANY_ROWS ? rows : t.row + MANY_ROWS;
    const int64_t width = area_width(t.rows - t.row, columns - column);
    for (t.column = column; t.column < columns; t.column = t.columns) {
      t.columns = columns - t.column < width ? columns : t.column + width;
      run_area(&t, values, scratch);
    }
  }
}

// ------------------------------------------------------- by the definition --

// The terms of one element.
typedef struct terms {
  const REAL *a, *b;
  int64_t a_step, b_step;
} terms;

ND_INLINE REAL sum_chain(terms t, int64_t from, int64_t to)
{
  REAL sum = 0;
  for (int64_t p = from; p < to; p++)
    sum = ND_FMA(t.a[p * t.a_step], t.b[p * t.b_step], sum);
  return sum;
}

static REAL sum_block(terms t, int64_t from, int64_t to)
{
  REAL sum = sum_chain(t, from, to - from < TERMS ? to : from + TERMS);
  for (int64_t p = from + TERMS; p < to; p += TERMS)
    sum += sum_chain(t, p, to - p < TERMS ? to : p + TERMS);
  return sum;
}

static REAL sum_blocks(terms t, int64_t k)
{
  REAL values[ND_TREE_SLOTS];
  slots s = { values, 1 };
  int64_t block = 0;
  for (int64_t p = 0; p < k; p += BLOCK, block++) {
    values[nd_tree_slot(block)] = sum_block(t, p,
                                            k - p < BLOCK ? k : p + BLOCK);
    nd_tree_add(block, join, &s);
  }
  return values[nd_tree_end(block, join, &s)];
}

static void plain_long(const nd_matmul *p)
{
  REAL *c = p->c;
  for (int64_t at = p->from; at < p->to; at++) {
    const terms t = { .a = (const REAL *)p->a + at / p->n * p->a_row,
                      .b = (const REAL *)p->b + at % p->n * p->b_column,
                      .a_step = p->a_column,
                      .b_step = p->b_row };
    c[at] = sum_blocks(t, p->k);
  }
}

// The three loops where there is but one chain; see nd_matmul_kernels.
static void plain(const nd_matmul *p)
{
  if (p->k > TERMS) {
    plain_long(p);
    return;
  }
  ND_MATMUL_LOOPS(REAL, ND_FMA);
}

// --------------------------------------------------------------- the kernel --

// Elements of slots.
static int64_t count_slots(const nd_matmul *p)
{
  if (p->k <= BLOCK)
    return 0;
  const int64_t rows = (p->to - p->from + p->n - 2) / p->n + 1;
  const int64_t size = p->n * (rows < p->m ? rows : p->m);
  return nd_tree_slots((p->k + BLOCK - 1) / BLOCK) *
         (size < AREA ? size : AREA);
}

// Slots, chains of a long row, terms of b, with the last vector filled up, then
// of a. Either may turn out to be the wide one.
static size_t scratch_bytes(const nd_matmul *p)
{
  if (is_tiny(p))
    return 0;
  const int64_t k = p->k < TERMS ? p->k : TERMS;
  const int64_t wide = p->m > p->n ? p->m : p->n;
  const int64_t columns = wide < MANY_COLUMNS ? wide : MANY_COLUMNS + MANY_ROWS;
  const int64_t size = count_slots(p) + row_size(p->k) + k * (columns + LANES);
  return (size_t)size * sizeof(REAL);
}

static void run(const nd_matmul *p, void *scratch)
{
  if (is_tiny(p)) {
    plain(p);
    return;
  }
  task t = start(p);
  const int64_t height = t.rows - t.row;
  if (p->n < LANES && p->n < height)
    t = turn(&t);
  if (t.k <= BLOCK)
    run_block(&t, scratch);
  else
    run_long(t, scratch, (REAL *)scratch + count_slots(p));
}

static void run_one_chain(const nd_matmul *p, int64_t c_row, bool adds,
                          void *scratch)
{
  task t = start(p);
  t.c_row = c_row;
  t.to = INT64_MAX / 2;
  if (p->n < LANES && p->n < p->m)
    t = turn(&t);
  if (is_row(&t) && adds) {
    add_chains(&t, 0, scratch);
  } else if (is_row(&t)) {
    run_chain(&t, 0, t.k, scratch);
  } else {
    stretch s = { .k = t.k, .how = adds ? ADD : BEGIN };
    run_stretch(&t, &s, scratch);
  }
}
