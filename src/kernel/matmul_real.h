// kernel/matmul_real.h: the multiply of one float type: matmul_float32.c and
// matmul_float64.c define REAL and REAL_BITS and include this.
//
// A tile of c, a few rows by a panel of a few vectors, stays in registers while
// it takes terms; then the next tile below takes the same part of b, which is
// read from the first cache over and over. So b is packed into panels, unless
// there are too few rows to pay for that; the first tile packs what it reads
// anyhow. Wide multiplies pack a, too. The blocking is after Goto and van de
// Geijn, "Anatomy of high-performance matrix multiplication" (2008).
//
// c takes one block of terms at a time. Where there are more, an area of c
// takes all of them before the next area, so that few sums wait.

#include "kernel/matmul_row.h"

// Sizes of blocks, for caches of 32 KB and 512 KB or more.
enum {
  CHAIN = ND_MATMUL_CHAIN,
  TERMS = PANEL * sizeof(REAL) > 64 ? CHAIN : 2 * CHAIN,  // of a packed panel
  MANY_COLUMNS = 1024,             // of b that are packed at a time
  MANY_ROWS = 768 / sizeof(REAL),  // of a that are packed at a time
  FEW_ROWS = 96,                   // up to which b is read where it lies
  WIDE = 512,                      // columns from which on a is packed
  FLIPPED = 32768,  // elements of b, the same if columns of a are contiguous
  AREA = 131072     // elements of c that wait until k has ended
};

// --------------------------------------------------------------- one tile --

static task start(const nd_matmul *p)
{
  return (task){ .m = p->m,
                 .n = p->n,
                 .k = p->k,
                 .a = p->a,
                 .b = p->b,
                 .c = p->c,
                 .a_row = p->a_row,
                 .a_column = p->a_column,
                 .b_row = p->b_row,
                 .b_column = p->b_column,
                 .c_row = p->c_row,
                 .c_column = 1 };
}

// The same multiply as c' = b' a': tall and narrow becomes wide and low.
static task turn(const task *t)
{
  task y = *t;
  y.m = t->n;
  y.n = t->m;
  y.a = t->b;
  y.b = t->a;
  y.a_row = t->b_column;
  y.a_column = t->b_row;
  y.b_row = t->a_column;
  y.b_column = t->a_row;
  y.c_row = t->c_column;
  y.c_column = t->c_row;
  return y;
}

// Rows and columns of the task, from those on.
ND_INLINE task part_of(const task *t, int64_t row, int64_t rows, int64_t column,
                       int64_t columns)
{
  task y = *t;
  y.m = t->m - row < rows ? t->m - row : rows;
  y.n = t->n - column < columns ? t->n - column : columns;
  y.a += row * t->a_row;
  y.b += column * t->b_column;
  y.c += row * t->c_row + column * t->c_column;
  return y;
}

// Terms of the task, from number `from` on.
ND_INLINE task terms_of(const task *t, int64_t from, int64_t terms)
{
  task y = *t;
  y.k = t->k - from < terms ? t->k - from : terms;
  y.a += from * t->a_column;
  y.b += from * t->b_row;
  return y;
}

// c[i] = in[i] for i < n, or added to it.
ND_INLINE void put(int64_t n, REAL *c, const REAL *in, bool adds)
{
  for (; n >= LANES; n -= LANES, c += LANES, in += LANES)
    store(c, 0, adds ? load(c, 0) + load(in, 0) : load(in, 0));
  ND_UNROLL
  for (int size = LANES / 2; size > 0; size /= 2) {
    if (n & size) {
      for (int i = 0; i < size; i++)
        c[i] = adds ? c[i] + in[i] : in[i];
      c += size;
      in += size;
    }
  }
}

