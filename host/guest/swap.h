/* Another instance in the place of a guest's, while it is in use: of another file,
 * with other options, in another cage.
 *
 * Calls that are made meanwhile wait. Those that are open end first; what is
 * not answered within a limit is lost, as if the instance had died, and if a
 * method does not even return, the instance stays. Then the one ends and the
 * other is made: one after the other, so that they never hold one file, lock or
 * port at once. If the other cannot be made, the one before it is made again.
 * Whoever asks the guest knows nothing of it but what guests_on_restart tells. */
#ifndef HOST_GUEST_SWAP_H
#define HOST_GUEST_SWAP_H

#include <stdbool.h>
#include <stdint.h>

struct guest;
struct guest_origin;
struct swap;

/* `why` is "" if the other is there; else the one before it is, unless `why`
 * says that it could not be made again either. `pause_ms` is for how long calls
 * waited. */
typedef void (*swap_done)(void *ctx, const char *why, int64_t pause_ms);

/* Begins it; the guest is made, or gone, and not being swapped. `done` comes
 * once, later, on the loop. */
void swap_begin(struct guest *guest, const struct guest_origin *to,
                swap_done done, void *ctx);

/* The host leaves: `done` comes now. What is there is the caller's to end. */
void swap_stop(struct swap *swap);

/* No call is open any more. */
void swap_on_idle(struct swap *swap);

/* Of the cage: its process is gone as it was asked to be; there is an instance;
 * the process is lost. The last is true if the cage is to start no other. */
void swap_on_ended(struct swap *swap);
void swap_on_made(struct swap *swap);
bool swap_on_lost(struct swap *swap, const char *why);

#endif
