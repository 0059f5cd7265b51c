/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of the stub program (stub.c), for sys/stub.cc. STUB_FILE comes from stub.mk. */
        .section .rodata
        .balign 16
        .globl  tilla_stub_begin, tilla_stub_end
        .hidden tilla_stub_begin, tilla_stub_end
tilla_stub_begin:
        .incbin STUB_FILE
tilla_stub_end:
        .section .note.GNU-stack,"",%progbits
