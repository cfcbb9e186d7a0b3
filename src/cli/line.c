// cli/line.c: the editor is libedit where there is a terminal and the build
// found it, and getline everywhere else.

#include "cli/line.h"

#include <errno.h>
#include <lauxlib.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "cli/complete.h"
#include "cli/history.h"
#include "cli/interrupt.h"
#include "cli/keys.h"
#include "cli/legible.h"

#ifdef ND_HAVE_LIBEDIT
#include <histedit.h>
#endif

struct cli_editor {
  lua_State *L;  // for completion
  int console;   // its index there
  char *line;    // what getline reads into, owned
  size_t room;
#ifdef ND_HAVE_LIBEDIT
  EditLine *edit;  // NULL: plain input
  History *history;
  char *prompt;             // of the line that is read, owned
  struct termios terminal;  // as it was
#endif
};

// ------------------------------------------------------------ plain input --

// Pushes a line of any length and of any bytes, without its end.
static enum cli_line read_plain(lua_State *L, struct cli_editor *editor,
                                int prompt)
{
  size_t size;
  const char *text = lua_tolstring(L, prompt, &size);
  fwrite(text, 1, size, stdout);
  fflush(stdout);
  cli_interrupt_wait();
  ssize_t n = getline(&editor->line, &editor->room, stdin);
  const bool interrupted = cli_interrupt_waited();
  if (n <= 0 || interrupted) {
    clearerr(stdin);
    return interrupted ? CLI_LINE_INTERRUPTED : CLI_LINE_END;
  }
  if (editor->line[n - 1] == '\n')
    n--;
  lua_pushlstring(L, editor->line, (size_t)n);
  return CLI_LINE_READ;
}

// ---------------------------------------------------------------- editing --

#ifdef ND_HAVE_LIBEDIT

static char *edit_prompt(EditLine *edit)
{
  struct cli_editor *editor = NULL;
  el_get(edit, EL_CLIENTDATA, &editor);
  static char none[] = "";
  return editor->prompt != NULL ? editor->prompt : none;
}

static int terminal_columns(void)
{
  struct winsize size;
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    return size.ws_col;
  return 80;
}

// The tab key: completes a name, or indents where there is none. In a paste it
// is a tab.
static unsigned char edit_complete(EditLine *edit, int key)
{
  (void)key;
  struct cli_editor *editor = NULL;
  el_get(edit, EL_CLIENTDATA, &editor);
  const LineInfo *line = el_line(edit);
  struct cli_completion c = { .text = line->buffer,
                              .size = (size_t)(line->cursor - line->buffer),
                              .console = editor->console,
                              .list = stdout,
                              .columns = terminal_columns() };
  if (cli_keys_wait())
    return el_insertstr(edit, "\t") == 0 ? CC_REFRESH : CC_ERROR;
  if (strspn(c.text, " \t") >= c.size)
    return el_insertstr(edit, "  ") == 0 ? CC_REFRESH : CC_ERROR;
  cli_complete(editor->L, &c);
  if (c.insert[0] != '\0')
    return el_insertstr(edit, c.insert) == 0 ? CC_REFRESH : CC_ERROR;
  fflush(stdout);
  return c.count > 1 ? CC_REDISPLAY : CC_ERROR;
}

static void enter_history(void *data, const char *text, size_t size)
{
  const struct cli_editor *editor = data;
  HistEvent event;
  char *entry = cli_legible(text, size);
  if (entry != NULL)
    history(editor->history, &event, H_ENTER, entry);
  free(entry);
}

static void open_history(struct cli_editor *editor)
{
  HistEvent event;
  editor->history = history_init();
  if (editor->history == NULL)
    return;
  history(editor->history, &event, H_SETSIZE, CLI_HISTORY_ENTRIES);
  history(editor->history, &event, H_SETUNIQUE, 1);
  cli_history_load(enter_history, editor);
  el_set(editor->edit, EL_HIST, history, editor->history);
}

// Letters beyond ASCII need a locale that has them.
static void choose_locale(void)
{
  setlocale(LC_CTYPE, "");
  if (MB_CUR_MAX == 1)
    setlocale(LC_CTYPE, "C.UTF-8");
}

