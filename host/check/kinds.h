/* The kinds of plugins that the kit knows, and the cases that are theirs. */
#ifndef HOST_CHECK_KINDS_H
#define HOST_CHECK_KINDS_H

#include "host/check/kit.h"

extern const struct kit_kind kind_storage, kind_executor, kind_retry, kind_auth,
    kind_notify;

/* What each shows stands in cases.c. */
void storage_numbers(struct kit *kit);
void storage_guards(struct kit *kit);
void storage_bytes(struct kit *kit);
void storage_reopen(struct kit *kit);
void storage_killed(struct kit *kit);
void storage_scan(struct kit *kit);
void storage_model(struct kit *kit);
void executor_ends(struct kit *kit);
void executor_twice(struct kit *kit);
void executor_cancel(struct kit *kit);
void executor_recover(struct kit *kit);
void executor_release(struct kit *kit);
void retry_pure(struct kit *kit);
void retry_bounded(struct kit *kit);
void retry_monotone(struct kit *kit);
void auth_foreign(struct kit *kit);
void auth_principal(struct kit *kit);
void notify_batch(struct kit *kit);
void notify_again(struct kit *kit);

#endif
