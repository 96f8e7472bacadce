/* Messages as bytes, for where no pointer can go: between processes, and into
 * records. Members in order, little-endian, slices and arrays behind their
 * lengths; the zeros at the end are dropped, so that a message with members
 * that the reader lacks is read if they are zero. */
#ifndef HOST_GUEST_WIRE_H
#define HOST_GUEST_WIRE_H

#include <stddef.h>

#include <haft/types.h>

#include "host/guest/scratch.h"
#include "host/plain/str.h"

/* Of a sane table and a message that codec_check passed. What does not fit
 * under out->limit is cut, as `out` then says. */
void wire_encode(const struct haft_record *record, const void *message,
                 struct str *out);

/* And back, into `mem`; slices point into `bytes`. NULL with the reason: too
 * short, too long, a member that this table lacks, not a valid message. */
void *wire_decode(struct scratch *mem, const struct haft_record *record,
                  const void *bytes, size_t size, struct str *why);

#endif
