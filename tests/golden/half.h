// golden/half.h: made by golden/half.py
// clang-format off
#include <stdint.h>

enum { STEP = 4099, COUNT = 1048576 };
static const uint64_t FACTOR = 0x9e3779b97f4a7c15;

static const uint64_t float16_widened = 0x9a0971d1585d0ffe;
static const uint64_t float16_of_singles = 0xac341e86b242a3;
static const uint64_t bfloat16_widened = 0xa96d684215fc81fe;
static const uint64_t bfloat16_of_singles = 0xa92c107f6f9040;
// ml_dtypes rounds doubles twice.
static const uint64_t float16_of_doubles = 0x5020038e6ad471;
