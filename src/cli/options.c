// cli/options.c: the options are those of the lua program, with its rules, and
// three long ones.

#include "cli/options.h"

#include <stdio.h>
#include <string.h>

static const char usage[] =
  "usage: %s [options] [script [args]]\n"
  "Available options are:\n"
  "  -e stat       execute string 'stat'\n"
  "  -i            enter interactive mode after executing 'script'\n"
  "  -l mod        require library 'mod' into global 'mod'\n"
  "  -l g=mod      require library 'mod' into global 'g'\n"
  "  -v --version  show version information\n"
  "  -E            ignore environment variables\n"
  "  -W            turn warnings on\n"
  "  -h --help     show this text\n"
  "  --lower file  print 'file' as plain Lua, without 'with' statements\n"
  "  --            stop handling options\n"
  "  -             stop handling options and execute stdin\n";

// Takes the argument of argv[i], in the same word or in the next; returns the
// position of the last word used, or 0 if there is no argument.
static int take_argument(const struct cli_options *o, int i)
{
  if (o->argv[i][2] != '\0')
    return i;
  if (i + 1 == o->argc || o->argv[i + 1][0] == '-')
    return 0;
  return i + 1;
}

// An option of one letter; returns the position of the last word used, or 0.
static int read_short(struct cli_options *o, int i)
{
  const char *word = o->argv[i];
  if (word[1] == 'e' || word[1] == 'l') {
    o->has_text = o->has_text || word[1] == 'e';
    return take_argument(o, i);
  }
  if (word[2] != '\0')
    return 0;
  switch (word[1]) {
  case 'E': o->no_environment = true; return i;
  case 'i':
    o->interactive = true;
    o->version = true;
    return i;
  case 'v': o->version = true; return i;
  case 'h': o->help = true; return i;
  case 'W': return i;
  default: return 0;
  }
}

// The file to lower is the last word of the command line.
static int read_lower(struct cli_options *o, int i)
{
  if (i + 2 != o->argc)
    return 0;
  o->lower = o->argv[i + 1];
  return i + 1;
}

static int read_long(struct cli_options *o, int i)
{
  const char *word = o->argv[i];
  if (strcmp(word, "--lower") == 0)
    return read_lower(o, i);
  if (strcmp(word, "--help") == 0)
    o->help = true;
  else if (strcmp(word, "--version") == 0)
    o->version = true;
  else
    return 0;
  return i;
}

// Whether the word ends the options: a script, a single - or --.
static bool ends_options(const char *word)
{
  return word[0] != '-' || word[1] == '\0' || strcmp(word, "--") == 0;
}

void cli_options_read(struct cli_options *o, int argc, char **argv)
{
  memset(o, 0, sizeof *o);
  o->argc = argc;
  o->argv = argv;
  o->program = argc > 0 && argv[0][0] != '\0' ? argv[0] : "nadir";
  int i = argc > 0 ? 1 : 0;
  while (i < argc && !ends_options(argv[i])) {
    const int last = argv[i][1] == '-' ? read_long(o, i) : read_short(o, i);
    if (last == 0) {
      o->bad = i;
      return;
    }
    i = last + 1;
  }
  if (i < argc && strcmp(argv[i], "--") == 0)
    i++;
  o->script = i;
}

void cli_options_help(const struct cli_options *o)
{
  printf(usage, o->program);
}

void cli_options_complain(const struct cli_options *o)
{
  const char *word = o->argv[o->bad];
  const bool lower = strcmp(word, "--lower") == 0;
  fprintf(stderr, "%s: ", o->program);
  if (lower)
    fprintf(stderr, "'%s' needs one file, as the last argument\n", word);
  else if (word[1] == 'e' || word[1] == 'l')
    fprintf(stderr, "'%s' needs argument\n", word);
  else
    fprintf(stderr, "unrecognized option '%s'\n", word);
  fprintf(stderr, usage, o->program);
}
