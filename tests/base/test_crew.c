// Tests of base/crew.c: threads of the process that help, with signals, forks,
// limits of the system, and several who call at once.

#include "base/crew.h"

#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

enum { MANY = 8 };

// Parts that begin, and wait until so many have.
typedef struct meeting {
  atomic_int expected, begun;
  atomic_int calls[MANY];
  sigset_t blocked[MANY];
} meeting;

static void meet(void *data, int i)
{
  meeting *m = data;
  pthread_sigmask(SIG_SETMASK, NULL, &m->blocked[i]);
  atomic_fetch_add(&m->calls[i], 1);
  atomic_fetch_add(&m->begun, 1);
  while (atomic_load(&m->begun) < atomic_load(&m->expected))
    sched_yield();
}

// True if `n` parts were at work at the same time, each called once.
static bool all_meet(meeting *m, int n)
{
  memset(m, 0, sizeof *m);
  atomic_store(&m->expected, n);
  nd_crew_run(NULL, n, meet, m);
  for (int i = 0; i < n; i++) {
    if (atomic_load(&m->calls[i]) != 1)
      return false;
  }
  return atomic_load(&m->begun) == n;
}

// Threads of this process that have the name of ours.
static int count_threads(void)
{
  int n = 0;
  DIR *tasks = opendir("/proc/self/task");
  for (struct dirent *e; tasks != NULL && (e = readdir(tasks)) != NULL;) {
    char path[300], name[32] = "";
    snprintf(path, sizeof path, "/proc/self/task/%s/comm", e->d_name);
    FILE *file = fopen(path, "r");
    if (file == NULL)
      continue;
    n += fgets(name, sizeof name, file) != NULL && strcmp(name, "nadir\n") == 0;
    fclose(file);
  }
  closedir(tasks);
  return n;
}

// What was joined may be listed a moment longer.
static bool none_are_left(void)
{
  for (int i = 0; i < 2000 && count_threads() > 0; i++)
    nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
  return count_threads() == 0;
}

static void parts_run_at_the_same_time(void)
{
  meeting m;
  nd_crew_join();
  CHECK(all_meet(&m, 1));
  CHECK(all_meet(&m, 2));
  CHECK(all_meet(&m, MANY));
  CHECK(all_meet(&m, 3));
  nd_crew_leave();
}

static void there_are_none_before_they_are_called_nor_after_the_last_left(void)
{
  meeting m;
  CHECK(none_are_left());
  nd_crew_join();
  nd_crew_join();
  CHECK(all_meet(&m, 1));
  CHECK(none_are_left());
  CHECK(all_meet(&m, 3));
  CHECK_INT(count_threads(), 2);
  nd_crew_leave();
  CHECK_INT(count_threads(), 2);
  nd_crew_leave();
  CHECK(none_are_left());
  CHECK_INT(nd_crew_awake(), 0);
}

static void they_take_no_signals_but_faults(void)
{
  meeting m;
  nd_crew_join();
  CHECK(all_meet(&m, 2));
  CHECK(sigismember(&m.blocked[1], SIGINT) == 1);
  CHECK(sigismember(&m.blocked[1], SIGALRM) == 1);
  CHECK(sigismember(&m.blocked[1], SIGSEGV) == 0);
  CHECK(sigismember(&m.blocked[0], SIGINT) == 0);
  nd_crew_leave();
}

static void do_nothing(void *data, int i)
{
  atomic_fetch_add((atomic_long *)data, 1);
}

// Who comes too late does not begin, and is there for the next call.
static void nobody_waits_for_who_has_not_begun(void)
{
  meeting m;
  atomic_long calls = 0;
  nd_crew_join();
  for (int i = 0; i < 2000; i++)
    nd_crew_run(NULL, 4, do_nothing, &calls);
  CHECK(calls >= 2000 && calls <= 8000);
  while (nd_crew_awake() > 0)  // they fall asleep
    usleep(100);
  CHECK(all_meet(&m, 4));
  nd_crew_leave();
}

// --------------------------------------------------------- several callers --

typedef struct caller {
  pthread_t thread;
  int calls;
  atomic_long sum;
} caller;

