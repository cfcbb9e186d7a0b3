// Tests of tape/identities.c.

#include "tape/identities.h"

#include "../values.h"

static void what_was_added_is_found(void)
{
  start();
  nd_identities m = { 0 };
  CHECK_INT(nd_identities_find(&m, 1), 0);
  for (uint64_t id = 1; id <= 2000; id++)
    CHECK(nd_identities_add(c, &m, id * 3, (int32_t)id));
  int wrong = 0;
  for (uint64_t id = 1; id <= 6000; id++)
    wrong += nd_identities_find(&m, id) !=
             (id % 3 == 0 ? (int32_t)(id / 3) : 0);
  CHECK_INT(wrong, 0);
  CHECK_INT(m.count, 2000);
  nd_identities_clear(c, &m);
  CHECK_INT(nd_identities_find(&m, 3), 0);
  CHECK(nd_identities_add(c, &m, 3, 9));
  CHECK_INT(nd_identities_find(&m, 3), 9);
  nd_identities_clear(c, &m);
  finish();
}

static void a_refusal_changes_nothing(void)
{
  start();
  nd_identities m = { 0 };
  for (uint64_t id = 1; id <= 8; id++)
    CHECK(nd_identities_add(c, &m, id, (int32_t)id));
  host_refuse(&memory, 0, 1);
  CHECK(!nd_identities_add(c, &m, 9, 9));
  nd_error_clear(c);
  for (uint64_t id = 1; id <= 9; id++)
    CHECK_INT(nd_identities_find(&m, id), id < 9 ? (int32_t)id : 0);
  nd_identities_clear(c, &m);
  finish();
}

int main(void)
{
  RUN(what_was_added_is_found);
  RUN(a_refusal_changes_nothing);
  return check_done();
}
