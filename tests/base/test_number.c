// base/number.c: numbers in options, in any locale.

#include "base/number.h"

#include <locale.h>
#include <stddef.h>

#include "check.h"

static void reads_like_strtod(void)
{
  const char *end;
  const char *text = "0.125 rest";
  CHECK(nd_number_read(text, &end) == 0.125);
  CHECK(end == text + 5);
  CHECK(nd_number_read("-1e-3]", &end) == -1e-3);
  CHECK(*end == ']');
  text = "word";
  nd_number_read(text, &end);
  CHECK(end == text);
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

int main(void)
{
  RUN(reads_like_strtod);
  RUN(a_decimal_comma_changes_nothing);
  return check_done();
}
