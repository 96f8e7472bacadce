# Targets beyond automake's own.

# An installed module needs neither the libtool script nor the archive.
install-data-hook:
	for f in $(plugin_LTLIBRARIES:.la=); do \
	    rm -f "$(DESTDIR)$(plugindir)/$$f.la" "$(DESTDIR)$(plugindir)/$$f.a"; \
	done
uninstall-hook:
	for f in $(plugin_LTLIBRARIES:.la=.so); do \
	    rm -f "$(DESTDIR)$(plugindir)/$$f"; done

# The installed program runs a workflow, with the installed modules.
installcheck-local:
	HAFT_SRCDIR='$(abs_top_srcdir)' CC='$(CC)' \
	    $(srcdir)/tests/installcheck '$(DESTDIR)' '$(bindir)' \
	    '$(libexecdir)' '$(plugindir)' '$(pkgconfigdir)' '$(pkgdatadir)'

# The rules that take tools of their own: clang-format, clang-tidy, cppcheck,
# shellcheck.
style:
	cd $(srcdir) && tests/lint/format
	cd $(srcdir) && tests/lint/sizes
	cd $(srcdir) && tests/lint/shell
	cd $(srcdir) && tests/lint/tidy

# Line coverage of the host, counted by make check in a build of its own.
cover:
	$(srcdir)/tests/cover

# Some tests of each room, and a whole run, under valgrind.
memcheck: all
	$(MAKE) $(AM_MAKEFLAGS) $(MEMCHECKED)
	HAFT_SRCDIR='$(abs_top_srcdir)' $(srcdir)/tests/memcheck $(MEMCHECKED)
MEMCHECKED = \
    tests/host/base/test_config \
    tests/host/carry/test_record \
    tests/host/core/test_life \
    tests/host/flow/test_reader \
    tests/host/keeper/test_wire \
    tests/host/plain/test_json

# Both commands of the README in a minimal Debian made on the spot; needs root.
check-fresh:
	$(srcdir)/tests/check-fresh

.PHONY: style cover memcheck check-fresh

# What git tracks is in the tarball, but for what only git and CI need.
distcheck-hook:
	if [ -e $(srcdir)/.git ]; then \
	    (cd $(srcdir) && git ls-files | grep -v '^\.ci/\|^\.gitignore$$' | \
	        while read -r f; do \
	            [ -e "$(abs_top_builddir)/$(distdir)/$$f" ] || echo "$$f"; \
	        done) >missing.txt; \
	    [ ! -s missing.txt ] || \
	        { echo "not in the tarball:"; cat missing.txt; exit 1; }; \
	    rm -f missing.txt; \
	fi
