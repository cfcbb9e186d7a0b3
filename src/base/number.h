// base/number.h: numbers as text, whatever the host's locale.

#ifndef ND_BASE_NUMBER_H
#define ND_BASE_NUMBER_H

// strtod with a decimal point.
double nd_number_read(const char *text, const char **end);

#endif
