// Tests of base/memory.c and base/account.c: what the host is asked for, what
// is counted, quotas, alignment, and the caches.

#include "../values.h"

// What reached the host, by kind.
static size_t seen[ND_MEMORY_KINDS];

static void *watch(void *data, void *block, size_t old_size, size_t new_size,
                   nd_memory_kind kind)
{
  seen[kind] += new_size - old_size;
  return host_allocate(data, block, old_size, new_size, kind);
}

static void the_host_sees_sizes_and_kinds(void)
{
  memory = (host){ 0 };
  memset(seen, 0, sizeof seen);
  nd_config config = { .size = sizeof config,
                       .allocator = watch,
                       .allocator_data = &memory };
  c = nd_context_new(&config);
  CHECK(seen[ND_MEMORY_OBJECT] >= sizeof *c);
  nd_tensor *x = ZEROS(ND_FLOAT32, 1000);
  CHECK(x != NULL && seen[ND_MEMORY_TENSOR] >= 4000);
  void *script = nd_memory_resize_script(c, NULL, 0, 100);
  CHECK_INT(seen[ND_MEMORY_SCRIPT], 100);
  script = nd_memory_resize_script(c, script, 100, 50);
  CHECK_INT(nd_context_bytes(c, ND_MEMORY_SCRIPT), 50);
  nd_memory_resize_script(c, script, 50, 0);
  finish();
  for (int kind = 0; kind < ND_MEMORY_KINDS; kind++)
    CHECK_INT(seen[kind], 0);
}

static void values_are_aligned_to_lines(void)
{
  start();
  for (size_t bytes = 1; bytes < 5000; bytes += 61) {
    nd_block *b = nd_block_new(c, bytes);
    CHECK_INT((uintptr_t)nd_block_data(b) % ND_ALIGNMENT, 0);
    CHECK(b->capacity >= bytes);
    memset(nd_block_data(b), 0xff, bytes);
    nd_block_free(c, b);
  }
  finish();
}

// The bound is what the classes promise: four to an octave.
static void a_class_wastes_a_quarter_at_most(void)
{
  start();
  for (size_t bytes = 65; bytes < (size_t)4 << 20; bytes += bytes / 7) {
    nd_block *b = nd_block_new(c, bytes);
    CHECK(b->capacity >= bytes && b->capacity <= bytes + bytes / 4 + 64);
    CHECK(b->size_class < ND_CACHE_CLASSES);
    nd_block_free(c, b);
  }
  finish();
}

// Every block of a class has the class's capacity, or a cached one would be
// handed out for more bytes than it holds.
static void classes_and_capacities_belong_together(void)
{
  static size_t capacity[ND_CACHE_CLASSES];
  start();
  for (size_t bytes = 0; bytes < 70000; bytes += bytes < 2000 ? 1 : 63) {
    nd_block *b = nd_block_new(c, bytes);
    size_t *of_class = &capacity[b->size_class];
    *of_class = *of_class == 0 ? b->capacity : *of_class;
    CHECK_INT(b->capacity, *of_class);
    CHECK(b->capacity >= bytes);
    nd_block_free(c, b);
    nd_memory_trim(c);
  }
  finish();
}

static void a_freed_block_serves_again(void)
{
  start();
  nd_block *b = nd_block_new(c, 4000);
  nd_block_free(c, b);
  CHECK(c->memory.cached >= 4000);
  const long asked = memory.asked;
  CHECK(nd_block_new(c, 4090) == b);
  CHECK_INT(memory.asked, asked);
  CHECK_INT(c->memory.cached, 0);
  CHECK_INT(nd_context_bytes(c, ND_MEMORY_TENSOR), 4090);
  nd_block_free(c, b);
  nd_memory_trim(c);
  CHECK_INT(c->memory.cached, 0);
  finish();
}

static void the_cache_is_bounded(void)
{
  enum { N = 40, MEGABYTE = 1 << 20 };
  start();
  nd_block *b[N];
  for (int i = 0; i < N; i++)
    b[i] = nd_block_new(c, MEGABYTE);
  for (int i = 0; i < N; i++)
    nd_block_free(c, b[i]);
  CHECK(c->memory.cached > 8 * MEGABYTE && c->memory.cached <= 24 * MEGABYTE);
  CHECK(memory.bytes < 25 * MEGABYTE);
  finish();
}

