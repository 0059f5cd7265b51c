# SPDX-License-Identifier: Apache-2.0
# The sealed stub (INV-3): a freestanding program, and the object that holds its bytes. Included by
# the top Makefile after OBJ, CXX and Q; add $(STUB_OBJ) to SYS_OBJ. sys/stub.cc is an ordinary
# source of sys/. Its flags are its own: no hardening and no sanitizer runs without a libc.

STUB := $(OBJ)/sys/stub/stub
STUB_OBJ := $(OBJ)/sys/stub/embed.o
STUB_FLAGS := -x c -std=c11 -Os -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror \
  -ffreestanding -fno-stack-protector -fno-asynchronous-unwind-tables -fno-ident -fno-pie \
  -fomit-frame-pointer -iquote . -nostdlib -static -no-pie -s \
  -Wl,-n,--build-id=none,-z,noseparate-code,-z,noexecstack

$(STUB): sys/stub/stub.c sys/stub/freestanding.h sys/stub/stub.mk
	@mkdir -p $(@D)
	@echo "stub  $@"
	$(Q)$(CXX) $(STUB_FLAGS) -o $@ $<

$(STUB_OBJ): sys/stub/embed.S $(STUB)
	@mkdir -p $(@D)
	$(Q)$(CXX) -c -DSTUB_FILE='"$(STUB)"' -o $@ $<
