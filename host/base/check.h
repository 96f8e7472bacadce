/* Sections against tables: what a haft.conf says, held against what is known
 * (kind.h) or what a manifest lists. A part of config. */
#ifndef HOST_BASE_CHECK_H
#define HOST_BASE_CHECK_H

#include <stdbool.h>

#include "host/base/section.h"
#include "host/base/setting.h"
#include "host/plain/str.h"

/* Finds the section's kind, checks its name and the keys that the host knows,
 * and fills in `rows` and `values`. False with every error in `why`. */
bool check_section(struct config_section *section, struct str *why);

/* Takes what check_section() made. */
void check_finish(struct config_section *section);

/* Begins an error about a key: `file:line: [title] key: `. */
void check_begin_error(const struct config_section *section,
                       const struct config_entry *entry, const char *key,
                       struct str *why);

#endif
