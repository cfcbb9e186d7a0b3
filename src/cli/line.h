// cli/line.h: one line of input: with editing, completion and history on a
// terminal if libedit was there at build time, else as it comes.

#ifndef CLI_LINE_H
#define CLI_LINE_H

#include <lua.h>

struct cli_editor;

enum cli_line { CLI_LINE_READ, CLI_LINE_END, CLI_LINE_INTERRUPTED };

// Pushes an editor, which lives as long as the state lets it.
struct cli_editor *cli_line_open(lua_State *L);

// Gives the terminal back; closing twice is harmless.
void cli_line_close(struct cli_editor *editor);

// Pushes a line without its end, if one was read.
enum cli_line cli_line_read(lua_State *L, struct cli_editor *editor,
                            const char *prompt);

#endif
