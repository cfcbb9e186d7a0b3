// cli/input.c: to cut the input off, its descriptor becomes one of an empty
// file, and then its own again.

#include "cli/input.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

// Beyond what scripts expect to get for files of theirs.
enum { FIRST_SPARE = 10 };

static int own = -1;
static int empty = -1;
static volatile sig_atomic_t is_cut;

void cli_input_open(void)
{
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  own = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, FIRST_SPARE);
  empty = fcntl(null, F_DUPFD_CLOEXEC, FIRST_SPARE);
  close(null);
}

void cli_input_close(void)
{
  cli_input_mend();
  close(own);
  close(empty);
  own = -1;
  empty = -1;
}

void cli_input_cut(void)
{
  const int before = errno;
  if (own >= 0 && empty >= 0) {
    is_cut = 1;
    dup2(empty, STDIN_FILENO);
  }
  errno = before;
}

void cli_input_mend(void)
{
  if (!is_cut)
    return;
  dup2(own, STDIN_FILENO);
  is_cut = 0;
  clearerr(stdin);
}
