/* The manifest's bytes out of a module's file, without loading it: an ELF note
 * named "haft", of type 1, found through the program headers in a few bounded
 * reads. The file may be anything: nothing it says about itself is believed
 * before it was compared with its size.
 *
 * Only what this process could load is read: 64-bit, this machine's. */
#ifndef HOST_GUEST_NOTE_H
#define HOST_GUEST_NOTE_H

#include <stdbool.h>

#include "host/plain/str.h"

#define NOTE_LIMIT (1u << 20) /* bytes of a manifest, and of a note segment */

/* Adds the note's text to `json`; false with the reason: which field of the
 * file, what was wanted and what was found. Moves no file offset. */
bool note_read(int fd, struct str *json, struct str *why);

#endif
