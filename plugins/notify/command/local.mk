if PLUGIN_NOTIFY_COMMAND
plugin_LTLIBRARIES += notify-command.la
PRELOADS += notify-command.la
notify_command_la_SOURCES = plugins/notify/command/command.c
notify_command_la_LDFLAGS = $(PLUGIN_LINK)
notify_command_la_LIBADD = $(CJSON_LIBS)
plugins/notify/command/command.lo: plugins/notify/command/manifest.json
endif
EXTRA_DIST += plugins/notify/command/manifest.json
