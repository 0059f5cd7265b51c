/* SPDX-License-Identifier: Apache-2.0
 *
 * What programs without a C library share: where they begin, and how they call the kernel. A
 * program defines `program_main(stack)`, which gets the stack as the kernel left it: argc, argv,
 * NULL, envp, NULL. Source: ELF ABI, "Process Initialization"; syscall(2).
 */
#pragma once

#include <asm/unistd.h>

void program_main(long* stack) __attribute__((noreturn, used));

#if defined(__x86_64__)
__asm__(
    ".text\n.globl _start\n.type _start,@function\n_start:\n"
    "  xor %ebp, %ebp\n  mov %rsp, %rdi\n  and $-16, %rsp\n  call program_main\n");

static long call(long number, long a, long b, long c, long d, long e) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = 0; /* the sixth argument: mmap's offset */
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
__asm__(
    ".text\n.globl _start\n.type _start,%function\n_start:\n"
    "  mov x29, #0\n  mov x30, #0\n  mov x0, sp\n  bl program_main\n");

static long call(long number, long a, long b, long c, long d, long e) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = 0; /* the sixth argument: mmap's offset */
  __asm__ volatile("svc #0"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                   : "memory");
  return x0;
}
#else
#error "programs without a C library know x86_64 and aarch64"
#endif

static void end(int code) __attribute__((noreturn));
static void end(int code) {
  for (;;) {
    (void)call(__NR_exit_group, code, 0, 0, 0, 0);
    __builtin_trap(); /* a profile may deny even that */
  }
}
