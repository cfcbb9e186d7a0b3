// base/number.c: numbers in options, in any locale.

#include "base/number.h"

#include <locale.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "check.h"

static void reads_like_strtod(void)
{
  const char *end;
  const char *text = "0.125 rest";
  CHECK(nd_number_read(text, &end) == 0.125);
  CHECK(end == text + 5);
  CHECK(nd_number_read("-1e-3]", &end) == -1e-3);
  CHECK(*end == ']');
  text = "-.5.5";
  CHECK(nd_number_read(text, &end) == -0.5);
  CHECK(end == text + 3);
  text = "word";
  nd_number_read(text, &end);
  CHECK(end == text);
}

// Of numbers with few digits, with many and with exponents.
static void reads_the_nearest_number(void)
{
  uint64_t bits = 1;
  for (int i = 0; i < 20000; i++) {
    char text[40];
    char *end;
    const char *stop;
    bits = bits * 6364136223846793005U + 1442695040888963407U;
    const double x = (double)(int32_t)(bits >> 32) / (double)(1 << i % 30);
    snprintf(text, sizeof text, i & 1 ? "%.*f" : "%.*g", i % 18, x);
    CHECK(nd_number_read(text, &stop) == strtod(text, &end));
    CHECK(stop == end);
  }
}

static void a_decimal_comma_changes_nothing(void)
{
  const char *end;
  const char *const names[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "de_DE" };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (setlocale(LC_NUMERIC, names[i]) != NULL)
      break;
  }
  CHECK(nd_number_read("0.5", &end) == 0.5);
  CHECK(*end == '\0');
  CHECK(nd_number_read("1.5e1]", &end) == 15);
  CHECK(*end == ']');
  setlocale(LC_NUMERIC, "C");
}

static void messages_show_fourteen_digits(void)
{
  CHECK_STR(ND_NUMBER(0.5), "0.5");
  CHECK_STR(ND_NUMBER(-1e300), "-1e+300");
  CHECK_STR(ND_NUMBER(1.0 / 3), "0.33333333333333");
  CHECK_STR(ND_NUMBER(INFINITY), "inf");
  CHECK_STR(ND_NUMBER(-NAN), "nan");
}

int main(void)
{
  RUN(reads_like_strtod);
  RUN(messages_show_fourteen_digits);
  RUN(reads_the_nearest_number);
  RUN(a_decimal_comma_changes_nothing);
  return check_done();
}
