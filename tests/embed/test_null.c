// nadir.h's rule in every public function: a NULL argument gives NULL, 0 or
// false and adds no error, and senseless numbers are refused. null_calls.awk
// reads the functions from the headers.

#include "lua/nadirlua.h"

#include "check.h"

static nd_interpreter *i;
static nd_console *console;
static nd_context *c;
static nd_tensor *x;
static nd_variable *v;
static nd_tape *t;
static nd_accumulator *a;
static nd_optimizer *o;
static const nd_custom custom;
static nd_tensor *tensors[1];
static nd_variable *variables[1];
static double numbers[1];
static int calls;

// By type, "const nd_tensor *" being nd_tensor_p.
#define RIGHT_bool true
#define RIGHT_double 1.0
#define RIGHT_int 1
#define RIGHT_int64_t 1
#define RIGHT_size_t 0
#define RIGHT_uint64_t 1
#define RIGHT_nd_dtype ND_FLOAT32
#define RIGHT_nd_memory_kind ND_MEMORY_OBJECT
#define RIGHT_char_p "square"
#define RIGHT_double_p numbers
#define RIGHT_bool_p ((bool[1]){ false })
#define RIGHT_size_t_p ((size_t[1]){ 0 })
#define RIGHT_int_p ((int[1]){ 1 })
#define RIGHT_int64_t_p ((int64_t[]){ 1 })
#define RIGHT_void_p ((void *)numbers)
#define RIGHT_nd_context_p c
#define RIGHT_nd_interpreter_p i
#define RIGHT_nd_console_p console
#define RIGHT_nd_tensor_p x
#define RIGHT_nd_tensor_p_p tensors
#define RIGHT_nd_variable_p v
#define RIGHT_nd_variable_p_p variables
#define RIGHT_nd_tape_p t
#define RIGHT_nd_accumulator_p a
#define RIGHT_nd_optimizer_p o
#define RIGHT_nd_custom_p (&custom)

#define WRONG_bool true
#define WRONG_double NAN
#define WRONG_int -1
#define WRONG_int64_t -1
#define WRONG_size_t 0
#define WRONG_uint64_t UINT64_MAX
#define WRONG_nd_dtype ((nd_dtype)99)
#define WRONG_nd_memory_kind ((nd_memory_kind)99)

#define NOTHING_char_p NULL
#define NOTHING_double_p NULL
#define NOTHING_bool_p NULL
#define NOTHING_size_t_p NULL
#define NOTHING_int_p NULL
#define NOTHING_int64_t_p NULL
#define NOTHING_void_p NULL
#define NOTHING_nd_config_p NULL
#define NOTHING_nd_context_p NULL
#define NOTHING_nd_interpreter_p NULL
#define NOTHING_nd_console_p NULL
#define NOTHING_nd_tensor_p NULL
#define NOTHING_nd_tensor_p_p NULL
#define NOTHING_nd_variable_p NULL
#define NOTHING_nd_variable_p_p NULL
#define NOTHING_nd_tape_p NULL
#define NOTHING_nd_accumulator_p NULL
#define NOTHING_nd_optimizer_p NULL
#define NOTHING_nd_custom_p NULL

#define HOLLOW_nd_tensor_p_p ((nd_tensor *[1]){ NULL })
#define HOLLOW_nd_variable_p_p ((nd_variable *[1]){ NULL })

typedef enum kind { WRONG, NOTHING, HOLLOW } kind;

// What may be NULL, and what may be any number.
static const char *const optional[] = { "config", "options",     "data",
                                        "size",   "dense_shape", NULL };
static const char *const free_numbers[] = { "flags",   "value", "bytes",
                                            "size",    "seed",  "trainable",
                                            "exclude", NULL };

static bool is_listed(const char *const *names, const char *argument)
{
  while (*names != NULL && strcmp(*names, argument) != 0)
    names++;
  return *names != NULL;
}

static bool is_set(intptr_t answer)
{
  return answer != 0;
}

static bool is_text(intptr_t answer)
{
  return answer != 0 && *(const char *)answer != '\0';
}

static bool free_context(intptr_t answer)
{
  nd_context_free((nd_context *)answer);
  return answer != 0;
}

static bool free_interpreter(intptr_t answer)
{
  nd_interpreter_free((nd_interpreter *)answer);
  return answer != 0;
}

static void prepare(void)
{
  tensors[0] = x;
  variables[0] = v;
  nd_error_clear(c);
  calls++;
}

static void check_answer(const char *function, const char *argument, kind k,
                         bool answer)
{
  const bool any = is_listed(k == WRONG ? free_numbers : optional, argument);
  const bool refused = !answer || any;
  const bool quiet = k != NOTHING || any || nd_error_code(c) == ND_OK;
  if (!refused || !quiet)
    printf("\n%s, %s: %s", function, argument, nd_error_message(c));
  CHECK(refused);
  CHECK(quiet);
}

#define SWEEP_VOID(function, argument, kind, call) \
  do {                                             \
    prepare();                                     \
    call;                                          \
    check_answer(function, argument, kind, false); \
  } while (0)
#define SWEEP(function, argument, kind, call)                       \
  do {                                                              \
    prepare();                                                      \
    check_answer(function, argument, kind,                        \
                 _Generic((call),                                 \
                   nd_context *: free_context,                    \
                   nd_interpreter *: free_interpreter,            \
                   const char *: is_text,                         \
                   default: is_set)((intptr_t)(call))); \
  } while (0)

#include "null_calls.h"

static void every_function_takes_null(void)
{
  i = nd_interpreter_new(NULL);
  c = nd_context_new(NULL);
  x = nd_tensor_new(c, ND_FLOAT32, 0, NULL, NULL);
  v = nd_variable_new(x, true);
  t = nd_tape_new(c, 0);
  a = nd_accumulator_new(c);
  o = nd_optimizer_new(c, "SGD", NULL);
  console = nd_console_new(i, "console");
  CHECK(i != NULL && o != NULL && console != NULL);
  call_all();
  CHECK(calls > 80);
  nd_context_free(c);
  nd_console_free(console);
  nd_interpreter_free(i);
}

int main(void)
{
  RUN(every_function_takes_null);
  return check_done();
}
