// SPDX-License-Identifier: Apache-2.0
// What a libc program must cost at least; the start of tilla-runtime is measured against it.

int main(void) { return 0; }
