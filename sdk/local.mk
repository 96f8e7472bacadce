# What a plugin author installs beside the public headers.
dist_aclocal_DATA += sdk/haft.m4
SDK_FILES = sdk/child.h sdk/fakehost.h sdk/faults.h sdk/sdk.h sdk/sdk.hh
pkginclude_HEADERS += $(SDK_FILES)

# A plugin that is a program: it speaks the worker's wire by itself.
exampledir = $(pkgdatadir)/sdk/example
dist_example_SCRIPTS = sdk/example/lines.haft

# Plugins to begin from, which `haft plugin new` copies: all/, and a folder for
# each language, each kind, and each kind in a language.
nobase_dist_pkgdata_DATA = \
    sdk/template/all/.gitignore \
    sdk/template/all/ci.sh \
    sdk/template/c/Makefile \
    sdk/template/c++/Makefile \
    $(TEMPLATES_OF_KINDS) \
    $(TEMPLATES_IN_CXX) \
    $(TEMPLATES_IN_RUST) \
    sdk/template/auth-c/your-name.c \
    sdk/template/executor-c/your-name.c \
    sdk/template/notify-c/your-name.c \
    sdk/template/retry-c/your-name.c \
    sdk/template/storage-c/your-name.c
TEMPLATES_IN_CXX = \
    sdk/template/auth-c++/your-name.cc \
    sdk/template/executor-c++/your-name.cc \
    sdk/template/notify-c++/your-name.cc \
    sdk/template/retry-c++/your-name.cc
TEMPLATES_IN_RUST = \
    sdk/template/rust/Cargo.toml \
    sdk/template/rust/Makefile \
    sdk/template/rust/haft_abi.rs \
    sdk/template/rust/haft_messages.rs \
    sdk/template/auth-rust/your-name.rs \
    sdk/template/executor-rust/your-name.rs \
    sdk/template/notify-rust/your-name.rs \
    sdk/template/retry-rust/your-name.rs
TEMPLATES_OF_KINDS = \
    sdk/template/auth/README.md \
    sdk/template/auth/haft.conf \
    sdk/template/auth/hello.yaml \
    sdk/template/auth/test-your-name.c \
    sdk/template/auth/your-name.json \
    sdk/template/executor/README.md \
    sdk/template/executor/haft.conf \
    sdk/template/executor/hello.yaml \
    sdk/template/executor/test-your-name.c \
    sdk/template/executor/your-name.json \
    sdk/template/notify/README.md \
    sdk/template/notify/haft.conf \
    sdk/template/notify/hello.yaml \
    sdk/template/notify/test-your-name.c \
    sdk/template/notify/your-name.json \
    sdk/template/retry/README.md \
    sdk/template/retry/haft.conf \
    sdk/template/retry/hello.yaml \
    sdk/template/retry/test-your-name.c \
    sdk/template/retry/your-name.json \
    sdk/template/storage/README.md \
    sdk/template/storage/haft.conf \
    sdk/template/storage/hello.yaml \
    sdk/template/storage/test-your-name.c \
    sdk/template/storage/your-name.json

# In the tree too they are found as <haft/...>, and the templates beside the
# program, through links.
SDK_LINKS = $(SDK_FILES:sdk/%=sdk/installed/haft/%) sdk/installed/template
BUILT_SOURCES += $(SDK_LINKS)
CLEANFILES += $(SDK_LINKS)

$(SDK_LINKS):
	$(AM_V_GEN)$(MKDIR_P) sdk/installed/haft && rm -f $@ && \
	    $(LN_S) $(abs_top_srcdir)/sdk/$(@F) $@
