// cli/history.h: the file that remembers the lines of the prompt.

#ifndef CLI_HISTORY_H
#define CLI_HISTORY_H

#define CLI_HISTORY_LINES 1000

// Calls `enter` for each of the last CLI_HISTORY_LINES lines, oldest first.
// What the file has beyond them is cut off. A missing file has no lines.
void cli_history_load(void (*enter)(void *data, const char *line), void *data);

// Adds one line at once, so that neither a crash nor os.exit loses it. Failure
// is silent: nobody wants to hear of it at each line.
void cli_history_add(const char *line);

#endif
