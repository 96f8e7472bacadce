/* Small files that haft keeps for itself: read if nobody else could have
 * written them, replaced as a whole. */
#ifndef HOST_BASE_FILE_H
#define HOST_BASE_FILE_H

#include "host/plain/str.h"

/* Adds the text of a regular file that is ours and that no other may write;
 * adds nothing where there is none to believe. */
void file_read_own(const char *path, struct str *text);

/* Makes each folder of the path that is missing, for its owner alone. 0 or
 * -errno. */
int file_make_folders(const char *folder);

/* Puts the text on disk in the place of the file, at once. 0 or -errno. */
int file_replace(const char *path, const struct str *text);

#endif
