// lua/file.c: the one place where values meet files. What is written goes to a
// file beside it that has no name, where there can be such, and else one that
// begins with a dot; it is on the disk before it takes the place of the old
// one. A process that is killed leaves the old file or the new one. Files that
// grow keep what they had when there is no room for more.

#define _GNU_SOURCE  // O_TMPFILE

#include "lua/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "lua/box.h"
#include "lua/bytes.h"
#include "lua/entropy.h"
#include "lua/error.h"
#include "lua/guard.h"
#include "lua/pace.h"
#include "lua/values.h"
#include "tensor/reader.h"

// Bytes between two looks for an interrupt.
enum { PORTION = 1 << 20 };

enum { FUNCTION = 1, PATH, PIECES, HANDLE = PIECES, DTYPE, SHAPE };
enum { TEXT = HANDLE + 1 };

// -------------------------------------------------------------- permission --

static const char OPEN_KEY = 0;  // Lua's io.open

// Pushes io.open of the script, or nil.
static void push_open(lua_State *L)
{
  lua_pushglobaltable(L);
  lua_pushliteral(L, LUA_IOLIBNAME);
  lua_rawget(L, -2);
  lua_remove(L, -2);
  if (lua_istable(L, -1)) {
    lua_pushliteral(L, "open");
    lua_rawget(L, -2);
    lua_remove(L, -2);
  }
}

void ndL_lendfiles(lua_State *L)
{
  push_open(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &OPEN_KEY);
}

static void check_lent(lua_State *L)
{
  push_open(L);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &OPEN_KEY);
  if (!lua_iscfunction(L, -1) || !lua_rawequal(L, -1, -2))
    ndL_error(L, "%s: there are no files here: io.open is gone or another one",
              lua_tostring(L, FUNCTION));
  lua_pop(L, 2);
}

// Raises unless the first two arguments are those of a function of ours.
static void check_head(lua_State *L)
{
  luaL_checkstring(L, FUNCTION);
  luaL_checkstring(L, PATH);
  check_lent(L);
}

static int fail(lua_State *L, const char *what, const char *why)
{
  return ndL_error(L, "%s: cannot %s %s: %s", lua_tostring(L, FUNCTION), what,
                   lua_tostring(L, PATH), why);
}

// ----------------------------------------------------------------- writing --

// The file that comes to be. `why` is what is wrong, if errno does not tell.
typedef struct target {
  char path[PATH_MAX];  // links followed
  char directory[PATH_MAX];
  char temporary[PATH_MAX + 32];  // "": the file has no name yet
  mode_t mode;                    // of the old file; 0: there is none
  int fd;                         // -1: it is not open
  const char *why;
} target;

static void name_temporary(target *t)
{
  snprintf(t->temporary, sizeof t->temporary, "%s/.nadir.%08x", t->directory,
           (unsigned)ndL_invent(t));
}

static bool find_target(target *t, const char *path)
{
  struct stat old;
  if (strlen(path) >= sizeof t->path) {
    errno = ENAMETOOLONG;
    return false;
  }
  if (realpath(path, t->path) == NULL)
    snprintf(t->path, sizeof t->path, "%s", path);
  if (stat(t->path, &old) == 0) {
    t->mode = old.st_mode & 07777;
    t->why = S_ISREG(old.st_mode) ? NULL : "it is no regular file";
  }
  const char *slash = strrchr(t->path, '/');
  const int length = slash == NULL ? 1 : (int)(slash - t->path) + 1;
  snprintf(t->directory, sizeof t->directory, "%.*s", length,
           slash == NULL ? "." : t->path);
  return t->why == NULL;
}

