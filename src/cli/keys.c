// cli/keys.c: reads an escape sequence as ECMA-48 defines it, whole, and only
// then looks whether it means something. libedit's own way, a tree of the
// sequences that it knows, types the rest of all others.

#ifdef ND_HAVE_LIBEDIT

#include "cli/keys.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

// Nobody types so fast; what comes later was not pasted.
#define PASTE_MILLISECONDS 10

// Parameters of a sequence beyond these are read and forgotten.
enum { PARAMETERS = 2 };

// What has a number.
enum {
  HOME = 1,
  DELETE = 3,
  END = 4,
  HOME_RXVT = 7,
  END_RXVT = 8,
  PASTE = 200
};

struct sequence {
  int n[PARAMETERS];
  wchar_t last;  // 0 if the input ended before it
};

bool cli_keys_wait(void)
{
  struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
  return poll(&input, 1, PASTE_MILLISECONDS) > 0;
}

void cli_keys_mark_pastes(bool on)
{
  const char *terminal = getenv("TERM");
  if (terminal == NULL || strcmp(terminal, "dumb") == 0)
    return;
  fputs(on ? "\033[?2004h" : "\033[?2004l", stdout);
  fflush(stdout);
}

static wchar_t read_key(EditLine *edit)
{
  wchar_t c;
  return el_wgetc(edit, &c) == 1 ? c : 0;
}

// ----------------------------------------------------------------- pasting --

// A text that grows, until memory is short.
struct paste {
  wchar_t *data;
  size_t size, room;
  bool failed;
};

static void add(struct paste *p, wchar_t c)
{
  if (p->size == p->room && !p->failed) {
    const size_t room = 2 * p->room + 256;
    wchar_t *more = realloc(p->data, room * sizeof *more);
    p->failed = more == NULL;
    if (more != NULL) {
      p->data = more;
      p->room = room;
    }
  }
  if (!p->failed)
    p->data[p->size++] = c;
}

// Reads to the mark that ends it. Terminals send the Enter key for line breaks.
static struct paste read_paste(EditLine *edit)
{
  static const wchar_t mark[] = L"\033[201~";
  struct paste p = { 0 };
  size_t matched = 0;
  wchar_t last = 0, c;
  while (matched < wcslen(mark) && (c = read_key(edit)) != 0) {
    matched = c == mark[matched] ? matched + 1 : c == *mark;
    if (last != L'\r' || c != L'\n')
      add(&p, c == L'\r' ? L'\n' : c);
    last = c;
  }
  if (matched == wcslen(mark) && !p.failed)
    p.size -= matched;
  return p;
}

static unsigned char insert_paste(EditLine *edit)
{
  struct paste p = read_paste(edit);
  while (p.size > 0 && p.data[p.size - 1] == L'\n')
    p.size--;
  add(&p, L'\0');
  const bool good = !p.failed && el_winsertstr(edit, p.data) == 0;
  free(p.data);
  return good ? CC_REFRESH : CC_ERROR;
}

// --------------------------------------------------------------- sequences --

// Reads on after the bytes that introduce a sequence.
static struct sequence read_sequence(EditLine *edit)
{
  struct sequence s = { { 0 }, 0 };
  int i = 0;
  wchar_t c;
  while ((c = read_key(edit)) >= 0x20 && c < 0x40) {
    if (c == L';')
      i++;
    else if (c >= L'0' && c <= L'9' && i < PARAMETERS && s.n[i] < 1000)
      s.n[i] = 10 * s.n[i] + (int)(c - L'0');
  }
  s.last = c;
  return s;
}

static unsigned char move(EditLine *edit, int by)
{
  el_cursor(edit, by);
  return CC_CURSOR;
}

// By as much as there is: libedit adds what it is given to a pointer, and looks
// only then whether that is still in the line.
static unsigned char go_home(EditLine *edit)
{
  const LineInfoW *line = el_wline(edit);
  return move(edit, (int)(line->buffer - line->cursor));
}

