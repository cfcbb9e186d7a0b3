// fact.h: reads one fact (README.md beside this file has the grammar) into a
// tree of calls over literals, and the results that it promises.

#ifndef ND_TEST_FACT_H
#define ND_TEST_FACT_H

#include "../op/cases.h"

enum { FACT_NODES = 32, FACT_INPUTS = 10, FACT_TEXT = 8000 };

// A call, or a literal if `name` is empty.
typedef struct fact_node {
  char name[48];
  char options[160];
  int n;
  int in[FACT_INPUTS];  // nodes
  bool none;            // a tensor that is left out
  nd_dtype dtype;       // of a literal; ND_DTYPES: the one that is tried
  literal value;
} fact_node;

typedef struct fact_result {
  bool none;       // no gradient
  nd_dtype dtype;  // as above
  literal value;
} fact_result;

typedef struct fact {
  char text[FACT_TEXT];
  int set;    // of dtypes
  int order;  // how often it is differentiated
  bool dense_only;
  int nodes;
  fact_node node[FACT_NODES];  // the first is the outermost call
  bool weighted;
  literal along;
  const char *message;  // of a refusal, else NULL
  int results;
  fact_result result[FACT_INPUTS];
  double ulps, within;  // how far a number may be off
} fact;

// ------------------------------------------------------------------- words --

static inline const char *fact_space(const char *s)
{
  return s + strspn(s, " ");
}

// True if `word` stands at `*s`, which then moves behind it.
static inline bool fact_take(const char **s, const char *word)
{
  const size_t n = strlen(word);
  if (strncmp(*s, word, n) != 0 || ((*s)[n] != ' ' && (*s)[n] != '\0'))
    return false;
  *s = fact_space(*s + n);
  return true;
}

static inline bool fact_copy(char *to, size_t room, const char *s, size_t n)
{
  if (n == 0 || n >= room)
    return false;
  memcpy(to, s, n);
  to[n] = '\0';
  return true;
}

static inline size_t fact_name(const char *s)
{
  return strspn(s, "abcdefghijklmnopqrstuvwxyz_0123456789");
}

// The dtype whose name stands before a literal, or ND_DTYPES.
static inline nd_dtype fact_dtype(const char **s)
{
  char word[16];
  nd_dtype dtype;
  const size_t n = fact_name(*s);
  if (!fact_copy(word, sizeof word, *s, n) || !nd_dtype_find(word, &dtype))
    return ND_DTYPES;
  *s = fact_space(*s + n);
  return dtype;
}

// "ints:" and the like; floats when there is none.
static inline bool fact_set(const char **s, int *set)
{
  static const struct {
    const char *name;
    int set;
  } sets[] = { { "floats:", ND_FLOATS },
               { "ints:", ND_INTS },
               { "numbers:", ND_NUMBERS },
               { "values:", ND_VALUES },
               { "any:", ND_ANY } };
  const size_t n = fact_name(*s);
  *set = ND_FLOATS;
  if ((*s)[n] != ':')
    return true;
  for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
    if (fact_take(s, sets[i].name)) {
      *set = sets[i].set;
      return true;
    }
  }
  const nd_dtype dtype = fact_dtype(s);
  *set = 1 << dtype;
  *s = fact_space(*s + 1);
  return dtype != ND_DTYPES;
}

// ------------------------------------------------------------------- calls --

static inline const char *fact_literal(literal *l, const char *s)
{
  const char *end = literal_start(l, s);
  return end == s ? NULL : fact_space(end);
}

static inline bool fact_ends(const char *s)
{
  static const char *const words[] = { "->", "!!", "along ", "through ", ")" };
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (strncmp(s, words[i], strlen(words[i])) == 0)
      return true;
  }
  return *s == '\0';
}

// Options reach to a space outside of brackets.
static inline const char *fact_option(fact_node *call, const char *s)
{
  size_t n = 0;
  for (int depth = 0; s[n] != '\0' && s[n] != ')'; n++) {
    depth += (s[n] == '[') - (s[n] == ']');
    if (s[n] == ' ' && depth == 0)
      break;
  }
  const size_t had = strlen(call->options);
  if (had + n + 2 > sizeof call->options)
    return NULL;
  if (had > 0)
    strcat(call->options, " ");
  strncat(call->options, s, n);
  return fact_space(s + n);
}

static inline const char *fact_call(fact *f, int at, const char *s);

static inline const char *fact_input(fact *f, int at, const char *s)
{
  fact_node *call = &f->node[at];
  const size_t n = fact_name(s);
  if (n > 0 && s[n] == '=')
    return fact_option(call, s);
  if (f->nodes == FACT_NODES || call->n == FACT_INPUTS)
    return NULL;
  const int child = f->nodes++;
  call->in[call->n++] = child;
  if (*s == '(') {
    s = fact_call(f, child, fact_space(s + 1));
    return s == NULL || *s != ')' ? NULL : fact_space(s + 1);
  }
  fact_node *leaf = &f->node[child];
  leaf->name[0] = '\0';
  leaf->none = fact_take(&s, "none");
  if (leaf->none)
    return s;
  leaf->dtype = fact_dtype(&s);
  return fact_literal(&leaf->value, s);
}

// Reads a call into node `at`; NULL if it cannot be read.
static inline const char *fact_call(fact *f, int at, const char *s)
{
  fact_node *call = &f->node[at];
  const size_t n = fact_name(s);
  call->n = 0;
  call->options[0] = '\0';
  if (!fact_copy(call->name, sizeof call->name, s, n))
    return NULL;
  s = fact_space(s + n);
  while (s != NULL && !fact_ends(s)) {
    if (*s == '{' || *s == '}')
      s = fact_space(s + 1);
    else
      s = fact_input(f, at, s);
  }
  return s;
}

// ----------------------------------------------------------------- results --

static inline const char *fact_results(fact *f, const char *s)
{
  for (f->results = 0; f->results < FACT_INPUTS;) {
    fact_result *r = &f->result[f->results++];
    r->none = fact_take(&s, "none");
    r->dtype = fact_dtype(&s);
    if (!r->none && (s = fact_literal(&r->value, s)) == NULL)
      return NULL;
    if (*s != '|')
      return s;
    s = fact_space(s + 1);
  }
  return NULL;
}

static inline bool fact_distance(fact *f, const char *s)
{
  f->ulps = fact_take(&s, "exactly") ? 0 : 4;
  f->within = 0;
  if (fact_take(&s, "within")) {
    char *end;
    const double far = strtod(s, &end);
    if (end == s)
      return false;
    s = fact_space(end);
    if (fact_take(&s, "ulp"))
      f->ulps = far;
    else
      f->within = far;
  }
  return *s == '\0';
}

// Reads f->text. False if it is no fact.
static inline bool fact_read(fact *f)
{
  const char *s = f->text;
  f->order = 0;
  f->nodes = 1;
  f->results = 0;
  f->message = NULL;
  if (!fact_set(&s, &f->set))
    return false;
  const size_t order = strspn(s, "d");
  if (s[order] == ' ') {
    f->order = (int)order;
    s = fact_space(s + order);
  }
  s = fact_call(f, 0, s);
  f->dense_only = s != NULL && fact_take(&s, "through") &&
                  fact_take(&s, "dense");
  f->weighted = s != NULL && fact_take(&s, "along");
  if (f->weighted)
    s = fact_literal(&f->along, s);
  if (s == NULL)
    return false;
  if (fact_take(&s, "!!")) {
    f->message = s;
    return true;
  }
  return fact_take(&s, "->") && (s = fact_results(f, s)) != NULL &&
         fact_distance(f, s);
}

#endif