static void bytes_and_peaks_are_counted(void)
{
  start();
  nd_block *a = nd_block_new(c, 1000);
  nd_block *b = nd_block_new(c, 500);
  CHECK_INT(nd_context_bytes(c, ND_MEMORY_TENSOR), 1500);
  nd_block_free(c, a);
  CHECK_INT(nd_context_bytes(c, ND_MEMORY_TENSOR), 500);
  CHECK_INT(nd_context_peak(c, ND_MEMORY_TENSOR), 1500);
  nd_block_free(c, b);
  finish();
}

static void a_quota_says_how_much_is_missing(void)
{
  CHECK(start_with((nd_config){ .tensor_quota = 1000, .script_quota = 100 }));
  nd_block *b = nd_block_new(c, 1000);
  CHECK(b != NULL);
  CHECK_FAILS_AS(nd_block_new(c, 1) != NULL, ND_NO_MEMORY,
                 "out of memory: 1 bytes more than the quota of 1000 allows");
  nd_block_free(c, b);
  CHECK_FAILS_AS(nd_block_new(c, 1300) != NULL, ND_NO_MEMORY,
                 "out of memory: 300 bytes more than the quota of 1000 allows");
  CHECK_FAILS_AS(
    nd_account_allows(c, SIZE_MAX, ND_MEMORY_TENSOR), ND_NO_MEMORY,
    "out of memory: 18446744073709550615 bytes more than the quota "
    "of 1000 allows");
  void *script = nd_memory_resize_script(c, NULL, 0, 100);
  CHECK(script != NULL);
  CHECK(nd_memory_resize_script(c, script, 100, 101) == NULL);
  CHECK_INT(nd_error_code(c), ND_OK);
  CHECK_INT(nd_context_bytes(c, ND_MEMORY_SCRIPT), 100);
  nd_memory_resize_script(c, script, 100, 0);
  finish();
}

static void a_refusal_says_how_much_was_asked(void)
{
  start();
  host_refuse(&memory, 0, 1);
  CHECK_FAILS_AS(nd_memory_new(c, 1234, ND_MEMORY_OBJECT) != NULL, ND_NO_MEMORY,
                 "out of memory: 1234 bytes refused");
  host_refuse(&memory, 0, 1);
  CHECK_FAILS_AS(nd_memory_new(c, 123, ND_MEMORY_OBJECT) != NULL, ND_NO_MEMORY,
                 "out of memory: 128 bytes refused");
  finish();
}

static void small_objects_wait_on_lists(void)
{
  start();
  for (size_t size = 1; size <= ND_SMALL_STEP * (ND_SMALL_CLASSES - 1);
       size++) {
    void *p = nd_small_new(c, size);
    memset(p, 0xff, size);
    nd_small_free(c, p, size);
    CHECK(nd_small_new(c, size) == p);
    nd_small_free(c, p, size);
  }
  finish();
}

static void resizing_keeps_the_bytes(void)
{
  start();
  char *p = nd_memory_new(c, 10, ND_MEMORY_OBJECT);
  memcpy(p, "123456789", 10);
  p = nd_memory_resize(c, p, 10, 1000, ND_MEMORY_OBJECT);
  CHECK_STR(p, "123456789");
  nd_memory_trim(c);
  host_refuse(&memory, 0, 1);
  CHECK(nd_memory_resize(c, p, 1000, 2000, ND_MEMORY_OBJECT) == NULL);
  CHECK_STR(p, "123456789");
  nd_error_clear(c);
  p = nd_memory_resize(c, p, 1000, 20, ND_MEMORY_OBJECT);
  CHECK_STR(p, "123456789");
  p = nd_memory_resize(c, p, 20, 40, ND_MEMORY_OBJECT);
  CHECK_STR(p, "123456789");
  p = nd_memory_resize(c, p, 40, 1000, ND_MEMORY_OBJECT);
  CHECK_STR(p, "123456789");
  nd_memory_free(c, p, 1000, ND_MEMORY_OBJECT);
  nd_memory_free(c, NULL, 0, ND_MEMORY_OBJECT);
  finish();
}

int main(void)
{
  RUN(the_host_sees_sizes_and_kinds);
  RUN(values_are_aligned_to_lines);
  RUN(a_class_wastes_a_quarter_at_most);
  RUN(classes_and_capacities_belong_together);
  RUN(a_freed_block_serves_again);
  RUN(the_cache_is_bounded);
  RUN(bytes_and_peaks_are_counted);
  RUN(a_quota_says_how_much_is_missing);
  RUN(a_refusal_says_how_much_was_asked);
  RUN(small_objects_wait_on_lists);
  RUN(resizing_keeps_the_bytes);
  return check_done();
}
