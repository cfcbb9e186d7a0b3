// check.h: the macros of the C tests. A test is a static function whose name
// is a sentence; main runs each with RUN and returns check_done().
//
//     static void a_new_context_has_no_error(void) { CHECK(...); }
//     int main(void) { RUN(a_new_context_has_no_error); return check_done(); }
//
// A failed check prints where and what, and the test goes on, so that one run
// shows everything that is wrong.
#ifndef ND_CHECK_H
#define ND_CHECK_H

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static struct {
  int passed, failed, wrong;
} check_state;

static inline bool check_report(bool ok, const char *file, int line,
                                const char *what)
{
  if (!ok) {
    printf("%s%s:%d: %s", check_state.wrong == 0 ? "\n" : "", file, line, what);
    check_state.wrong++;
  }
  return ok;
}

static inline void check_true(bool ok, const char *file, int line,
                              const char *what)
{
  if (!check_report(ok, file, line, what))
    printf("\n");
}

static inline void check_near(double a, double b, double tol, const char *file,
                              int line, const char *what)
{
  bool ok = a == b || (isnan(a) && isnan(b)) || fabs(a - b) <= tol;
  if (!check_report(ok, file, line, what))
    printf(": %.17g and %.17g differ by %g\n", a, b, fabs(a - b));
}

static inline void check_int(long long a, long long b, const char *file,
                             int line, const char *what)
{
  if (!check_report(a == b, file, line, what))
    printf(": %lld and %lld\n", a, b);
}

static inline void check_str(const char *a, const char *b, const char *file,
                             int line, const char *what)
{
  bool ok = a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
  if (!check_report(ok, file, line, what))
    printf(":\n  got  %s\n  want %s\n", a ? a : "(NULL)", b ? b : "(NULL)");
}

// The name goes out before the test runs, so that a crash shows whose it is.
static inline void check_run(void (*test)(void), const char *name)
{
  for (; *name != '\0'; name++)
    putchar(*name == '_' ? ' ' : *name);
  fflush(stdout);
  check_state.wrong = 0;
  test();
  bool ok = check_state.wrong == 0;
  check_state.passed += ok;
  check_state.failed += !ok;
  printf("%s\n", ok ? ": ok" : "  FAILED");
  fflush(stdout);
}

// Prints the count of tests, not of checks, and returns main's exit status.
static inline int check_done(void)
{
  printf("%d passed, %d failed\n", check_state.passed, check_state.failed);
  return check_state.failed != 0 || check_state.passed == 0;
}

#define CHECK(cond) check_true((cond), __FILE__, __LINE__, #cond)
#define CHECK_NEAR(a, b, tol) \
  check_near((a), (b), (tol), __FILE__, __LINE__, #a " is near " #b)
#define CHECK_INT(a, b) \
  check_int((long long)(a), (long long)(b), __FILE__, __LINE__, #a " is " #b)
#define CHECK_STR(a, b) check_str((a), (b), __FILE__, __LINE__, #a " is " #b)
#define RUN(test) check_run((test), #test)

#endif
