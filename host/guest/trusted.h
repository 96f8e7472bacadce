/* Whether a file may be run as part of the host: it and every folder above it
 * must belong to root or to whom the host runs as, and nobody else may write
 * there; a sticky folder of root (/tmp) is allowed above. The file is judged
 * by its open descriptor, so that what was judged is what is used. */
#ifndef HOST_GUEST_TRUSTED_H
#define HOST_GUEST_TRUSTED_H

#include "host/plain/str.h"

/* An open descriptor of the regular file at an absolute path, owned; -1 with
 * the reason. */
int trusted_open(const char *path, struct str *why);

#endif
