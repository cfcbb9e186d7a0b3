// lua/file.h: files of values: written as a whole or not at all, and read into
// tensors; files that grow.

#ifndef ND_LUA_FILE_H
#define ND_LUA_FILE_H

#include <lua.h>

// Notes that the host lends files to scripts, if it does: io.open is there. Who
// takes that away later, or puts another in its place, takes these with it.
void ndL_lendfiles(lua_State *L);

// Native module: a table of
//   write(function, path, pieces)  strings and tensors, one after the other
//   make_folders(function, path)   those on the way to it that there are not
//   create(function, path)         a file of Lua's that was not there, and the
//                                  folders on the way; nothing if it was there
//   append(function, path, file, text)  adds all of the text, or nothing
//   open(function, path)           a file of Lua's, to be read
//   read(function, path, file, dtype, shape)  the tensor that comes next
// which raise errors as `function`.
int ndL_open_file(lua_State *L);

#endif
