// lua/bind.h: what ops use of the binding.

#ifndef ND_LUA_BIND_H
#define ND_LUA_BIND_H

#include "lua/box.h"
#include "lua/error.h"
#include "lua/names.h"
#include "lua/options.h"
#include "lua/pace.h"
#include "lua/values.h"
#include "op/op.h"

#endif
