// Every fact of this folder and of golden/, over its dtypes, the layouts and
// the CPU levels. README.md beside this file says what a fact is.

#include <dirent.h>
#include <stdarg.h>

#include "fact.h"
#include "tape/tape.h"

enum { MOST_ORDERS = 4 };

static nd_context *contexts[ND_LEVELS];  // NULL: this CPU lacks the level

// How a fact is tried.
typedef struct attempt {
  const fact *f;
  nd_dtype dtype;
  layout how;
  bool recorded;  // gradients by rules that a further tape records
  bool first;     // of those that have to give the same bits
  nd_tensor *leaf[FACT_NODES];
  int sources;
  nd_tensor *source[FACT_NODES];  // the leaves of a float dtype
} attempt;

// ------------------------------------------------------------------ faults --

static char fault[600];

static bool fail(const attempt *a, const char *format, ...)
{
  static const char *const layouts[] = { "dense", "transposed", "stepped",
                                         "reversed" };
  if (fault[0] != '\0')
    return false;
  int n = snprintf(fault, sizeof fault,
                   "%s, %s, %s%s: ", nd_dtype_name(a->dtype), layouts[a->how],
                   nd_context_cpu(c), a->recorded ? ", recorded" : "");
  va_list args;
  va_start(args, format);
  vsnprintf(fault + n, sizeof fault - (size_t)n, format, args);
  va_end(args);
  return false;
}

// ------------------------------------------------------------------ values --

static nd_dtype dtype_of(const attempt *a, nd_dtype written)
{
  return written == ND_DTYPES ? a->dtype : written;
}

static void make_leaves(attempt *a)
{
  a->sources = 0;
  for (int i = 0; i < a->f->nodes; i++) {
    const fact_node *node = &a->f->node[i];
    a->leaf[i] = NULL;
    if (node->name[0] != '\0' || node->none)
      continue;
    const nd_dtype dtype = dtype_of(a, node->dtype);
    a->leaf[i] = lay(literal_tensor(&node->value, dtype), a->how);
    if (nd_dtype_in(dtype, ND_FLOATS))
      a->source[a->sources++] = a->leaf[i];
  }
}

static nd_tensor *evaluate(const attempt *a, int at);

// All results of a call, of which there is room for FACT_INPUTS; how many there
// are, or -1.
static int evaluate_all(const attempt *a, int at, nd_tensor **results)
{
  const fact_node *node = &a->f->node[at];
  nd_tensor *in[FACT_INPUTS];
  int n = FACT_INPUTS;
  for (int i = 0; i < node->n; i++)
    in[i] = evaluate(a, node->in[i]);
  if (!nd_call_all(c, node->name, node->n, in, node->options, &n, results))
    return -1;
  for (int i = 0; i < n; i++)
    own(results[i]);
  return n;
}

// A literal, or the first result of a call.
static nd_tensor *evaluate(const attempt *a, int at)
{
  nd_tensor *results[FACT_INPUTS];
  if (a->f->node[at].name[0] == '\0')
    return a->leaf[at];
  return evaluate_all(a, at, results) > 0 ? results[0] : NULL;
}

static double unit_of(double x, nd_dtype dtype)
{
  const bool single = dtype == ND_FLOAT32;
  const double least = single ? 0x1p-126 : 0x1p-1022;
  int exponent;
  frexp(fmax(fabs(x), least), &exponent);
  return ldexp(1, exponent - (single ? 24 : 53));
}

static bool is_within(const fact *f, double got, double want, double place,
                      nd_dtype dtype)
{
  if (got == want)
    return want != 0 || !signbit(want) || signbit(got);
  if (isnan(want) || isinf(want) || isnan(got))
    return isnan(want) && isnan(got);
  const double units = nd_dtype_in(dtype, ND_FLOATS)
                         ? f->ulps * unit_of(want, dtype)
                         : 0;
  if (want == 0)
    return fabs(got) <= f->within;
  return fabs(got - want) <= fmax(fmax(units, place), f->within);
}

