// base/context.c: makes and frees the context.

#include "base/context.h"

#include <stdlib.h>
#include <string.h>

#include "base/allocator.h"

nd_config nd_config_complete(const nd_config *given)
{
  nd_config full = { .size = sizeof full };
  if (given != NULL) {
    const size_t n = given->size < sizeof full ? given->size : sizeof full;
    memcpy(&full, given, n);
  }
  if (full.allocator == NULL)
    full.allocator = nd_allocate;
  if (full.cpu == NULL)
    full.cpu = getenv("NADIR_CPU");
  if (full.cpu != NULL && full.cpu[0] == '\0')
    full.cpu = NULL;
  return full;
}

nd_context *nd_context_new(const nd_config *config)
{
  const nd_config full = nd_config_complete(config);
  nd_level level;
  int threads;
  const char *wanted;
  if (!nd_level_choose(full.cpu, &level) ||
      !nd_threads_choose(&full, &threads, &wanted))
    return NULL;
  nd_context *c = full.allocator(full.allocator_data, NULL, 0, sizeof *c,
                                 ND_MEMORY_OBJECT);
  if (c == NULL)
    return NULL;
  memset(c, 0, sizeof *c);
  nd_strand_start(&c->strand);
  c->level = level;
  c->least_waiting = ND_LEAST_WAITING;
  c->warning = full.warning;
  c->warning_data = full.warning_data;
  c->memory.allocator = full.allocator;
  c->memory.data = full.allocator_data;
  c->memory.plain = full.allocator == nd_allocate;
  nd_account *a = &c->memory.account;
  a->quota[ND_MEMORY_TENSOR] = full.tensor_quota;
  a->quota[ND_MEMORY_SCRIPT] = full.script_quota;
  a->quota[ND_MEMORY_ALL] = full.memory_quota;
  nd_account_count(a, ND_MEMORY_ALL, 0, sizeof *c);
  nd_threads_start(&c->threads, &full, threads);
  return c;
}

void nd_context_free(nd_context *c)
{
  if (c == NULL)
    return;
  nd_threads_end(&c->threads);
  nd_memory_end(c);
  c->memory.allocator(c->memory.data, c, sizeof *c, 0, ND_MEMORY_OBJECT);
}

const char *nd_context_cpu(const nd_context *c)
{
  return c == NULL ? NULL : nd_level_name(c->level);
}

void nd_context_set_eager(nd_context *c, bool eager)
{
  if (c != NULL)
    c->least_waiting = eager ? INT64_MAX : ND_LEAST_WAITING;
}

bool nd_context_is_eager(const nd_context *c)
{
  return c != NULL && c->least_waiting == INT64_MAX;
}

void nd_context_set_strict_gradients(nd_context *c, bool strict)
{
  if (c != NULL)
    c->strict_gradients = strict;
}

bool nd_context_has_strict_gradients(const nd_context *c)
{
  return c != NULL && c->strict_gradients;
}

void nd_interrupt(nd_context *c)
{
  if (c != NULL)
    atomic_store(&c->interrupted, true);
}

nd_place nd_context_where(nd_context *c)
{
  char name[ND_SOURCE_NAME];
  nd_place place = { 0 };
  if (c->script == NULL || c->where == NULL)
    return place;
  const int line = c->where(c->script, name);
  if (line > 0)
    place.source = nd_sources_find(&c->sources, name);
  if (place.source >= 0)
    place.line = line;
  return place;
}

bool nd_context_interrupted(nd_context *c)
{
  if (!atomic_load_explicit(&c->interrupted, memory_order_relaxed))
    return false;
  atomic_store(&c->interrupted, false);
  return true;
}

bool nd_context_ready(nd_context *c)
{
  if (c == NULL || c->strand.error.code != ND_OK)
    return false;
  if (!nd_context_interrupted(c))
    return true;
  return nd_fail(c, ND_INTERRUPTED, "interrupted");
}
