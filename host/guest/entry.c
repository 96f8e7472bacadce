#include "host/guest/entry.h"

#define ENTRY(n)                                                               \
    static haft_status enter_##n(void *self, const struct haft_call *call,     \
                                 const void *in, void *out)                    \
    {                                                                          \
        struct entry *entry = self;                                            \
                                                                               \
        return entry->enter(entry, n, call, in, out);                          \
    }

ENTRY(0)
ENTRY(1)
ENTRY(2)
ENTRY(3)
ENTRY(4)
ENTRY(5)
ENTRY(6)
ENTRY(7)
ENTRY(8)
ENTRY(9)
ENTRY(10)
ENTRY(11)
ENTRY(12)
ENTRY(13)
ENTRY(14)
ENTRY(15)

const haft_method entries[ENTRIES] = {
    enter_0,  enter_1,  enter_2,  enter_3,  enter_4,  enter_5,
    enter_6,  enter_7,  enter_8,  enter_9,  enter_10, enter_11,
    enter_12, enter_13, enter_14, enter_15,
};
