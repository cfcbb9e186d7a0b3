// op/table.c: finds ops by position and by name.

#include <pthread.h>
#include <string.h>

#include "op/op.h"

const nd_op *nd_op_at(int i)
{
  for (int f = 0; nd_families[f] != NULL; f++) {
    for (int j = 0; nd_families[f][j] != NULL; j++) {
      if (i-- == 0)
        return nd_families[f][j];
    }
  }
  return NULL;
}

const char *nd_derivative_name(nd_derivative derivative)
{
  static const char *const names[] = {
    [ND_NO_GRAD] = "none",  [ND_SLOPE] = "slope",
    [ND_LINEAR] = "linear", [ND_BILINEAR] = "bilinear",
    [ND_VJP] = "vjp",       [ND_COMPOSED] = "composed",
  };
  return names[derivative];
}

// ----------------------------------------------------------------- by name --

// A hash table of all ops with open addressing, filled by whoever asks first.
// It is at most half full: nd_op_find needs a free place behind each name.
enum { PLACES = 1024 };

static const nd_op *places[PLACES];
static pthread_once_t filled = PTHREAD_ONCE_INIT;

static unsigned hash(const char *name)
{
  unsigned h = 2166136261U;
  for (; *name != '\0'; name++)
    h = (h ^ (unsigned char)*name) * 16777619U;
  return h ^ h >> 15;
}

static void add(const nd_op *op)
{
  unsigned at = hash(op->name);
  while (places[at % PLACES] != NULL)
    at++;
  places[at % PLACES] = op;
}

static void fill(void)
{
  int n = 0;
  for (const nd_op *const *const *f = nd_families; *f != NULL; f++) {
    for (const nd_op *const *op = *f; *op != NULL && n < PLACES / 2; op++, n++)
      add(*op);
  }
}

const nd_op *nd_op_find(const char *name)
{
  pthread_once(&filled, fill);
  const nd_op *op;
  unsigned at = hash(name);
  do
    op = places[at++ % PLACES];
  while (op != NULL && strcmp(op->name, name) != 0);
  return op;
}
