# Modules that misbehave: check_LTLIBRARIES += NAME.la with
# NAME_la_SOURCES = tests/guests/NAME.c and NAME_la_LDFLAGS = $(GUEST_LINK)
