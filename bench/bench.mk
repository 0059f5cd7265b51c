# SPDX-License-Identifier: Apache-2.0
# Rules for bench/, included by the top Makefile. Expects BIN, OUT, CXX, CXXFLAGS and LINK.
#
#   make bench                                   everything, against tilla-runtime in $(BIN)
#   make bench BENCH_ARGS='--only run --rounds 200'
#   make bench TILLA=path/to/another/tilla-runtime
#   make bench-images                            images and snapshots, against podman and others
#   make bench-images BENCH_ARGS='--only load-debian-gzip --rounds 3'
#   make bench-monitor                           tilla-monitor against conmon; BENCH_ARGS='--rounds 9'

CC ?= cc
BENCH := $(OUT)/bench
TILLA ?= $(BIN)/tilla-runtime
BENCH_ARGS ?=

# The floor and its friends are plain C without any of the project's hardening or sanitizers: they
# are the ruler.
BENCH_C := $(CC) -std=c11 -O2 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
BENCH_SOURCES := bench/bench.cc bench/bundle.cc bench/contest.cc bench/process.cc bench/report.cc \
  bench/subids.cc bench/works.cc
BENCH_SYS := $(BENCH)/obj/sys/error.o $(BENCH)/obj/sys/format.o
BENCH_OBJ := $(patsubst %.cc,$(BENCH)/obj/%.o,$(BENCH_SOURCES)) $(BENCH_SYS)
BENCH_TOOLS := $(addprefix $(BENCH)/,bench floor true nothing peak first_throw docker-seccomp.bpf \
  docker-seccomp.json)

.PHONY: bench bench-tools
bench: bench-tools
	@OUT=$(BENCH) TILLA=$(TILLA) bench/run.sh $(BENCH_ARGS)

bench-tools: $(BENCH_TOOLS)

# The three images take minutes, once.
.PHONY: bench-images
bench-images: all $(BENCH)/peak $(if $(wildcard snapshotter/snapshot/*.cc),$(BENCH)/prepare) | deps-bench-images
	@bench/images/make $(BENCH)/images
	@OUT=$(BENCH) BIN=$(BIN) bench/images/run $(BENCH_ARGS)

.PHONY: bench-monitor
bench-monitor: $(BIN)/tilla-monitor $(BIN)/tilla-runtime $(BENCH)/monitored
	@OUT=$(BENCH) BIN=$(BIN) bench/monitor/run $(BENCH_ARGS)

$(BENCH)/monitored: $(BENCH)/obj/bench/monitor/monitored.o $(LIB_SHIM) $(LIB_CONFIG) $(LIB_SYS)
	$(Q)$(CXX) $(LINK) -o $@ $^ $(SYSTEM_LIBS)

$(BENCH)/prepare: $(BENCH)/obj/bench/images/prepare.o $(LIB_SNAPSHOTTER) $(LIB_CONFIG) $(LIB_SYS)
	$(Q)$(CXX) $(LINK) -o $@ $^ $(HASH_LIBS) $(SYSTEM_LIBS)

$(BENCH)/bench: $(BENCH_OBJ)
	$(Q)$(CXX) $(CXXFLAGS) -pie -o $@ $^

$(BENCH)/export_filter: $(BENCH)/obj/bench/export_filter.o $(BENCH_SYS)
	$(Q)$(CXX) $(CXXFLAGS) -pie -o $@ $^ -lseccomp

$(BENCH)/obj/%.o: %.cc
	@mkdir -p $(@D)
	@echo "c++   $<"
	$(Q)$(CXX) $(CXXFLAGS) -MMD -MP -c -o $@ $<

# Linked as the project's programs are: that is what it measures.
$(BENCH)/first_throw: $(BENCH)/obj/bench/first_throw.o
	$(Q)$(CXX) $(CXXFLAGS) $(or $(LINK),-static-pie) -o $@ $^

$(BENCH)/docker-seccomp.bpf: bench/docker-seccomp.json $(BENCH)/export_filter
	$(Q)$(BENCH)/export_filter < $< > $@

$(BENCH)/docker-seccomp.json: bench/docker-seccomp.json
	@mkdir -p $(@D)
	$(Q)cp $< $@

$(BENCH)/floor $(BENCH)/peak: $(BENCH)/%: bench/%.c
	@mkdir -p $(@D)
	@echo "cc    $<"
	$(Q)$(BENCH_C) -fPIE -static-pie -o $@ $<

$(BENCH)/steps: bench/steps.c
	@mkdir -p $(@D)
	@echo "cc    $<"
	$(Q)$(BENCH_C) -o $@ $<

# The order of the program's functions, out of what it executes now: again when much has changed. As
# root: of a user's who may make cgroups.
.PHONY: text-order
text-order: all $(BENCH)/steps $(BENCH)/true
	$(Q)$(CXX) $(LINK) -Wl,-Map=$(BENCH)/tilla-runtime.map -o $(BENCH)/tilla-runtime $(RUNTIME_PARTS) \
	  $(SYSTEM_LIBS)
	$(Q)$(if $(filter 0,$(shell id -u)),bench/in-cgroup 59998) \
	  bench/text-order $(BENCH)/tilla-runtime $(BENCH)/tilla-runtime.map $(BENCH)/steps \
	  $(BENCH)/true $(if $(filter 0,$(shell id -u)),--uid 59998) > $(BENCH)/text-order.ld
	$(Q)mv $(BENCH)/text-order.ld runtime/text-order.ld

$(BENCH)/nothing: bench/nothing.c
	@mkdir -p $(@D)
	@echo "cc    $<"
	$(Q)$(BENCH_C) -static -o $@ $<

$(BENCH)/true: bench/true.c
	@mkdir -p $(@D)
	@echo "cc    $<"
	$(Q)$(BENCH_C) -ffreestanding -fno-stack-protector -fPIE -static-pie -nostdlib -o $@ $<

-include $(BENCH_OBJ:.o=.d) $(BENCH)/obj/bench/monitor/monitored.d $(BENCH)/obj/bench/images/prepare.d $(BENCH)/obj/bench/export_filter.d $(BENCH)/obj/bench/first_throw.d
