# The tests, and what runs them. Included by the Makefile.
#
#   make check           every layer, as `make check-LAYER` runs one
#   make check-service   the installed package on systems that are booted (root)
#   make check-soak      a minute of random faults (long-soak: twenty)
#   make check-long      hours: every long-PART of $(LONG); each can be made
#                        alone, and again
#   make bench           what things cost
#   make coverage        lines of src/core that the pure layers reach
#   make fuzz            libFuzzer targets in $(BUILD)/fuzz; `fuzz-run` runs
#                        each for FUZZ_SECONDS

# Inputs of a fuzz target; a slower one gets so many times fewer.
FUZZ_RUNS ?= 50000
FUZZ_SLOW_challenge := 10
FUZZ_SLOW_config    := 5
FUZZ_SLOW_contact   := 5
FUZZ_SLOW_control   := 5
FUZZ_SLOW_mask      := 2
FUZZ_SLOW_message   := 2
# The same inputs on every machine, as far as its time goes; 0: others.
FUZZ_SEED ?= 1
FUZZ_SECONDS ?= 30
SIM_ARGS  ?=
# How much of natlab: check (times scaled down), ci, long.
NATLAB    ?= check
COVERAGE_MIN ?= 95

T := $(BUILD)/tests

INC_unit   := $(INC_core) $(INC_wire) -I$(T)/gen/unit
INC_world  := $(INC_core)
INC_story  := $(INC_core)
INC_sim    := $(INC_core)
INC_mock   := $(INC_daemon)
INC_daemon_tests := $(INC_daemon) -Itests/mock -I$(T)/gen/daemon
INC_fuzz   := $(INC_daemon)
INC_bench  := $(INC_daemon)
INC_tools  := $(INC_mock) -Itests/mock

