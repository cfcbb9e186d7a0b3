// Tests of base/work.c: units are run once each, on any number of threads of
// ours or of a host's, with memory of their own; interrupts, refusals.

#include "base/work.h"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "../values.h"

enum { UNITS = 100003 };

// What counts its units.
typedef struct counting {
  nd_step step;
  _Atomic unsigned char *ran;
  atomic_int runs, clashes;
  int64_t interrupt_at;  // 0: never
} counting;

// Whoever works has this for itself.
typedef struct own_memory {
  pthread_t owner;
  char room[1000];
} own_memory;

static void count_units(const void *what, void *shared, void *own, int64_t from,
                        int64_t to)
{
  counting *k = (counting *)what;
  own_memory *mine = own;
  if (mine != NULL)
    mine->owner = pthread_self();
  const int before = atomic_fetch_add(&k->runs, 1);
  for (int64_t i = from; i < to; i++) {
    atomic_fetch_add(&k->ran[i - k->step.first], 1);
    if (k->interrupt_at > 0 && i == k->interrupt_at)
      nd_interrupt(c);
  }
  if (before % 16 == 0)
    sched_yield();
  if (mine != NULL && !pthread_equal(mine->owner, pthread_self()))
    atomic_fetch_add(&k->clashes, 1);
}

static bool count_next(const void *what, nd_step *step, int i)
{
  const counting *k = what;
  *step = k->step;
  return i == 0;
}

static counting begin_counting(int64_t units, float cost)
{
  counting k = { .ran = calloc(UNITS, 1) };
  k.step = (nd_step){ .first = 7, .units = units, .cost = cost };
  k.step.run = count_units;
  return k;
}

// How many units have run once.
static int64_t count_once(const counting *k)
{
  int64_t n = 0;
  for (int64_t i = 0; i < k->step.units; i++)
    n += k->ran[i] == 1;
  return n;
}

// Runs it as work with memory of its own.
static bool run_counting(const counting *k, size_t own_size)
{
  const nd_work work = { .shared = 100, .own = own_size, .next = count_next };
  return nd_work_run(c, &work, k);
}

static void check_all_run(int64_t units, float cost)
{
  counting k = begin_counting(units, cost);
  CHECK(run_counting(&k, sizeof(own_memory)));
  CHECK_INT(count_once(&k), units);
  CHECK_INT(k.clashes, 0);
  memset((void *)k.ran, 0, UNITS);
  CHECK(nd_step_run(c, &k.step, &k, NULL));
  CHECK_INT(count_once(&k), units);
  memset((void *)k.ran, 0, UNITS);
  nd_step_finish(c, &k.step, &k);
  CHECK_INT(count_once(&k), units);
  free((void *)k.ran);
}

static void check_all_sizes(void)
{
  static const int64_t units[] = { 0, 1, 2, 7, 511, 513, 5000, UNITS };
  static const float costs[] = { 0, .1F, 1, 30, 200, 1e4F, 1e6F };
  for (int i = 0; i < 8; i++) {
    for (int k = 0; k < 7; k++) {
      if ((float)units[i] * costs[k] < 1e8F)
        check_all_run(units[i], costs[k]);
    }
  }
}

static void units_run_once_each_on_any_number_of_threads(void)
{
  static const int threads[] = { 1, 2, 3, 8, 64 };
  start();
  for (int i = 0; i < 5; i++) {
    CHECK(nd_context_set_threads(c, threads[i]));
    CHECK_INT(nd_context_threads(c), threads[i]);
    check_all_sizes();
  }
  finish();
}

static void what_is_short_runs_here_in_one_piece(void)
{
  start();
  CHECK(nd_context_set_threads(c, 8));
  counting k = begin_counting(1000, 10);
  CHECK(run_counting(&k, 0));
  CHECK_INT(k.runs, 1);
  free((void *)k.ran);
  finish();
}

