// cli/terminal.h: what libedit asks about the terminal, by the names that the
// termcap library has.

#ifndef ND_CLI_TERMINAL_H
#define ND_CLI_TERMINAL_H

// Takes the terminal of that name for what is asked later. Always 1: it exists.
int tgetent(char *buffer, const char *name);

// What capability `id`, of two letters, is; NULL, 0 and -1 where the terminal
// does not have it. `area` is left alone: the text lives for good.
char *tgetstr(const char *id, char **area);
int tgetflag(const char *id);
int tgetnum(const char *id);

// The text of a capability with a number in it; valid until the next call.
char *tgoto(const char *text, int column, int row);

// Hands out the text.
int tputs(const char *text, int lines, int (*put)(int c));

#endif
