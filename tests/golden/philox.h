// golden/philox.h: made by golden/philox.py
// clang-format off
#include <stdint.h>

static const uint64_t golden_seed = 0x123456789abcdefu;
static const uint64_t golden_stream = 0xfedcba9876543210u;
static const uint64_t golden_first[] = { 0u, 5u, 17179869084u };

// Digests of 500 elements, one column per first element.
static const uint64_t golden_fills[][3] = {
  { 0xef286a1307ffu, 0xef2a62c858e9u, 0xef8584047124u }, // uniform f32
  { 0x1170fd03d2e81160u, 0x285534201cad5d75u, 0x570160ef19ba0602u }, // uniform f64
  { 0x10d404u, 0x10cd43u, 0x11d01cu }, // integers 0..9
  { 0xffff81d77929e5c5u, 0xffff816086e46256u, 0xffff9370e361a739u }, // integers of 3 * 2^30 from -2^31
  { 0xfffff68ce2ada600u, 0xfffff60a5f30bf46u, 0x103c3b8c3c64u }, // integers of 2^32 from -2^31
  { 0xd391835dbcff0472u, 0xbec2584895e6aa89u, 0x72c2ef46acb0a56au }, // integers of 3 * 2^62 from -2^63
  { 0x75fd552540bc1fc9u, 0x732e48bcddb8d2a6u, 0x2c82547af09ba3e6u }, // integers of 2^64 from -2^63
};

// Digest of the permutation of 1000.
static const uint64_t golden_permutation = 0x1d8a1e12u;
