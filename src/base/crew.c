// base/crew.c: threads that wait for parts of work. Whoever has work leases
// those that are free, offers each a part, and ends the leases when its own
// part is done: what nobody has begun is taken back, the rest is waited for.

#include "base/crew.h"

#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

enum {
  HELPERS = ND_MAX_THREADS - 1,
  STACK = 1 << 20,    // kernels keep some blocks there, sanitizers some more
  PATIENCE = 200000,  // nanoseconds to wait awake
  LENT = 5000         // in which nobody else can have used the processor
};

// Where one thread waits for another, which opens it once for each wait.
typedef struct gate {
  atomic_bool closed;  // somebody waits, or is about to
  sem_t opened;
} gate;

// FREE -> LEASED -> OFFERED -> AT_WORK -> DONE -> FREE. The helper itself goes
// from OFFERED to DONE; whoever leased it does the rest, and takes an offer
// back. LEAVING ends it.
typedef enum state { FREE, LEASED, OFFERED, AT_WORK, DONE, LEAVING } state;

typedef struct helper {
  _Alignas(128) _Atomic state state;  // what others spin on is apart
  gate offer;                         // the helper waits for one
  gate end;                           // the lessee waits for its part
  nd_part *part;
  void *data;
  int i;
  pthread_t thread;
} helper;

static pthread_mutex_t changing = PTHREAD_MUTEX_INITIALIZER;
static int joined;      // contexts
static bool refused;    // the system gave no thread; not asked again
static bool is_forked;  // pthread_atfork was called
static atomic_int count;
static helper helpers[HELPERS];

// ---------------------------------------------------------------- waiting --

static int64_t nanoseconds(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void pause_a_little(void)
{
  for (int i = 0; i < 4; i++) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
  }
}

static bool is_called(helper *h)
{
  const state s = atomic_load(&h->state);
  return s == OFFERED || s == LEAVING;
}

static bool is_done(helper *h)
{
  return atomic_load(&h->state) == DONE;
}

// Waits awake for a while, lending the processor to who else wants it. If
// somebody does it ends: who sleeps is woken on a processor that is free, but
// who is awake may long stay on one with the thread that it waits for.
static bool wait_awake(helper *h, bool (*ready)(helper *h))
{
  const int64_t end = nanoseconds() + PATIENCE;
  int64_t lent, back;
  do {
    for (int i = 0; i < 16; i++) {
      if (ready(h))
        return true;
      pause_a_little();
    }
    lent = nanoseconds();
    sched_yield();
    back = nanoseconds();
  } while (back < end && back - lent < LENT);
  return false;
}

// Waits until `ready`, which becomes so before the gate is opened.
static void gate_wait(gate *g, helper *h, bool (*ready)(helper *h))
{
  while (!wait_awake(h, ready)) {
    atomic_store(&g->closed, true);
    // Who opens the gate posts if this comes too late to take that back.
    if (ready(h) && atomic_exchange(&g->closed, false))
      return;
    while (sem_wait(&g->opened) != 0) {
    }
  }
}

static void gate_open(gate *g)
{
  if (atomic_exchange(&g->closed, false))
    sem_post(&g->opened);
}

// ---------------------------------------------------------------- helpers --

static bool change(helper *h, state from, state to)
{
  return atomic_compare_exchange_strong(&h->state, &from, to);
}

static void *serve(void *data)
{
  helper *h = data;
#ifdef __linux__
  prctl(PR_SET_NAME, "nadir", 0, 0, 0);
#endif
  for (;;) {
    gate_wait(&h->offer, h, is_called);
    if (atomic_load(&h->state) == LEAVING)
      return NULL;
    if (!change(h, OFFERED, AT_WORK))
      continue;
    h->part(h->data, h->i);
    atomic_store(&h->state, DONE);
    gate_open(&h->end);
  }
}

