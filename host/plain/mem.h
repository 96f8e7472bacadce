/* Memory that cannot fail. Sizes that come from outside are capped before
 * anyone asks here, so running out means the machine is out of memory: the
 * process says so and aborts, which is safe because the journal replays. */
#ifndef HOST_PLAIN_MEM_H
#define HOST_PLAIN_MEM_H

#include <stddef.h>

/* Zeroed room for `count` items of `size` bytes; never NULL, owned. */
void *mem_new(size_t count, size_t size);

/* The same of `size` bytes that are not cleared. */
void *mem_raw(size_t size);

/* Makes room in `items` for at least `need` items of `size` bytes and returns
 * where they now are; `*room` is the number that fit, before and after. Grows
 * by half, so that adding one by one stays linear. New room is not cleared. */
void *mem_grow(void *items, size_t *room, size_t need, size_t size);

/* A NUL-terminated copy of `size` bytes, owned. */
char *mem_text(const void *bytes, size_t size);

/* Takes what the four above returned; NULL is fine. */
void mem_free(void *p);

#endif
