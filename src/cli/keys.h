// cli/keys.h: the keys of a terminal that are more than one byte, and pastes.

#ifndef CLI_KEYS_H
#define CLI_KEYS_H

#include <stdbool.h>

#ifdef ND_HAVE_LIBEDIT
#include <histedit.h>

// Makes the editor understand escape sequences: arrows, alone and with Ctrl or
// Alt, Home, End, Delete, and bracketed pastes. Those it does not know do
// nothing.
void cli_keys_bind(EditLine *edit);

// Whether the terminal marks the ends of a paste from now on.
void cli_keys_mark_pastes(bool on);

// Whether more keys are waiting, as inside a paste that is not marked.
bool cli_keys_wait(void);

#endif

#endif
