// cli/history.h: the file that remembers what was entered at the prompt.

#ifndef CLI_HISTORY_H
#define CLI_HISTORY_H

#include <stddef.h>

#define CLI_HISTORY_ENTRIES 1000

// Calls `enter` for each of the last CLI_HISTORY_ENTRIES entries, oldest first.
// What the file has beyond them is cut off. A missing file has no entries. An
// entry has any bytes, and line breaks if its statement had them.
void cli_history_load(void (*enter)(void *data, const char *text, size_t size),
                      void *data);

// Adds one entry at once, so that neither a crash nor os.exit loses it. Failure
// is silent: nobody wants to hear of it at each line.
void cli_history_add(const char *text, size_t size);

#endif
