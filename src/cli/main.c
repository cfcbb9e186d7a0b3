// cli/main.c: the `nadir` program: a Lua interpreter whose scripts may say
// `with` and require "nadir". It does what the lua program does, in its order.

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/threads.h"
#include "cli/call.h"
#include "cli/options.h"
#include "cli/prompt.h"
#include "cli/warning.h"
#include "lua/coroutine.h"
#include "lua/load.h"
#include "lua/loaders.h"
#include "lua/newstate.h"
#include "lua/open.h"
#include "nadir.h"

static void print_version(void)
{
  printf("Nadir %s (%s)\n", ND_VERSION, LUA_RELEASE);
  fflush(stdout);
}

// -------------------------------------------------------------- libraries --

static void open_libraries(lua_State *L)
{
  luaL_openlibs(L);
  ndL_open_coroutine(L);
  ndL_preload(L);
  ndL_installload(L);
}

// The global `arg`: the script is at 0, its arguments follow, the program and
// its options come before.
static void create_arg(lua_State *L, const struct cli_options *o)
{
  const int script = o->script == o->argc ? 0 : o->script;
  const int after = o->argc - script - 1;
  lua_createtable(L, after > 0 ? after : 0, script + 1);
  for (int i = 0; i < o->argc; i++) {
    lua_pushstring(L, o->argv[i]);
    lua_rawseti(L, -2, i - script);
  }
  lua_setglobal(L, "arg");
}

// ---------------------------------------------------------- running texts --

static bool run_loaded(lua_State *L, int status, const struct cli_options *o)
{
  if (status == LUA_OK)
    status = cli_call(L, 0, 0, CLI_TRACE_FULL);
  return cli_report(L, status, o->program) == LUA_OK;
}

static bool run_text(lua_State *L, const char *text, const char *name,
                     const struct cli_options *o)
{
  const int status = ndL_load(L, text, strlen(text), name, NULL);
  return run_loaded(L, status, o);
}

static bool run_file(lua_State *L, const char *path,
                     const struct cli_options *o)
{
  return run_loaded(L, ndL_loadfile(L, path, NULL, 0), o);
}

// -l mod, or -l global=mod.
static bool run_library(lua_State *L, const char *word,
                        const struct cli_options *o)
{
  const char *equals = strchr(word, '=');
  const char *module = equals != NULL ? equals + 1 : word;
  const size_t size = equals != NULL ? (size_t)(equals - word) : strlen(word);
  lua_pushglobaltable(L);
  lua_pushlstring(L, word, size);
  lua_getglobal(L, "require");
  lua_pushstring(L, module);
  const int status = cli_call(L, 1, 1, CLI_TRACE_FULL);
  if (status == LUA_OK)
    lua_settable(L, -3);
  cli_report(L, status, o->program);
  lua_settop(L, 0);
  return status == LUA_OK;
}

static bool run_init(lua_State *L, const struct cli_options *o)
{
  const char *name = "=LUA_INIT" LUA_VERSUFFIX;
  const char *init = getenv(name + 1);
  if (init == NULL) {
    name = "=LUA_INIT";
    init = getenv(name + 1);
  }
  if (init == NULL)
    return true;
  if (init[0] == '@')
    return run_file(L, init + 1, o);
  return run_text(L, init, name, o);
}

// What -e, -l and -W say, in their order.
static bool run_options(lua_State *L, const struct cli_options *o)
{
  for (int i = 1; i < o->script; i++) {
    const char option = o->argv[i][1];
    if (option == 'W')
      lua_warning(L, "@on", 0);
    if (option != 'e' && option != 'l')
      continue;
    const char *argument = o->argv[i] + 2;
    if (*argument == '\0')
      argument = o->argv[++i];
    if (option == 'e' ? !run_text(L, argument, "=(command line)", o)
                      : !run_library(L, argument, o))
      return false;
  }
  return true;
}

// Pushes the script's arguments, which are those in `arg` by now.
static int push_arguments(lua_State *L)
{
  if (lua_getglobal(L, "arg") != LUA_TTABLE)
    luaL_error(L, "'arg' is not a table");
  const int n = (int)luaL_len(L, -1);
  luaL_checkstack(L, n + 3, "too many arguments to script");
  for (int i = 1; i <= n; i++)
    lua_rawgeti(L, -i, i);
  lua_remove(L, -n - 1);
  return n;
}

static bool run_script(lua_State *L, const struct cli_options *o)
{
  const char *path = o->argv[o->script];
  if (strcmp(path, "-") == 0 && strcmp(o->argv[o->script - 1], "--") != 0)
    path = NULL;
  int status = ndL_loadfile(L, path, NULL, 0);
  if (status == LUA_OK)
    status = cli_call(L, push_arguments(L), 0, CLI_TRACE_FULL);
  return cli_report(L, status, o->program) == LUA_OK;
}

