# SPDX-License-Identifier: Apache-2.0
# Rules for tests/, included by the top Makefile. Expects OUT, OBJ, BIN, CXX, CXXFLAGS, WARNINGS,
# LIB_* and SYSTEM_LIBS.
#
#   make test     everything: unit, integration and security tests, as a user and (if root) as root
#   make test-failures   the tests that let every system call fail, whole; as whoever calls
#   make test-crashes    the tests that kill and cut the power, at every call; as whoever calls
#   make check    unit tests, as whoever calls
#   make check ARGS='"name of a test"'
#   make conformance     the specification, clause by clause; RUNTIME=crun for another runtime,
#                 CLAUSES=hooks. for some of it, RUNTIME_TOOLS=DIR for OCI runtime-tools as well
#   make conformance-docs          the table of tilla, crun and runc: docs/conformance.md
#   STRICT=1      a test that needs something which could be installed fails instead of being skipped
#   UPDATE_GOLDEN=1 make check     rewrites tests/golden/plan/*.txt
#   make test-callers  podman, buildah, docker and containerd alone, with our runtime
#   make test-vm  what needs a machine with cgroup v2, in one; VM_ARGS='-i systemd "a test"'

TEST_PACKAGES := catch2 busybox-static uidmap util-linux jq strace crun attr fuse-overlayfs skopeo umoci \
  e2fsprogs xfsprogs libarchive-tools
VM_PACKAGES := $(TEST_PACKAGES) mmdebstrap xz-utils qemu-system-x86
CONFORMANCE_PACKAGES := nlohmann-json3-dev busybox-static uidmap util-linux iproute2

CALLER_PACKAGES := podman buildah catatonit curl
# Whose daemons nobody wants to run for good: unpacked into OUT, not installed.
UNPACKED_PACKAGES := containerd docker.io

TESTS := $(OUT)/tests
TEST_OBJ := $(OBJ)/tests
# Tests are compiled often and run once.
TEST_CXXFLAGS := -std=c++20 -O0 -g0 $(WARNINGS) -fPIE -iquote .
TEST_LINK := -pie
ifeq ($(SAN),1)
  TEST_CXXFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=all
  TEST_LINK += -fsanitize=address,undefined -Wl,--wrap=clone
endif

UNIT_PROGRAMS := $(TESTS)/unit-sys $(TESTS)/unit-config $(TESTS)/unit-runtime $(TESTS)/replay \
  $(TESTS)/unit-snapshotter $(TESTS)/unit-shim $(TESTS)/unit-engine
SCENE_PROGRAMS := $(TESTS)/integration $(TESTS)/monitor $(TESTS)/security $(TESTS)/images $(TESTS)/containers $(TESTS)/callers
VM_PROGRAM := $(TESTS)/vm
TEST_PROGRAMS := $(UNIT_PROGRAMS) $(SCENE_PROGRAMS) $(VM_PROGRAM)

