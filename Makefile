# SPDX-License-Identifier: Apache-2.0
# The only build file. `make help` prints the lines that follow.
#
#: make              build everything into build/bin/, after installing what the build needs
#: make run          run a shell line in a container, as an ordinary user; LINE='echo hello'
#: make test         all tests, as a user and, called by root, as root; STRICT=1 lets nothing be skipped
#: make test-callers the tests with podman, buildah, docker and containerd alone
#: make test-vm      the tests that need cgroup v2, in a machine of their own; VM_ARGS='"a test"' for one
#: make check        the unit tests alone; ARGS='"a test"' for one
#: make conformance  the OCI specification's clauses, one by one; RUNTIME=crun for another runtime
#: make text-order   arrange the program anew, by what it executes; ten minutes
#: make bench        measure against crun, runc, bubblewrap and the floor; BENCH_ARGS='--only run'
#: make bench-images images and snapshots against podman, buildah, umoci and containerd; as root
#: make bench-monitor tilla-monitor against conmon: a log's throughput and memory
#: make lint         formatting, include direction, fences, scripts, manual page; clang-tidy on changes
#: make tidy         clang-tidy on everything, or on FILES='sys/fd.cc'; two minutes
#: make fuzz         libFuzzer over what reads others' bytes, TIME=60 seconds each; TARGET=json for one
#: make test-failures  every system call fails with every error, one after the other; minutes
#: make test-crashes  tilla is killed, and the power cut, at each of its calls; an hour
#: make deps         install the Debian packages that are missing; FOR='build run test callers vm bench lint fuzz'
#: make install      into PREFIX (/usr/local), below DESTDIR; make uninstall takes it away
#: make clean        remove build/
#:
#: SAN=1             with ASan and UBSan, into build/san/
#: V=1               show the commands themselves

SAN ?= 0
FUZZ ?= 0
V ?= 0
PREFIX ?= /usr/local
VERSION := 0.1.0
COMMIT := $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)

Q := $(if $(filter 1,$(V)),,@)
OUT := build$(if $(filter 1,$(SAN)),/san)$(if $(filter 1,$(FUZZ)),/fuzz)
OBJ := $(OUT)/obj
BIN := $(OUT)/bin

CXX := g++
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wold-style-cast -Wnon-virtual-dtor -Werror
CXXFLAGS := -std=c++20 -g1 $(WARNINGS) -fstack-protector-strong -iquote .
ifeq ($(SAN),1)
  # Sanitizers need a dynamic program.
  CXXFLAGS += -O1 -fPIE -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
  LINK := -pie -fsanitize=address,undefined -Wl,--wrap=clone
  DYNAMIC_LINK := $(LINK)
else ifeq ($(FUZZ),1)
  # By clang, whose libFuzzer it is; what g++ warns of is warned of elsewhere.
  # RapidJSON adds to null pointers.
  CXXFLAGS += -O1 -fPIE -w -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all \
    -fno-sanitize=pointer-overflow
  LINK := -pie -fsanitize=address,undefined
  DYNAMIC_LINK := $(LINK)
else
  # A run is short and mostly the kernel's: page faults of the program cost more than its instructions.
  CXXFLAGS += -Os -fPIE -D_FORTIFY_SOURCE=2 -ffunction-sections -fdata-sections
  # Never -static: the first exception would cost 2 ms instead of 0.03 ms.
  LINK := -static-pie -Wl,-z,relro,-z,now,-z,pack-relative-relocs,--gc-sections
  DYNAMIC_LINK := -pie -Wl,-z,relro,-z,now,--gc-sections
endif
CXXFLAGS += -DTILLA_VERSION='"$(VERSION)"'

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

# ---------------------------------------------------------------------------- sources