// c[m n] = in, whose rows are adjacent and `width` wide, or added to it.
static void deliver(const task *t, const REAL *in, int64_t width, bool adds)
{
  for (int64_t i = 0; i < t->m; i++, in += width) {
    REAL *c = t->c + i * t->c_row;
    if (t->c_column == 1)
      put(t->n, c, in, adds);
    for (int64_t j = 0; t->c_column != 1 && j < t->n; j++) {
      REAL *at = c + j * t->c_column;
      *at = adds ? *at + in[j] : in[j];
    }
  }
}

// A tile that is narrower than its vectors, or whose columns are not adjacent
// in c: chains go by way of a buffer.
static void run_edge(const task *t, tile_kernel *kernel, const source *s,
                     int width)
{
  REAL buffer[ND_MATMUL_ROWS * PANEL];
  if (s->k <= CHAIN && !s->adds) {
    kernel(s, buffer, width);
    deliver(t, buffer, width, false);
    return;
  }
  source chain = *s;
  chain.adds = false;
  for (int64_t from = 0; from < s->k; from += CHAIN) {
    chain.k = s->k - from < CHAIN ? s->k - from : CHAIN;
    kernel(&chain, buffer, width);
    deliver(t, buffer, width, s->adds || from > 0);
    chain.a += CHAIN * s->a_column;
    chain.b += CHAIN * s->b_row;
    if (s->packed != NULL)
      chain.packed += CHAIN * width;
  }
}

// ------------------------------------------------------------------- panels --

// Where the panels of a task lie.
typedef struct layout {
  REAL *b;        // where they are packed
  bool keeps;     // all of them, one after the other; else only one
  const REAL *a;  // packed rows, or NULL
  // How they are used first: as they are, packed, or so that they are packed.
  enum { IN_PLACE, PACKED, PACKS } how;
} layout;

// Where a panel is read. A first tile packs it if it fills vectors in place.
static source find_panel(const task *t, const layout *l, const panel *y)
{
  const int width = y->vectors * LANES;
  REAL *const home = l->keeps ? l->b + y->column * t->k : l->b;
  source s = { .a_row = t->a_row, .a_column = t->a_column, .adds = t->adds };
  s.k = t->k;
  s.b = home;
  s.b_row = width;
  if (l->how == PACKED)
    return s;
  if (t->b_column == 1 && y->columns == width) {
    s.b = t->b + y->column;
    s.b_row = t->b_row;
    s.packed = l->how == PACKS ? home : NULL;
  } else {
    pack_panel(t, y, 0, t->k, home);
  }
  return s;
}

// All rows of the task in one panel; `a` holds them if they are packed.
static void run_panel(const task *t, source s, const panel *y, const REAL *a)
{
  const int width = y->vectors * LANES;
  int rows;
  for (int64_t i = 0; i < t->m; i += rows) {
    rows = tile_rows(t->m - i);
    tile_kernel *kernel = tile_kernels[y->vectors][s.packed != NULL ? 0 : rows];
    s.a = t->a + i * t->a_row;
    if (a != NULL) {
      s.a = a + i * t->k;
      s.a_row = 1;
      s.a_column = rows;
    }
    if (y->columns == width && t->c_column == 1) {
      kernel(&s, t->c + i * t->c_row + y->column, t->c_row);
    } else {
      const task part = part_of(t, i, rows, y->column, y->columns);
      run_edge(&part, kernel, &s, width);
    }
    if (s.packed != NULL) {
      s.b = s.packed;
      s.b_row = width;
      s.packed = NULL;
    }
  }
}

// All panels of the task.
static void run_panels(const task *t, const layout *l)
{
  for (int64_t j = 0; j < t->n;) {
    const panel y = next_panel(j, t->n);
    run_panel(t, find_panel(t, l, &y), &y, l->a);
    j += y.columns;
  }
}

// The task, whose rows are packed in `rows` first, unless that is NULL.
static void run_some(const task *t, layout *l, REAL *rows)
{
  if (rows != NULL)
    pack_a(t, 0, t->m, rows);
  l->a = rows;
  run_panels(t, l);
}