test_obj = $(call obj,$(sort $(wildcard tests/$(1)/*.c)))
MOCK_OBJ  := $(call test_obj,mock)
FUZZ      := $(basename $(notdir $(sort $(wildcard tests/fuzz/*.c))))
SYSTEM    := $(sort $(wildcard tests/system/test_*.py))
OPS       := $(sort $(wildcard tests/ops/test_*.py))
STORIES    = $(sort $(wildcard tests/story/*.story))

CHECK_LIBS = $(shell $(PKG_CONFIG) --libs check)

$(foreach d,unit world story sim mock fuzz bench tools,\
	$(eval $(call compile,tests/$(d),$$(INC_$(d)))))
$(eval $(call compile,tests/daemon,$$(INC_daemon_tests)))

$(T)/unit: $(call test_obj,unit) $(WIRE_OBJ) $(BUILD)/libcore.a
	$(call link,$(CHECK_LIBS) $(PKG_LIBS))

$(T)/daemon: $(call test_obj,daemon) $(MOCK_OBJ) $(BUILD)/libdaemon.a \
		$(BUILD)/libcore.a
	$(call link,$(CHECK_LIBS) $(PKG_LIBS))

# The world in which stories, simulation and event fuzzing happen.
$(T)/libworld.a: $(call test_obj,world)
	$(archive)

$(T)/story: $(call test_obj,story) $(T)/libworld.a $(BUILD)/libcore.a
	$(call link)

$(T)/sim: $(call test_obj,sim) $(T)/libworld.a $(BUILD)/libcore.a
	$(call link,-lm)

# The test registrar as a program, for tests with thousands of accounts.
$(T)/registrar: $(BUILD)/obj/tests/tools/registrar.o $(MOCK_OBJ) \
		$(BUILD)/libdaemon.a $(BUILD)/libcore.a
	$(call link,$(PKG_LIBS))

$(T)/%_bench: $(BUILD)/obj/tests/bench/%_bench.o $(BUILD)/libdaemon.a \
		$(BUILD)/libcore.a
	$(call link,$(PKG_LIBS))

# suites.h: one SUITE(name) for each test_name.c, for main.c to expand.
define suites
$(T)/gen/$(1)/suites.h: FORCE
	@mkdir -p $$(@D)
	@for t in $(patsubst tests/$(1)/test_%.c,%,\
		$(sort $(wildcard tests/$(1)/test_*.c))); do \
		echo "SUITE($$$$t)"; done >$$@.new
	@cmp -s $$@.new $$@ || mv $$@.new $$@
$(BUILD)/obj/tests/$(1)/main.o: $(T)/gen/$(1)/suites.h
endef
$(foreach d,unit daemon,$(eval $(call suites,$(d))))

# A fuzz target is one file with LLVMFuzzerTestOneInput(). Without libFuzzer
# a small driver gives it seeded random inputs; files in tests/fuzz/corpus/NAME
# are where both begin.
FUZZ_MAIN ?= $(BUILD)/obj/tests/tools/fuzz_main.o
FUZZ_LINK ?=
corpus     = $(wildcard tests/fuzz/corpus/$(1)/*)

$(T)/fuzz-%: ALL_LDFLAGS += $(FUZZ_LINK)
$(T)/fuzz-%: $(BUILD)/obj/tests/fuzz/%.o $(FUZZ_MAIN) $(T)/libworld.a \
		$(BUILD)/libdaemon.a $(BUILD)/libcore.a
	$(call link,$(PKG_LIBS))

FUZZ_SAN := address,undefined -fno-sanitize-recover=undefined
.PHONY: fuzz fuzz-targets fuzz-run
fuzz:
	+$(Q)$(MAKE) BUILD=$(BUILD)/fuzz CC=clang FUZZ_MAIN= \
		SANITIZE='-fsanitize=fuzzer-no-link,$(FUZZ_SAN)' \
		FUZZ_LINK=-fsanitize=fuzzer fuzz-targets

fuzz-targets: $(FUZZ:%=$(T)/fuzz-%)
	$(Q)for f in $(FUZZ); do ln -f $(T)/fuzz-$$f $(BUILD)/$$f || exit; done

# What it found goes to $(BUILD)/fuzz/corpus, and is where the next run begins.
fuzz_run = mkdir -p $(BUILD)/fuzz/corpus/$(1) && \
	$(BUILD)/fuzz/$(1) -max_total_time=$(FUZZ_SECONDS) -max_len=4096 \
		-timeout=10 -print_final_stats=1 -seed=$(FUZZ_SEED) \
		-artifact_prefix=$(BUILD)/fuzz/$(1)- \
		$(BUILD)/fuzz/corpus/$(1) $(wildcard tests/fuzz/corpus/$(1)) && \
	echo 1 passed, 0 failed

fuzz-run: fuzz
	$(Q)tests/tools/sum -j2 $(BUILD)/fuzz/log \
		$(foreach f,$(FUZZ),'$(f)=$(call fuzz_run,$(f))')

.SECONDARY:

# --- what runs: a command for each layer, and what it needs to be built ---

PURE   := unit story fuzz sim
LAYERS ?= natlab system purity $(PURE) daemon demo

run_purity = tests/tools/purity $(BUILD)/libcore.a && tests/tools/rows
run_unit   = $(T)/unit
run_story  = $(T)/story $(STORIES)
run_fuzz   = $(foreach f,$(FUZZ),$(T)/fuzz-$(f) \
	$$(($(FUZZ_RUNS) / $(or $(FUZZ_SLOW_$(f)),1))) $(FUZZ_SEED) \
	$(call corpus,$(f)) &&) :
run_sim    = $(T)/sim $(SIM_ARGS)
run_daemon = $(T)/daemon
run_system = BUILD=$(BUILD) tests/system/run $(SYSTEM)
run_ops    = BUILD=$(BUILD) tests/system/run $(OPS)
run_natlab = NATLAB=$(NATLAB) BUILD=$(BUILD) tests/natlab/run
run_service = BUILD=$(BUILD) tests/service/run
run_soak   = BUILD=$(BUILD) SOAK_TIME=40 SOAK_SEED=1 tests/long/soak.py
run_demo   = /usr/bin/python3 tests/demo/demo.py $(BUILD) && \
	echo 1 passed, 0 failed

need_purity = $(BUILD)/libcore.a
need_unit   = $(T)/unit
need_story  = $(T)/story
need_fuzz   = $(FUZZ:%=$(T)/fuzz-%)
need_sim    = $(T)/sim
need_daemon = $(T)/daemon
need_system = all $(T)/registrar
need_ops    = all $(T)/registrar
need_natlab = all
need_demo   = all
need_soak   = all

# Two at a time: one is mostly waiting, the other computing.
layers = tests/tools/sum -j2 $(BUILD)/log $(foreach l,$(1),'$(l)=$(run_$(l))')

# A tool that cannot be had ends the run before anything is built. The build
# is a make of its own: what it knows of the libraries is found at its start.
.PHONY: check check-all check-build demo demo-build coverage
deps:
	$(Q)tests/tools/deps

check:
	$(Q)tests/tools/deps check
	+$(Q)$(MAKE) check-all

BENCHES := $(patsubst tests/bench/%.c,$(T)/%,$(wildcard tests/bench/*_bench.c))
.PHONY: bench
bench: $(BENCHES)
	$(Q)set -e; for b in $(BENCHES); do $$b; done

check-build: $(foreach l,$(LAYERS),$(need_$(l)))

check-all: check-build
	$(Q)$(call layers,$(LAYERS))

define layer
.PHONY: check-$(1)
check-$(1): $$(need_$(1))
	$$(Q)$$(call layers,$(1))
endef
$(foreach l,purity $(PURE) daemon system ops natlab service demo soak,\
	$(eval $(call layer,$(l))))

demo:
	$(Q)tests/tools/deps demo
	+$(Q)$(MAKE) demo-build
	$(Q)/usr/bin/python3 tests/demo/demo.py $(BUILD)

demo-build: $(need_demo)

# --- what takes long; each part can be made alone ---

LONG := events fuzz sim soak natlab exhaustion herd

# Seconds of libFuzzer for each target with ASan and UBSan, and how many runs
# these must come to in all.
LONG_SECONDS ?= 600
LONG_CHECKED ?= 1000000
# Runs of a target without them, a slow one fewer as with FUZZ_RUNS, and those
# that are led end after LONG_SECONDS; in all.
LONG_RUNS    ?= 2000000
LONG_PLAIN   ?= 10000000
# Sequences of events.
LONG_EVENTS  ?= 10000000
# Seconds of faults.
LONG_SOAK    ?= 1200

LONG_HALF    := $(shell echo $$(($(LONG_EVENTS) / 2)))
LONG_LOG     := $(BUILD)/log/long

.PHONY: check-long $(LONG:%=long-%)
check-long: deps
	+$(Q)bad=; n=0; for p in $(LONG); do \
		echo "--- long-$$p"; n=$$((n + 1)); \
		$(MAKE) long-$$p || bad="$$bad $$p"; done; \
	set -- $$bad; [ $$# = 0 ] || echo "not ok - $$bad"; \
	echo "$$((n - $$#)) passed, $$# failed"; [ $$# = 0 ]

# With checkers; then without, led by what is reached and not, as fast as that
# can be.
PARSERS := $(filter-out events,$(FUZZ))
FAST    := $(BUILD)/fuzz-fast
long_count = $$(($(LONG_RUNS) / $(or $(FUZZ_SLOW_$(1)),1)))
long_led   = mkdir -p $(FAST)/corpus/$(1) && $(FAST)/tests/fuzz-$(1) \
	-runs=$(long_count) -max_total_time=$(LONG_SECONDS) \
	-max_len=4096 -timeout=10 -print_final_stats=1 \
	-artifact_prefix=$(FAST)/$(1)- $(FAST)/corpus/$(1) \
	$(wildcard tests/fuzz/corpus/$(1)) && echo 1 passed, 0 failed
long_blind = $(T)/fuzz-$(1) $(long_count) $$(date +%s) $(call corpus,$(1))
long-fuzz: $(PARSERS:%=$(T)/fuzz-%)
	+$(Q)$(MAKE) FUZZ_SECONDS=$(LONG_SECONDS) FUZZ_SEED=0 fuzz-run
	$(Q)tests/tools/runs $(LONG_CHECKED) $(FUZZ:%=$(BUILD)/fuzz/log/%.log)
	+$(Q)$(MAKE) BUILD=$(FAST) CC=clang FUZZ_MAIN= \
		SANITIZE=-fsanitize=fuzzer-no-link \
		FUZZ_LINK=-fsanitize=fuzzer $(PARSERS:%=$(FAST)/tests/fuzz-%)
	$(Q)tests/tools/sum -j2 $(LONG_LOG)/led \
		$(foreach f,$(PARSERS),'$(f)=$(call long_led,$(f))')
	$(Q)tests/tools/runs $(LONG_PLAIN) $(PARSERS:%=$(LONG_LOG)/led/%.log)
	$(Q)tests/tools/sum -j2 $(LONG_LOG)/blind \
		$(foreach f,$(PARSERS),'$(f)=$(call long_blind,$(f))')
	$(Q)tests/tools/runs $(LONG_PLAIN) $(PARSERS:%=$(LONG_LOG)/blind/%.log)

# Seeds that nobody had before, in two halves side by side.
long-events: $(T)/fuzz-events
	$(Q)rate=$$(s=$$(date +%s%N); $(T)/fuzz-events 20000 1 >/dev/null; \
		echo $$((20000 * 1000000000 / ($$(date +%s%N) - s)))); \
	echo "  $$rate sequences/s each: about $$(($(LONG_HALF) / rate)) s"
	$(Q)s=$$(date +%s); tests/tools/sum -j2 $(LONG_LOG) \
		"events-1=$(T)/fuzz-events $(LONG_HALF) $$s" \
		"events-2=$(T)/fuzz-events $(LONG_HALF) $$((s + 1))"
	$(Q)tests/tools/runs $(LONG_EVENTS) $(LONG_LOG)/events-1.log \
		$(LONG_LOG)/events-2.log

long-sim: $(need_sim)
	$(Q)tests/tools/sum $(LONG_LOG) 'sim=$(T)/sim long'

long-soak: $(need_soak)
	$(Q)BUILD=$(BUILD) SOAK_TIME=$(LONG_SOAK) tests/long/soak.py

long-natlab: $(need_natlab)
	$(Q)tests/tools/sum $(LONG_LOG) \
		'natlab=NATLAB=long BUILD=$(BUILD) tests/natlab/run'

# Every allocation fails once, not only some.
long-exhaustion: $(need_system)
	$(Q)tests/tools/sum $(LONG_LOG) \
		'exhaustion=STRIDE=1 BUILD=$(BUILD) tests/system/run \
			tests/system/test_exhaustion.py'

long-herd: $(need_system)
	$(Q)tests/tools/sum $(LONG_LOG) \
		'herd=HERD=full BUILD=$(BUILD) tests/system/run $(wildcard \
			tests/system/test_herd.py tests/system/test_isolation.py)'

coverage: C := $(BUILD)/coverage
coverage:
	$(Q)find $(C) -name '*.gcda' -delete 2>/dev/null || :
	+$(Q)$(MAKE) BUILD=$(C) OPTFLAGS='-O0 -g' SANITIZE=--coverage \
		LAYERS='$(PURE)' check-all
	$(Q)tests/tools/coverage $(C)/obj/src/core $(COVERAGE_MIN)
