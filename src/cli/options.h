// cli/options.h: the command line, read once.

#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>

struct cli_options {
  const char *program;  // as it was called
  int argc;
  char **argv;
  int script;         // position of the script, or argc
  int bad;            // position of the first mistake, or 0
  const char *lower;  // the file to print as plain Lua, or NULL
  bool interactive;
  bool version;
  bool help;
  bool no_environment;
  bool has_text;  // -e was there
};

// Reads the options before the script. What -e, -l and -W say is done later,
// in their order, by whoever runs them.
void cli_options_read(struct cli_options *o, int argc, char **argv);

// Prints the mistake at o->bad and the usage, on stderr.
void cli_options_complain(const struct cli_options *o);

// Prints the usage on stdout.
void cli_options_help(const struct cli_options *o);

#endif