// The task, some rows after the other.
static void run_rows(const task *t, layout *l, REAL *rows)
{
  if (t->m <= MANY_ROWS) {
    run_some(t, l, rows);
    return;
  }
  for (int64_t i = 0; i < t->m; i += MANY_ROWS) {
    const task part = part_of(t, i, MANY_ROWS, 0, t->n);
    run_some(&part, l, rows);
    l->how = PACKED;
  }
}

// True if so many columns share what is packed of a that it pays.
static bool packs_a(const task *t)
{
  return t->a_column == 1 ? t->n >= WIDE : t->n * t->k >= FLIPPED;
}

// Elements of so many packed rows; 0 if they are read in place.
static int64_t size_of_a(const task *t, int64_t rows)
{
  return packs_a(t) ? rows * t->k : 0;
}

// Elements of all panels; 0 if rows are so few that all use one at a time.
static int64_t size_of_b(const task *t)
{
  return t->m > MANY_ROWS ? packed_size(t->n, t->k) : 0;
}

// The task, which has at most TERMS terms and MANY_COLUMNS columns.
static void run_stretch(const task *t, REAL *scratch)
{
  REAL room[PANEL * TERMS];
  const int64_t size = size_of_b(t);
  layout l = { .b = size > 0 ? scratch : room, .keeps = size > 0 };
  l.how = t->b_column == 1 && t->m <= FEW_ROWS ? IN_PLACE : PACKS;
  if (packs_a(t) && l.keeps && t->b_column == 1) {
    pack_b(t, 0, t->k, l.b);
    l.how = PACKED;
  }
  run_rows(t, &l, packs_a(t) ? scratch + size : NULL);
}

// Elements of scratch that the largest part of the task takes.
static int64_t size_of_stretch(const task *t)
{
  task part = part_of(t, 0, t->m, 0, MANY_COLUMNS);
  part.k = t->k < TERMS ? t->k : TERMS;
  return size_of_a(&part, part.m < MANY_ROWS ? part.m : MANY_ROWS) +
         size_of_b(&part);
}

// ------------------------------------------------------------------- blocks --

// True if the loops are as fast: vectors have too little to hold.
static bool is_tiny(const nd_matmul *p)
{
  return p->k == 0 || p->m * p->n == 1 || p->m * p->n * p->k <= 64;
}

// The task as it is best worked on. Parts of rows go the way of the whole, so
// that they need no more scratch.
static task choose_way(const nd_matmul *p)
{
  const task t = start(p);
  return p->n < LANES && p->n < p->m && p->c_row == p->n ? turn(&t) : t;
}

// True if c is one row, whose elements take b in long runs.
static bool is_row(const task *t)
{
  return t->m == 1 && t->n > PANEL && t->b_column == 1 && t->c_column == 1;
}

// All terms of the task, of which there are at most BLOCK.
static void run_block(task t, REAL *scratch)
{
  if (is_row(&t)) {
    run_row(&t);
    return;
  }
  if (t.n <= MANY_COLUMNS && t.k <= TERMS) {
    run_stretch(&t, scratch);
    return;
  }
  for (int64_t j = 0; j < t.n; j += MANY_COLUMNS) {
    const task columns = part_of(&t, 0, t.m, j, MANY_COLUMNS);
    for (int64_t p = 0; p < t.k; p += TERMS) {
      task part = terms_of(&columns, p, TERMS);
      part.adds = t.adds || p > 0;
      run_stretch(&part, scratch);
    }
  }
}

// ---------------------------------------------------------------- long sums --

// The task, block after block.
static void run_area(const task *t, REAL *values, REAL *scratch)
{
  slots s = { values, t->m * t->n };
  int64_t block = 0;
  for (int64_t p = 0; p < t->k; p += BLOCK, block++) {
    task part = terms_of(t, p, BLOCK);
    part.c = values + nd_tree_slot(block) * s.size;
    part.c_row = t->n;
    part.c_column = 1;
    run_block(part, scratch);
    nd_tree_add(block, join, &s);
  }
  deliver(t, values + nd_tree_end(block, join, &s) * s.size, t->n, false);
}

