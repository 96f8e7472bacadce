# What a plugin author installs beside the public headers.
dist_aclocal_DATA += sdk/haft.m4
pkginclude_HEADERS += sdk/child.h sdk/faults.h sdk/sdk.h

# In the tree too they are found as <haft/...>, through links.
SDK_LINKS = sdk/installed/haft/child.h sdk/installed/haft/faults.h \
    sdk/installed/haft/sdk.h
BUILT_SOURCES += $(SDK_LINKS)
CLEANFILES += $(SDK_LINKS)

$(SDK_LINKS):
	$(AM_V_GEN)$(MKDIR_P) sdk/installed/haft && rm -f $@ && \
	    $(LN_S) $(abs_top_srcdir)/sdk/$(@F) $@

# Whole plugins to begin from; make check builds them as an author would.
EXTRA_DIST += \
    sdk/template/executor/executor.c sdk/template/executor/executor.json \
    sdk/template/notify/notify.c sdk/template/notify/notify.json