// Whether the numbers have the bits that the first attempt gave as result `k`;
// one nan is like another.
static bool repeats(const attempt *a, int k, const double *numbers, int64_t n)
{
  static double first[FACT_INPUTS][4096];
  if (a->first)
    memcpy(first[k], numbers, (size_t)n * sizeof *numbers);
  for (int64_t i = 0; i < n; i++) {
    if (memcmp(&first[k][i], &numbers[i], sizeof *numbers) != 0 &&
        !(isnan(first[k][i]) && isnan(numbers[i])))
      return fail(a, "element %d is %.17g here, and %.17g elsewhere",
                  (int)i + 1, numbers[i], first[k][i]);
  }
  return true;
}

// Whether an int64 tensor, of the literal's shape, has its very numbers.
static bool is_exactly(const attempt *a, nd_tensor *x, const literal *l)
{
  static int64_t got[4096];
  CHECK(nd_tensor_read(x, got));
  for (int64_t i = 0; i < l->count; i++) {
    if (got[i] != l->whole[i])
      return fail(a, "element %d is %lld, not %lld", (int)i + 1,
                  (long long)got[i], (long long)l->whole[i]);
  }
  return true;
}

// Whether x is result `k` of the fact.
static bool check_result(const attempt *a, nd_tensor *x, int k)
{
  static double numbers[4096];
  const fact_result *want = &a->f->result[k];
  const literal *l = &want->value;
  const nd_dtype dtype = dtype_of(a, want->dtype);
  if (x == NULL)
    return fail(a, "%s", nd_error_message(c));
  if (x->dtype != dtype)
    return fail(a, "dtype %s, not %s", nd_dtype_name((nd_dtype)x->dtype),
                nd_dtype_name(dtype));
  if (x->rank != l->rank ||
      memcmp(x->dims, l->shape, (size_t)l->rank * sizeof *l->shape) != 0)
    return fail(a, "shape %s, not %s", ND_SHAPE(x->rank, x->dims),
                ND_SHAPE(l->rank, l->shape));
  if (dtype == ND_INT64 && a->f->within == 0 && !is_exactly(a, x, l))
    return false;
  read_numbers(x, l->count, numbers);
  for (int64_t i = 0; i < l->count; i++) {
    const double want_i = dtype == ND_FLOAT32 && l->place[i] == 0
                            ? (double)(float)l->at[i]
                            : l->at[i];
    if (!is_within(a->f, numbers[i], want_i, l->place[i], dtype))
      return fail(a, "element %d is %.17g, not %.17g", (int)i + 1, numbers[i],
                  want_i);
  }
  return repeats(a, k, numbers, l->count);
}

// --------------------------------------------------------------- gradients --

// The sum of what there is, again and again: the n targets, their gradients,
// theirs ... to the given order, on tapes that began with the outermost first.
static int differentiate(const attempt *a, nd_tape *const *tapes, int n,
                         nd_tensor **targets, nd_tensor **gradients)
{
  nd_tensor *seeds[FACT_NODES] = { NULL };
  for (int k = a->f->order; k > 0; k--) {
    if (k == 1 && a->f->weighted)
      seeds[0] = literal_tensor(&a->f->along, (nd_dtype)targets[0]->dtype);
    if (!nd_tape_differentiate(tapes[k - 1], n, targets, seeds, a->sources,
                               (nd_tensor *const *)a->source, gradients))
      return -1;
    n = 0;
    for (int i = 0; i < a->sources; i++) {
      if (own(gradients[i]) != NULL)
        targets[n++] = gradients[i];
    }
  }
  return n;
}

static bool check_gradients(const attempt *a, nd_tensor *const *gradients)
{
  bool ok = a->f->results == a->sources ||
            fail(a, "%d gradients, not %d", a->sources, a->f->results);
  for (int i = 0; i < a->sources && ok; i++) {
    if (!a->f->result[i].none)
      ok = gradients[i] != NULL ? check_result(a, gradients[i], i)
                                : fail(a, "gradient %d is none", i + 1);
    else if (gradients[i] != NULL)
      ok = fail(a, "gradient %d is not none", i + 1);
  }
  return ok;
}

