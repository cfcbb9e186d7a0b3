// A host whose allocator aligns to 8 bytes and no more.

#include "lua/nadirlua.h"

#include <stdlib.h>

#include "check.h"
#include "embed/script.h"
#include "embed/train.h"

static long blocks;

// Odd multiples of 8: malloc's are multiples of 16.
static void *allocate(void *data, void *block, size_t old_size, size_t new_size,
                      nd_memory_kind kind)
{
  (void)data;
  (void)kind;
  blocks += (new_size > 0) - (block != NULL);
  char *p = new_size == 0 ? NULL : malloc(new_size + 8);
  if (p != NULL && block != NULL)
    memcpy(p + 8, block, old_size < new_size ? old_size : new_size);
  free(block == NULL ? NULL : (char *)block - 8);
  return p == NULL ? NULL : p + 8;
}

static void scripts_run_on_blocks_that_are_aligned_to_8(void)
{
  const nd_config config = { .size = sizeof config, .allocator = allocate };
  nd_interpreter *i = nd_interpreter_new(&config);
  CHECK((uintptr_t)nd_interpreter_context(i) % 16 == 8);
  check_script(i, train_script);
  CHECK(nd_interpreter_run(i,
                           "local nd = require 'nadir'\n"
                           "for k = 1, 70 do\n"
                           "  local x = nd.ones {k, k}\n"
                           "  with nd.GradientTape() as tape do\n"
                           "    tape:watch(x)\n"
                           "    y = nd.matmul(nd.sin(x), x):reduce_sum()\n"
                           "  end\n"
                           "  tape:gradient(y, x):totable()\n"
                           "end\n",
                           "sizes"));
  CHECK_STR(nd_interpreter_error(i), "");
  nd_interpreter_free(i);
  CHECK_INT(blocks, 0);
}

int main(void)
{
  RUN(scripts_run_on_blocks_that_are_aligned_to_8);
  return check_done();
}
