/* Methods that one function serves. A method of the ABI is not told its number,
 * so each number has an entry, which finds that function through its `self`. */
#ifndef HOST_GUEST_ENTRY_H
#define HOST_GUEST_ENTRY_H

#include <stdint.h>

#include <haft/plugin.h>

#define ENTRIES 16 /* methods of one interface */

/* The first member of what the objects' `self` points at. */
struct entry {
    haft_status (*enter)(struct entry *self, uint32_t method,
                         const struct haft_call *call, const void *in,
                         void *out);
};

extern const haft_method entries[ENTRIES];

#endif