// A file without a name needs a system that has such, and one that tells the
// way to it.
static int open_nameless(const target *t)
{
#ifdef O_TMPFILE
  if (access("/proc/self/fd", X_OK) == 0)
    return open(t->directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
#endif
  return -1;
}

static bool open_target(target *t, const char *path)
{
  if (!find_target(t, path))
    return false;
  t->fd = open_nameless(t);
  if (t->fd < 0) {
    name_temporary(t);
    t->fd = open(t->temporary, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
    if (t->fd < 0)
      t->temporary[0] = '\0';
  }
  if (t->fd >= 0 && t->mode != 0)
    fchmod(t->fd, t->mode);
  return t->fd >= 0;
}

static bool name_nameless(target *t)
{
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", t->fd);
  name_temporary(t);
  const bool ok = linkat(AT_FDCWD, link, AT_FDCWD, t->temporary,
                         AT_SYMLINK_FOLLOW) == 0;
  if (!ok)
    t->temporary[0] = '\0';
  return ok;
}

// What cannot be synced, on some file systems a directory, is left to them.
static void sync_directory(const target *t)
{
  const int fd = open(t->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0) {
    fsync(fd);
    close(fd);
  }
}

static bool replace_old(target *t)
{
  if (fsync(t->fd) != 0 || (t->temporary[0] == '\0' && !name_nameless(t)) ||
      rename(t->temporary, t->path) != 0)
    return false;
  t->temporary[0] = '\0';
  sync_directory(t);
  return true;
}

// What was not renamed goes. Keeps errno.
static void close_target(target *t)
{
  const int number = errno;
  if (t->fd >= 0)
    close(t->fd);
  if (t->temporary[0] != '\0')
    unlink(t->temporary);
  errno = number;
}

// Whether nobody has interrupted the function of the call.
static bool is_ready(lua_State *L, nd_context *c)
{
  const char *before = nd_context_enter(c, lua_tostring(L, FUNCTION));
  const bool ready = nd_context_ready(c);
  nd_context_leave(c, before);
  return ready;
}

static bool write_bytes(lua_State *L, nd_context *c, int fd, const char *bytes,
                        size_t n)
{
  for (size_t done = 0; done < n;) {
    const size_t some = n - done < PORTION ? n - done : PORTION;
    const ssize_t got = is_ready(L, c) ? write(fd, bytes + done, some) : 0;
    if (got == 0 || (got < 0 && errno != EINTR))
      return false;
    done += got > 0 ? (size_t)got : 0;
  }
  return true;
}

static bool write_tensor(lua_State *L, nd_context *c, int fd,
                         const nd_tensor *x)
{
  const size_t width = nd_dtype_size((nd_dtype)x->dtype);
  if (x->dense)
    return write_bytes(L, c, fd, nd_values(x), (size_t)x->size * width);
  nd_reader r;
  nd_reader_start(&r, x, (nd_dtype)x->dtype);
  for (int64_t done = 0, some; done < x->size; done += some) {
    some = x->size - done < ND_BLOCK ? x->size - done : ND_BLOCK;
    if (!write_bytes(L, c, fd, nd_reader_next(&r, some), (size_t)some * width))
      return false;
  }
  return true;
}

// Has the values of all tensors computed, and holds them: writing allocates
// nothing of Lua's, and raises nothing.
static lua_Integer hold_pieces(lua_State *L, ndL_state *S)
{
  luaL_checktype(L, PIECES, LUA_TTABLE);
  const lua_Integer n = (lua_Integer)lua_rawlen(L, PIECES);
  for (lua_Integer i = 1; i <= n; i++) {
    if (lua_rawgeti(L, PIECES, i) != LUA_TSTRING) {
      nd_tensor *x = ndL_hold(L, S, lua_gettop(L), false);
      if (x == NULL)
        ndL_typeerror(L, lua_tostring(L, FUNCTION), "a value", "a tensor", -1);
      ndL_force(L, S, x);
      lua_pushvalue(L, -1);
      lua_rawseti(L, PIECES, i);
    }
    lua_pop(L, 1);
  }
  return n;
}

static bool write_pieces(lua_State *L, ndL_state *S, int fd, lua_Integer n)
{
  bool ok = true;
  for (lua_Integer i = 1; i <= n && ok; i++) {
    size_t size;
    const bool is_text = lua_rawgeti(L, PIECES, i) == LUA_TSTRING;
    const char *text = is_text ? lua_tolstring(L, -1, &size) : NULL;
    ok = is_text
           ? write_bytes(L, S->context, fd, text, size)
           : write_tensor(L, S->context, fd, ndL_peek(L, S, lua_gettop(L)));
    lua_pop(L, 1);
  }
  return ok;
}

static int file_write(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  check_head(L);
  const lua_Integer n = hold_pieces(L, S);
  target t = { .fd = -1 };
  errno = 0;
  const bool ok = open_target(&t, lua_tostring(L, PATH)) &&
                  write_pieces(L, S, t.fd, n) && replace_old(&t);
  close_target(&t);
  if (ok)
    return 0;
  if (nd_error_code(S->context) != ND_OK)
    return ndL_raise(L, S);
  return fail(L, "write", t.why != NULL ? t.why : strerror(errno));
}

// ----------------------------------------------------------------- handles --

static int close_file(lua_State *L)
{
  luaL_Stream *s = luaL_checkudata(L, 1, LUA_FILEHANDLE);
  return luaL_fileresult(L, fclose(s->f) == 0, NULL);
}

// Pushes a file of Lua's, which is closed as long as `f` is NULL.
static luaL_Stream *push_handle(lua_State *L)
{
  luaL_Stream *s = lua_newuserdatauv(L, sizeof *s, 0);
  s->closef = NULL;
  luaL_setmetatable(L, LUA_FILEHANDLE);
  return s;
}

static void set_handle(luaL_Stream *s, FILE *f)
{
  s->f = f;
  s->closef = f != NULL ? close_file : NULL;
}

// That of a call; raises, as one that cannot `what`, unless it is open.
static FILE *check_open(lua_State *L, const char *what)
{
  const luaL_Stream *s = luaL_checkudata(L, HANDLE, LUA_FILEHANDLE);
  if (s->closef == NULL)
    fail(L, what, "the file is closed");
  return s->f;
}

// ----------------------------------------------------------------- growing --

// Makes those folders on the way that there are not.
static bool make_folders(char *path)
{
  bool ok = true;
  for (char *at = path; ok && (at = strchr(at + 1, '/')) != NULL; *at = '/') {
    *at = '\0';
    ok = mkdir(path, 0777) == 0 || errno == EEXIST;
  }
  return ok;
}

// A file that there is not yet; NULL, and EEXIST, if there is one.
static FILE *open_new(const char *path)
{
  const int flags = O_CREAT | O_EXCL | O_WRONLY | O_APPEND | O_CLOEXEC;
  const int fd = open(path, flags, 0666);
  FILE *f = fd >= 0 ? fdopen(fd, "ab") : NULL;
  if (f == NULL && fd >= 0)
    close(fd);
  return f;
}

static int file_make_folders(lua_State *L)
{
  check_head(L);
  char path[PATH_MAX];
  if (lua_rawlen(L, PATH) >= sizeof path)
    return fail(L, "make", strerror(ENAMETOOLONG));
  snprintf(path, sizeof path, "%s", lua_tostring(L, PATH));
  return make_folders(path) ? 0
                            : fail(L, "make the folders of", strerror(errno));
}

static int file_create(lua_State *L)
{
  file_make_folders(L);
  luaL_Stream *s = push_handle(L);
  set_handle(s, open_new(lua_tostring(L, PATH)));
  if (s->f == NULL && errno != EEXIST)
    return fail(L, "make", strerror(errno));
  return s->f != NULL;
}

static int file_append(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  check_head(L);
  const int fd = fileno(check_open(L, "write"));
  size_t n;
  const char *text = luaL_checklstring(L, TEXT, &n);
  const off_t size = lseek(fd, 0, SEEK_END);
  if (write_bytes(L, S->context, fd, text, n))
    return 0;
  const int number = errno;
  const bool as_before = ftruncate(fd, size) == 0;
  if (nd_error_code(S->context) != ND_OK)
    return ndL_raise(L, S);
  return fail(L, as_before ? "write" : "write all to", strerror(number));
}

// ----------------------------------------------------------------- reading --

// A pipe without a writer would have us wait.
static FILE *open_regular(const char *path, const char **why)
{
  struct stat info;
  const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd >= 0 && fstat(fd, &info) == 0 && !S_ISREG(info.st_mode))
    *why = "it is no regular file";
  FILE *f = fd >= 0 && *why == NULL ? fdopen(fd, "rb") : NULL;
  if (f == NULL && *why == NULL)
    *why = strerror(errno);
  if (f == NULL && fd >= 0)
    close(fd);
  return f;
}

static int file_open(lua_State *L)
{
  const char *why = NULL;
  check_head(L);
  luaL_Stream *s = push_handle(L);
  set_handle(s, open_regular(lua_tostring(L, PATH), &why));
  return s->f != NULL ? 1 : fail(L, "read", why);
}

static nd_tensor *make_tensor(ndL_state *S, const char *function,
                              const nd_type *type)
{
  const char *before = nd_context_enter(S->context, function);
  nd_tensor *x = nd_sizes_check(S->context, type->rank, type->shape)
                   ? nd_tensor_make(S->context, type)
                   : NULL;
  nd_context_leave(S->context, before);
  return x;
}

static bool read_bytes(lua_State *L, nd_context *c, FILE *f, char *bytes,
                       size_t n)
{
  for (size_t done = 0, some; done < n; done += some) {
    some = n - done < PORTION ? n - done : PORTION;
    if (!is_ready(L, c) || fread(bytes + done, 1, some, f) != some)
      return false;
  }
  return true;
}

static int file_read(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  check_head(L);
  const char *function = lua_tostring(L, FUNCTION);
  FILE *f = check_open(L, "read");
  nd_type type = { .dtype = ndL_checkdtype(L, DTYPE, function) };
  type.rank = ndL_checkshape(L, SHAPE, type.shape, function);
  ndL_pace(L, S);
  ndL_box *box = ndL_newbox(L, S);
  nd_tensor *x = make_tensor(S, function, &type);
  if (x == NULL)
    return ndL_raise(L, S);
  ndL_fill(L, S, box, x);
  x = box->tensor;
  if (read_bytes(L, S->context, f, x->data,
                 (size_t)x->size * nd_dtype_size(type.dtype))) {
    ndL_settlebytes(x);
    return 1;
  }
  if (nd_error_code(S->context) != ND_OK)
    return ndL_raise(L, S);
  return fail(L, "read", ferror(f) ? strerror(errno) : "it ends too early");
}

int ndL_open_file(lua_State *L)
{
  static const luaL_Reg functions[] = {
    { "write", file_write },
    { "make_folders", file_make_folders },
    { "create", file_create },
    { "append", file_append },
    { "open", file_open },
    { "read", file_read },
    { NULL, NULL },
  };
  lua_createtable(L, 0, 6);
  ndL_setfunctions(L, functions);
  return 1;
}
