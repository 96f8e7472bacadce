/* A copy of a file that nobody can change any more, so that what was checked is
 * what is run, also by the next process: who replaces a module may write over
 * the file that is in use. */
#ifndef HOST_GUEST_SEAL_H
#define HOST_GUEST_SEAL_H

#include "host/plain/str.h"

#define SEAL_LIMIT (INT64_C(1) << 30) /* bytes of a file */

/* Copies into memory; the descriptor, owned, or -errno. `name` is what debuggers
 * show. */
int seal_in_memory(int from, const char *name);

/* Where the kernel refuses that: into a file without a name in `folder`, open for
 * reading alone. */
int seal_in_folder(int from, const char *folder);

/* Either; -1 with the reason. */
int seal_copy(int from, const char *name, const char *folder, struct str *why);

#endif
