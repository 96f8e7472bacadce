/* From checked sections to a config: what nobody wrote, what follows from
 * what, and the typed structs. A part of config. */
#ifndef HOST_BASE_FILL_H
#define HOST_BASE_FILL_H

#include <stdbool.h>

#include "host/base/config.h"

/* Adds the built-in sections that the file has not. */
void fill_builtin(struct config *config, struct str *why);

/* Fills in all typed fields. Every section has been checked and found good.
 * False with every error in `why`. */
bool fill_config(struct config *config, struct str *why);

#endif
