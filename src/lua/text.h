// lua/text.h: how tensors become text: nd.print_options.

#ifndef ND_LUA_TEXT_H
#define ND_LUA_TEXT_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

// The sink (tensor/print.h) of a luaL_Buffer.
bool ndL_addtext(void *buffer, const char *text, size_t n);

void ndL_open_text(lua_State *L);

#endif
