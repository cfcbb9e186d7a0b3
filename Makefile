# Builds everything from the sources that it finds: a new .c or .lua file needs
# no line here. Outputs go to $(BUILD); another configuration is another BUILD.
#
#   make CC=clang          another compiler
#   make CFLAGS=-g3        debugging, or what a distribution wants
#   make BUILD=build/mine  somewhere else
#   make LUA_SRC=dir       with Lua 5.4 from these sources, optimized together

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules --no-print-directory
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 2)
endif

# ---- configuration -----------------------------------------------------------

ifeq ($(origin CC),default)
CC := gcc
endif
ifeq ($(origin AR),default)
AR := ar
endif
BUILD ?= build
CFLAGS ?= -g
LDFLAGS ?=
SAN ?=
PREFIX ?= /usr/local
LUA_SRC ?=
LUA_INC ?= $(if $(LUA_SRC),$(LUA_SRC) -isystem) /usr/include/lua5.4
LUA_LIB ?= $(if $(LUA_SRC),$(BUILD)/liblua.a,-l:liblua5.4.a)
LPEG_LIB ?= -l:liblua5.4-lpeg.a
OBJCOPY ?= $(AR:ar=objcopy)
INSTALL ?= install
FORMAT ?= clang-format

VERSION := $(or $(shell sed -n 's/^.define ND_VERSION "\(.*\)"/\1/p' \
             src/nadir.h 2>/dev/null),0.1.0)
ARCH := $(firstword $(subst -, ,$(shell $(CC) -dumpmachine 2>/dev/null)))

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wpointer-arith -Wvla \
        -Wwrite-strings -Wno-unused-parameter \
        -Wno-missing-field-initializers -Werror
MODEL := -std=c11 -fPIC -fvisibility=hidden -ffp-contract=off -fno-math-errno \
         -fno-trapping-math -fwrapv -pthread
CPPFLAGS := -Isrc -D_DEFAULT_SOURCE
COMPILE = $(CC) $(CPPFLAGS) $(MODEL) $(WARN) $(OPT) $(CFLAGS) $(SAN)
OPT := -O2 $(if $(LUA_SRC),-flto=auto -ffat-lto-objects)
DEPEND = -MMD -MP -MF $@.d -MT $@

# What is named %.levels.c is compiled once for each level of the CPU, with its
# name as ND_LEVEL; for AVX-512 only where WIDE says so (src/kernel/level.h).
# src/base/cpu.c picks a level at start-up. Where there are others baseline is for
# CPUs of before 2013: it is small.
WIDE := kernel/matmul% kernel/conv.% kernel/conv_%
LEVEL_baseline := $(if $(filter x86_64,$(ARCH)),-Os)
LEVEL_avx2 := -mavx2 -mfma
LEVEL_avx512 := -mavx512f -mavx512vl -mavx512dq -mavx512bw -mfma
# Where a loop begins must not be luck: a sum of two tensors was seen to take
# 0.14 or 0.20 ms for it.
# What selects between numbers stays a select: gcc would join selects that share
# a condition to branches, whose masks take more code than the numbers.
SELECTS := $(if $(findstring clang,$(shell $(CC) --version 2>/dev/null)),, \
             -fno-thread-jumps)
LOOPS := -O2 -ftree-vectorize -falign-loops=32 $(SELECTS)
# These are faster when gcc unrolls and unswitches loops; all else only longer.
UNROLLED := kernel/flip_% kernel/sort_% kernel/pool_% kernel/cumsum.% \
            kernel/moments.% optim/%
LEVELS := baseline $(if $(filter x86_64,$(ARCH)),avx2 avx512)

# ---- sources -----------------------------------------------------------------

CORE := $(wildcard $(patsubst %,src/%/*.c,base kernel tensor op ops tape \
          optim))
BINDING := $(wildcard src/lua/*.c)
PROGRAM := $(wildcard src/cli/*.c)
FAMILIES := $(sort $(wildcard src/ops/*.c))
SCRIPTS := $(sort $(shell find lua -name '*.lua' 2>/dev/null))
LEVELLED := $(filter %.levels.c,$(CORE))
of_level = $(if $(filter avx512,$(1)), \
             $(filter $(WIDE:%=src/%),$(LEVELLED)),$(LEVELLED))
level_objects = $(patsubst src/%.c,$(BUILD)/obj/%.$(1).o,$(call of_level,$(1)))
TESTS := $(filter-out tests/lint/% tests/bench/%,$(wildcard tests/*/test_*.c))