static void a_start_that_costs_makes_pieces_large(void)
{
  start();
  CHECK(nd_context_set_threads(c, 2));
  counting k = begin_counting(UNITS, 10);
  CHECK(run_counting(&k, 0));
  CHECK(k.runs > 10);
  k.runs = 0;
  k.step.start = 1e5F;
  CHECK(run_counting(&k, 0));
  CHECK(k.runs <= 2);
  free((void *)k.ran);
  finish();
}

// -------------------------------------------------------------- interrupts --

static void an_interrupt_stops_all_threads(void)
{
  start();
  for (int threads = 1; threads <= 8; threads *= 2) {
    CHECK(nd_context_set_threads(c, threads));
    counting k = begin_counting(UNITS, 100);
    k.interrupt_at = 100;
    CHECK(!run_counting(&k, 0));
    CHECK_INT(nd_error_code(c), ND_INTERRUPTED);
    CHECK(count_once(&k) < UNITS);
    nd_error_clear(c);
    CHECK(nd_context_ready(c));
    free((void *)k.ran);
  }
  finish();
}

static void what_must_not_stop_goes_on_through_an_interrupt(void)
{
  start();
  for (int threads = 1; threads <= 8; threads *= 2) {
    CHECK(nd_context_set_threads(c, threads));
    counting k = begin_counting(UNITS, 100);
    k.interrupt_at = 100;
    nd_step_finish(c, &k.step, &k);
    CHECK_INT(count_once(&k), UNITS);
    CHECK(nd_context_interrupted(c));
    free((void *)k.ran);
  }
  finish();
}

// ------------------------------------------------------------------ memory --

static void without_memory_for_others_one_thread_works(void)
{
  CHECK(start_with((nd_config){ .threads = 8, .tensor_quota = 3000 }));
  counting k = begin_counting(UNITS, 10);
  CHECK(run_counting(&k, sizeof(own_memory)));
  CHECK_INT(count_once(&k), UNITS);
  CHECK_STR(nd_error_message(c), "");
  CHECK(nd_context_peak(c, ND_MEMORY_TENSOR) <= 3000);
  CHECK(!run_counting(&k, 4000));
  CHECK_INT(nd_error_code(c), ND_NO_MEMORY);
  nd_error_clear(c);
  free((void *)k.ran);
  finish();
}

static void memory_for_others_may_be_refused(void)
{
  for (int n = 1; n <= 6; n++) {
    CHECK(start_with((nd_config){ .threads = 4 }));
    counting k = begin_counting(UNITS, 10);
    memory.refuse_from = memory.asked + n;
    memory.refuse_to = memory.asked + n;
    const bool ok = run_counting(&k, 100000);
    CHECK(ok || nd_error_code(c) == ND_NO_MEMORY);
    CHECK_INT(count_once(&k), ok ? UNITS : 0);
    nd_error_clear(c);
    free((void *)k.ran);
    finish();
  }
}

// ------------------------------------------------------------------- hosts --

static int host_calls, most_parts;

static void bring_in_turn(void *given, int n, nd_part *part, void *data)
{
  host_calls++;
  most_parts = n > most_parts ? n : most_parts;
  CHECK(given == &host_calls);
  for (int i = n - 1; i >= 0; i--)
    part(data, i);
}

static void bring_none(void *given, int n, nd_part *part, void *data)
{
  host_calls++;
}

static void bring_one(void *given, int n, nd_part *part, void *data)
{
  host_calls++;
  part(data, n - 1);
}

typedef struct call_of_part {
  pthread_t thread;
  nd_part *part;
  void *data;
  int i;
} call_of_part;

static void *call_part(void *data)
{
  const call_of_part *p = data;
  p->part(p->data, p->i);
  return NULL;
}

// All on threads of its own.
static void bring_all(void *given, int n, nd_part *part, void *data)
{
  call_of_part calls[ND_MAX_THREADS];
  host_calls++;
  for (int i = 0; i < n; i++) {
    calls[i] = (call_of_part){ .part = part, .data = data, .i = i };
    CHECK(pthread_create(&calls[i].thread, NULL, call_part, &calls[i]) == 0);
  }
  for (int i = 0; i < n; i++)
    pthread_join(calls[i].thread, NULL);
}

