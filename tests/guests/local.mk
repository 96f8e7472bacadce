# Modules that do what tests want of them, and modules that misbehave.
check_LTLIBRARIES += guest-actor.la
guest_actor_la_SOURCES = tests/guests/actor.c
guest_actor_la_LDFLAGS = $(GUEST_LINK)
tests/guests/actor.lo: tests/guests/actor.json
EXTRA_DIST += tests/guests/actor.json
