// KANN's side of `make bench`: the networks, which is what KANN has. Answers
// requests as worker.lua describes. It has RMSprop where the others take Adam's
// steps, which are dearer.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kann.h"

enum { CLASSES = 10, PIXELS = 784, MOST = 256 };

static double now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static kann_t *make_dense(void)
{
  kad_node_t *t = kann_layer_input(PIXELS);
  t = kad_relu(kann_layer_dense(t, 128));
  return kann_new(kann_layer_cost(t, CLASSES, KANN_C_CEM), 0);
}

static kad_node_t *add_block(kad_node_t *t, int filters)
{
  t = kad_relu(kann_layer_conv2d(t, filters, 3, 3, 1, 1, 1, 1));
  return kad_max2d(t, 2, 2, 2, 2, 0, 0);
}

static kann_t *make_convolutions(void)
{
  kad_node_t *t = kad_feed(4, 1, 1, 28, 28);
  t->ext_flag |= KANN_F_IN;
  t = add_block(add_block(t, 32), 64);
  return kann_new(kann_layer_cost(t, CLASSES, KANN_C_CEM), 0);
}

// A network, and the steps that it takes on `batch` rows of what is random.
typedef struct training {
  kann_t *net;
  int batch;
  float *mean;  // squares of gradients
  float x[MOST * PIXELS], y[MOST * CLASSES];
} training;

static void choose_labels(training *t)
{
  memset(t->y, 0, sizeof t->y);
  for (int i = 0; i < t->batch; i++)
    t->y[i * CLASSES + (int)(kann_drand() * CLASSES)] = 1;
}

static training *make_training(kann_t *net, int batch)
{
  training *t = calloc(1, sizeof *t);
  t->net = net;
  t->batch = batch;
  t->mean = calloc((size_t)kann_size_var(net), sizeof *t->mean);
  for (int i = 0; i < MOST * PIXELS; i++)
    t->x[i] = (float)kann_drand();
  kann_set_batch_size(net, batch);
  kann_switch(net, 1);
  float *x[] = { t->x }, *y[] = { t->y };
  kann_feed_bind(net, KANN_F_IN, 0, x);
  kann_feed_bind(net, KANN_F_TRUTH, 0, y);
  choose_labels(t);
  return t;
}

static void train_once(training *t)
{
  kann_cost(t->net, 0, 1);
  kann_RMSprop(kann_size_var(t->net), 1e-3f, 0, 0.9f, t->net->g, t->net->x,
               t->mean);
}

// The training of a row, made when it is asked for first; NULL for others.
static training *find_training(const char *row)
{
  static training *small, *large, *images;
  if (strcmp(row, "mlp:32") == 0)
    return small ? small : (small = make_training(make_dense(), 32));
  if (strcmp(row, "mlp:256") == 0)
    return large ? large : (large = make_training(make_dense(), 256));
  if (strcmp(row, "conv") == 0)
    return images ? images : (images = make_training(make_convolutions(), 32));
  return NULL;
}

// Seconds of a step, of at least `least` seconds of them.
static double time_steps(training *t, double least)
{
  for (const double ready = now() + least / 4; now() < ready;)
    train_once(t);
  const double start = now();
  double spent = 0;
  int count = 0;
  for (; spent < least; spent = now() - start, count++)
    train_once(t);
  return spent / count;
}

int main(void)
{
  char row[64];
  double least;
  setvbuf(stdout, NULL, _IOLBF, 0);
  printf("= version=%s\n", KANN_VERSION);
  while (scanf("%63s %lf", row, &least) == 2) {
    training *t = find_training(row);
    if (t != NULL)
      printf("= total=%g\n", time_steps(t, least));
    else
      printf("! it has networks alone\n");
  }
  return 0;
}
