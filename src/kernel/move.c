// kernel/move.c: a call of memcpy takes longer than a short row.

#include "kernel/move.h"

#include <string.h>

typedef void move(int64_t n, int64_t bytes, const char *in, int64_t in_apart,
                  char *out, int64_t out_apart);
typedef void pick(int64_t n, int64_t bytes, const int32_t *index, int64_t size,
                  const char *in, char *out);

#define COPY_WHOLE(size) memcpy(to, from, size)

// Two pieces, which may overlap.
#define COPY_TWICE(size)                     \
  do {                                       \
    char head[size], tail[size];             \
    memcpy(head, from, size);                \
    memcpy(tail, from + bytes - size, size); \
    memcpy(to, head, size);                  \
    memcpy(to + bytes - size, tail, size);   \
  } while (0)

// Rows that are picked out of more than a cache of the second level holds are
// asked for so many ahead, and so many bytes of each.
enum { AHEAD = 16, ASKED = 512, NEAR = 1 << 18 };

static inline int64_t place(int32_t index, int64_t size)
{
  return index + (index > 0 ? -1 : size);
}

static inline void ask_for(const char *row, int64_t bytes)
{
  const int64_t most = bytes < ASKED ? bytes : ASKED;
  for (int64_t i = 0; i < most; i += 64)
    __builtin_prefetch(row + i);
}

#define DEFINE(label, COPY, piece)                                         \
  static void move_##label(int64_t n, int64_t bytes, const char *from,     \
                           int64_t in_apart, char *to, int64_t out_apart)  \
  {                                                                        \
    for (int64_t i = 0; i < n; i++, from += in_apart, to += out_apart)     \
      COPY(piece);                                                         \
  }                                                                        \
  static void pick_##label(int64_t n, int64_t bytes, const int32_t *index, \
                           int64_t size, const char *in, char *to)         \
  {                                                                        \
    const int64_t last = size * bytes > NEAR ? n - AHEAD : 0;              \
    for (int64_t i = 0; i < n; i++, to += bytes) {                         \
      const char *from = in + place(index[i], size) * bytes;               \
      if (i < last)                                                        \
        ask_for(in + place(index[i + AHEAD], size) * bytes, bytes);        \
      COPY(piece);                                                         \
    }                                                                      \
  }

DEFINE(1, COPY_WHOLE, 1)
DEFINE(4, COPY_WHOLE, 4)
DEFINE(8, COPY_WHOLE, 8)
DEFINE(16, COPY_WHOLE, 16)
DEFINE(32, COPY_WHOLE, 32)
DEFINE(from_2, COPY_TWICE, 2)
DEFINE(from_4, COPY_TWICE, 4)
DEFINE(from_8, COPY_TWICE, 8)
DEFINE(from_16, COPY_TWICE, 16)
DEFINE(from_32, COPY_TWICE, 32)
DEFINE(any, COPY_WHOLE, (size_t)bytes)

#define BOTH(label)            \
  {                            \
    move_##label, pick_##label \
  }

typedef struct way {
  move *move;
  pick *pick;
} way;

static way find_way(int64_t bytes)
{
  static const way by_size[] = {
    [0] = BOTH(any),
    [1] = BOTH(1),
    [2 ... 3] = BOTH(from_2),
    [4] = BOTH(4),
    [5 ... 7] = BOTH(from_4),
    [8] = BOTH(8),
    [9 ... 15] = BOTH(from_8),
    [16] = BOTH(16),
    [17 ... 31] = BOTH(from_16),
    [32] = BOTH(32),
    [33 ... 64] = BOTH(from_32),
  };
  return by_size[bytes <= 64 ? bytes : 0];
}

void nd_move_rows(int64_t n, int64_t bytes, const char *in, int64_t in_apart,
                  char *out, int64_t out_apart)
{
  find_way(bytes).move(n, bytes, in, in_apart, out, out_apart);
}

// What is there already is copied behind itself.
void nd_repeat_row(int64_t n, int64_t bytes, const char *in, char *out)
{
  const int64_t all = n * bytes;
  if (all > 0)
    memcpy(out, in, (size_t)bytes);
  for (int64_t done = bytes; done < all; done *= 2) {
    const int64_t left = all - done;
    memcpy(out + done, out, (size_t)(left < done ? left : done));
  }
}

// An element as often as 8 bytes have it.
static uint64_t splat(int64_t width, const char *in)
{
  uint64_t x = 0;
  switch (width) {
  case 1: memcpy(&x, in, 1); return x * 0x0101010101010101U;
  case 2: memcpy(&x, in, 2); return x * 0x0001000100010001U;
  case 4: memcpy(&x, in, 4); return x * 0x0000000100000001U;
  default: memcpy(&x, in, 8); return x;
  }
}

// The last piece may overlap the one before.
void nd_fill_rows(int64_t n, int64_t bytes, int64_t width, const char *in,
                  int64_t in_apart, char *out)
{
  for (int64_t r = 0; r < n; r++, in += in_apart, out += bytes) {
    const uint64_t x = splat(width, in), pair[] = { x, x };
    int64_t i = 0;
    if (bytes < 16) {
      for (; i < bytes; i += width)
        memcpy(out + i, &x, (size_t)width);
      continue;
    }
    for (; i + 16 <= bytes; i += 16)
      memcpy(out + i, pair, 16);
    memcpy(out + bytes - 16, pair, 16);
  }
}

void nd_pick_rows(int64_t n, int64_t bytes, const int32_t *index, int64_t size,
                  const char *in, char *out)
{
  find_way(bytes).pick(n, bytes, index, size, in, out);
}
