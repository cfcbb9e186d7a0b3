// tape/identities.c: open addressing, at most half full.

#include "tape/identities.h"

#include <string.h>

static size_t start_of(const nd_identities *m, uint64_t id)
{
  return (size_t)(id * 0x9E3779B97F4A7C15U >> 20) & (m->room - 1);
}

static nd_identity_slot *find_slot(const nd_identities *m, uint64_t id)
{
  if (m->room == 0 || id < m->lowest || id > m->highest)
    return NULL;
  for (size_t i = start_of(m, id);; i = (i + 1) & (m->room - 1)) {
    if (m->slots[i].id == id)
      return &m->slots[i];
    if (m->slots[i].id == 0)
      return NULL;
  }
}

int32_t nd_identities_find(const nd_identities *m, uint64_t id)
{
  const nd_identity_slot *slot = find_slot(m, id);
  return slot == NULL ? 0 : slot->node;
}

static void insert(nd_identities *m, uint64_t id, int32_t node)
{
  size_t i = start_of(m, id);
  while (m->slots[i].id != 0)
    i = (i + 1) & (m->room - 1);
  m->slots[i] = (nd_identity_slot){ .id = id, .node = node };
  m->lowest = m->count == 0 || id < m->lowest ? id : m->lowest;
  m->highest = id > m->highest ? id : m->highest;
  m->count++;
}

static bool grow(nd_context *c, nd_identities *m)
{
  nd_identities bigger = { .room = m->room ? 2 * m->room : 16 };
  const size_t bytes = bigger.room * sizeof *bigger.slots;
  bigger.slots = nd_memory_new(c, bytes, ND_MEMORY_OBJECT);
  if (bigger.slots == NULL)
    return false;
  memset(bigger.slots, 0, bytes);
  for (size_t i = 0; i < m->room; i++) {
    if (m->slots[i].id != 0)
      insert(&bigger, m->slots[i].id, m->slots[i].node);
  }
  nd_identities_clear(c, m);
  *m = bigger;
  return true;
}

bool nd_identities_add(nd_context *c, nd_identities *m, uint64_t id,
                       int32_t node)
{
  if (2 * (m->count + 1) > m->room && !grow(c, m))
    return false;
  insert(m, id, node);
  return true;
}

bool nd_identities_set(nd_context *c, nd_identities *m, uint64_t id,
                       int32_t node)
{
  nd_identity_slot *slot = find_slot(m, id);
  if (slot == NULL)
    return nd_identities_add(c, m, id, node);
  slot->node = node;
  return true;
}

void nd_identities_clear(nd_context *c, nd_identities *m)
{
  nd_memory_free(c, m->slots, m->room * sizeof *m->slots, ND_MEMORY_OBJECT);
  *m = (nd_identities){ 0 };
}
