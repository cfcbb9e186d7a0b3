// base/threads.c: chooses and changes how many threads a context uses.

#include "base/threads.h"

#include <stdlib.h>

#include "base/context.h"
#include "base/cores.h"
#include "base/crew.h"
#include "base/options.h"
#include "base/work.h"

static int quota_of(const nd_config *config)
{
  const int quota = config->thread_quota;
  return quota > 0 && quota < ND_MAX_THREADS ? quota : ND_MAX_THREADS;
}

static int least(int x, int y)
{
  return x < y ? x : y;
}

bool nd_threads_choose(const nd_config *config, int *count, const char **wanted)
{
  const int quota = quota_of(config);
  *wanted = config->threads <= 0 ? getenv("NADIR_THREADS") : NULL;
  if (*wanted != NULL && **wanted != '\0') {
    int64_t n;
    const char *end = nd_option_whole(*wanted, &n);
    if (end == NULL || *end != '\0' || n < 1 || n > ND_MAX_THREADS)
      return false;
    *count = least((int)n, quota);
    return true;
  }
  *wanted = NULL;
  *count = config->threads < 0    ? least(nd_cores(), quota)
           : config->threads == 0 ? 1
                                  : config->threads;
  return *count <= quota;
}

static void set(nd_threads *t, int count)
{
  const bool calls = t->count > 1 && t->run == nd_crew_run;
  const bool will_call = count > 1 && t->run == nd_crew_run;
  if (will_call && !calls)
    nd_crew_join();
  if (calls && !will_call)
    nd_crew_leave();
  t->count = count;
  t->alone = count > 1 ? ND_ALONE : ND_PATIENCE;
}

void nd_threads_start(nd_threads *t, const nd_config *config, int count)
{
  t->count = 1;
  t->quota = quota_of(config);
  t->run = config->parallel_for != NULL ? config->parallel_for : nd_crew_run;
  t->host = config->parallel_data;
  set(t, count);
}

void nd_threads_end(nd_threads *t)
{
  set(t, 1);
}

bool nd_context_set_threads(nd_context *c, int64_t threads)
{
  if (c == NULL || c->strand.error.code != ND_OK)
    return false;
  if (threads < 1 || threads > c->threads.quota)
    return nd_fail(c, ND_BAD_ARGUMENT, "threads must be 1 to %d, got %lld",
                   c->threads.quota, (long long)threads);
  set(&c->threads, (int)threads);
  return true;
}

int nd_context_threads(const nd_context *c)
{
  return c == NULL ? 0 : c->threads.count;
}
