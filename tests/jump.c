// jump.c: linked into what is built for the thread sanitizer. It follows
// longjmp, but not by this name, which the fortified Lua of Debian jumps by; so
// its own stack of calls would grow with each error of a script.

#include <setjmp.h>

_Noreturn void __longjmp_chk(jmp_buf at, int value);

_Noreturn void __longjmp_chk(jmp_buf at, int value)
{
  longjmp(at, value);
}