tests_in = $(patsubst tests/%.cc,$(TEST_OBJ)/%.o,$(wildcard tests/$(1)/*_test.cc))
# Of containers with monitors; whoever uses it links the shim.
MONITORED_OBJ := $(TEST_OBJ)/support/monitored.o
SUPPORT_OBJ := $(filter-out $(MONITORED_OBJ) %/attacher.o,$(patsubst tests/%.cc,$(TEST_OBJ)/%.o,$(wildcard tests/support/*.cc)))
CONTRACT_OBJ := $(TEST_OBJ)/contract/scene.o
CONTAINERS_OBJ := $(patsubst tests/%.cc,$(TEST_OBJ)/%.o,$(wildcard tests/containers/*.cc))
CALLERS_OBJ := $(patsubst tests/%.cc,$(TEST_OBJ)/%.o,$(wildcard tests/callers/*.cc))
UNIT_SNAPSHOTTER_OBJ := $(patsubst tests/%.cc,$(TEST_OBJ)/%.o,$(wildcard tests/unit/snapshotter/*.cc))
TEST_OBJECTS := $(SUPPORT_OBJ) $(MONITORED_OBJ) $(TEST_OBJ)/support/attacher.o $(call tests_in,unit/shim) $(call tests_in,monitor) $(call tests_in,unit/sys) $(call tests_in,unit/config) \
  $(call tests_in,unit/runtime) $(UNIT_SNAPSHOTTER_OBJ) $(call tests_in,unit/engine) \
  $(call tests_in,contract) $(CONTRACT_OBJ) $(call tests_in,images) $(CONTAINERS_OBJ) $(call tests_in,integration) $(call tests_in,security) \
  $(CALLERS_OBJ) $(call tests_in,vm) $(call tests_in,fuzz) $(TEST_OBJ)/fuzz/targets.o \
  $(TEST_OBJ)/fuzz/layer_targets.o

.PHONY: test test-callers test-failures test-crashes test-vm check tests
tests: all $(UNIT_PROGRAMS) $(SCENE_PROGRAMS) $(TESTS)/conformance $(TESTS)/probe \
  $(TESTS)/failing $(TESTS)/attack $(TESTS)/attacher

test: deps-run deps-test deps-callers tests $(TESTS)/unpacked
	@OUT=$(OUT) tests/run all

test-callers: deps-run deps-test deps-callers tests $(TESTS)/unpacked
	@OUT=$(OUT) tests/run callers

$(TESTS)/unpacked: scripts/unpack tests/tests.mk
	@scripts/unpack $@ $(UNPACKED_PACKAGES)

# As the caller. A part of it is in every `make test`.
test-failures: deps-run deps-test tests
	@TILLA_RUNTIME=$(BIN)/tilla-runtime FAILURES=all $(TESTS)/integration '[failing]'

# The same: a part of it is in every `make test`.
test-crashes: deps-run deps-test tests
	@CRASH_POINTS=all $(TESTS)/unit-snapshotter '[crash]'
	@TILLA_RUNTIME=$(BIN)/tilla-runtime CRASH_POINTS=all $(TESTS)/images '[crash]'
	@TILLA_RUNTIME=$(BIN)/tilla-runtime CRASH_POINTS=calls $(TESTS)/images 'crash: tilla killed*'

# As root: the machine's disk is made by root.
test-vm: deps-run deps-vm all $(VM_PROGRAM) $(TESTS)/conformance $(TESTS)/probe $(TESTS)/unit-snapshotter
	@OUT=$(OUT) tests/vm/run $(VM_ARGS)

check: $(UNIT_PROGRAMS) $(TESTS)/probe
	@OUT=$(OUT) tests/run check $(ARGS)

# Each folder's tests link that folder and what lies below it. The harness needs sys and config.
$(TESTS)/unit-sys: $(call tests_in,unit/sys)
$(TESTS)/unit-config: $(call tests_in,unit/config)
$(TESTS)/unit-runtime: $(call tests_in,unit/runtime) $(LIB_RUNTIME)
# The drivers' contract is run where the drivers are.
# The worker's confinement is attacked from inside, which takes a part of the worker.
$(TESTS)/unit-snapshotter: $(UNIT_SNAPSHOTTER_OBJ) $(call tests_in,contract) $(CONTRACT_OBJ) \
  $(addprefix $(OBJ)/snapshotter/worker/,confinement.o system_calls.o names.o owner_record.o) $(LIB_SNAPSHOTTER)
$(TESTS)/unit-shim: $(call tests_in,unit/shim) $(LIB_SHIM)
$(TESTS)/unit-engine: $(call tests_in,unit/engine) $(LIB_ENGINE) $(LIB_SHIM) $(LIB_SNAPSHOTTER)
# Containers with a monitor beside them.
$(TESTS)/monitor: $(call tests_in,monitor) $(MONITORED_OBJ) $(LIB_SHIM)
# The tilla command on a store, and attacks on it.
$(TESTS)/images: $(call tests_in,images)
# The same with containers that run.
$(TESTS)/containers: $(CONTAINERS_OBJ)
$(TESTS)/replay: $(call tests_in,fuzz) $(TEST_OBJ)/fuzz/targets.o $(TEST_OBJ)/fuzz/layer_targets.o \
  $(WORKER_PARTS) $(LIB_RUNTIME) $(LIB_SNAPSHOTTER)
$(TESTS)/replay: TEST_LIBS := $(WORKER_LIBS)
$(TESTS)/integration: $(call tests_in,integration)
$(TESTS)/security: $(call tests_in,security)
$(TESTS)/callers: $(CALLERS_OBJ)
$(VM_PROGRAM): $(call tests_in,vm)
$(TEST_PROGRAMS): $(SUPPORT_OBJ) $(LIB_CONFIG) $(LIB_SYS)
	@mkdir -p $(@D)
	@echo "link  $@"
	$(Q)$(CXX) $(TEST_LINK) -o $@ $(filter %.o,$^) \
	  $(filter $(LIB_RUNTIME) $(LIB_ENGINE) $(LIB_SHIM) $(LIB_SNAPSHOTTER),$^) $(LIB_CONFIG) $(LIB_SYS) \
	  $(TEST_LIBS) $(HASH_LIBS) $(SYSTEM_LIBS)

$(TESTS)/attacher: $(TEST_OBJ)/support/attacher.o $(LIB_SHIM) $(LIB_CONFIG) $(LIB_SYS)
	@mkdir -p $(@D)
	@echo "link  $@"
	$(Q)$(CXX) $(TEST_LINK) -o $@ $^ $(SYSTEM_LIBS)

# Not by Catch: its tests are clauses, and know of skipping.
CONFORMANCE_OBJ := $(patsubst tests/%.cc,$(TEST_OBJ)/%.o,$(wildcard tests/conformance/*.cc))
$(CONFORMANCE_OBJ): TEST_PCH :=
$(TESTS)/conformance: $(CONFORMANCE_OBJ) $(LIB_CONFIG) $(LIB_SYS) \
  $(filter-out %/main.o %/needs.o,$(SUPPORT_OBJ))
	@mkdir -p $(@D)
	@echo "link  $@"
	$(Q)$(CXX) $(TEST_LINK) -o $@ $(filter %.o,$^) $(LIB_CONFIG) $(LIB_SYS) $(HASH_LIBS) $(SYSTEM_LIBS)

.PHONY: conformance conformance-docs
conformance: all deps-conformance $(TESTS)/conformance $(TESTS)/probe
	@OUT=$(OUT) RUNTIME=$(or $(RUNTIME),$(BIN)/tilla-runtime) RUNTIME_TOOLS=$(RUNTIME_TOOLS) \
	  tests/conformance/run $(CLAUSES)

conformance-docs: all deps-conformance $(TESTS)/conformance $(TESTS)/probe
	@scripts/deps crun runc
	@OUT=$(OUT) RUNTIME_TOOLS=$(RUNTIME_TOOLS) tests/conformance/run --docs docs/conformance.md \
	  $(BIN)/tilla-runtime crun runc

# Catch's header takes four seconds to read, so it is read once.
PCH := $(TEST_OBJ)/catch.h
$(PCH).gch: tests/tests.mk
	@mkdir -p $(@D)
	@echo "c++   catch2/catch.hpp"
	$(Q)echo '#include <catch2/catch.hpp>' > $(PCH)
	$(Q)$(CXX) $(TEST_CXXFLAGS) -x c++-header -o $@ $(PCH)

$(TEST_OBJ)/support/main.o: TEST_PCH :=
$(TEST_OBJ)/%.o: tests/%.cc $(PCH).gch
	@mkdir -p $(@D)
	@echo "c++   $<"
	$(Q)$(CXX) $(TEST_CXXFLAGS) $(TEST_PCH) -MMD -MP -c -o $@ $<
TEST_PCH = -include $(PCH)

$(TESTS)/probe: tests/support/probe.c
$(TESTS)/failing: tests/support/failing.c
$(TESTS)/attack: tests/security/attack.c
$(TESTS)/probe $(TESTS)/failing $(TESTS)/attack:
	@mkdir -p $(@D)
	@echo "cc    $<"
	$(Q)$(CC) -std=gnu11 -O1 -Wall -Wextra -static -o $@ $<

-include $(TEST_OBJECTS:.o=.d) $(CONFORMANCE_OBJ:.o=.d)
