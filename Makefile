# SPDX-License-Identifier: Apache-2.0
# The only build file. `make help` lists the targets.
#
#   make SAN=1 ...     ASan and UBSan, into build/san/
#   make V=1 ...       the commands themselves

SAN ?= 0
V ?= 0
PREFIX ?= /usr/local
VERSION := 0.1.0
COMMIT := $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)

Q := $(if $(filter 1,$(V)),,@)
OUT := $(if $(filter 1,$(SAN)),build/san,build)
OBJ := $(OUT)/obj
BIN := $(OUT)/bin

CXX := g++
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wold-style-cast -Wnon-virtual-dtor -Werror
CXXFLAGS := -std=c++20 -g1 $(WARNINGS) -fstack-protector-strong -iquote .
ifeq ($(SAN),1)
  # Sanitizers need a dynamic program.
  CXXFLAGS += -O1 -fPIE -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
  LINK := -pie -fsanitize=address,undefined
else
  CXXFLAGS += -O2 -fPIE -D_FORTIFY_SOURCE=2 -ffunction-sections -fdata-sections
  # Never -static: the first exception would cost 2 ms instead of 0.03 ms.
  LINK := -static-pie -Wl,-z,relro,-z,now,--gc-sections
endif
CXXFLAGS += -DTILLA_VERSION='"$(VERSION)"'

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

# ---------------------------------------------------------------------------- sources

SYS_OBJ := $(patsubst %.cc,$(OBJ)/%.o,$(wildcard sys/*.cc))
CONFIG_OBJ := $(patsubst %.cc,$(OBJ)/%.o,$(wildcard config/*.cc))
RUNTIME_OBJ := $(patsubst %.cc,$(OBJ)/%.o,$(wildcard runtime/plan/*.cc runtime/apply/*.cc runtime/commands/*.cc))

include sys/stub/stub.mk
SYS_OBJ += $(STUB_OBJ)

LIB_SYS := $(OBJ)/libsys.a
LIB_CONFIG := $(OBJ)/libconfig.a
LIB_RUNTIME := $(OBJ)/libruntime.a
SYSTEM_LIBS := -lseccomp -lcap

# ---------------------------------------------------------------------------- programs

.PHONY: all
all: $(BIN)/tilla-runtime

$(BIN)/tilla-runtime: $(OBJ)/runtime/main.o $(LIB_RUNTIME) $(LIB_CONFIG) $(LIB_SYS)
	@mkdir -p $(@D)
	@echo "link  $@"
	$(Q)$(CXX) $(LINK) -o $@ $^ $(SYSTEM_LIBS)

$(LIB_SYS): $(SYS_OBJ)
$(LIB_CONFIG): $(CONFIG_OBJ)
$(LIB_RUNTIME): $(RUNTIME_OBJ)
$(OBJ)/lib%.a:
	@rm -f $@
	$(Q)ar rcs $@ $^

$(OBJ)/%.o: %.cc
	@mkdir -p $(@D)
	@echo "c++   $<"
	$(Q)$(CXX) $(CXXFLAGS) -MMD -MP -c -o $@ $<


include tests/tests.mk
include bench/bench.mk

bench: all

-include $(shell find $(OBJ) -name '*.d' 2>/dev/null)