plain = $(patsubst src/%.c,$(BUILD)/obj/%.o,$(1))
CORE_OBJ := $(call plain,$(filter-out $(LEVELLED),$(CORE))) \
            $(foreach l,$(LEVELS),$(call level_objects,$(l))) \
            $(BUILD)/obj/families.o
BINDING_OBJ := $(call plain,$(BINDING)) $(BUILD)/obj/embedded.o
LPEG_OBJ := $(BUILD)/obj/lpeg.o
PROGRAM_OBJ := $(call plain,$(PROGRAM))
TEST_BIN := $(TESTS:tests/%.c=$(BUILD)/tests/%)
HOSTS := $(patsubst examples/embed/%.c,$(BUILD)/tests/embed/%,$(wildcard \
           examples/embed/*.c))

comma := ,

# libedit goes in only if it can be linked statically: the program is one file.
static = $(findstring /,$(shell $(CC) -print-file-name=lib$(1).a 2>/dev/null))
EDIT := $(if $(wildcard /usr/include/histedit.h),$(if $(call static,edit),$(if \
          $(call static,bsd),$(call static,md))))
EDIT_LIB := $(if $(EDIT),-l:libedit.a -l:libbsd.a -l:libmd.a)
EDIT_DEF := $(if $(EDIT),-DND_HAVE_LIBEDIT)

# Tables are full of pointers, which a program that may stand anywhere lists in
# 24 bytes each, or in about a bit where linker and libc (glibc 2.36) know how.
links = $(if $(shell echo '$(2) int main(void) { return 0; }' | \
          $(CC) $(1) -include stdlib.h -x c - -o /dev/null 2>&1 || echo no),,$(1))
PACK := $(call links,-Wl$(comma)-z$(comma)pack-relative-relocs, \
          char new[__GLIBC_MINOR__ < 36 ? -1 : 1];)
# Nothing in the program throws. A debugger that shall see through the frames of
# libraries wants UNWIND= (and sanitizers do).
UNWIND := $(if $(SAN),,$(call links,-Wl$(comma)--no-eh-frame-hdr \
                          -Wl$(comma)-T$(comma)tools/no_unwind.ld))
LINK = $(CC) -pthread $(if $(LUA_SRC),$(OPT)) $(SAN) $(PACK) $(LDFLAGS)

# Lua's whole API stays visible, for C modules that scripts load.
LINK_PROGRAM = -Wl,-E -Wl,--whole-archive $(LUA_LIB) -Wl,--no-whole-archive \
  -Wl,--exclude-libs,libedit.a:libbsd.a:libmd.a:liblua5.4-lpeg.a \
  $(UNWIND)
NODEFS = $(if $(SAN),,-Wl$(comma)-z$(comma)defs)

# ---- targets -----------------------------------------------------------------

.PHONY: FORCE all demo test test-programs lint bench bench-results bench-peers \
        count bits flat latency costs matmul conv ulp asan ubsan waiting tsan \
        valgrind fuzz exchange oom rows mutate docs expand install uninstall clean size arm help

all: ## build the program, the libraries and the Lua module
all: $(BUILD)/nadir $(BUILD)/libnadir.a $(BUILD)/libnadir.so \
     $(BUILD)/libnadir-lua.a $(BUILD)/nadir.so

demo: ## install what is missing, build, train the linear regression
	@tools/deps.sh build demo
	@$(MAKE) all
	$(BUILD)/nadir examples/02_linear_regression.lua

test: ## build and pass all tests; T=word runs those whose path has the word
	@tools/deps.sh build demo test
	@$(MAKE) all test-programs
	@BUILD=$(BUILD) CC="$(CC)" SAN="$(SAN)" tests/run $(T)

lint: ## check warnings, layers, exports, forbidden calls, format, analysers
	@tools/deps.sh build lint
	@tests/lint/run $(T)

BENCH := $(BUILD)/bench/host $(BUILD)/bench/kernels $(BUILD)/bench/conv \
         $(if $(KANN_SRC),$(BUILD)/bench/kann)

bench: all $(BENCH) ## time the benchmarks, beside the peers that are installed
	@BUILD=$(BUILD) tests/bench/run

bench-results: all $(BENCH) ## the same, and keep it in tests/bench/RESULTS.md
	@BUILD=$(BUILD) BENCH_KEEP=tests/bench/RESULTS.md tests/bench/run

count: all ## count the instructions of the small rows under callgrind
	@tools/deps.sh build valgrind
	@BUILD=$(BUILD) tests/bench/count

flat: all ## take up to a million steps of each kind: memory must not grow
	@BUILD=$(BUILD) tests/bench/flat

bits: all ## compare trained weights over levels, threads, deferred and at once
	@BUILD=$(BUILD) LEVELS="$(LEVELS)" tests/bits/run $(T)

latency: $(BUILD)/bench/latency ## time how long work goes on after an interrupt
	@$<

# STEP=1 takes all floats and hours; it is what is kept.
ulp: $(BUILD)/tests/kernel/ulp ## measure errors of functions for docs/accuracy.md
	@$< $(STEP) > $(BUILD)/accuracy.md && mv $(BUILD)/accuracy.md docs/

costs: $(BUILD)/bench/costs ## compare what steps of work declare with the clock
	@$<

matmul: $(BUILD)/bench/matmul ## time products of matrices beside OpenBLAS, BLIS and oneDNN
	@$<

conv: $(BUILD)/bench/conv ## time convolutions and their gradients beside oneDNN
	@$<

bench-peers: ## install the peers of the benchmarks, Python's under build/
	@tools/deps.sh peers
	python3 -m venv build/venv-peers
	build/venv-peers/bin/pip install torch tensorflow-cpu jax numpy

ASAN := -fsanitize=address,undefined -fno-sanitize-recover=all \
        -fno-omit-frame-pointer
UBSAN := -fsanitize=undefined -fno-sanitize-recover=all
TSAN := -fsanitize=thread

asan: ## run all tests under the address, leak and undefined sanitizers
	@$(MAKE) test BUILD=build/asan SAN="$(ASAN)"

ubsan: ## run all tests under the undefined behaviour sanitizer
	@$(MAKE) test BUILD=build/ubsan SAN="$(UBSAN)"

waiting: ## run all tests with results waiting that have two elements
	@$(MAKE) test BUILD=build/waiting CFLAGS="$(CFLAGS) -DND_LEAST_WAITING=2"

# The thread sanitizer holds signals back until a system call: the tests of the
# program, which interrupt endless loops, would not end.
tsan: ## run the tests but the program's under the thread sanitizer
	@mkdir -p build/tsan && $(CC) -O2 -c tests/jump.c -o build/tsan/jump.o
	@KINDS="c spec lang stock example host" $(MAKE) test BUILD=build/tsan \
	  SAN="$(TSAN)" LDFLAGS=build/tsan/jump.o

valgrind: ## run all tests under valgrind
	@tools/deps.sh build demo test valgrind
	@$(MAKE) all test-programs
	@BUILD=$(BUILD) CC="$(CC)" LIMIT=3600 \
	  WRAP="$$(command -v valgrind) -q --leak-check=full \
	  --show-leak-kinds=definite,indirect \
	  --errors-for-leak-kinds=definite,indirect --error-exitcode=99" \
	  tests/run $(T)

rows: ## list the rows of the tables of behaviour that no test covers
	@MISSING=1 tests/rows/count.sh

mutate: ## make derivatives wrong, one at a time at random: N=40 SEED=...
	@tools/mutate.sh $(or $(N),40) $(SEED)

# An hour is TIME=3600.
# A part of TIME for each. Sizes in configurations may ask for all memory.
fuzz: ## load files that are nearly right, under sanitizers: TIME=60 SEED=...
	@$(MAKE) all BUILD=build/asan SAN="$(ASAN)"
	build/asan/nadir tests/fuzz/files.lua $$(($(or $(TIME),60) / 3)) $(SEED)
	ASAN_OPTIONS=allocator_may_return_null=1:max_allocation_size_mb=256 \
	  build/asan/nadir tests/fuzz/models.lua $$(($(or $(TIME),60) * 2 / 3)) \
	  $(SEED)

exchange: all ## exchange files with Python's safetensors and TensorBoard
	@tools/deps.sh venv
	@test -x build/venv-files/bin/tensorboard || { \
	  python3 -m venv build/venv-files && build/venv-files/bin/pip install -q \
	  safetensors numpy ml_dtypes tensorboard; }
	@BUILD=$(BUILD) tests/golden/exchange.sh build/venv-files/bin/python

oom: ## fail the n-th allocation, for every n
	@EVERY=1 LIMIT=7200 $(MAKE) test T=oom

docs: $(BUILD)/docs/ops.md ## write the reference page of the ops to build/docs

expand: ## print one op's preprocessed code: FILE=ops/unary.levels.c OP=tanh
	@test -n "$(FILE)" -a -n "$(OP)" || \
	  { echo "usage: make expand FILE=ops/unary.levels.c OP=tanh"; exit 2; }
	@$(CC) $(CPPFLAGS) $(MODEL) -DND_LEVEL=baseline -E -P src/$(FILE) | \
	  tools/expand.sh $(OP)

# What a layer brings, of code and constants, before the linker drops any.
LAYERS := base kernel tensor op ops tape optim lua cli
OBJECTS = $(CORE_OBJ) $(BINDING_OBJ) $(PROGRAM_OBJ)
bytes = size $(2) | awk 'NR > 1 { n += $$1 + $$2 } \
  END { printf "%9d bytes, %s\n", n, "$(1)" }';

size: all ## print the size of the stripped program, and of each layer
	@strip -o $(BUILD)/nadir.stripped $(BUILD)/nadir
	@stat -c '%s bytes, stripped: %n' $(BUILD)/nadir.stripped
	@$(foreach l,$(LAYERS),$(call bytes,src/$(l),$(filter \
	  $(BUILD)/obj/$(l)/%,$(OBJECTS))))
	@$(call bytes,lua/,$(BUILD)/obj/embedded.o)
	@$(call bytes,LPeg,$(LPEG_OBJ))

ARM := build/arm/sysroot/usr
arm: ## build all of it for aarch64 and run the tests under qemu
	@tools/deps.sh build arm
	@tools/arm.sh build/arm/sysroot
	@$(MAKE) all test-programs BUILD=build/arm CC=aarch64-linux-gnu-gcc \
	  AR=aarch64-linux-gnu-ar LDFLAGS=-L$(ARM)/lib/aarch64-linux-gnu \
	  LUA_INC="$(ARM)/include/lua5.4 -isystem $(ARM)/include/aarch64-linux-gnu"
	@FOREIGN=1 BUILD=build/arm KINDS="c lang example host cli" \
	  WRAP="$$(command -v qemu-aarch64-static) -L /usr/aarch64-linux-gnu" \
	  tests/run $(T)

clean: ## remove what was built, and leave the benchmark's peers
	find build -mindepth 1 -maxdepth 1 ! -name 'venv*' -exec rm -rf {} +

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | \
	  while IFS='|' read -r t d; do printf '%-12s %s\n' "$$t" "$$d"; done

# ---- compiling ---------------------------------------------------------------

# A stamp changes only when its text does; what depends on it is then rebuilt.
stamp = @mkdir -p $(@D); echo '$(1)' | cmp -s - $@ || echo '$(1)' > $@

$(BUILD)/flags: FORCE
	$(call stamp,$(COMPILE) $(LAYER_cli) $(LAYER_ops) $(QUICK) $(LOOPS) $(UNROLLED) \
	  $(foreach l,$(LEVELS),$(LEVEL_$(l))))
$(BUILD)/objects: FORCE
	$(call stamp,$(CORE_OBJ) $(BINDING_OBJ) $(LPEG_OBJ) $(PROGRAM_OBJ) $(LINK) \
	  $(UNWIND))
$(BUILD)/scripts: FORCE
	$(call stamp,$(SCRIPTS))

# What one layer needs beyond the rest: two know Lua; through the others nobody
# throws.
LAYER_lua := -isystem $(LUA_INC)
LAYER_cli := -isystem $(LUA_INC) $(EDIT_DEF)
$(foreach l,base kernel tensor op ops tape optim, \
  $(eval LAYER_$(l) := -fno-asynchronous-unwind-tables))

# What is above kernels is small but for what small steps spend their time in, by
# callgrind, and loops over elements.
QUICK := $(patsubst %,base/%,account context crew memory mt19937 philox place \
           recorder rejection work) \
         $(patsubst %,tensor/%,copy pool tensor tile walk) \
         $(patsubst %,op/%,blocks dispatch engine fold% integers multiply \
           pending plain plan program rows scatter series spectrum_% strip \
           sweeps table term) \
         $(patsubst %,tape/%,backward derive give identities record tape) \
         $(patsubst %,optim/%,clip frame% optimizer pass rows rules% slots \
           sums turn) \
         $(patsubst %,lua/%,arguments box class_gradient class_optimizer \
           class_tape flat guard heap manager nested op optimizer_step \
           signature taped where zip) kernel/%
small = $(if $(filter $(QUICK),$(1)),,-Os)

$(BUILD)/obj/%.o: src/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "cc $<"
	@$(COMPILE) $(LAYER_$(*D)) $(call small,$*) $(DEPEND) -c -o $@ $<

define level
$(call level_objects,$(1)): $(BUILD)/obj/%.$(1).o: \
    src/%.c $(BUILD)/flags
	@mkdir -p $$(@D)
	@echo "cc $$< ($(1))"
	@$$(COMPILE) $$(LAYER_$$(*D)) $(LOOPS) \
	  $$(if $$(filter $(UNROLLED),$$*),-O3) $(LEVEL_$(1)) -DND_LEVEL=$(1) \
	  $$(DEPEND) -c -o $$@ $$<
endef
$(foreach l,$(LEVELS),$(eval $(call level,$(l))))

# Every file of ops/ is a family of ops, and this is their list.
$(BUILD)/families.c: tools/families.sh $(BUILD)/objects
	@tools/families.sh $(FAMILIES) > $@

$(BUILD)/obj/families.o: $(BUILD)/families.c $(BUILD)/flags
	@mkdir -p $(@D)
	@$(COMPILE) $(DEPEND) -c -o $@ $<

$(BUILD)/embedded.c: $(SCRIPTS) tools/embed.sh $(BUILD)/scripts
	@tools/embed.sh $(SCRIPTS) > $@

$(BUILD)/obj/embedded.o: $(BUILD)/embedded.c $(BUILD)/flags
	@mkdir -p $(@D)
	@$(COMPILE) $(LAYER_lua) $(DEPEND) -c -o $@ $<

# ---- linking -----------------------------------------------------------------

define archive
	@echo "ar $@"
	@rm -f $@
	@$(AR) rcs $@ $(filter %.o,$^)
endef

$(BUILD)/libnadir.a: $(CORE_OBJ) $(BUILD)/objects
	$(archive)

# LPeg in one object that shows one name: then it goes into shared objects, and
# beside another LPeg.
$(LPEG_OBJ): $(BUILD)/objects
	@mkdir -p $(@D)
	@$(CC) $(LDFLAGS) -r -nostdlib -o $@ -Wl,--whole-archive $(LPEG_LIB) \
	  -Wl,--no-whole-archive
	@$(OBJCOPY) --keep-global-symbol=luaopen_lpeg $@

# Lua's own sources, but for its programs.
LUA_OBJ := $(patsubst $(LUA_SRC)/%.c,$(BUILD)/obj/liblua/%.o,$(filter-out \
  %/lua.c %/luac.c %/onelua.c %/ltests.c,$(wildcard $(LUA_SRC)/*.c)))
LUA_OWN := $(if $(LUA_SRC),$(BUILD)/liblua.a)

$(BUILD)/obj/liblua/%.o: $(LUA_SRC)/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "cc $<"
	@$(CC) -std=gnu99 -fPIC -DLUA_USE_LINUX -DLUA_COMPAT_5_3 $(OPT) $(CFLAGS) \
	  $(SAN) -c -o $@ $<

$(BUILD)/liblua.a: $(LUA_OBJ)
	$(archive)

# All that a host needs beside Lua.
$(BUILD)/libnadir-lua.a: $(BINDING_OBJ) $(CORE_OBJ) $(LPEG_OBJ) \
    $(BUILD)/objects
	$(archive)

SONAME := libnadir.so.$(firstword $(subst ., ,$(VERSION)))
$(BUILD)/libnadir.so: $(CORE_OBJ) $(BUILD)/objects
	@echo "ld $@"
	@$(LINK) -shared $(NODEFS) -Wl,-soname,$(SONAME) -o $@ $(filter %.o,$^) -lm

# The host brings Lua; the module brings LPeg, and shows what `require` calls.
$(BUILD)/nadir.so: $(CORE_OBJ) $(BINDING_OBJ) $(BUILD)/objects
	@echo "ld $@"
	@echo '{ global: luaopen_nadir*; local: *; };' > $(BUILD)/module.map
	@$(LINK) -shared -Wl,--version-script=$(BUILD)/module.map \
	  -o $@ $(filter %.o,$^) $(LPEG_LIB) -lm

$(BUILD)/nadir: $(PROGRAM_OBJ) $(BINDING_OBJ) $(CORE_OBJ) $(BUILD)/objects \
    $(LUA_OWN)
	@echo "ld $@"
	@$(LINK) -o $@ $(filter %.o,$^) $(LINK_PROGRAM) $(LPEG_LIB) $(EDIT_LIB) \
	  -lm -ldl

# ---- tests -------------------------------------------------------------------

test-programs: $(TEST_BIN) $(HOSTS)

# Vectors wider than the CPU's are passed in memory, which gcc remarks on.
$(BUILD)/tests/kernel/test_matmul_%: private WARN += -Wno-psabi

$(BUILD)/tests/%: tests/%.c $(BUILD)/libnadir.a
	@mkdir -p $(@D)
	@echo "cc $<"
	@$(COMPILE) -Itests $(DEPEND) -o $@ $< $(LDFLAGS) \
	  $(BUILD)/libnadir.a -lm

$(BUILD)/docs/ops.md: $(BUILD)/tools/docs docs/accuracy.md
	@mkdir -p $(@D)
	$< > $@

$(BUILD)/tools/docs: tools/docs.c $(BUILD)/libnadir.a
	@mkdir -p $(@D)
	@echo "cc $<"
	@$(COMPILE) $(DEPEND) -o $@ $< $(LDFLAGS) $(BUILD)/libnadir.a -lm

# Hosts of the whole interpreter, linked as the README tells users to.
LINK_HOST = $(BUILD)/libnadir-lua.a $(LUA_LIB) -lm -ldl
HOST = $(COMPILE) -idirafter src/lua -isystem $(LUA_INC) -Itests -I$(BUILD)/tests $(DEPEND) -o $@ $< \
  $(LDFLAGS) $(LINK_HOST)

$(BUILD)/tests/embed/%: tests/embed/%.c $(BUILD)/libnadir-lua.a
	@mkdir -p $(@D)
	@echo "cc $<"
	@$(HOST)

# Calls of every public function, as the headers declare them.
NULL_CALLS := tests/embed/null_calls.awk src/nadir.h src/lua/nadirlua.h
$(BUILD)/tests/null_calls.h: $(NULL_CALLS)
	@mkdir -p $(@D)
	@awk -f $(NULL_CALLS) > $@

$(BUILD)/tests/embed/test_null: $(BUILD)/tests/null_calls.h

$(BUILD)/bench/costs: tests/bench/costs.c $(BUILD)/libnadir.a
	@mkdir -p $(@D)
	@echo "cc $<"
	@$(COMPILE) $(DEPEND) -o $@ $< $(LDFLAGS) $(BUILD)/libnadir.a -lm

$(BUILD)/bench/latency: tests/bench/latency.c $(BUILD)/libnadir.a
	@mkdir -p $(@D)
	@echo "cc $<"
	@$(COMPILE) $(DEPEND) -o $@ $< $(LDFLAGS) $(BUILD)/libnadir.a -lm

$(BUILD)/bench/matmul: tests/bench/matmul.c $(BUILD)/libnadir.a
	@mkdir -p $(@D)
	@echo "cc $<"
	@$(COMPILE) $(DEPEND) -o $@ $< $(LDFLAGS) $(BUILD)/libnadir.a -lm -ldl

$(BUILD)/bench/conv: tests/bench/conv.c $(BUILD)/libnadir.a
	@mkdir -p $(@D)
	@echo "cc $<"
	@$(COMPILE) $(DEPEND) -o $@ $< $(LDFLAGS) $(BUILD)/libnadir.a -lm -ldl

$(BUILD)/bench/kernels: tests/bench/kernels.c $(BUILD)/libnadir.a
	@mkdir -p $(@D)
	@echo "cc $<"
	@$(COMPILE) $(DEPEND) -o $@ $< $(LDFLAGS) $(BUILD)/libnadir.a -lm -ldl

# Another library of networks in C, where KANN_SRC names its sources.
$(BUILD)/bench/kann: tests/bench/kann.c
	@mkdir -p $(@D)
	@echo "cc $<"
	@$(CC) -O3 -march=native -I$(KANN_SRC) -o $@ $< \
	  $(KANN_SRC)/kann.c $(KANN_SRC)/kautodiff.c -lm

$(BUILD)/bench/host: tests/bench/host.c $(BUILD)/libnadir.a \
    $(BUILD)/libnadir-lua.a
	@mkdir -p $(@D)
	@echo "cc $<"
	@$(HOST)

$(HOSTS): $(BUILD)/tests/embed/%: examples/embed/%.c $(BUILD)/libnadir-lua.a
	@mkdir -p $(@D)
	@echo "cc $<"
	@$(HOST)

# ---- installing --------------------------------------------------------------

DEST = $(DESTDIR)$(PREFIX)
# Where the loader does not look by itself, programs are told.
RPATH = $(if $(filter /usr /usr/local,$(PREFIX)),,-Wl$(comma)-rpath$(comma)$${libdir} )

install: all ## install under DESTDIR and PREFIX (/usr/local)
	$(INSTALL) -d $(DEST)/bin $(DEST)/include $(DEST)/lib/pkgconfig \
	  $(DEST)/lib/lua/5.4
	$(INSTALL) -m 755 $(BUILD)/nadir $(DEST)/bin
	$(INSTALL) -m 644 src/nadir.h $(wildcard src/lua/nadirlua.h) $(DEST)/include
	$(INSTALL) -m 644 $(BUILD)/libnadir.a $(BUILD)/libnadir-lua.a $(DEST)/lib
	$(INSTALL) -m 755 $(BUILD)/libnadir.so $(DEST)/lib/libnadir.so.$(VERSION)
	ln -sf libnadir.so.$(VERSION) $(DEST)/lib/$(SONAME)
	ln -sf $(SONAME) $(DEST)/lib/libnadir.so
	$(INSTALL) -m 755 $(BUILD)/nadir.so $(DEST)/lib/lua/5.4
	for f in nadir nadir-lua; do sed -e 's|@PREFIX@|$(PREFIX)|' \
	  -e 's|@VERSION@|$(VERSION)|' -e 's|@RPATH@|$(RPATH)|' tools/$$f.pc.in \
	  > $(DEST)/lib/pkgconfig/$$f.pc || exit; done

uninstall: ## remove what install put there
	rm -f $(DEST)/bin/nadir $(DEST)/include/nadir.h $(DEST)/include/nadirlua.h \
	  $(DEST)/lib/libnadir.a $(DEST)/lib/libnadir-lua.a \
	  $(DEST)/lib/libnadir.so* $(DEST)/lib/lua/5.4/nadir.so \
	  $(DEST)/lib/pkgconfig/nadir.pc $(DEST)/lib/pkgconfig/nadir-lua.pc

-include $(shell find $(BUILD)/obj $(BUILD)/tests $(BUILD)/tools -name '*.d' \
           2>/dev/null)
