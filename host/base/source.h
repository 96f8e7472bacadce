/* Where a haft.conf comes from: the search, the file, the files it includes.
 * Nothing is understood here. */
#ifndef HOST_BASE_SOURCE_H
#define HOST_BASE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "host/plain/str.h"

#define SOURCE_LOCAL "haft.conf" /* in the current folder */
#define SOURCE_SYSTEM "/etc/haft/haft.conf"
#define SOURCE_INCLUDES_LIMIT 1000

/* Looks in the order --config, $HAFT_CONFIG, ./haft.conf, $XDG_CONFIG_HOME or
 * ~/.config, /etc. False only if something was found that cannot be looked at,
 * or was named and is not there; then a sentence is in `why`. `*path` is owned,
 * or NULL if there is none: the built-in defaults serve. `*is_found` is set if
 * it is a ./haft.conf that nobody named. */
bool source_find(const char *given, char **path, bool *is_found,
                 struct str *why);

/* The whole file, owned, or NULL with half a sentence in `why`. Files over
 * CONFIG_FILE_LIMIT are refused. */
char *source_read(const char *path, size_t *size, struct str *why);

/* The files that a pattern names, in byte order; a relative pattern is beside
 * `file`. A pattern without a wildcard must name a file. Owned: free each and
 * the array. NULL with half a sentence in `why`. */
char **source_list(const char *pattern, const char *file, size_t *count,
                   struct str *why);

#endif
