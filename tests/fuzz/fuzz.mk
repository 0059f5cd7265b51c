# SPDX-License-Identifier: Apache-2.0
# Rules for tests/fuzz/, included by the top Makefile after tests/tests.mk: libFuzzer over what reads
# others' bytes. It takes clang, and builds into build/fuzz/.
#
#   make fuzz                        each target for TIME seconds, 60 unless told
#   make fuzz TIME=600 TARGET=json   one of them
#
# What is found is in build/fuzz/found/TARGET-*: mend it, and put it into tests/fuzz/corpus/TARGET/
# under a name that says what it did. `make test` reads all of those again.

FUZZ_PACKAGES := clang libclang-rt-14-dev
FUZZER := $(BIN)/fuzzer
TARGETS := $(notdir $(wildcard tests/fuzz/corpus/*))
TARGET := $(TARGETS)
TIME := 60

ifeq ($(FUZZ),1)
  STUB_FLAGS += -w  # clang has no use for some of g++'s
endif

.PHONY: fuzz fuzz-targets
fuzz: deps-build deps-fuzz
	@$(MAKE) --no-print-directory FUZZ=1 CXX="$(FUZZ_CXX)" CC=clang fuzz-targets
FUZZ_CXX := clang++

fuzz-targets: $(FUZZER)
	@mkdir -p $(OUT)/found
	@for target in $(TARGET); do \
	  mkdir -p $(OUT)/corpus/$$target; \
	  echo "fuzz  $$target"; \
	  TARGET=$$target ASAN_OPTIONS=detect_leaks=0 $(FUZZER) -max_total_time=$(TIME) -timeout=10 \
	    -rss_limit_mb=4096 -max_len=20000 -verbosity=0 -print_final_stats=1 \
	    -artifact_prefix=$(OUT)/found/$$target- $(OUT)/corpus/$$target \
	    tests/fuzz/corpus/$$target $$([ $$target != configuration ] || echo tests/golden) \
	    2> $(OUT)/found/$$target.log || { tail -40 $(OUT)/found/$$target.log; exit 1; }; \
	  grep -h -E 'number_of_executed_units' $(OUT)/found/$$target.log; \
	done

$(FUZZER): $(OBJ)/tests/fuzz/targets.o $(OBJ)/tests/fuzz/layer_targets.o $(OBJ)/tests/fuzz/libfuzzer.o \
  $(WORKER_PARTS) $(LIB_RUNTIME) $(LIB_SNAPSHOTTER) $(LIB_CONFIG) $(LIB_SYS)
	@mkdir -p $(@D)
	@echo "link  $@"
	$(Q)$(CXX) $(LINK) -fsanitize=fuzzer -o $@ $^ $(WORKER_LIBS) $(SYSTEM_LIBS)
