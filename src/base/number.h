// base/number.h: numbers as text, whatever the host's locale.

#ifndef ND_BASE_NUMBER_H
#define ND_BASE_NUMBER_H

// strtod with a decimal point.
double nd_number_read(const char *text, const char **end);

// `x` as messages show it, to 14 digits. The sign of a nan means nothing.
enum { ND_NUMBER_TEXT = 40 };
const char *nd_number_text(char text[ND_NUMBER_TEXT], double x);

#define ND_NUMBER(x) nd_number_text((char[ND_NUMBER_TEXT]){ 0 }, (x))

#endif
