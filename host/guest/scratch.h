/* Memory for one message and all that it points at: taken piece by piece, given
 * back at once. Pieces are zeroed and aligned for anything. Small messages fit
 * into the first block, which is part of the struct, so that a call that
 * answers with a few texts allocates nothing. */
#ifndef HOST_GUEST_SCRATCH_H
#define HOST_GUEST_SCRATCH_H

#include <stddef.h>

struct scratch_block;

#define SCRATCH_FIRST 512 /* bytes that need no allocation */

struct scratch {
    struct scratch_block *blocks; /* newest first */
    size_t used;                  /* of the newest, or of `first` */
    size_t room;
    _Alignas(max_align_t) unsigned char first[SCRATCH_FIRST];
};

void scratch_init(struct scratch *mem);
void scratch_finish(struct scratch *mem);

/* Borrowed until scratch_finish; never NULL. */
void *scratch_take(struct scratch *mem, size_t size);

/* The same, and not zeroed. */
void *scratch_room(struct scratch *mem, size_t size);

#endif
