// tests/cli/kill.c: a library to preload, in which the process is killed at a
// call that files see, the one whose number KILL has, counted from where a file
// named "armed" is looked for. What writes has written the first half then. If
// PRESSES is set it is not killed, but gets so many times a SIGINT.

#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "preload.h"

static int left = 0;  // calls up to that one; 0: it is not armed

static bool is_last(void)
{
  return left > 0 && --left == 0;
}

// Whether it is to die now.
static bool dies_now(void)
{
  if (!is_last())
    return false;
  const char *presses = getenv("PRESSES");
  for (int n = presses == NULL ? 0 : atoi(presses); n > 0; n--)
    raise(SIGINT);
  return presses == NULL;
}

static void die_if_due(void)
{
  if (dies_now())
    raise(SIGKILL);
}

static void see_file(const char *path, const char *mode)
{
  const char *number = getenv("KILL");
  if (strcmp(path, "armed") == 0 && number != NULL)
    left = atoi(number);
  else if (mode[0] != 'r')
    die_if_due();
}

FILE *fopen(const char *path, const char *mode)
{
  see_file(path, mode);
  return NEXT(fopen)(path, mode);
}

FILE *fopen64(const char *path, const char *mode)
{
  see_file(path, mode);
  return NEXT(fopen64)(path, mode);
}

int open(const char *path, int flags, ...)
{
  va_list more;
  va_start(more, flags);
  const int mode = va_arg(more, int);
  va_end(more);
  if ((flags & O_ACCMODE) != O_RDONLY)
    die_if_due();
  return NEXT(open)(path, flags, mode);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
  if (dies_now()) {
    NEXT(write)(fd, bytes, size / 2);
    raise(SIGKILL);
  }
  return NEXT(write)(fd, bytes, size);
}

size_t fwrite(const void *bytes, size_t size, size_t count, FILE *file)
{
  if (dies_now()) {
    NEXT(fwrite)(bytes, 1, size * count / 2, file);
    raise(SIGKILL);
  }
  return NEXT(fwrite)(bytes, size, count, file);
}

int fflush(FILE *file)
{
  die_if_due();
  return NEXT(fflush)(file);
}

int fclose(FILE *file)
{
  die_if_due();
  return NEXT(fclose)(file);
}

// A kill loses nothing that the system has; the disk would only take time.
int fsync(int fd)
{
  (void)fd;
  die_if_due();
  return 0;
}

int linkat(int from, const char *path, int to, const char *name, int flags)
{
  die_if_due();
  return NEXT(linkat)(from, path, to, name, flags);
}

int rename(const char *from, const char *to)
{
  die_if_due();
  return NEXT(rename)(from, to);
}

int unlink(const char *path)
{
  die_if_due();
  return NEXT(unlink)(path);
}

int remove(const char *path)
{
  die_if_due();
  return NEXT(remove)(path);
}
