# Where things go, and the tarball. Included by the Makefile.
#
#   make install     DESTDIR and all paths below may be set
#   make uninstall   all of it but the configuration
#   make deb         $(BUILD)/deb/sipregd_VERSION_MACHINE.deb
#   make dist        $(BUILD)/sipregd-VERSION.tar.xz of what is committed
#   make distcheck   is that one complete? unpacks, builds, tests, installs it

PREFIX     ?= /usr
SBINDIR    ?= $(PREFIX)/sbin
BINDIR     ?= $(PREFIX)/bin
MANDIR     ?= $(PREFIX)/share/man
VARLINKDIR ?= $(PREFIX)/share/varlink
PRESETDIR  ?= $(PREFIX)/share/sipregd/presets
EXAMPLEDIR ?= $(PREFIX)/share/doc/sipregd/examples
BASHDIR    ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR     ?= $(PREFIX)/share/zsh/vendor-completions
PLUGINDIR  ?= $(PREFIX)/lib/nagios/plugins
SYSCONFDIR ?= /etc

# The system's own directories: systemd looks nowhere else.
systemd_dir  = $(shell $(PKG_CONFIG) --variable=$(1) systemd 2>/dev/null || \
	echo $(2))
UNITDIR     ?= $(call systemd_dir,systemdsystemunitdir,/usr/lib/systemd/system)
SYSUSERSDIR ?= $(call systemd_dir,sysusersdir,/usr/lib/sysusers.d)
TMPFILESDIR ?= $(call systemd_dir,tmpfilesdir,/usr/lib/tmpfiles.d)
CATALOGDIR  ?= $(call systemd_dir,catalogdir,/usr/lib/systemd/catalog)

CONFDIR := $(SYSCONFDIR)/sipregd
DROPIN  := $(shell $(PKG_CONFIG) --atleast-version=254 systemd 2>/dev/null && \
	echo $(UNITDIR)/sipregd.service.d/10-systemd-254.conf)

# --- what is installed: FILE=SOURCE ---

PROGRAMS := \
	$(SBINDIR)/sipregd=$(BUILD)/sipregd \
	$(BINDIR)/sipregctl=$(BUILD)/sipregctl
TEXTS := \
	$(MANDIR)/man1/sipregctl.1=man/sipregctl.1 \
	$(MANDIR)/man5/sipregd.conf.5=man/sipregd.conf.5 \
	$(MANDIR)/man7/sipregd-reasons.7=man/sipregd-reasons.7 \
	$(MANDIR)/man8/sipregd.8=man/sipregd.8 \
	$(VARLINKDIR)/io.sipregd.varlink=src/wire/io.sipregd.varlink \
	$(BASHDIR)/sipregctl=completion/sipregctl.bash \
	$(ZSHDIR)/_sipregctl=completion/_sipregctl \
	$(EXAMPLEDIR)/icinga2.conf=etc/icinga2/sipregd.conf \
	$(EXAMPLEDIR)/scrape.yml=etc/prometheus/scrape.yml \
	$(EXAMPLEDIR)/sipregd.rules.yml=etc/prometheus/sipregd.rules.yml \
	$(EXAMPLEDIR)/grafana.json=etc/grafana/sipregd.json \
	$(CATALOGDIR)/sipregd.catalog=systemd/sipregd.catalog \
	$(foreach f,$(sort $(wildcard etc/presets/*.conf)),\
		$(PRESETDIR)/$(notdir $(f))=$(f)) \
	$(foreach f,$(sort $(wildcard etc/examples/*)),\
		$(EXAMPLEDIR)/$(notdir $(f))=$(f))
# The same program under another name.
LINKS := \
	$(PLUGINDIR)/check_sipregd=$(BINDIR)/sipregctl
# These name paths, which may be others here.
UNITS := \
	$(UNITDIR)/sipregd.service=systemd/sipregd.service \
	$(UNITDIR)/sipregd.socket=systemd/sipregd.socket \
	$(if $(DROPIN),$(DROPIN)=systemd/254.conf) \
	$(SYSUSERSDIR)/sipregd.conf=systemd/sysusers.conf \
	$(TMPFILESDIR)/sipregd.conf=systemd/tmpfiles.conf


# Of FILE=SOURCE.
to   = $(DESTDIR)$(firstword $(subst =, ,$(1)))
from = $(lastword $(subst =, ,$(1)))

# The newline at the end makes it a line of a recipe.
define put
install -D -m $(2) $(call from,$(1)) $(call to,$(1))

endef

define put_link
install -d $(dir $(call to,$(1)))
ln -sfr $(DESTDIR)$(call from,$(1)) $(call to,$(1))

endef

define put_unit
install -d $(dir $(call to,$(1)))
sed 's|/usr/sbin/|$(SBINDIR)/|; s|/usr/bin/|$(BINDIR)/|; \
	s|/etc/sipregd|$(CONFDIR)|' $(call from,$(1)) >$(call to,$(1))
chmod 0644 $(call to,$(1))

endef

.PHONY: install uninstall deb dist distcheck
install: all
	$(foreach f,$(PROGRAMS),$(call put,$(f),0755))
	$(foreach f,$(TEXTS),$(call put,$(f),0644))
	$(foreach f,$(LINKS),$(call put_link,$(f)))
	$(foreach f,$(UNITS),$(call put_unit,$(f)))
	install -d -m 0750 $(DESTDIR)$(CONFDIR) $(DESTDIR)$(CONFDIR)/accounts.d
	install -d -m 0700 $(DESTDIR)$(CONFDIR)/credentials
	[ -e $(DESTDIR)$(CONFDIR)/sipregd.conf ] || \
		install -m 0640 etc/sipregd.conf $(DESTDIR)$(CONFDIR)/

# Directories of our own go when nothing else is in them.
OWN_DIRS := $(foreach d,$(PRESETDIR) $(EXAMPLEDIR),$(d) $(dir $(d))) \
	$(dir $(DROPIN))
uninstall:
	rm -f $(foreach f,$(PROGRAMS) $(TEXTS) $(LINKS) $(UNITS),\
		$(call to,$(f)))
	$(foreach d,$(wildcard $(OWN_DIRS:%=$(DESTDIR)%)),\
		rmdir --ignore-fail-on-non-empty $(d);)

# Of the tree as it is, in a copy: packages appear beside what they are made of.
deb:
	$(Q)tests/tools/deps deb
	$(Q)rm -rf $(BUILD)/deb && mkdir -p $(BUILD)/deb/sipregd
	$(Q)tar -c --exclude=./build --exclude=./.git . | \
		tar -x -C $(BUILD)/deb/sipregd
	$(Q)cd $(BUILD)/deb/sipregd && \
		env -u CFLAGS -u MAKEFLAGS -u BUILD dpkg-buildpackage -b -us -uc
	@ls $(BUILD)/deb/sipregd_*.deb

DIST := sipregd-$(VERSION)

# Of what is committed, with the time of the commit: the same for everybody.
dist: $(BUILD)/$(DIST).tar.xz
$(BUILD)/$(DIST).tar.xz: FORCE
	$(call say,DIST)
	$(Q)mkdir -p $(@D)
	$(Q)git -c tar.umask=0022 archive --format=tar --prefix=$(DIST)/ HEAD \
		>$@.tar || { rm -f $@.tar; exit 1; }
	$(Q)xz --threads=1 -9 <$@.tar >$@ && rm $@.tar

distcheck: $(BUILD)/$(DIST).tar.xz
	$(Q)tests/tools/distcheck $< $(BUILD)/distcheck
