// base/cores.c: asks the system how many processors this process may use.

#define _GNU_SOURCE  // sched_getaffinity

#include "base/cores.h"

#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// Those that the process may run on.
static int allowed(void)
{
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    return CPU_COUNT(&set);
#endif
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? (int)online : 1;
}

// Reads the first line of a file, without its end.
static bool read_line(const char *path, char *line, int size)
{
  FILE *file = fopen(path, "re");
  if (file == NULL)
    return false;
  const bool ok = fgets(line, size, file) != NULL;
  fclose(file);
  if (ok)
    line[strcspn(line, "\n")] = '\0';
  return ok;
}

// The processors that the control group in `folder` may keep busy, or `most`.
static int lent(const char *folder, int most)
{
  char path[600], line[64];
  long quota, period;
  snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", folder);
  if (!read_line(path, line, sizeof line) ||
      sscanf(line, "%ld %ld", &quota, &period) != 2 || quota <= 0 ||
      period <= 0)
    return most;
  const long whole = (quota + period - 1) / period;
  return whole < most ? (int)whole : most;
}

// A group may keep busy what all that it is in may.
int nd_cores(void)
{
  int most = allowed();
  char line[512];
  if (!read_line("/proc/self/cgroup", line, sizeof line) ||
      strncmp(line, "0::/", 4) != 0)
    return most;
  char *folder = line + 3, *end = folder + strlen(folder);
  while (end > folder) {
    most = lent(folder, most);
    while (*--end != '/' && end > folder) {
    }
    *end = '\0';
  }
  return lent("", most);
}
