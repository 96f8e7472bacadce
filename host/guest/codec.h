/* Messages, by their tables: checked, copied, and translated between the host's
 * and a plugin's idea of them. One loop over rows serves every message of every
 * interface; wire.h does the same with bytes.
 *
 * Two tables of one message agree when the shorter is a beginning of the
 * longer (codec_agrees). Then a message of one becomes a message of the other:
 * members that the sender lacks are zero, members that the receiver lacks are
 * left out, and items of arrays are laid out anew where their sizes differ.
 *
 * What is read here may come from a plugin. A message is first walked by
 * codec_check; the other functions trust what has passed it. */
#ifndef HOST_GUEST_CODEC_H
#define HOST_GUEST_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <haft/types.h>

#include "host/guest/scratch.h"
#include "host/plain/str.h"

#define CODEC_FIELDS_LIMIT 256u          /* rows of one table */
#define CODEC_SIZE_LIMIT 4096u           /* bytes of one flat struct */
#define CODEC_ITEMS_LIMIT (16u << 20)    /* of one array */
#define CODEC_BYTES_LIMIT (512ull << 20) /* of one message with all it holds */

/* Whether a table can be walked at all: kinds, offsets, nothing overlaps,
 * nothing is left uncovered, items one level deep. Then, and only then, the
 * functions below may be given it. */
bool codec_is_sane(const struct haft_record *record, struct str *why);

/* Whether two sane tables are of one message; `why` names the field, what was
 * wanted and what was found. */
bool codec_agrees(const struct haft_record *ours,
                  const struct haft_record *theirs, struct str *why);

/* Whether translating between the two changes nothing. */
bool codec_is_same(const struct haft_record *a, const struct haft_record *b);

/* Whether a message is all there is: no slice, no array. */
bool codec_is_flat(const struct haft_record *record);

/* Whether a message keeps to its table: size, padding, texts, limits. False
 * with the field in `why`. */
bool codec_check(const struct haft_record *record, const void *message,
                 struct str *why);

/* The message of table `from` as one of table `to`. Shallow: bytes that slices
 * name stay where they are. Deep: everything is copied into `mem`. */
void *codec_adapt(struct scratch *mem, const struct haft_record *from,
                  const struct haft_record *to, const void *message);
void *codec_copy(struct scratch *mem, const struct haft_record *from,
                 const struct haft_record *to, const void *message);

/* The same into a struct that is there: `to` bytes of it are written. */
void codec_copy_into(struct scratch *mem, const struct haft_record *from,
                     const struct haft_record *to, const void *message,
                     void *into);

#endif
