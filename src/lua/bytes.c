// lua/bytes.c: tensors as strings of bytes, and back.

#include "lua/bytes.h"

#include "base/error.h"
#include "lua/box.h"
#include "lua/class_tensor.h"
#include "lua/error.h"
#include "lua/pace.h"
#include "lua/signature.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "values in memory are taken for those of files");

void ndL_settlebytes(nd_tensor *x)
{
  uint8_t *truth = (uint8_t *)x->data;
  for (int64_t i = 0; x->dtype == ND_BOOL && i < x->size; i++)
    truth[i] = truth[i] != 0;
}

// ---------------------------------------------------------------- to bytes --

// What does not lie in that order goes to a buffer of Lua's first.
static void push_copied(lua_State *L, ndL_state *S, const nd_tensor *x,
                        size_t size)
{
  luaL_Buffer b;
  char *room = luaL_buffinitsize(L, &b, size);
  if (!nd_tensor_copy(x, room))
    ndL_raise(L, S);
  luaL_pushresultsize(&b, size);
}

static int tensor_tobytes(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  const nd_tensor *x = ndL_takevalues(L, S, "tobytes");
  const size_t size = (size_t)x->size * nd_dtype_size((nd_dtype)x->dtype);
  if (x->dense)
    lua_pushlstring(L, size > 0 ? nd_values(x) : "", size);
  else
    push_copied(L, S, x, size);
  return 1;
}

// -------------------------------------------------------------- from bytes --

enum { TEXT, DTYPE, SHAPE };

static const nd_param from_params[] = {
  { "text", ND_TEXT, .doc = "little endian, in row-major order" },
  { "dtype", ND_WORD_DTYPE, .doc = "of the elements" },
  { "shape", ND_SIZES, "nil", .doc = "nil: one axis, as long as it is" },
  { NULL },
};

// The type that `size` bytes are to have; raises unless they are as many.
static nd_type check_size(lua_State *L, const ndL_arguments *a, size_t size)
{
  const nd_value *shape = &a->at[SHAPE];
  nd_type type = { .dtype = (nd_dtype)a->at[DTYPE].integer, .rank = 1 };
  const size_t width = nd_dtype_size(type.dtype);
  const char *name = nd_dtype_name(type.dtype);
  type.shape[0] = (int64_t)(size / width);
  if (!shape->given && size % width != 0)
    ndL_error(L,
              "%s: text has %zu bytes, which is no multiple of the %zu of %s",
              a->function, size, width, name);
  if (!shape->given)
    return type;
  type.rank = shape->n;
  for (int i = 0; i < shape->n; i++)
    type.shape[i] = shape->list[i];
  return type;
}

static nd_tensor *make(ndL_state *S, const nd_type *type, const char *text,
                       size_t size)
{
  nd_context *c = S->context;
  if (!nd_sizes_check(c, type->rank, type->shape))
    return NULL;
  const int64_t n = nd_type_size(type);
  const char *name = nd_dtype_name(type->dtype);
  if (n < 0) {
    nd_fail(c, ND_BAD_ARGUMENT, "too large: %s %s", name,
            ND_SHAPE(type->rank, type->shape));
    return NULL;
  }
  const size_t needed = (size_t)n * nd_dtype_size(type->dtype);
  if (needed != size) {
    nd_fail(c, ND_BAD_ARGUMENT,
            "sizes differ: text has %zu bytes, %s %s has %zu", size, name,
            ND_SHAPE(type->rank, type->shape), needed);
    return NULL;
  }
  return nd_tensor_new(c, type->dtype, type->rank, type->shape, text);
}

static int tensor_from_bytes(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_arguments a;
  ndL_pace(L, S);
  ndL_read(L, S, &a, 1);
  size_t size;
  const char *text = lua_tolstring(L, 1 + TEXT, &size);
  const nd_type type = check_size(L, &a, size);
  ndL_box *box = ndL_newbox(L, S);
  const char *before = nd_context_enter(S->context, a.function);
  nd_tensor *x = make(S, &type, text, size);
  nd_context_leave(S->context, before);
  if (x != NULL)
    ndL_settlebytes(x);
  return ndL_result(L, S, box, x);
}

// -------------------------------------------------------------------- open --

static void add_method(lua_State *L, const ndL_state *S, ndL_type type)
{
  static const ndL_function methods[] = {
    { "tobytes", tensor_tobytes,
      .doc = "all elements as a string, for nd.from_bytes" },
    { NULL },
  };
  ndL_pushmetatable(L, S, type);
  lua_getfield(L, -1, "__methods");
  ndL_bind(L, "Tensor:", methods);
  lua_pop(L, 2);
}

void ndL_open_bytes(lua_State *L)
{
  static const ndL_function functions[] = {
    { "from_bytes", tensor_from_bytes, from_params,
      "a tensor of what x:tobytes() gave, or a file has" },
    { NULL },
  };
  const ndL_state *S = ndL_getstate(L);
  ndL_bind(L, "nd.", functions);
  add_method(L, S, NDL_SCALAR);
  add_method(L, S, NDL_TENSOR);
  add_method(L, S, NDL_VARIABLE);
}
