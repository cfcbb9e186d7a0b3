// tape/explain.c: the reasons for a missing gradient.

#include "tape/explain.h"

#include <stdio.h>

#include "base/dtype.h"

static const char *explain_float(const nd_tape *t, const nd_variable *v)
{
  if (v == NULL)
    return "it was not watched; call tape:watch before it is used";
  if (!v->trainable)
    return "it is not trainable and was not watched; call tape:watch before it "
           "is used";
  if (!t->auto_watch)
    return "it was not watched, and this tape watches nothing by itself; call "
           "tape:watch before it is used";
  return "it was not used while the tape recorded";
}

const char *nd_explain_source(char text[ND_REASON_TEXT], const nd_tape *t,
                              const nd_tensor *x, const nd_variable *v)
{
  const nd_dtype dtype = (nd_dtype)x->dtype;
  if (nd_dtype_in(dtype, ND_FLOATS))
    snprintf(text, ND_REASON_TEXT, "%s", explain_float(t, v));
  else
    snprintf(text, ND_REASON_TEXT,
             "it is %s, and only floats have gradients; write 0. for 0, or "
             "use nd.cast",
             nd_dtype_name(dtype));
  return text;
}