static void a_host_may_bring_the_threads(void)
{
  nd_parallel_for *const hosts[] = { bring_in_turn, bring_none, bring_one,
                                     bring_all };
  for (int i = 0; i < 4; i++) {
    host_calls = most_parts = 0;
    CHECK(start_with((nd_config){
      .threads = 5, .parallel_for = hosts[i], .parallel_data = &host_calls }));
    check_all_sizes();
    CHECK(host_calls > 10);
    CHECK(most_parts <= 5);
    finish();
  }
}

static void a_host_is_not_asked_for_one_thread(void)
{
  host_calls = 0;
  CHECK(start_with((nd_config){ .parallel_for = bring_none }));
  CHECK_INT(nd_context_threads(c), 1);
  check_all_run(UNITS, 100);
  CHECK_INT(host_calls, 0);
  finish();
}

// ----------------------------------------------------------------- numbers --

static void the_number_of_threads_has_a_quota(void)
{
  CHECK(start_with((nd_config){ .threads = 2, .thread_quota = 3 }));
  CHECK(nd_context_set_threads(c, 3));
  CHECK(!nd_context_set_threads(c, 4));
  CHECK_STR(nd_error_message(c), "threads must be 1 to 3, got 4");
  CHECK(!nd_context_set_threads(c, 1));  // an error is kept
  CHECK_INT(nd_context_threads(c), 3);
  nd_error_clear(c);
  CHECK(!nd_context_set_threads(c, 0));
  CHECK_STR(nd_error_message(c), "threads must be 1 to 3, got 0");
  nd_error_clear(c);
  finish();
  CHECK(!start_with((nd_config){ .threads = 4, .thread_quota = 3 }));
  CHECK(!start_with((nd_config){ .threads = ND_MAX_THREADS + 1 }));
  CHECK(start_with((nd_config){ .threads = -1, .thread_quota = 1 }));
  CHECK_INT(nd_context_threads(c), 1);
  finish();
}

static void check_environment(const char *value, int threads, int expected)
{
  setenv("NADIR_THREADS", value, 1);
  const bool ok = start_with(
    (nd_config){ .threads = threads, .thread_quota = 6 });
  CHECK_INT(ok ? nd_context_threads(c) : 0, expected);
  if (ok)
    finish();
  unsetenv("NADIR_THREADS");
}

static void the_environment_chooses_where_the_host_does_not(void)
{
  check_environment("3", 0, 3);
  check_environment("3", -1, 3);
  check_environment("3", 2, 2);
  check_environment("64", 0, 6);
  check_environment("", 0, 1);
  check_environment("0", 0, 0);
  check_environment("65", 0, 0);
  check_environment("2x", 0, 0);
  check_environment("many", -1, 0);
}

static void there_is_a_processor_for_each_thread_by_default(void)
{
  CHECK(start_with((nd_config){ .threads = -1 }));
  CHECK(nd_context_threads(c) >= 1);
  CHECK(nd_context_threads(c) <= (int)sysconf(_SC_NPROCESSORS_ONLN));
  finish();
}

int main(void)
{
  unsetenv("NADIR_THREADS");
  RUN(units_run_once_each_on_any_number_of_threads);
  RUN(what_is_short_runs_here_in_one_piece);
  RUN(a_start_that_costs_makes_pieces_large);
  RUN(an_interrupt_stops_all_threads);
  RUN(what_must_not_stop_goes_on_through_an_interrupt);
  RUN(without_memory_for_others_one_thread_works);
  RUN(memory_for_others_may_be_refused);
  RUN(a_host_may_bring_the_threads);
  RUN(a_host_is_not_asked_for_one_thread);
  RUN(the_number_of_threads_has_a_quota);
  RUN(the_environment_chooses_where_the_host_does_not);
  RUN(there_is_a_processor_for_each_thread_by_default);
  return check_done();
}
