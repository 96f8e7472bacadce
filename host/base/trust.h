/* Which found haft.conf files their owner has read and trusts.
 *
 * A repository may hold a haft.conf, and `haft` started in it would load what
 * that file names. So a file that was merely found may name no module and no
 * command until its owner says `haft trust`: the fingerprint of its content is
 * then remembered beside its path, and a changed file is a stranger again.
 *
 * The list is $XDG_STATE_HOME/haft/trusted, or ~/.local/state/haft/trusted:
 * lines of fingerprint, a space, and absolute path. Only a list that is ours
 * and that nobody else may write is believed. */
#ifndef HOST_BASE_TRUST_H
#define HOST_BASE_TRUST_H

#include <stdbool.h>

#include "host/plain/str.h"

bool trust_has(const char *path, const char *fingerprint);

/* Remembers it, in place of what was remembered for the path. 0 or -errno with
 * a sentence in `why`. */
int trust_add(const char *path, const char *fingerprint, struct str *why);

#endif