static unsigned char go_to_end(EditLine *edit)
{
  const LineInfoW *line = el_wline(edit);
  return move(edit, (int)(line->lastchar - line->cursor));
}

// Goes on as if these keys had been typed.
static unsigned char press(EditLine *edit, const wchar_t *keys)
{
  el_wpush(edit, keys);
  return CC_NORM;
}

static unsigned char delete_next(EditLine *edit)
{
  const LineInfoW *line = el_wline(edit);
  if (line->cursor == line->lastchar)
    return CC_ERROR;
  el_cursor(edit, 1);
  el_deletestr(edit, 1);
  return CC_REFRESH;
}

// A key that has a number.
static unsigned char do_numbered(EditLine *edit, int number)
{
  switch (number) {
  case HOME:
  case HOME_RXVT: return go_home(edit);
  case END:
  case END_RXVT: return go_to_end(edit);
  case DELETE: return delete_next(edit);
  case PASTE: return insert_paste(edit);
  default: return CC_NORM;
  }
}

// A key that has a letter; `far` is with Ctrl or Alt.
static unsigned char do_lettered(EditLine *edit, wchar_t letter, bool far)
{
  switch (letter) {
  case L'A': return press(edit, L"\020");
  case L'B': return press(edit, L"\016");
  case L'C': return far ? press(edit, L"\033f") : move(edit, 1);
  case L'D': return far ? press(edit, L"\033b") : move(edit, -1);
  case L'F': return go_to_end(edit);
  case L'H': return go_home(edit);
  default: return CC_NORM;
  }
}

// Ctrl-D that was typed while a statement ran: the terminal, which then edits
// lines itself, makes this byte of it. On a line that has begun it is the key
// that sets a mark.
static unsigned char do_null(EditLine *edit, int key)
{
  (void)key;
  const LineInfoW *line = el_wline(edit);
  if (line->lastchar == line->buffer)
    return CC_EOF;
  return press(edit, L"\033 ");
}

// After ESC [
static unsigned char do_sequence(EditLine *edit, int key)
{
  (void)key;
  const struct sequence s = read_sequence(edit);
  if (s.last == L'[') {
    read_key(edit);  // a function key of the Linux console
    return CC_NORM;
  }
  if (s.last == L'~')
    return do_numbered(edit, s.n[0]);
  return do_lettered(edit, s.last, s.n[1] > 2 || s.n[0] > 1);
}

// After ESC O
static unsigned char do_shifted(EditLine *edit, int key)
{
  (void)key;
  const struct sequence s = read_sequence(edit);
  if (s.last == L'M')
    return press(edit, L"\r");
  if (s.last == L'c' || s.last == L'd')
    return do_lettered(edit, s.last - L'c' + L'C', true);
  return do_lettered(edit, s.last, s.n[1] > 2 || s.n[0] > 1);
}

void cli_keys_bind(EditLine *edit)
{
  // The narrow el_set copies both strings and never frees them.
  el_wset(edit, EL_ADDFN, L"nd-sequence", L"Read a key's sequence",
          do_sequence);
  el_wset(edit, EL_ADDFN, L"nd-shifted", L"Read a shifted key", do_shifted);
  el_wset(edit, EL_ADDFN, L"nd-null", L"Leave, or set a mark", do_null);
  el_set(edit, EL_BIND, "^@", "nd-null", NULL);
  el_set(edit, EL_BIND, "\\e ", "em-set-mark", NULL);
  el_set(edit, EL_BIND, "-r", "\\e[", NULL);
  el_set(edit, EL_BIND, "-r", "\\eO", NULL);
  el_set(edit, EL_BIND, "\\e[", "nd-sequence", NULL);
  el_set(edit, EL_BIND, "\\eO", "nd-shifted", NULL);
  el_set(edit, EL_BIND, "\\e\\e[", "nd-sequence", NULL);
}

#endif
