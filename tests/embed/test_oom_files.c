// Files where memory runs out: each request is refused once, while a file is
// written over an old one and read again. There is an error or there is none;
// the file is the old one or the new one, and no other is left.

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "embed/script.h"
#include "host.h"

static const char *const first_script =
  "local nd = require 'nadir'\n"
  "local file = require 'nadir.checkpoint_file'\n"
  "local m = nd.constant {{1, 2, 3}, {4, 5, 6}}\n"
  "function save(n)\n"
  "  file.write(path, { m = nd.transpose(m), v = nd.Variable(n + 0.),\n"
  "    h = nd.cast(nd.fill({ 700 }, n), 'float16') },\n"
  "    { n = n, text = ('x'):rep(300), list = { 1, { 2.5 } } })\n"
  "end\n"
  "function load()\n"
  "  local t, values = file.read(path)\n"
  "  local n = values.n\n"
  "  assert(t.v:item() == n and t.h:totable()[700] == n)\n"
  "  assert(t.m[{ 3, 2 }]:item() == 6 and #t.m:tobytes() == 24)\n"
  "  local b = nd.from_bytes(t.h:tobytes(), 'float16', { 7, 100 })\n"
  "  assert(b[{ 7, 100 }]:item() == n)\n"
  "  return n\n"
  "end\n"
  "save(1)\n";

static nd_interpreter *i;
static host h;

static void run_cleanly(const char *script)
{
  const bool ok = nd_interpreter_run(i, script, "script");
  CHECK(ok || is_clean(nd_interpreter_error(i)));
  if (!ok && !is_clean(nd_interpreter_error(i)))
    printf("\n%s\n", nd_interpreter_error(i));
}

// False when request `n` was not reached.
static bool survives_refusal(long n, long refused, const char *script)
{
  host_refuse(&h, n, refused);
  const long before = h.asked;
  run_cleanly(script);
  const bool reached = h.asked > before + n;
  host_relent(&h);
  check_script(i, "local n = load() assert(n == 1 or n == 2, n) save(1)");
  return reached;
}

static void refuse_each(const char *script, long refused)
{
  long n = 0;
  while (n < 5000 && survives_refusal(n, refused, script))
    n++;
  printf(" (%ld requests)", n);
  CHECK(n > 5 && n < 5000);
}

static void files_survive_refusals(void)
{
  char folder[] = "/tmp/nadir_oom_XXXXXX", path[64];
  const nd_config config = host_config(&h);
  CHECK(mkdtemp(folder) != NULL);
  snprintf(path, sizeof path, "%s/x", folder);
  i = nd_interpreter_new(&config);
  CHECK(nd_interpreter_set_string(i, "path", path, strlen(path)));
  check_script(i, first_script);
  refuse_each("save(2)", 1);
  refuse_each("save(2)", LONG_MAX);
  refuse_each("load()", 1);
  refuse_each("load()", LONG_MAX);
  nd_interpreter_free(i);
  check_returned(&h);
  CHECK(unlink(path) == 0 && rmdir(folder) == 0);
}

int main(void)
{
  RUN(files_survive_refusals);
  return check_done();
}
