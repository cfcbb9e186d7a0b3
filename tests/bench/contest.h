// contest.h: times contestants at one problem in turns, in rounds close
// together, and the machine's peak beside them.

#ifndef ND_BENCH_CONTEST_H
#define ND_BENCH_CONTEST_H

#include <stdio.h>
#include <string.h>

#include "measure.h"

enum { ROUNDS = 15, CONTESTANTS = 6 };

typedef struct contest {
  int count;  // of contestants
  int ours;   // the first so many are ours, the others peers
  bool there[CONTESTANTS];
  void (*run)(const void *problem, int who);
  const void *problem;
  double operations;  // of one run
  nd_level level;
  bool narrow;  // float32

  // Found out: seconds of a run, and operations a second at best.
  double times[CONTESTANTS][ROUNDS];
  double peak;
} contest;

// Seconds of one contestant in one round.
static inline double slice(void)
{
  const char *given = getenv("BENCH_SLICE");
  return given != NULL ? atof(given) : 2e-3;
}

// Seconds of one run, of `runs`.
static inline double time_runs(const contest *t, int who, int64_t runs)
{
  const double start = thread_seconds();
  for (int64_t i = 0; i < runs; i++)
    t->run(t->problem, who);
  return (thread_seconds() - start) / (double)runs;
}

static inline double time_peak(const contest *t)
{
  const double start = thread_seconds();
  const double operations = multiply_and_add(t->level, t->narrow,
                                             (int64_t)(slice() * 2e8));
  return operations / (thread_seconds() - start);
}

static inline void time_all(contest *t)
{
  int64_t runs[CONTESTANTS];
  for (int who = 0; who < t->count; who++) {
    if (!t->there[who])
      continue;
    time_runs(t, who, 2);
    const double once = time_runs(t, who, 3);
    runs[who] = slice() > once ? (int64_t)(slice() / once) : 1;
  }
  t->peak = 0;
  for (int i = 0; i < ROUNDS; i++) {
    for (int turn = 0; turn < t->count; turn++) {
      const int who = (turn + i) % t->count;
      if (t->there[who])
        t->times[who][i] = time_runs(t, who, runs[who]);
    }
    const double peak = time_peak(t);
    t->peak = peak > t->peak ? peak : t->peak;
  }
}

static inline double least_time(const contest *t, int who)
{
  double y = t->times[who][0];
  for (int i = 1; i < ROUNDS; i++)
    y = t->times[who][i] < y ? t->times[who][i] : y;
  return y;
}

// The fastest of the peers; -1 if there is none.
static inline int best_peer(const contest *t)
{
  int best = -1;
  for (int who = t->ours; who < t->count; who++) {
    if (t->there[who] && (best < 0 || least_time(t, who) < least_time(t, best)))
      best = who;
  }
  return best;
}

// How many times as long `who` takes as `us`: by the least times, and by the
// median of the ratios of each round.
static inline void print_ratios(const contest *t, int who, int us)
{
  double ratios[ROUNDS];
  for (int i = 0; i < ROUNDS; i++)
    ratios[i] = t->times[who][i] / t->times[us][i];
  printf("  %5.2f %5.2f", least_time(t, who) / least_time(t, us),
         median_of(ROUNDS, ratios));
}

// Of each: GFLOP/s; what part of the peak the first of ours is; the ratios of
// the best peer to each of ours.
static inline void print_contest(const contest *t)
{
  for (int who = 0; who < t->count; who++) {
    if (t->there[who])
      printf(" %8.1f", t->operations / least_time(t, who) / 1e9);
    else
      printf(" %8s", "-");
  }
  printf(" %5.0f%%", 100 * t->operations / least_time(t, 0) / t->peak);
  for (int us = 0; us < t->ours && best_peer(t) >= 0; us++)
    print_ratios(t, best_peer(t), us);
  printf("\n");
  fflush(stdout);
}

#endif
