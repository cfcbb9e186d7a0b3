// nadirlua.h: the interpreter for hosts that run Lua scripts. It adds a Lua
// state with Nadir in it to the core of nadir.h.

#ifndef NADIRLUA_H
#define NADIRLUA_H

#include "nadir.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct nd_interpreter nd_interpreter;

struct lua_State;

// Returns a new interpreter: a Lua state with the standard libraries and Nadir,
// whose memory comes from the configuration's allocator and counts against its
// quotas. Scripts may use the `with` statement; os.exit is an error in them,
// since it would end the host. NULL when memory runs out or the CPU level is
// not to be had. `config` may be NULL.
//
// Two fields of the configuration are for scripts:
// - `unlimited`. By default scripts have limits: nd_interrupt stops them
//   wherever they are, within some 10,000 instructions of the Lua machine, and
//   no script can catch, delay or remove that; only a C function that runs long
//   holds it up. It is paid for by a count hook, with which a loop of plain Lua
//   takes 1.7 to 2.8 times as long (`make bench` shows it; ops cost the same),
//   and by what scripts may not have: of `debug` only traceback and getinfo,
//   and the metatables of files and shapes. With `unlimited` nothing of this
//   holds, and nd_interrupt acts at the next op only, as an error that the
//   script may catch.
// - `lpeg`. Lets scripts require "lpeg", which is inside anyway. By default
//   they cannot: some of LPeg's patterns overflow the C stack and end the host.
ND_API nd_interpreter *nd_interpreter_new(const nd_config *config);

// Closes the state and frees everything. Finalizers run; with limits they have
// ten million instructions of the Lua machine for it. NULL is allowed.
ND_API void nd_interpreter_free(nd_interpreter *i);

// Runs `text`, which messages call `name`. False after an error in the script,
// or after nd_interrupt, which leave the interpreter ready for the next. An
// interruption from before the run is forgotten. After a stop, what `with` has
// opened is closed, but functions of the script's do not run: no __close, no
// message handler; finalizers wait for a later run.
ND_API bool nd_interpreter_run(nd_interpreter *i, const char *text,
                               const char *name);

// Why the last call that takes an interpreter failed: a message, "name:line:
// what is wrong", and its kind: ND_INTERRUPTED after nd_interrupt,
// ND_NO_MEMORY when the Lua heap had no room, ND_BAD_SCRIPT after any other
// error. "" and ND_OK when it did not fail. The message of an error that is an
// object is what its __tostring says. Valid until the next such call.
ND_API const char *nd_interpreter_error(const nd_interpreter *i);
ND_API nd_code nd_interpreter_code(const nd_interpreter *i);

// ----------------------------------------------------------------- values --
// A path is a global variable, "speed", or a field of one, "player.sensors" or
// deeper. Metamethods on the way are obeyed. False or NULL with an error as
// after a run when the path does not lead there, and when the value is of
// another kind; then nothing is written to the caller's memory. Tables that a
// path lacks are made when something is set.

// Tensors go in and out without a copy. `x` stays the caller's; it must be of
// this interpreter's context. What is returned is one reference for the caller,
// of a Variable its value of now.
ND_API bool nd_interpreter_set_tensor(nd_interpreter *i, const char *path,
                                      nd_tensor *x);
ND_API nd_tensor *nd_interpreter_get_tensor(nd_interpreter *i,
                                            const char *path);

// A number arrives as a float. To get one, a tensor or Variable of one element
// will do.
ND_API bool nd_interpreter_set_number(nd_interpreter *i, const char *path,
                                      double value);
ND_API bool nd_interpreter_get_number(nd_interpreter *i, const char *path,
                                      double *value);

ND_API bool nd_interpreter_set_boolean(nd_interpreter *i, const char *path,
                                       bool value);
ND_API bool nd_interpreter_get_boolean(nd_interpreter *i, const char *path,
                                       bool *value);

// `size` bytes, which may be any. The string returned ends with a 0 that is not
// counted; it is Lua's and valid until the next nd_interpreter_get_string.
// `size` may be NULL there.
ND_API bool nd_interpreter_set_string(nd_interpreter *i, const char *path,
                                      const char *text, size_t size);
ND_API const char *nd_interpreter_get_string(nd_interpreter *i,
                                             const char *path, size_t *size);

// --------------------------------------------------------------- consoles --
// A console reads line by line, as the prompt of the program does: a line that
// is an expression shows its values, `=` may stand before it, and a `local` at
// the top level stays for the lines that follow. It is the host's to print.

typedef struct nd_console nd_console;

// What became of a line.
typedef enum nd_answer {
  ND_CONSOLE_FAILED,  // it is no Lua, or it ended with an error
  ND_CONSOLE_MORE,    // it needs further lines
  ND_CONSOLE_DONE     // it ran, with those before it that it completes
} nd_answer;

// Returns a new console, which messages call `name`; NULL with an error as
// after a run. nd_console_free closes what lines declared as `<close>`; it
// comes before nd_interpreter_free. NULL is allowed.
ND_API nd_console *nd_console_new(nd_interpreter *i, const char *name);
ND_API void nd_console_free(nd_console *console);

// Takes the next line, without its end; one with line breaks in it is several,
// as of a paste. It runs as by nd_interpreter_run, and fails as that does.
ND_API nd_answer nd_console_feed(nd_console *console, const char *line);

// Says that no line follows those that were not enough.
ND_API nd_answer nd_console_finish(nd_console *console);

// Forgets lines that were not enough.
ND_API void nd_console_forget(nd_console *console);

// After ND_CONSOLE_DONE the values as the prompt prints them, "" for none;
// after ND_CONSOLE_FAILED the message, with the functions that led there if
// they are more than the line. Else "". Valid until the next call that takes
// the console or its interpreter.
ND_API const char *nd_console_text(const nd_console *console);

// Completes the name at the end of `text`: a variable, field, method or
// keyword. Returns how many names fit. nd_console_insert is what all of them
// add to the text, nd_console_name the k-th from 0 on, in the order of letters,
// NULL behind the last; valid until the next call. No code of a script runs.
ND_API int nd_console_complete(nd_console *console, const char *text);
ND_API const char *nd_console_insert(const nd_console *console);
ND_API const char *nd_console_name(const nd_console *console, int k);

// --------------------------------------------------------------- the rest --

// What the interpreter works with: for nd_interrupt, accounts, and functions of
// the host's own.
ND_API nd_context *nd_interpreter_context(nd_interpreter *i);
ND_API struct lua_State *nd_interpreter_lua(nd_interpreter *i);

#ifdef __cplusplus
}
#endif

#endif
