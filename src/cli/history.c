// cli/history.c: plain text, one line an entry, readable by its owner only.
// The file is $XDG_STATE_HOME/nadir/history or else ~/.nadir_history.

#include "cli/history.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// Joins into a buffer of PATH_MAX bytes; false if it does not fit.
static bool join(char *path, const char *folder, const char *name)
{
  const int n = snprintf(path, PATH_MAX, "%s/%s", folder, name);
  return n > 0 && n < PATH_MAX;
}

// Makes the folder if it can; opening the file tells whether it could.
static bool find_path(char *path)
{
  const char *state = getenv("XDG_STATE_HOME");
  if (state != NULL && state[0] == '/') {
    char folder[PATH_MAX];
    if (!join(folder, state, "nadir"))
      return false;
    mkdir(state, 0700);
    mkdir(folder, 0700);
    return join(path, folder, "history");
  }
  const char *home = getenv("HOME");
  return home != NULL && home[0] != '\0' && join(path, home, ".nadir_history");
}

static FILE *open_private(const char *path, int flags, const char *mode)
{
  const int fd = open(path, flags | O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0)
    return NULL;
  FILE *f = fdopen(fd, mode);
  if (f == NULL)
    close(fd);
  return f;
}

// The whole file as a string to free, or NULL.
static char *read_text(const char *path)
{
  FILE *f = fopen(path, "rb");
  if (f == NULL)
    return NULL;
  struct stat info;
  char *text = NULL;
  if (fstat(fileno(f), &info) == 0 && S_ISREG(info.st_mode))
    text = malloc((size_t)info.st_size + 1);
  if (text != NULL)
    text[fread(text, 1, (size_t)info.st_size, f)] = '\0';
  fclose(f);
  return text;
}

// Where the last CLI_HISTORY_LINES lines begin.
static char *find_tail(char *text)
{
  char *p = text + strlen(text);
  int lines = 0;
  while (p > text) {
    if (p[-1] == '\n' && lines++ == CLI_HISTORY_LINES)
      return p;
    p--;
  }
  return p;
}

// Replaces the file in one step, so that no other prompt sees half of it.
static void replace(const char *path, const char *text)
{
  char fresh[PATH_MAX + 4];
  snprintf(fresh, sizeof fresh, "%s.new", path);
  FILE *f = open_private(fresh, O_TRUNC, "w");
  if (f == NULL)
    return;
  const bool written = fputs(text, f) >= 0;
  if (fclose(f) == 0 && written)
    rename(fresh, path);
  else
    unlink(fresh);
}

void cli_history_load(void (*enter)(void *data, const char *line), void *data)
{
  char path[PATH_MAX];
  char *text = find_path(path) ? read_text(path) : NULL;
  if (text == NULL)
    return;
  char *line = find_tail(text);
  if (line != text)
    replace(path, line);
  for (char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
    *end = '\0';
    enter(data, line);
  }
  free(text);
}

void cli_history_add(const char *line)
{
  char path[PATH_MAX];
  if (!find_path(path))
    return;
  FILE *f = open_private(path, O_APPEND, "a");
  if (f == NULL)
    return;
  fprintf(f, "%s\n", line);
  fclose(f);
}
