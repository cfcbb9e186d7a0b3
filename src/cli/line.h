// cli/line.h: one line of input: with editing, completion and history on a
// terminal if libedit was there at build time, else as it comes.

#ifndef CLI_LINE_H
#define CLI_LINE_H

#include <lua.h>

struct cli_editor;

enum cli_line { CLI_LINE_READ, CLI_LINE_END, CLI_LINE_INTERRUPTED };

// Pushes an editor, which lives as long as the state lets it. The value at
// index `console` has a method `scope`, which returns the names to complete.
struct cli_editor *cli_line_open(lua_State *L, int console);

// Gives the terminal back; closing twice is harmless.
void cli_line_close(struct cli_editor *editor);

// Pushes a line without its end, if one was read; a paste is one line, and has
// line breaks in it. The prompt is the string at index `prompt`.
enum cli_line cli_line_read(lua_State *L, struct cli_editor *editor,
                            int prompt);

// Adds the text on top to the history.
void cli_line_remember(lua_State *L, struct cli_editor *editor);

#endif
