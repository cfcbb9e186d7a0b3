// tests/cli/press.c: a library to preload, in which Ctrl-C comes when it is
// least welcome. The file `press` names a function and a number: SIGINT comes
// at that call of it from then on, before it if it waits for input, else after.

#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "preload.h"

static bool is_due(const char *function)
{
  static char name[32];
  static int calls = 0;
  FILE *file = calls > 0 ? NULL : fopen("press", "r");
  if (file != NULL) {
    if (fscanf(file, "%31s %d", name, &calls) != 2)
      calls = 0;
    fclose(file);
  }
  if (calls == 0 || strcmp(name, function) != 0 || --calls > 0)
    return false;
  return remove("press") == 0;
}

static void press_at(const char *function)
{
  if (is_due(function))
    raise(SIGINT);
}

static bool would_wait(int fd)
{
  struct pollfd input = { .fd = fd, .events = POLLIN };
  return poll(&input, 1, 0) == 0;
}

ssize_t read(int fd, void *buffer, size_t size)
{
  if (fd == STDIN_FILENO && would_wait(fd))
    press_at("read");
  return NEXT(read)(fd, buffer, size);
}

ssize_t getline(char **line, size_t *room, FILE *file)
{
  press_at("getline");
  return NEXT(getline)(line, room, file);
}

// The last that io.read calls before it reads.
void clearerr(FILE *file)
{
  NEXT(clearerr)(file);
  press_at("clearerr");
}

int sigaction(int signal, const struct sigaction *action,
              struct sigaction *before)
{
  const int result = NEXT(sigaction)(signal, action, before);
  if (signal == SIGINT)
    press_at("sigaction");
  return result;
}

int tcsetattr(int fd, int when, const struct termios *mode)
{
  const int result = NEXT(tcsetattr)(fd, when, mode);
  press_at("tcsetattr");
  return result;
}
