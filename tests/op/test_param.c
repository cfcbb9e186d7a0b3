// Kinds of arguments have words, and parameters are what their text says.

#include "op/param.h"

#include <math.h>
#include <string.h>

#include "base/dtype.h"
#include "../check.h"

static const char *const words[] = { "none", "zero", NULL };

static const nd_param params[] = {
  { "flag", ND_FLAG, "true" },
  { "rate", ND_AMOUNT, "1e-07" },
  { "share", ND_SHARE, "0.5" },
  { "word", ND_WORD, "zero", .words = words },
  { "dtype", ND_WORD_DTYPE, "int64" },
  { "axis", ND_AXIS, "-1" },
  { "left_out", ND_NUMBER, "nil" },
  { "wanted", ND_TEXT },
  { NULL },
};

static const nd_param *of(const char *name)
{
  return &params[nd_params_find(params, name)];
}

static void every_kind_has_words_of_its_own(void)
{
  for (int kind = 0; kind < ND_KINDS; kind++) {
    CHECK(nd_kind_wanted((nd_kind)kind) != NULL);
    for (int other = 0; other < kind; other++)
      CHECK(strcmp(nd_kind_name((nd_kind)kind), nd_kind_name((nd_kind)other)) !=
            0);
  }
}

static void a_parameter_is_found_by_its_name(void)
{
  CHECK(nd_params_count(params) == 8);
  CHECK(nd_params_find(params, "wanted") == 7);
  CHECK(nd_params_find(params, "want") == -1);
  CHECK(nd_param_word(of("word"), "zero") == 1);
  CHECK(nd_param_word(of("word"), "one") == -1);
}

static void an_initial_value_is_what_its_text_says(void)
{
  CHECK(nd_param_initial(of("flag")).integer == 1);
  CHECK(nd_param_initial(of("rate")).number == 1e-7);
  CHECK(nd_param_initial(of("share")).number == 0.5);
  CHECK(nd_param_initial(of("word")).integer == 1);
  CHECK(nd_param_initial(of("dtype")).integer == ND_INT64);
  CHECK(nd_param_initial(of("axis")).integer == -1);
  CHECK(nd_param_initial(of("axis")).given);
  CHECK(!nd_param_initial(of("left_out")).given);
  CHECK(!nd_param_initial(of("wanted")).given);
}

static void a_setting_says_what_it_must_be(void)
{
  CHECK(nd_param_refuses(of("share"), 1) == NULL);
  CHECK_STR(nd_param_refuses(of("share"), 1.5), nd_kind_wanted(ND_SHARE));
  CHECK_STR(nd_param_refuses(of("rate"), -1), nd_kind_wanted(ND_AMOUNT));
  CHECK_STR(nd_param_refuses(of("rate"), NAN), "finite");
  CHECK_STR(nd_param_refuses(of("rate"), 1e39), "finite in float32");
  CHECK_STR(nd_param_refuses(of("flag"), 2), nd_kind_wanted(ND_FLAG));
}

int main(void)
{
  RUN(every_kind_has_words_of_its_own);
  RUN(a_parameter_is_found_by_its_name);
  RUN(an_initial_value_is_what_its_text_says);
  RUN(a_setting_says_what_it_must_be);
  return check_done();
}