// --------------------------------------------------------------- the rest --

static bool print_lowered(lua_State *L, const struct cli_options *o)
{
  const char *path = strcmp(o->lower, "-") == 0 ? NULL : o->lower;
  const int status = ndL_lower(L, path);
  if (cli_report(L, status, o->program) != LUA_OK)
    return false;
  size_t size;
  const char *text = lua_tolstring(L, -1, &size);
  const bool written = fwrite(text, 1, size, stdout) == size &&
                       fflush(stdout) == 0;
  if (!written)
    perror(o->program);
  return written;
}

// Whether the standard input takes the place of a script.
static bool reads_input(const struct cli_options *o)
{
  return o->script == o->argc && !o->has_text && !o->version;
}

// Without a script: the prompt, or the standard input as a script.
static bool run_input(lua_State *L, const struct cli_options *o)
{
  if (!isatty(STDIN_FILENO))
    return run_file(L, NULL, o);
  print_version();
  cli_prompt_run(L);
  return true;
}

static bool run_all(lua_State *L, const struct cli_options *o)
{
  if (o->interactive || (reads_input(o) && isatty(STDIN_FILENO)))
    cli_prompt_open(L);
  if (!o->no_environment && !run_init(L, o))
    return false;
  if (!run_options(L, o))
    return false;
  if (o->script < o->argc && !run_script(L, o))
    return false;
  if (o->interactive)
    cli_prompt_run(L);
  else if (reads_input(o))
    return run_input(L, o);
  return true;
}

// Runs protected, so that no failure of memory in all this is fatal. The
// argument is the options; the result says whether all went well.
static int run(lua_State *L)
{
  const struct cli_options *o = lua_touserdata(L, 1);
  luaL_checkversion(L);
  if (o->no_environment) {
    lua_pushboolean(L, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, "LUA_NOENV");
  }
  open_libraries(L);
  create_arg(L, o);
  lua_gc(L, LUA_GCGEN, 0, 0);
  lua_settop(L, 0);
  lua_pushboolean(L, o->lower ? print_lowered(L, o) : run_all(L, o));
  return 1;
}

// True if NADIR_CPU asks for what cannot be had, which is then reported.
static bool complain_about_level(const struct cli_options *o)
{
  nd_level level;
  const char *wanted = getenv("NADIR_CPU");
  if (wanted == NULL || *wanted == '\0' || nd_level_choose(wanted, &level))
    return false;
  fprintf(stderr, "%s: NADIR_CPU: no level '%s' here; those of this CPU are",
          o->program, wanted);
  for (int i = 0; i < ND_LEVELS; i++) {
    const char *name = nd_level_name((nd_level)i);
    if (nd_level_choose(name, &level))
      fprintf(stderr, " %s", name);
  }
  fputc('\n', stderr);
  return true;
}

// The same of NADIR_THREADS.
static bool complain_about_threads(const struct cli_options *o,
                                   const nd_config *config)
{
  int count;
  const char *wanted;
  if (nd_threads_choose(config, &count, &wanted))
    return false;
  fprintf(stderr, "%s: NADIR_THREADS: must be 1 to %d, got '%s'\n", o->program,
          ND_MAX_THREADS, wanted);
  return true;
}

static bool run_state(const struct cli_options *o)
{
  struct cli_warnings warnings = { .program = o->program };
  const nd_config config = { .size = sizeof config,
                             .threads = -1,
                             .warning = cli_warning_show,
                             .warning_data = &warnings };
  nd_context *c = nd_context_new(&config);
  lua_State *L = c == NULL ? NULL : ndL_newstate(c);
  if (c == NULL &&
      (complain_about_level(o) || complain_about_threads(o, &config)))
    return false;
  if (L == NULL) {
    nd_context_free(c);
    fprintf(stderr, "%s: cannot create state: not enough memory\n", o->program);
    return false;
  }
  ndL_tellwarnings(L, cli_warning_show_piece, &warnings);
  lua_pushcfunction(L, run);
  lua_pushlightuserdata(L, (void *)o);
  const int status = lua_pcall(L, 1, 1, 0);
  const bool good = lua_toboolean(L, -1);
  cli_report(L, status, o->program);
  ndL_closestate(L);
  nd_context_free(c);
  return status == LUA_OK && good;
}

int main(int argc, char **argv)
{
  struct cli_options options;
  cli_options_read(&options, argc, argv);
  if (options.bad != 0) {
    cli_options_complain(&options);
    return EXIT_FAILURE;
  }
  if (options.help) {
    cli_options_help(&options);
    return EXIT_SUCCESS;
  }
  if (options.version)
    print_version();
  return run_state(&options) ? EXIT_SUCCESS : EXIT_FAILURE;
}
