/* Messages, checked and copied by their tables, as the host's border does it:
 * what a plugin says must be well formed, and what it is given lies in memory
 * of its own, one allocation a slice, so that a sanitizer sees every byte that
 * is read beyond its end or after its time.
 *
 * A message that breaks its table fails the running test. */
#ifndef TESTS_PLUGINS_MESSAGE_H
#define TESTS_PLUGINS_MESSAGE_H

#include <haft/types.h>

/* A whole copy, as long as the table's struct, zeroed where `in` is shorter;
 * ended by message_free. `who` is for the failure's text. */
void *message_copy(const struct haft_record *record, const void *in,
                   const char *who);
void message_free(const struct haft_record *record, void *message);

#endif
