// A C program with an interpreter inside: it runs a script, reads the result,
// survives a script that fails, and goes on with what the first one left. What
// scripts may use of the host's memory is limited.
// Build it with: cc host.c $(pkg-config --cflags --libs nadir-lua)
//
// prints:
// > the script found x = 3.0000
// > survived broken:2: matmul: inner sizes differ: a is [2 3], b is [4 5]
// > x is still 3.0000, and 4.0000 after one more script

#include <nadirlua.h>

#include <stdio.h>

// Walks down (x - 3)^2. What a script makes global, the host can read.
static const char *const train =
  "local nd = require 'nadir'\n"
  "x = nd.Variable(0.)\n"
  "local sgd = nd.optimizers.SGD { learning_rate = 0.1 }\n"
  "for step = 1, 100 do\n"
  "  local loss\n"
  "  with nd.GradientTape() as tape do\n"
  "    loss = nd.square(x - 3)\n"
  "  end\n"
  "  sgd:apply_gradients(nd.zip(tape:gradient(loss, {x}), {x}))\n"
  "end\n";

static const char *const broken =
  "local nd = require 'nadir'\n"
  "nd.matmul(nd.zeros {2, 3}, nd.zeros {4, 5})\n";

static const char *const more = "x:assign_add(1.)\n";

// What a host does with an error is its own business; this one reports it.
static int fail(nd_interpreter *i)
{
  printf("%s\n", i == NULL ? "no memory" : nd_interpreter_error(i));
  nd_interpreter_free(i);
  return 1;
}

int main(void)
{
  double before, after;
  const nd_config config = {
    .size = sizeof config,
    .tensor_quota = 64 << 20,
    .script_quota = 16 << 20,
  };
  nd_interpreter *i = nd_interpreter_new(&config);
  if (i == NULL || !nd_interpreter_run(i, train, "train") ||
      !nd_interpreter_get_number(i, "x", &before))
    return fail(i);
  printf("the script found x = %.4f\n", before);

  if (!nd_interpreter_run(i, broken, "broken"))
    printf("survived %s\n", nd_interpreter_error(i));

  if (!nd_interpreter_get_number(i, "x", &before) ||
      !nd_interpreter_run(i, more, "more") ||
      !nd_interpreter_get_number(i, "x", &after))
    return fail(i);
  printf("x is still %.4f, and %.4f after one more script\n", before, after);

  nd_interpreter_free(i);
  return 0;
}
