// cli/history.c: plain text, one line an entry, readable by its owner only.
// Further lines of an entry begin with a unit separator, which no keyboard has.
// The file is $XDG_STATE_HOME/nadir/history or else ~/.nadir_history; prompts
// that share it lock it.

#include "cli/history.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONTINUES '\x1f'

struct text {
  char *data;  // owned, or NULL
  size_t size;
};

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

// Opens the file and locks it until it is closed. Another prompt may replace
// it while we wait for the lock; what we hold must be what the path names.
static int open_locked(const char *path)
{
  for (;;) {
    struct stat held, named;
    const int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
      return -1;
    if (flock(fd, LOCK_EX) != 0 || fstat(fd, &held) != 0 ||
        !S_ISREG(held.st_mode) || stat(path, &named) != 0) {
      close(fd);
      return -1;
    }
    if (held.st_dev == named.st_dev && held.st_ino == named.st_ino)
      return fd;
    close(fd);
  }
}

static bool write_all(int fd, const char *data, size_t size)
{
  while (size > 0) {
    const ssize_t n = write(fd, data, size);
    if (n <= 0)
      return false;
    data += n;
    size -= (size_t)n;
  }
  return true;
}

// ---------------------------------------------------------------- loading --

// All that the file has; no data if that cannot be read.
static struct text read_text(const char *path)
{
  struct text text = { NULL, 0 };
  struct stat info;
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return text;
  if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0)
    text.data = malloc((size_t)info.st_size);
  while (text.data != NULL && text.size < (size_t)info.st_size) {
    const ssize_t n = read(fd, text.data + text.size,
                           (size_t)info.st_size - text.size);
    if (n <= 0)
      break;
    text.size += (size_t)n;
  }
  close(fd);
  return text;
}

// Whether an entry begins at `p`, which is in the text.
static bool is_start(const struct text *text, const char *p)
{
  return p == text->data || (p[-1] == '\n' && *p != CONTINUES);
}

// Where the last CLI_HISTORY_ENTRIES entries begin.
static char *find_tail(const struct text *text)
{
  int entries = 0;
  for (char *p = text->data + text->size; p > text->data;) {
    p--;
    if (is_start(text, p) && ++entries == CLI_HISTORY_ENTRIES)
      return p;
  }
  return text->data;
}

// Replaces the file in one step, so that a crash leaves one of the two.
static void replace(const char *path, const char *data, size_t size)
{
  char fresh[PATH_MAX + 4];
  snprintf(fresh, sizeof fresh, "%s.new", path);
  const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
  const int fd = open(fresh, flags, 0600);
  if (fd < 0)
    return;
  const bool written = write_all(fd, data, size);
  if (close(fd) == 0 && written)
    rename(fresh, path);
  else
    unlink(fresh);
}

// Cuts off what is too old. The file is read again, now that it is locked.
static void trim(const char *path)
{
  const int fd = open_locked(path);
  if (fd < 0)
    return;
  const struct text text = read_text(path);
  const char *tail = text.data != NULL ? find_tail(&text) : NULL;
  if (tail != text.data)
    replace(path, tail, text.size - (size_t)(tail - text.data));
  free(text.data);
  close(fd);
}

// Moves an entry of `size` bytes together, over the marks of its lines.
static size_t join_lines(char *entry, size_t size)
{
  size_t n = 0;
  for (size_t i = 0; i < size; i++) {
    if (entry[i] != CONTINUES || i == 0 || entry[i - 1] != '\n')
      entry[n++] = entry[i];
  }
  return n;
}

static char *find_end(const struct text *text, char *entry)
{
  char *p = entry + 1;
  while (p < text->data + text->size && !is_start(text, p))
    p++;
  return p;
}

void cli_history_load(void (*enter)(void *data, const char *text, size_t size),
                      void *data)
{
  char path[PATH_MAX];
  struct text text = { NULL, 0 };
  if (find_path(path))
    text = read_text(path);
  if (text.data == NULL)
    return;
  char *entry = find_tail(&text);
  if (entry != text.data)
    trim(path);
  while (entry < text.data + text.size) {
    char *end = find_end(&text, entry);
    size_t size = (size_t)(end - entry);
    if (entry[size - 1] == '\n')
      size--;
    enter(data, entry, join_lines(entry, size));
    entry = end;
  }
  free(text.data);
}

// ----------------------------------------------------------------- adding --

// The entry as it stands in the file, after a line break that `broken` asks
// for.
static struct text format_entry(const char *entry, size_t size, bool broken)
{
  struct text text = { malloc(2 * size + 2), 0 };
  if (text.data == NULL)
    return text;
  if (broken)
    text.data[text.size++] = '\n';
  for (size_t i = 0; i < size; i++) {
    text.data[text.size++] = entry[i];
    if (entry[i] == '\n')
      text.data[text.size++] = CONTINUES;
  }
  text.data[text.size++] = '\n';
  return text;
}

// Whether the last line has no end.
static bool ends_broken(int fd)
{
  char last = '\n';
  return lseek(fd, -1, SEEK_END) >= 0 && read(fd, &last, 1) == 1 &&
         last != '\n';
}

void cli_history_add(const char *text, size_t size)
{
  char path[PATH_MAX];
  const int fd = find_path(path) ? open_locked(path) : -1;
  if (fd < 0)
    return;
  const struct text line = format_entry(text, size, ends_broken(fd));
  if (line.data != NULL)
    write_all(fd, line.data, line.size);
  free(line.data);
  close(fd);
}
