// op/param.c: the kinds of arguments, and what their text stands for.

#include "op/param.h"

#include <math.h>
#include <string.h>

#include "base/dtype.h"
#include "base/near.h"
#include "base/number.h"

static const struct {
  const char *name, *wanted;
} kinds[ND_KINDS] = {
  [ND_TENSOR] = { "tensor", "a tensor" },
  [ND_TENSORS] = { "tensors", "a list of tensors" },
  [ND_FLAG] = { "flag", "true or false" },
  [ND_INTEGER] = { "integer", "a whole number" },
  [ND_NUMBER] = { "number", "a number" },
  [ND_WORD] = { "word", "a word" },
  [ND_WORD_DTYPE] = { "dtype", "the name of a dtype" },
  [ND_AXIS] = { "axis", "a whole number" },
  [ND_AXES] = { "axes", "an axis or a list of axes" },
  [ND_SIZES] = { "shape", "a whole number or a list of them" },
  [ND_INTEGERS] = { "integers", "a whole number or a list of them" },
  [ND_RANGES] = { "ranges", "positions, {first, last, step}, 'newaxis' "
                            "or '...'" },
  [ND_PAIRS] = { "pairs", "numbers or {before, after} of each axis" },
  [ND_PADDING] = { "padding", "'VALID', 'SAME', or numbers or {before, after} "
                              "of the spatial axes" },
  [ND_AXIS_PAIRS] = { "axis pairs", "a number of axes or {of_a, of_b}, axes or "
                                    "lists of as many" },
  [ND_NUMBER_OR_WORD] = { "number or word", "a number or a word" },
  [ND_TEXT] = { "text", "a string" },
  [ND_AMOUNT] = { "amount", "a number, 0 or more" },
  [ND_SHARE] = { "share", "a number within 0..1" },
  [ND_DECAY] = { "decay", "a number, at least 0 and below 1" },
  [ND_FALL] = { "fall", "a number, 0 or less" },
  [ND_COUNT] = { "count", "a whole number, 0 or more" },
  [ND_RATE] = { "rate", "a number, 0 or more" },
  [ND_FUNCTION] = { "function", "a function" },
  [ND_NESTED] = { "nested", "a tensor, a Variable or a table" },
  [ND_TABLE] = { "table", "a table" },
  [ND_OTHER] = { "other", "a value" },
};

const char *const nd_range_words[] = {
  [ND_NEW_AXIS] = "newaxis", [ND_OTHER_AXES] = "...", NULL
};

const char *nd_kind_name(nd_kind kind)
{
  return kinds[kind].name;
}

const char *nd_kind_wanted(nd_kind kind)
{
  return kinds[kind].wanted;
}

int nd_params_count(const nd_param *params)
{
  int n = 0;
  while (params[n].name != NULL)
    n++;
  return n;
}

int nd_params_find(const nd_param *params, const char *name)
{
  for (int i = 0; params[i].name != NULL; i++) {
    if (strcmp(params[i].name, name) == 0)
      return i;
  }
  return -1;
}

const char *const nd_paddings[] = {
  [ND_VALID] = "VALID", [ND_SAME] = "SAME", NULL
};

int nd_param_word(const nd_param *p, const char *word)
{
  const char *const *words = p->kind == ND_PADDING ? nd_paddings : p->words;
  for (int i = 0; words[i] != NULL; i++) {
    if (nd_near_same(words[i], word))
      return i;
  }
  return -1;
}

// True if a finite number lies in the bounds of a setting.
static bool is_within(nd_kind kind, double value)
{
  switch (kind) {
  case ND_FLAG: return value == 0 || value == 1;
  case ND_RATE:
  case ND_AMOUNT: return value >= 0;
  case ND_FALL: return value <= 0;
  case ND_COUNT: return value >= 0 && value == floor(value);
  case ND_SHARE: return value >= 0 && value <= 1;
  case ND_DECAY: return value >= 0 && value < 1;
  default: return true;
  }
}

const char *nd_param_refuses(const nd_param *p, double value)
{
  if (!isfinite(value))
    return "finite";
  if (!is_within(p->kind, value))
    return nd_kind_wanted(p->kind);
  return isfinite((float)value) ? NULL : "finite in float32";
}

static bool is_nil(const char *text)
{
  return text[0] == 'n' && text[1] == 'i' && text[2] == 'l';
}

bool nd_param_may_lack(const nd_param *p)
{
  return p->kind == ND_TENSOR && p->initial != NULL && is_nil(p->initial);
}

nd_value nd_param_initial(const nd_param *p)
{
  nd_value v = { 0 };
  const char *end;
  nd_dtype dtype;
  const char *text = p->initial;
  if (text == NULL || is_nil(text))
    return v;
  v.given = true;
  switch (p->kind) {
  case ND_FLAG: v.integer = text[0] == 't'; break;
  case ND_NUMBER:
  case ND_AMOUNT:
  case ND_SHARE:
  case ND_DECAY:
  case ND_FALL:
  case ND_COUNT:
  case ND_RATE: v.number = nd_number_read(text, &end); break;
  case ND_NUMBER_OR_WORD:
    v.dropped = (uint8_t)(1 + nd_param_word(p, text));
    if (v.dropped == 0)
      v.number = nd_number_read(text, &end);
    break;
  case ND_WORD:
  case ND_PADDING: v.integer = nd_param_word(p, text); break;
  case ND_WORD_DTYPE:
    if (nd_dtype_find(text, &dtype))
      v.integer = dtype;
    break;
  default: v.integer = (int64_t)nd_number_read(text, &end);
  }
  return v;
}