// The tapes of every order and, where rules are to be recorded, one around.
static bool try_gradients(attempt *a)
{
  nd_tape *tapes[MOST_ORDERS + 1] = { NULL };
  nd_tensor *gradients[FACT_NODES] = { NULL };
  const int first = a->recorded ? 0 : 1;
  for (int k = first; k <= a->f->order; k++) {
    tapes[k] = nd_tape_new(c, ND_TAPE_PERSISTENT);
    for (int i = 0; i < a->sources; i++)
      nd_tape_watch(tapes[k], a->source[i]);
  }
  nd_tensor *targets[FACT_NODES];
  const int n = evaluate_all(a, 0, targets);
  bool ok = n >= 0 && differentiate(a, tapes + 1, n, targets, gradients) >= 0;
  ok = ok ? check_gradients(a, gradients) : fail(a, "%s", nd_error_message(c));
  for (int k = a->f->order; k >= first; k--)
    nd_tape_free(tapes[k]);
  return ok;
}

// ------------------------------------------------------------------- facts --

static bool try_refusal(attempt *a)
{
  nd_tensor *y = evaluate(a, 0);
  if (y != NULL)
    return fail(a, "is not refused");
  const bool same = strcmp(nd_error_message(c), a->f->message) == 0;
  return same || fail(a, "refused by '%s'", nd_error_message(c));
}

static bool try_values(const attempt *a)
{
  nd_tensor *y[FACT_INPUTS];
  const int n = evaluate_all(a, 0, y);
  if (n < 0)
    return fail(a, "%s", nd_error_message(c));
  bool ok = n == a->f->results ||
            fail(a, "%d results, not %d", n, a->f->results);
  for (int i = 0; i < n && ok; i++)
    ok = check_result(a, y[i], i);
  return ok;
}

static bool try_once(attempt a)
{
  const int mark = owned_count;
  make_leaves(&a);
  const bool ok = a.f->message != NULL ? try_refusal(&a)
                  : a.f->order > 0     ? try_gradients(&a)
                                       : try_values(&a);
  release_to(mark);
  nd_error_clear(c);
  return ok;
}

// Scalars have one layout.
static int layouts_of(const fact *f)
{
  int rank = 0;
  for (int i = 0; i < f->nodes; i++) {
    if (f->node[i].name[0] == '\0' && !f->node[i].none &&
        f->node[i].value.rank > rank)
      rank = f->node[i].value.rank;
  }
  return f->dense_only || rank == 0 ? 1 : LAYOUTS;
}

// At every level. Layouts give the same bits, and so do the levels that have
// fused multiply-add.
static bool try_levels(attempt a)
{
  bool ok = true;
  for (int level = 0; level < ND_LEVELS; level++) {
    c = contexts[level];
    a.first = a.first || level <= ND_BASELINE + 1;
    for (int how = 0; c != NULL && how < layouts_of(a.f); how++) {
      a.how = (layout)how;
      ok = ok && try_once(a);
      a.first = false;
    }
  }
  return ok;
}

static bool try_everywhere(const fact *f)
{
  bool ok = true;
  for (int dtype = 0; dtype < ND_DTYPES; dtype++) {
    for (int recorded = 0; recorded <= (f->order > 0); recorded++)
      ok = ok && (!nd_dtype_in((nd_dtype)dtype, f->set) ||
                  try_levels((attempt){
                    .f = f, .dtype = (nd_dtype)dtype, .recorded = recorded }));
  }
  return ok;
}

// Whether the text is a fact, and true; else `fault` says why not.
static bool holds(const char *text)
{
  static fact f;
  fault[0] = '\0';
  snprintf(f.text, sizeof f.text, "%s", text);
  if (fact_read(&f) && f.order <= MOST_ORDERS)
    return try_everywhere(&f);
  snprintf(fault, sizeof fault, "cannot be read");
  return false;
}

static void check_fact(const char *path, int line, const char *text)
{
  if (text[0] == '\0')
    return;
  const bool ok = holds(text);
  check_state.passed += ok;
  check_state.failed += !ok;
  if (!ok)
    printf("%s:%d: %s\n  %s\n", path, line, text, fault);
}

