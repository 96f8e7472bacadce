/* Since when the machine has been up, in epochs of owners.
 *
 * The keeper's table survives kill -9 and not the loss of power. An attempt
 * that it does not know was never begun, if it was handed over since the
 * machine came up; one from before may have run, and nobody knows how far. The
 * file `boot` in the state directory has the boot id and the first epoch that
 * was seen with it; attempt ids begin with their epoch. */
#ifndef HOST_CARRY_BOOT_H
#define HOST_CARRY_BOOT_H

#include <stdint.h>

/* The first epoch since the machine came up, `epoch` at the most. A file that
 * is missing, broken or cannot be written counts as another boot: the careful
 * answer. */
uint32_t boot_first_epoch(int state_fd, uint32_t epoch);

#endif
