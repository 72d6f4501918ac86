# sipregd: build, install, test.  V=1 shows the commands.

BUILD      ?= build
CC         ?= cc
AR         ?= ar
PKG_CONFIG ?= pkg-config

# The version has one place: the top entry of debian/changelog.
VERSION := $(shell sed -n '1s/.*(\([^)-]*\).*/\1/p' debian/changelog)

LIBS_PKG  := libre libssl libcrypto libsystemd libconfig
PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(LIBS_PKG) 2>/dev/null)
PKG_LIBS    = $(shell $(PKG_CONFIG) --libs $(LIBS_PKG))

OPTFLAGS ?= -O2 -g
WARN     := -Wall -Wextra -Wshadow -Wswitch-enum -Wvla -Wformat=2 \
	-Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wno-missing-field-initializers
# Where a branch may land, by the processor's own means.
MACHINE  := $(shell $(CC) -dumpmachine)
BRANCH   := $(if $(filter x86_64-%,$(MACHINE)),-fcf-protection) \
	$(if $(filter aarch64-%,$(MACHINE)),-mbranch-protection=standard)
# Also takes --coverage and the like; all that goes to compiler and linker.
SANITIZE ?=
LDHARDEN ?= -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack
ifeq ($(SANITIZE),)
HARDEN   ?= -fstack-protector-strong -fstack-clash-protection $(BRANCH) \
	-D_FORTIFY_SOURCE=2 -fPIE
else
HARDEN   ?= -fno-omit-frame-pointer -fPIE  # a checker replaces _FORTIFY_SOURCE
endif

# What libre was built with and its libre.pc does not say.
RE_DEFS  := -DHAVE_INTTYPES_H -DHAVE_STDBOOL_H -DHAVE_INET6 \
	-DUSE_OPENSSL -DUSE_TLS
# Our own warnings matter, the ones inside libre's headers do not.
RE_INC   := $(patsubst -I%,-isystem %,$(filter -I%,$(PKG_CFLAGS)))
ifeq ($(RE_INC),)
RE_INC   := -isystem /usr/include/re
endif

ALL_CPPFLAGS = -D_GNU_SOURCE -DVERSION='"$(VERSION)"' \
	-DCONFIG_DIR='"$(CONFDIR)"' -DCONFIG_PRESETS='"$(PRESETDIR)"' \
	$(CPPFLAGS)
ALL_CFLAGS   = -std=c11 $(OPTFLAGS) $(WARN) $(HARDEN) $(SANITIZE) $(CFLAGS)
ALL_LDFLAGS  = $(LDHARDEN) $(SANITIZE) $(LDFLAGS)

# What each directory may include: the arrow of dependencies points down.
INC_core   := -Isrc/core
INC_wire   := -Isrc/wire $(RE_DEFS) $(RE_INC)
INC_daemon := -Isrc/daemon -Isrc/core -Isrc/wire -I$(BUILD)/gen $(RE_DEFS) \
	$(RE_INC)
INC_ctl    := -Isrc/ctl -Isrc/wire $(RE_DEFS) $(RE_INC)

CORE_SRC   := $(sort $(wildcard src/core/*.c))
WIRE_SRC   := $(sort $(wildcard src/wire/*.c))
DAEMON_SRC := $(sort $(wildcard src/daemon/*.c))
CTL_SRC    := $(sort $(wildcard src/ctl/*.c))

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
CORE_OBJ   := $(call obj,$(CORE_SRC))
WIRE_OBJ   := $(call obj,$(WIRE_SRC))
DAEMON_OBJ := $(call obj,$(DAEMON_SRC))
CTL_OBJ    := $(call obj,$(CTL_SRC))
# The daemon without its main(), for tests that run it in their own process.
DAEMON_LIB := $(filter-out %/main.o,$(DAEMON_OBJ))

MAKEFLAGS += --no-print-directory
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$(patsubst $(BUILD)/%,%,$@)')

define link
	$(call say,LD)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o %.a,$^) $(1)
endef

define archive
	$(call say,AR)
	$(Q)mkdir -p $(@D)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^
endef

.PHONY: all clean deps FORCE
all: $(BUILD)/sipregd $(BUILD)/sipregctl

$(BUILD)/libcore.a: $(CORE_OBJ)
	$(archive)

$(BUILD)/libdaemon.a: $(DAEMON_LIB) $(WIRE_OBJ)
	$(archive)

$(BUILD)/sipregd: $(call obj,src/daemon/main.c) $(BUILD)/libdaemon.a \
		$(BUILD)/libcore.a
	$(call link,$(PKG_LIBS))

$(BUILD)/sipregctl: $(CTL_OBJ) $(WIRE_OBJ)
	$(call link,$(PKG_LIBS))

# The interfaces of the control socket as C strings, for its introspection.
VARLINK := $(sort $(wildcard src/wire/*.varlink))
$(BUILD)/gen/%.inc: src/wire/%.varlink
	$(call say,GEN)
	$(Q)mkdir -p $(@D)
	$(Q)sed 's/[\\"]/\\&/g; s/.*/"&\\n"/' $< >$@
$(call obj,src/daemon/methods_service.c): \
	$(VARLINK:src/wire/%.varlink=$(BUILD)/gen/%.inc)

# $(1): a directory, $(2): what its files may include
define compile
$$(BUILD)/obj/$(1)/%.o: $(1)/%.c $$(BUILD)/flags
	$$(call say,CC)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CC) $$(ALL_CPPFLAGS) $(2) $$(ALL_CFLAGS) -MMD -MP -c -o $$@ $$<
endef
$(foreach d,core wire daemon ctl,\
	$(eval $(call compile,src/$(d),$$(INC_$(d)))))

# Everything is compiled anew when the compiler or its flags change.
FLAGS = $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS)
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo "$(subst ",,$(FLAGS))" | cmp -s - $@ || \
		echo "$(subst ",,$(FLAGS))" >$@

clean:
	rm -rf $(BUILD)

include install.mk
include tests/tests.mk

-include $(wildcard $(BUILD)/obj/*/*/*.d $(BUILD)/obj/*/*/*/*.d)