static int64_t area_columns(const task *t)
{
  return t->n < MANY_COLUMNS ? t->n : MANY_COLUMNS;
}

static int64_t area_rows(const task *t)
{
  const int64_t rows = AREA / area_columns(t);
  return t->m < rows ? t->m : rows;
}

static void run_long(const task *t, REAL *values, REAL *scratch)
{
  const int64_t rows = area_rows(t), columns = area_columns(t);
  for (int64_t i = 0; i < t->m; i += rows) {
    for (int64_t j = 0; j < t->n; j += columns) {
      const task part = part_of(t, i, rows, j, columns);
      run_area(&part, values, scratch);
    }
  }
}

// Elements of slots.
static int64_t size_of_slots(const task *t)
{
  if (t->k <= BLOCK)
    return 0;
  const int64_t size = t->m * t->n < AREA ? t->m * t->n : AREA;
  return nd_tree_slots((t->k + BLOCK - 1) / BLOCK) * size;
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
  REAL sum = sum_chain(t, from, to - from < CHAIN ? to : from + CHAIN);
  for (int64_t p = from + CHAIN; p < to; p += CHAIN)
    sum += sum_chain(t, p, to - p < CHAIN ? to : p + CHAIN);
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
  for (int64_t i = 0; i < p->m; i++) {
    for (int64_t j = 0; j < p->n; j++) {
      const terms t = { .a = (const REAL *)p->a + i * p->a_row,
                        .b = (const REAL *)p->b + j * p->b_column,
                        .a_step = p->a_column,
                        .b_step = p->b_row };
      ((REAL *)p->c)[i * p->c_row + j] = sum_blocks(t, p->k);
    }
  }
}

// The three loops where there is but one chain; see nd_matmul_kernels.
static void plain(const nd_matmul *p)
{
  if (p->k > CHAIN) {
    plain_long(p);
    return;
  }
  ND_MATMUL_LOOPS(REAL, ND_FMA);
}

// --------------------------------------------------------------- the kernel --

static size_t scratch_bytes(const nd_matmul *p)
{
  const task t = choose_way(p);
  if (is_tiny(p))
    return 0;
  return (size_t)(size_of_slots(&t) + size_of_stretch(&t)) * sizeof(REAL);
}

static void run(const nd_matmul *p, void *scratch)
{
  if (is_tiny(p)) {
    plain(p);
    return;
  }
  task t = choose_way(p);
  if (is_dots(&t))
    run_dots(&t);
  if (t.k <= BLOCK)
    run_block(t, scratch);
  else if (t.n > 0)
    run_long(&t, scratch, (REAL *)scratch + size_of_slots(&t));
}

static void add(const nd_matmul *p, void *scratch)
{
  task t = choose_way(p);
  t.adds = true;
  if (is_dots(&t))
    run_dots(&t);
  run_block(t, scratch);
}

static void pack_panels(const nd_matmul *p, int64_t from, int64_t to,
                        void *panels)
{
  const task t = start(p);
  pack_b(&t, from, to, panels);
}

static size_t tiles_bytes(const nd_matmul *p)
{
  const task t = start(p);
  return (size_t)size_of_a(&t, t.m) * sizeof(REAL);
}

static void pack_tiles(const nd_matmul *p, int64_t from, int64_t to,
                       void *tiles)
{
  const task t = start(p);
  pack_a(&t, from, to, tiles);
}

static void run_packed(const nd_matmul *p, const void *tiles, void *panels,
                       bool adds)
{
  task t = start(p);
  t.adds = adds;
  const layout l = { .b = panels, .keeps = true, .a = tiles, .how = PACKED };
  run_panels(&t, &l);
}
