/* What a plugin must leave alone, since it belongs to the whole process. */
#ifndef HOST_CHECK_TRAP_H
#define HOST_CHECK_TRAP_H

#include "host/plain/str.h"

enum trap {
    TRAP_SIGNALS,
    TRAP_FOLDER,
    TRAP_LOCALE,
    TRAP_UMASK,
    TRAP_ENVIRONMENT,
    TRAP_LIMITS,
    TRAP_EXEC /* descriptors that a child would inherit */
};

#define TRAP_LIMIT 65536

/* Adds how that is now, for a comparison, and to be read: lines. */
void trap_look(enum trap trap, struct str *out);

unsigned trap_threads(void);     /* of this process */
unsigned trap_descriptors(void); /* that are open */

#endif