// Takes the next line of a file into `text`: a line that is indented goes on
// with the fact, any other begins one.
static void take_line(const char *path, int at, char *line, char *text)
{
  static int start;
  const size_t n = strcspn(line, "\n");
  line[n] = '\0';
  if (line[0] == '#')
    return;
  if (line[0] == ' ') {
    const char *more = line + strspn(line, " ") - 1;
    if (strlen(text) + strlen(more) < FACT_TEXT)
      strcat(text, more);
    else
      CHECK_STR(path, "a file whose facts are short enough to be read");
    return;
  }
  check_fact(path, start, text);
  memcpy(text, line, n + 1);
  start = at;
}

// The facts of a file, in those of its lines that `indent` spaces begin.
static void check_file(const char *path, const char *indent)
{
  char line[FACT_TEXT], text[FACT_TEXT] = "", end[] = "";
  const size_t skip = strlen(indent);
  FILE *file = fopen(path, "r");
  CHECK(file != NULL);
  int at = 0;
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    at++;
    if (strncmp(line, indent, skip) == 0)
      take_line(path, at, line + skip, text);
  }
  take_line(path, at, end, text);
  if (file != NULL)
    fclose(file);
}

static int is_fact_file(const struct dirent *entry)
{
  const char *dot = strrchr(entry->d_name, '.');
  return dot != NULL && strcmp(dot, ".txt") == 0;
}

static void check_folder(const char *folder)
{
  struct dirent **files;
  const int n = scandir(folder, &files, is_fact_file, alphasort);
  CHECK(n > 0);
  for (int i = 0; i < n; i++) {
    char path[300];
    snprintf(path, sizeof path, "%s/%s", folder, files[i]->d_name);
    check_file(path, "");
    free(files[i]);
  }
  if (n >= 0)
    free(files);
}

static void every_file_of_facts_holds(void)
{
  check_folder("tests/facts");
  check_folder("tests/golden");
}

// ---------------------------------------------------------------- the tool --

static void what_is_false_is_seen(void)
{
  static const char *const wrong[] = {
    "square 3 -> 8",
    "square [1 2] -> [1 4.00001]",
    "square [1 2] -> [[1 4]]",
    "square 3 -> int32 9",
    "sin 1 -> .8414711",
    "negative 0 -> -1e-30",
    "square 0 -> 0 | 0",
    "abs -0 -> -0",
    "reduce_sum [nan] -> 0",
    "reduce_sum [inf] -> 1e300",
    "d square 3 -> 5",
    "d square 3 -> none",
    "d square 3 -> 6 | 6",
    "d sign int32 3 -> 0",
    "dd square 3 along 2 -> 2",
    "d multiply 2 (square 3) -> 9 | 6",
    "square 3 !! square: no",
    "reduce_sum [1] axis=0 !! reduce_sum: no",
    "int32: reduce_mean [1 2] -> 2",
    "int64: add 9007199254740992 1 -> 9007199254740992",
    "square 3",
    "square 3 -> 9 within",
    "no_such_op 3 -> 9",
    "squares: square 3 -> 9",
    "add [0 0 0] (uniform shape=[3]) -> [.5 .5 .5] within .5",
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    if (!check_report(!holds(wrong[i]), __FILE__, __LINE__, wrong[i]))
      printf(": is held for true\n");
  }
}

static void the_examples_of_the_grammar_hold(void)
{
  const int failed = check_state.failed, passed = check_state.passed;
  check_file("tests/facts/README.md", "    ");
  CHECK_INT(check_state.failed, failed);
  CHECK(check_state.passed > passed);
}

int main(void)
{
  for (int i = 0; i < ND_LEVELS; i++) {
    contexts[i] = nd_context_new(&(nd_config){
      .size = sizeof(nd_config), .cpu = nd_level_name((nd_level)i) });
  }
  RUN(what_is_false_is_seen);
  RUN(the_examples_of_the_grammar_hold);
  RUN(every_file_of_facts_holds);
  for (int i = 0; i < ND_LEVELS; i++)
    nd_context_free(contexts[i]);
  return check_done();
}
