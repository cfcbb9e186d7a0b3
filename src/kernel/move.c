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

void nd_pick_rows(int64_t n, int64_t bytes, const int32_t *index, int64_t size,
                  const char *in, char *out)
{
  find_way(bytes).pick(n, bytes, index, size, in, out);
}
