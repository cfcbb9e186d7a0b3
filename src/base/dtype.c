// base/dtype.c: names and sizes of element types.

#include "base/dtype.h"

#include <string.h>

static const struct {
  const char *name;
  size_t size;
} dtypes[ND_DTYPES] = {
#define ROW(constant, type, name) [constant] = { #name, sizeof(type) },
  ND_DTYPE_LIST(ROW)
#undef ROW
};

const char *nd_dtype_name(nd_dtype dtype)
{
  return dtypes[dtype].name;
}

size_t nd_dtype_size(nd_dtype dtype)
{
  return dtypes[dtype].size;
}

bool nd_dtype_find(const char *name, nd_dtype *dtype)
{
  for (int i = 0; i < ND_DTYPES; i++) {
    if (strcmp(dtypes[i].name, name) == 0) {
      *dtype = (nd_dtype)i;
      return true;
    }
  }
  return false;
}
