// cli/input.h: the standard input, which can be cut off: a signal wakes a read
// that waits, but not one that begins right after it.

#ifndef CLI_INPUT_H
#define CLI_INPUT_H

// Prepares for cutting, and gives up what that needs. Without descriptors to
// spare the input is never cut.
void cli_input_open(void);
void cli_input_close(void);

// From now on all reads find the end of the input, those of libraries too.
// Signal handlers may call it.
void cli_input_cut(void);

// Undoes it, and forgets the end that was found.
void cli_input_mend(void);

#endif
