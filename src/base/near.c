// base/near.c: how many letters two names differ by.

#include "base/near.h"

#include <string.h>

// No longer name is near another one.
enum { LONGEST = 63 };

static char lower(char c)
{
  return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same(char a, char b)
{
  return lower(a) == lower(b);
}

static int least(int a, int b)
{
  return a < b ? a : b;
}

// How many letters to insert, drop, change or swap with the next to make one
// word of the other. rows[i % 3][j] is that for the first i letters of `a` and
// the first j of `b`.
static int distance(const char *a, const char *b)
{
  int rows[3][LONGEST + 1] = { { 0 } };
  const int m = (int)strlen(a), n = (int)strlen(b);
  for (int j = 0; j <= n; j++)
    rows[0][j] = j;
  for (int i = 1; i <= m; i++) {
    int *row = rows[i % 3];
    const int *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
    row[0] = i;
    for (int j = 1; j <= n; j++) {
      const bool equal = same(a[i - 1], b[j - 1]);
      row[j] = least(above[j], row[j - 1]) + 1;
      row[j] = least(row[j], above[j - 1] + !equal);
      if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) &&
          same(a[i - 2], b[j - 1]))
        row[j] = least(row[j], before[j - 2] + 1);
    }
  }
  return rows[m % 3][n];
}

// Whether the candidate fits better than a best one that is as near.
static bool is_better(const nd_near *n, const char *candidate)
{
  const size_t size = strlen(candidate), best = strlen(n->best);
  const char begins = n->name[0];
  return size > best ||
         (size == best && candidate[0] == begins && n->best[0] != begins);
}

void nd_near_try(nd_near *n, const char *candidate)
{
  const size_t size = strlen(n->name), other = strlen(candidate);
  if (size > LONGEST || other > LONGEST)
    return;
  const int d = distance(n->name, candidate);
  if (d > (int)((size < other ? size : other) + 1) / 3)
    return;
  if (n->best != NULL &&
      (d > n->distance || (d == n->distance && !is_better(n, candidate))))
    return;
  n->best = candidate;
  n->distance = d;
}

bool nd_near_same(const char *a, const char *b)
{
  while (*a != '\0' && same(*a, *b)) {
    a++;
    b++;
  }
  return *a == *b;
}