static void add_part(void *data, int i)
{
  caller *r = data;
  atomic_fetch_add(&r->sum, i == 0 ? 1 : 1000000);
}

static void *call_often(void *data)
{
  caller *r = data;
  nd_crew_join();
  for (int i = 0; i < r->calls; i++)
    nd_crew_run(NULL, 4, add_part, r);
  nd_crew_leave();
  return NULL;
}

static void several_threads_share_one_crew(void)
{
  static caller callers[4];
  nd_crew_join();
  for (int i = 0; i < 4; i++) {
    callers[i].calls = 500;
    pthread_create(&callers[i].thread, NULL, call_often, &callers[i]);
  }
  CHECK(count_threads() <= 3);
  for (int i = 0; i < 4; i++) {
    pthread_join(callers[i].thread, NULL);
    CHECK_INT(callers[i].sum % 1000000, 500);
    CHECK(callers[i].sum / 1000000 <= 1500);
  }
  CHECK(count_threads() <= 3);
  nd_crew_leave();
  CHECK(none_are_left());
}

// A part may have work of its own for the crew.
static void call_again(void *data, int i)
{
  nd_crew_run(NULL, 3, do_nothing, data);
}

static void parts_may_call(void)
{
  atomic_long calls = 0;
  nd_crew_join();
  for (int i = 0; i < 200; i++)
    nd_crew_run(NULL, 3, call_again, &calls);
  CHECK(calls >= 200);
  nd_crew_leave();
}

// -------------------------------------------------------------------- fork --

// What a child finds: no threads, then its own.
static int be_a_child(void)
{
  meeting m;
  const int before = count_threads();
  const bool ok = all_meet(&m, 4);
  return before == 0 && ok && count_threads() == 3 ? 0 : 1;
}

static bool child_is_well(void)
{
  int status = -1;
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0)
    _exit(be_a_child());
  return child > 0 && waitpid(child, &status, 0) == child &&
         WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void a_child_has_threads_of_its_own(void)
{
  meeting m;
  nd_crew_join();
  CHECK(all_meet(&m, 4));
  CHECK(child_is_well());
  CHECK(all_meet(&m, 4));
  nd_crew_leave();
  nd_crew_join();
  CHECK(child_is_well());
  nd_crew_leave();
}

static void a_fork_may_come_while_they_are_at_work(void)
{
  static caller busy = { .calls = 20000 };
  nd_crew_join();
  pthread_create(&busy.thread, NULL, call_often, &busy);
  for (int i = 0; i < 10; i++)
    CHECK(child_is_well());
  pthread_join(busy.thread, NULL);
  CHECK_INT(busy.sum % 1000000, 20000);
  nd_crew_leave();
}

// --------------------------------------------------------------- no thread --

static rlim_t address_space(void)
{
  unsigned long long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  CHECK(file != NULL && fscanf(file, "%llu", &pages) == 1);
  fclose(file);
  return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

// Comes first, as the C library keeps stacks of threads that have ended.
static void without_threads_the_caller_works_alone(void)
{
  meeting m = { .expected = 1 };
  struct rlimit before, little;
  nd_crew_join();
  getrlimit(RLIMIT_AS, &before);
  little = before;
  little.rlim_cur = address_space() + 65536;
  CHECK(setrlimit(RLIMIT_AS, &little) == 0);
  nd_crew_run(NULL, 4, meet, &m);
  setrlimit(RLIMIT_AS, &before);
  CHECK_INT(m.begun, 1);
  CHECK(none_are_left());
  nd_crew_join();  // another context may ask again
  CHECK(all_meet(&m, 4));
  nd_crew_leave();
  nd_crew_leave();
}

int main(void)
{
  RUN(without_threads_the_caller_works_alone);
  RUN(parts_run_at_the_same_time);
  RUN(there_are_none_before_they_are_called_nor_after_the_last_left);
  RUN(they_take_no_signals_but_faults);
  RUN(nobody_waits_for_who_has_not_begun);
  RUN(several_threads_share_one_crew);
  RUN(parts_may_call);
  RUN(a_child_has_threads_of_its_own);
  RUN(a_fork_may_come_while_they_are_at_work);
  return check_done();
}
