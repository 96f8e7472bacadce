if PLUGIN_AUTH_PEER
plugin_LTLIBRARIES += auth-peer.la
PRELOADS += auth-peer.la
auth_peer_la_SOURCES = plugins/auth/peer/peer.c
auth_peer_la_LDFLAGS = $(PLUGIN_LINK)
auth_peer_la_LIBADD =
plugins/auth/peer/peer.lo: plugins/auth/peer/manifest.json
endif
EXTRA_DIST += plugins/auth/peer/manifest.json