static void open_edit(struct cli_editor *editor)
{
  if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
    return;
  choose_locale();
  tcgetattr(STDIN_FILENO, &editor->terminal);
  editor->edit = el_init("nadir", stdin, stdout, stderr);
  if (editor->edit == NULL)
    return;
  el_set(editor->edit, EL_CLIENTDATA, editor);
  el_set(editor->edit, EL_PROMPT, edit_prompt);
  el_set(editor->edit, EL_EDITOR, "emacs");
  el_set(editor->edit, EL_SIGNAL, 1);
  // The narrow el_set copies both strings and never frees them.
  el_wset(editor->edit, EL_ADDFN, L"nd-complete", L"Complete a name",
          edit_complete);
  el_set(editor->edit, EL_BIND, "^I", "nd-complete", NULL);
  cli_keys_bind(editor->edit);
  el_set(editor->edit, EL_BIND, "^R", "em-inc-search-prev", NULL);
  open_history(editor);
  el_source(editor->edit, NULL);
}

// Gives the terminal back as el_end does, which also drops what was typed ahead
// for the program that comes next.
static void give_back(struct cli_editor *editor)
{
  el_reset(editor->edit);
  el_set(editor->edit, EL_EDITMODE, 0);
  el_end(editor->edit);
  tcsetattr(STDIN_FILENO, TCSADRAIN, &editor->terminal);
}

static void close_edit(struct cli_editor *editor)
{
  if (editor->history != NULL)
    history_end(editor->history);
  if (editor->edit != NULL)
    give_back(editor);
  free(editor->prompt);
  editor->history = NULL;
  editor->edit = NULL;
  editor->prompt = NULL;
}

static bool is_blank(const char *text, size_t size)
{
  return strspn(text, " \t\n") == size;
}

// Whether the last entry, which ends with a zero byte, is this one.
static bool is_last(const struct cli_editor *editor, const char *text)
{
  HistEvent event;
  return history(editor->history, &event, H_FIRST) == 0 &&
         strcmp(event.str, text) == 0;
}

static void remember(struct cli_editor *editor, const char *text, size_t size)
{
  if (editor->history == NULL || is_blank(text, size) || is_last(editor, text))
    return;
  enter_history(editor, text, size);
  cli_history_add(text, size);
}

static enum cli_line read_edited(lua_State *L, struct cli_editor *editor,
                                 int prompt)
{
  size_t length;
  const char *text = lua_tolstring(L, prompt, &length);
  free(editor->prompt);
  editor->prompt = cli_legible(text, length);
  int size = 0;
  cli_keys_mark_pastes(true);
  cli_interrupt_wait();
  const char *line = el_gets(editor->edit, &size);
  const bool interrupted = cli_interrupt_waited();
  cli_keys_mark_pastes(false);
  if (line == NULL || size <= 0 || interrupted) {
    el_reset(editor->edit);
    return interrupted ? CLI_LINE_INTERRUPTED : CLI_LINE_END;
  }
  if (line[size - 1] == '\n')
    size--;
  lua_pushlstring(L, line, (size_t)size);
  return CLI_LINE_READ;
}

#endif

// -------------------------------------------------------------- the editor --

void cli_line_close(struct cli_editor *editor)
{
#ifdef ND_HAVE_LIBEDIT
  close_edit(editor);
#endif
  free(editor->line);
  editor->line = NULL;
}

static int editor_gc(lua_State *L)
{
  cli_line_close(lua_touserdata(L, 1));
  return 0;
}

struct cli_editor *cli_line_open(lua_State *L, int console)
{
  struct cli_editor *editor = lua_newuserdatauv(L, sizeof *editor, 0);
  memset(editor, 0, sizeof *editor);
  editor->L = L;
  editor->console = console;
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, editor_gc);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
#ifdef ND_HAVE_LIBEDIT
  open_edit(editor);
#endif
  return editor;
}

// Reads by the means at hand.
static enum cli_line read_line(lua_State *L, struct cli_editor *editor,
                               int prompt)
{
#ifdef ND_HAVE_LIBEDIT
  if (editor->edit != NULL)
    return read_edited(L, editor, prompt);
#endif
  return read_plain(L, editor, prompt);
}

enum cli_line cli_line_read(lua_State *L, struct cli_editor *editor, int prompt)
{
  const enum cli_line line = read_line(L, editor, prompt);
  if (line != CLI_LINE_READ && isatty(STDIN_FILENO))
    putchar('\n');
  return line;
}

void cli_line_remember(lua_State *L, struct cli_editor *editor)
{
#ifdef ND_HAVE_LIBEDIT
  size_t size;
  const char *text = lua_tolstring(L, -1, &size);
  remember(editor, text, size);
#else
  (void)L;
  (void)editor;
#endif
}
