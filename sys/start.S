// SPDX-License-Identifier: Apache-2.0
// Where tilla-runtime begins on x86-64: has the kernel make the pages that every run touches, with
// three calls instead of thirty page faults, and goes on in the C library. In a virtual machine a
// fault costs more than ten system calls; what comes here is a tenth of a whole run. What the
// kernel refuses is left to the faults. Source: madvise(2), MADV_POPULATE_WRITE; ELF ABI, "Process
// Initialization": the stack pointer and %rdx are the C library's.
#if defined(__x86_64__)
#define SYS_madvise 28
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23

// populate FROM, TO, ADVICE: the pages from %rdi to %rsi
.macro populate advice
        and     $-4096, %rdi
        sub     %rdi, %rsi
        add     $4095, %rsi
        and     $-4096, %rsi
        mov     $\advice, %edx
        mov     $SYS_madvise, %eax
        syscall
.endm

        .section .text.tilla_start, "ax", @progbits
        .globl  tilla_start
        .type   tilla_start, @function
tilla_start:
        mov     %rdx, %r12
        // All that is written: relocations, the library's data and ours.
        lea     __init_array_start(%rip), %rdi
        lea     _end(%rip), %rsi
        populate MADV_POPULATE_WRITE
        // The stack: 7 pages are what a run needs; the kernel has made room for more.
        lea     -0x7000(%rsp), %rdi
        lea     -1(%rsp), %rsi
        populate MADV_POPULATE_WRITE
        // The functions that a start executes: runtime/text-order.ld.
        lea     tilla_text_begin(%rip), %rdi
        lea     tilla_text_end(%rip), %rsi
        populate MADV_POPULATE_READ
        mov     %r12, %rdx
        jmp     _start
        .size   tilla_start, . - tilla_start
        .section .note.GNU-stack, "", @progbits
#endif