static bool start_thread(helper *h)
{
  pthread_attr_t attr;
  if (pthread_attr_init(&attr) != 0)
    return false;
  const long least = sysconf(_SC_THREAD_STACK_MIN);
  const size_t stack = STACK + (least > 0 ? (size_t)least : 0);
  const bool ok = pthread_attr_setstacksize(&attr, stack) == 0 &&
                  pthread_create(&h->thread, &attr, serve, h) == 0;
  pthread_attr_destroy(&attr);
  return ok;
}

// Faults of its own code are not held back: the host may report them.
static void choose_signals(sigset_t *blocked)
{
  static const int faults[] = {
    SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS
  };
  sigfillset(blocked);
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
    sigdelset(blocked, faults[i]);
}

static bool start(helper *h)
{
  sigset_t blocked, before;
  atomic_init(&h->state, FREE);
  atomic_init(&h->offer.closed, false);
  atomic_init(&h->end.closed, false);
  sem_init(&h->offer.opened, 0, 0);
  sem_init(&h->end.opened, 0, 0);
  choose_signals(&blocked);
  pthread_sigmask(SIG_SETMASK, &blocked, &before);
  const bool ok = start_thread(h);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return ok;
}

static void dismiss(helper *h)
{
  atomic_store(&h->state, LEAVING);
  gate_open(&h->offer);
  pthread_join(h->thread, NULL);
  sem_destroy(&h->offer.opened);
  sem_destroy(&h->end.opened);
}

// --------------------------------------------------------------- the crew --

static void lock(void)
{
  pthread_mutex_lock(&changing);
}

static void unlock(void)
{
  pthread_mutex_unlock(&changing);
}

// The child has the thread that forked, and no other.
static void start_afresh(void)
{
  atomic_store(&count, 0);
  refused = false;
  unlock();
}

void nd_crew_join(void)
{
  lock();
  joined++;
  refused = false;
  unlock();
}

void nd_crew_leave(void)
{
  lock();
  if (--joined == 0) {
    const int n = atomic_exchange(&count, 0);
    for (int i = 0; i < n; i++)
      dismiss(&helpers[i]);
  }
  unlock();
}

// Makes the crew as large as `n`, if the system allows.
static void grow(int n)
{
  lock();
  if (!is_forked)
    is_forked = pthread_atfork(lock, unlock, start_afresh) == 0;
  while (is_forked && !refused && atomic_load(&count) < n) {
    if (start(&helpers[atomic_load(&count)]))
      atomic_fetch_add(&count, 1);
    else
      refused = true;
  }
  unlock();
}

int nd_crew_awake(void)
{
  const int all = atomic_load(&count);
  int awake = 0;
  for (int i = 0; i < all; i++)
    awake += atomic_load(&helpers[i].state) == FREE &&
             !atomic_load(&helpers[i].offer.closed);
  return awake;
}

// Leases up to `n` helpers; returns how many.
static int lease(int n, helper **leased)
{
  if (atomic_load(&count) < n)
    grow(n);
  const int all = atomic_load(&count);
  int got = 0;
  for (int i = 0; i < all && got < n; i++) {
    if (atomic_load_explicit(&helpers[i].state, memory_order_relaxed) == FREE &&
        change(&helpers[i], FREE, LEASED))
      leased[got++] = &helpers[i];
  }
  return got;
}

static void offer(helper *h, nd_part *part, void *data, int i)
{
  h->part = part;
  h->data = data;
  h->i = i;
  atomic_store(&h->state, OFFERED);
  gate_open(&h->offer);
}

static void end_lease(helper *h)
{
  if (!change(h, OFFERED, LEASED))
    gate_wait(&h->end, h, is_done);
  atomic_store(&h->state, FREE);
}

void nd_crew_run(void *none, int n, nd_part *part, void *data)
{
  helper *leased[HELPERS];
  const int got = lease(n - 1, leased);
  for (int i = 0; i < got; i++)
    offer(leased[i], part, data, i + 1);
  part(data, 0);
  for (int i = 0; i < got; i++)
    end_lease(leased[i]);
}
