// op/param.h: one argument of something that can be called: what it is called,
// what it may be, and what a call gave for it. Ops, optimizers and the
// functions of the Lua module have lists of them.

#ifndef ND_OP_PARAM_H
#define ND_OP_PARAM_H

#include <stdbool.h>
#include <stdint.h>

typedef enum nd_kind {
  ND_TENSOR,   // one tensor
  ND_TENSORS,  // a list of them; the only tensors of their op. Its elements may
               // be arguments
  ND_FLAG,     // true or false
  ND_INTEGER,
  ND_NUMBER,
  ND_WORD,            // one of the parameter's words
  ND_WORD_DTYPE,      // the name of a dtype
  ND_AXIS,            // one axis, counted from 1 or from -1
  ND_AXES,            // one axis or a list of them
  ND_SIZES,           // a shape
  ND_INTEGERS,        // a list of any length, or one integer
  ND_RANGES,          // per axis a position or {first, last, step}, or one of
                      // nd_range_words
  ND_PAIRS,           // per axis {before, after} or a number
  ND_PADDING,         // one of nd_paddings, or ND_PAIRS
  ND_AXIS_PAIRS,      // axes of two tensors, each with one of the other: {of_a,
                      // of_b}, axes or lists of as many; or how many
  ND_NUMBER_OR_WORD,  // a number, or one of the parameter's words
  ND_TEXT,            // of ops, only those that are composed have it

  // Settings, all finite in float32.
  ND_AMOUNT,  // 0 or more
  ND_SHARE,   // 0..1
  ND_DECAY,   // at least 0 and below 1: of a mean that forgets
  ND_FALL,    // 0 or less
  ND_COUNT,   // a whole number, 0 or more
  ND_RATE,    // 0 or more; in Lua also what gives it for each step

  // Values that only scripts have.
  ND_FUNCTION,
  ND_NESTED,  // a tensor, a Variable, or tables of them with any keys
  ND_TABLE,   // with keys that the function knows
  ND_OTHER,   // what the first of the parameter's words says

  ND_KINDS
} nd_kind;

typedef struct nd_param {
  const char *name;
  nd_kind kind;
  const char *initial;  // as users would write it; NULL: must be given
  union {
    int dtypes;  // of a tensor: 0 if it shares the op's dtype, else its own set
    const char *const *words;  // of others: what it may be; ends with NULL
  };
  const char *doc;  // what help says of it; NULL: nothing
} nd_param;

// What a padding may be called. ND_SAME leaves as many windows as steps begin.
enum { ND_VALID, ND_SAME };
extern const char *const nd_paddings[];

// What an entry of ranges may be, beside a range: an axis of size 1, or all
// axes that the other entries leave.
enum { ND_NEW_AXIS, ND_OTHER_AXES };
extern const char *const nd_range_words[];

// The word for a kind in help and in signatures of Lua, and what messages say
// that such a value must be, if the parameter has no words for it.
const char *nd_kind_name(nd_kind kind);
const char *nd_kind_wanted(nd_kind kind);

// How many parameters a list has, which ends with a NULL name.
int nd_params_count(const nd_param *params);

// The position of a parameter, or -1.
int nd_params_find(const nd_param *params, const char *name);

static inline bool nd_param_is_tensor(const nd_param *p)
{
  return p->kind == ND_TENSOR || p->kind == ND_TENSORS;
}

// Whether a call may leave out this tensor.
bool nd_param_may_lack(const nd_param *p);

// Whether it may be one of the words of its own.
static inline bool nd_param_has_words(const nd_param *p)
{
  return p->kind == ND_WORD || p->kind == ND_NUMBER_OR_WORD;
}

// The place of `word` among the words of `p`, in capitals or not; -1.
int nd_param_word(const nd_param *p, const char *word);

// NULL if a number or flag may be `value`, else what it must be.
const char *nd_param_refuses(const nd_param *p, double value);

// ----------------------------------------------------------------- values --

// What the last field of an nd_value is, if it is more than a number.
typedef enum nd_holds {
  ND_HOLDS_NUMBER,
  ND_HOLDS_LIST,
  ND_HOLDS_CLOSURE
} nd_holds;

// A function of somebody's, counted: it begins the object of whoever made it.
typedef struct nd_closure nd_closure;
struct nd_closure {
  int32_t refs;
  bool hosted;                     // and that calls a host
  void (*release)(nd_closure *f);  // nobody will call it again
};

static inline nd_closure *nd_closure_keep(nd_closure *f)
{
  f->refs++;
  return f;
}

static inline void nd_closure_release(nd_closure *f)
{
  if (--f->refs == 0)
    f->release(f);
}

// One argument that is no tensor. A list belongs to whoever made the call, and
// so does the reference of a closure.
typedef struct nd_value {
  bool given;       // false: left out, and the initial value is nil
  uint8_t holds;    // nd_holds
  uint8_t dropped;  // ND_RANGES: bit i set if entry i is one position; of
                    // ND_NUMBER_OR_WORD: 0, or 1 + the place of the word; else
                    // bit 0 set if the list was written as one number
  uint8_t added;    // ND_RANGES: bit i set if entry i adds an axis or, with
                    // that of `dropped`, is for all axes that others leave
  int32_t n;        // how many `list` holds: axes, sizes, 3 per range, 2 per
                    // pair
  union {
    int64_t integer;  // ND_FLAG, ND_INTEGER, ND_AXIS, ND_WORD_DTYPE; ND_WORD,
                      // ND_PADDING: its place among the words
    double number;    // ND_NUMBER, ND_NUMBER_OR_WORD and settings
    const int64_t *list;
    const char *text;  // ND_TEXT
    nd_closure *closure;
  };
} nd_value;

static inline nd_value nd_value_integer(int64_t integer)
{
  return (nd_value){ .given = true, .integer = integer };
}

static inline nd_value nd_value_list(int n, const int64_t *list)
{
  return (
    nd_value){ .given = true, .holds = ND_HOLDS_LIST, .n = n, .list = list };
}

// The number that a value of a setting stands for: 1 or 0 for a flag.
static inline double nd_param_number(const nd_param *p, const nd_value *v)
{
  return p->kind == ND_FLAG ? (double)v->integer : v->number;
}

// The value that the parameter has where a call leaves it out.
nd_value nd_param_initial(const nd_param *p);

#endif
