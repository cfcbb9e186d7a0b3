// cli/terminal.c: terminals without a database of them, which would be a third
// of what line editing takes, and which small systems lack. All of today know
// the control sequences of ECMA-48 by which xterm works, but "dumb" ones.

#include "cli/terminal.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef struct capability {
  char id[3];
  const char *text;
} capability;

// A number stands for %d, and one more than that, as columns do, for %i.
static const capability capabilities[] = {
  { "bl", "\a" },        // bell
  { "DC", "\033[%dP" },  // delete characters
  { "DO", "\033[%dB" },  // down
  { "IC", "\033[%d@" },  // insert characters
  { "LE", "\033[%dD" },  // left
  { "RI", "\033[%dC" },  // right
  { "UP", "\033[%dA" },  // up
  { "cd", "\033[J" },    // clear to the end of the screen
  { "ce", "\033[K" },    // and of the line
  { "ch", "\033[%iG" },  // move to a column
  { "cl", "\033[H\033[2J" },
  { "dc", "\033[P" },
  { "ho", "\033[H" },    // home
  { "md", "\033[1m" },   // bold
  { "me", "\033[m" },    // no attributes
  { "nd", "\033[C" },    // right, by one
  { "se", "\033[27m" },  // not in reverse
  { "so", "\033[7m" },   // in reverse
  { "ue", "\033[24m" },
  { "up", "\033[A" },
  { "us", "\033[4m" },  // underlined
};

static bool is_dumb;

int tgetent(char *buffer, const char *name)
{
  is_dumb = strcmp(name, "dumb") == 0;
  return 1;
}

char *tgetstr(const char *id, char **area)
{
  const size_t all = sizeof capabilities / sizeof *capabilities;
  for (size_t i = 0; i < (is_dumb ? 1 : all); i++) {
    if (strcmp(capabilities[i].id, id) == 0)
      return (char *)(uintptr_t)capabilities[i].text;
  }
  return NULL;
}

// Lines wrap by themselves, but only when there is more; Alt is a key.
int tgetflag(const char *id)
{
  return strcmp(id, "am") == 0 ||
         (!is_dumb && (strcmp(id, "xn") == 0 || strcmp(id, "km") == 0));
}

// Where nobody knows better.
int tgetnum(const char *id)
{
  return strcmp(id, "co") == 0 ? 80 : strcmp(id, "li") == 0 ? 24 : -1;
}

char *tgoto(const char *text, int column, int row)
{
  static char made[32];
  const char *number = strchr(text, '%');
  if (number == NULL)
    snprintf(made, sizeof made, "%s", text);
  else
    snprintf(made, sizeof made, "%.*s%d%s", (int)(number - text), text,
             column + (number[1] == 'i'), number + 2);
  return made;
}

int tputs(const char *text, int lines, int (*put)(int c))
{
  while (*text != '\0')
    put(*text++);
  return 0;
}