SYS_OBJ := $(patsubst %.cc,$(OBJ)/%.o,$(wildcard sys/*.cc))
CONFIG_OBJ := $(patsubst %.cc,$(OBJ)/%.o,$(wildcard config/*.cc))
RUNTIME_OBJ := $(patsubst %.cc,$(OBJ)/%.o,$(wildcard runtime/plan/*.cc runtime/cgroup/*.cc runtime/apply/*.cc runtime/commands/*.cc))

SNAPSHOTTER_OBJ := $(patsubst %.cc,$(OBJ)/%.o,$(wildcard snapshotter/content/*.cc snapshotter/layer/*.cc snapshotter/snapshot/*.cc))
WORKER_OBJ := $(patsubst %.cc,$(OBJ)/%.o,$(wildcard snapshotter/worker/*.cc))
WORKER_PARTS := $(filter-out %/main.o,$(WORKER_OBJ))
ENGINE_OBJ := $(patsubst %.cc,$(OBJ)/%.o,$(wildcard engine/image/*.cc engine/container/*.cc engine/network/*.cc engine/doctor/*.cc engine/commands/*.cc) \
  $(filter-out engine/main.cc,$(wildcard engine/*.cc)))

SHIM_OBJ := $(patsubst %.cc,$(OBJ)/%.o,$(filter-out shim/monitor/main.cc,$(wildcard shim/monitor/*.cc)))
SYSTEMD_OBJ := $(patsubst %.cc,$(OBJ)/%.o,$(wildcard systemd/*.cc))

include sys/stub/stub.mk
include shim/init/init.mk
SYS_OBJ += $(STUB_OBJ)

LIB_SYS := $(OBJ)/libsys.a
LIB_CONFIG := $(OBJ)/libconfig.a
LIB_RUNTIME := $(OBJ)/libruntime.a
LIB_SNAPSHOTTER := $(OBJ)/libsnapshotter.a
LIB_SHIM := $(OBJ)/libshim.a
LIB_ENGINE := $(OBJ)/libengine.a
SYSTEM_LIBS := -lseccomp -lcap
# SHA-256, in config/hash.cc.
HASH_LIBS := $(if $(filter 1,$(SAN) $(FUZZ)),-lcrypto,-l:libcrypto.a)

# ---------------------------------------------------------------------------- programs

.PHONY: all
all: $(BIN)/tilla-init $(BIN)/tilla-monitor $(BIN)/tilla-runtime $(BIN)/tilla-systemd $(if $(wildcard engine/main.cc),$(BIN)/tilla) $(if $(WORKER_OBJ),$(BIN)/tilla-layers)

RUNTIME_PARTS := $(OBJ)/runtime/main.o $(LIB_RUNTIME) $(LIB_CONFIG) $(LIB_SYS)
, := ,
# What a start executes, side by side, and made present at once.
TEXT_ORDER := runtime/text-order.ld
ifeq ($(SAN)$(shell uname -m),0x86_64)
  START := $(OBJ)/sys/start.o
  START_LINK := -Wl,-e,tilla_start
endif

$(BIN)/tilla-runtime: $(START) $(RUNTIME_PARTS) $(TEXT_ORDER)
	@mkdir -p $(@D)
	@echo "link  $@"
	$(Q)$(CXX) $(LINK) $(if $(filter 0,$(SAN)),-Wl$(,)-T$(,)$(TEXT_ORDER)) $(START_LINK) -o $@ $(START) $(RUNTIME_PARTS) \
	  $(SYSTEM_LIBS)

# Dynamic: only whoever asks for systemd runs it.
$(BIN)/tilla-systemd: $(SYSTEMD_OBJ) $(LIB_SYS)
	@mkdir -p $(@D)
	@echo "link  $@"
	$(Q)$(CXX) $(DYNAMIC_LINK) -o $@ $^ -lsystemd -lcap

$(BIN)/tilla: $(OBJ)/engine/main.o $(LIB_ENGINE) $(LIB_SHIM) $(LIB_SNAPSHOTTER) $(LIB_CONFIG) $(LIB_SYS)
	@mkdir -p $(@D)
	@echo "link  $@"
	$(Q)$(CXX) $(LINK) -o $@ $^ $(HASH_LIBS) $(SYSTEM_LIBS)

$(BIN)/tilla-monitor: $(OBJ)/shim/monitor/main.o $(LIB_SHIM) $(LIB_CONFIG) $(LIB_SYS)
	@mkdir -p $(@D)
	@echo "link  $@"
	$(Q)$(CXX) $(LINK) -o $@ $^ $(SYSTEM_LIBS)

# Dynamic for isa-l alone, of which Debian has no archive. Each library more makes a start longer:
# libcrypto and libarchive 5 ms; libstdc++ and the small ones took 9 ms of CPU where it is 5 now.
ifneq ($(filter 1,$(SAN) $(FUZZ)),)
WORKER_LIBS := -larchive -lzstd -lcrypto -llzma -lbz2 -lz -lisal -lcap
else
WORKER_LIBS := -static-libstdc++ -static-libgcc -l:libarchive.a -l:libzstd.a -l:libcrypto.a \
  -l:liblzma.a -l:libbz2.a -l:libz.a -l:libcap.a -lisal
endif
$(BIN)/tilla-layers: $(WORKER_OBJ) $(LIB_SNAPSHOTTER) $(LIB_CONFIG) $(LIB_SYS)
	@mkdir -p $(@D)
	@echo "link  $@"
	$(Q)$(CXX) $(DYNAMIC_LINK) -o $@ $^ $(WORKER_LIBS)

$(LIB_SNAPSHOTTER): $(SNAPSHOTTER_OBJ)
$(LIB_SHIM): $(SHIM_OBJ)
$(LIB_ENGINE): $(ENGINE_OBJ)
$(LIB_SYS): $(SYS_OBJ)
$(LIB_CONFIG): $(CONFIG_OBJ)
$(LIB_RUNTIME): $(RUNTIME_OBJ)
$(OBJ)/lib%.a:
	@rm -f $@
	$(Q)ar rcs $@ $^

# But a configuration has hundreds of strings.
$(CONFIG_OBJ): CXXFLAGS += $(if $(filter 1,$(SAN)),,-O2)

# Only these know the commit: a new one rebuilds no more than it must.
$(addprefix $(OBJ)/,runtime/commands/command_line.o runtime/commands/features.o engine/commands/version.o): \
  CXXFLAGS += -DTILLA_COMMIT='"$(COMMIT)"'

# A hundred thousand headers and names: not start, but work.
$(WORKER_OBJ): CXXFLAGS += $(if $(filter 1,$(SAN)),,-O2)

$(addprefix $(OBJ)/,runtime/cgroup/systemd.o sys/helper_program.o): CXXFLAGS += -DTILLA_LIBEXEC='"$(PREFIX)/libexec/tilla"'

$(OBJ)/sys/start.o: sys/start.S
	@mkdir -p $(@D)
	$(Q)$(CXX) -c -o $@ $<

$(OBJ)/%.o: %.cc
	@mkdir -p $(@D)
	@echo "c++   $<"
	$(Q)$(CXX) $(CXXFLAGS) -MMD -MP -c -o $@ $<

include tests/tests.mk
include tests/fuzz/fuzz.mk
include bench/bench.mk

bench: all

# ---------------------------------------------------------------------------- packages

# Debian's, by what they are for. `make deps` installs what FOR names; the targets that need more
# call scripts/deps themselves.
BUILD_PACKAGES := g++ make libseccomp-dev libcap-dev rapidjson-dev libfmt-dev libsystemd-dev \
  libssl-dev libarchive-dev libisal-dev libzstd-dev liblzma-dev libbz2-dev zlib1g-dev
RUN_PACKAGES := busybox-static uidmap
BENCH_PACKAGES := crun runc bubblewrap strace busybox-static uidmap libseccomp-dev \
  nlohmann-json3-dev
BENCH_IMAGES_PACKAGES := podman buildah skopeo umoci containerd mmdebstrap busybox-static uidmap isal \
  zstd pigz e2fsprogs python3
LINT_PACKAGES := clang-format clang-tidy shellcheck groff-base
FOR := build run test callers
FOR_build := $(BUILD_PACKAGES)
FOR_run := $(RUN_PACKAGES)
FOR_test := $(TEST_PACKAGES)
FOR_callers := $(CALLER_PACKAGES)
FOR_vm := $(VM_PACKAGES)
FOR_bench := $(BENCH_PACKAGES)
FOR_bench-images := $(BENCH_IMAGES_PACKAGES)
FOR_lint := $(LINT_PACKAGES)
FOR_conformance := $(CONFORMANCE_PACKAGES)
FOR_fuzz := $(FUZZ_PACKAGES)

DEPS := deps-build deps-run deps-test deps-callers deps-vm deps-bench deps-bench-images deps-lint deps-conformance deps-fuzz
.PHONY: deps $(DEPS)
deps:
	@scripts/deps $(sort $(foreach each,$(FOR),$(FOR_$(each))))
$(DEPS): deps-%:
	@scripts/deps $(FOR_$*)

# Before anything is compiled, but no reason to compile anything again.
$(SYS_OBJ) $(CONFIG_OBJ) $(RUNTIME_OBJ) $(OBJ)/runtime/main.o $(SYSTEMD_OBJ) $(SNAPSHOTTER_OBJ) \
  $(WORKER_OBJ) $(SHIM_OBJ) $(OBJ)/shim/monitor/main.o $(ENGINE_OBJ) $(OBJ)/engine/main.o $(STUB): | deps-build
bench-tools $(BENCH_OBJ) $(BENCH_TOOLS): | deps-bench
$(TEST_OBJECTS) $(PCH).gch $(TESTS)/probe $(TESTS)/failing $(TESTS)/attack: | deps-build deps-test
$(CONFORMANCE_OBJ): | deps-build deps-test deps-conformance

# ---------------------------------------------------------------------------- the rest

.PHONY: run lint tidy install uninstall clean help
# make run LINE='echo hello'
run: all deps-run
	@scripts/demo $(BIN)/tilla-runtime $(if $(LINE),'$(subst ','\'',$(LINE))')

lint: all deps-lint
	@scripts/lint $(BIN)
	@scripts/tidy

tidy: deps-lint deps-build
	@scripts/tidy $(or $(FILES),--all)

install: all
	install -D -m 0755 $(BIN)/tilla-runtime $(DESTDIR)$(PREFIX)/bin/tilla-runtime
	install -D -m 0755 $(BIN)/tilla $(DESTDIR)$(PREFIX)/bin/tilla
	install -D -m 0755 $(BIN)/tilla-systemd $(DESTDIR)$(PREFIX)/libexec/tilla/tilla-systemd
	install -D -m 0755 $(BIN)/tilla-layers $(DESTDIR)$(PREFIX)/libexec/tilla/tilla-layers
	install -D -m 0755 $(BIN)/tilla-monitor $(DESTDIR)$(PREFIX)/libexec/tilla/tilla-monitor
	install -D -m 0755 $(BIN)/tilla-init $(DESTDIR)$(PREFIX)/libexec/tilla/tilla-init
	install -D -m 0644 man/tilla-monitor.8 $(DESTDIR)$(PREFIX)/share/man/man8/tilla-monitor.8
	install -D -m 0644 man/tilla-init.8 $(DESTDIR)$(PREFIX)/share/man/man8/tilla-init.8
	install -D -m 0644 man/tilla.1 $(DESTDIR)$(PREFIX)/share/man/man1/tilla.1
	install -D -m 0644 man/tilla-layers.8 $(DESTDIR)$(PREFIX)/share/man/man8/tilla-layers.8
	install -D -m 0644 man/tilla-runtime.8 $(DESTDIR)$(PREFIX)/share/man/man8/tilla-runtime.8

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/tilla $(DESTDIR)$(PREFIX)/share/man/man1/tilla.1 \
	  $(DESTDIR)$(PREFIX)/bin/tilla-runtime $(DESTDIR)$(PREFIX)/share/man/man8/tilla-runtime.8 \
	  $(DESTDIR)$(PREFIX)/libexec/tilla/tilla-systemd $(DESTDIR)$(PREFIX)/libexec/tilla/tilla-layers \
	  $(DESTDIR)$(PREFIX)/share/man/man8/tilla-layers.8 \
	  $(addprefix $(DESTDIR)$(PREFIX)/libexec/tilla/,tilla-monitor tilla-init) \
	  $(addprefix $(DESTDIR)$(PREFIX)/share/man/man8/,tilla-monitor.8 tilla-init.8)

clean:
	rm -rf build

help:
	@sed -n 's/^#: \?//p' Makefile

-include $(shell find $(OBJ) -name '*.d' 2>/dev/null)
