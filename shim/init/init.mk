# SPDX-License-Identifier: Apache-2.0
# tilla-init, process 1 of containers: freestanding, by the flags of the sealed stub. Included by the
# top Makefile after sys/stub/stub.mk.

$(BIN)/tilla-init: shim/init/init.c sys/stub/freestanding.h sys/stub/stub.mk shim/init/init.mk
	@mkdir -p $(@D)
	@echo "link  $@"
	$(Q)$(CXX) $(STUB_FLAGS) -o $@ $<
