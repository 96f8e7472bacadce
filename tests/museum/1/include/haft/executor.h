/* haft.executor/1: where work runs. An executor is given attempts, one try of
 * one task each, and never sees the graph they come from.
 *
 * An attempt has an id, unique for ever in one state directory, and a fence
 * that grows with each attempt of its task; both go into everything said about
 * it, in both directions. The executor reports through haft.attempt/1
 * (host.h), and keeps how an attempt ended until `release` says that it is on
 * disk: after a restart the host asks again. */
#ifndef HAFT_EXECUTOR_H
#define HAFT_EXECUTOR_H

#include <haft/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HAFT_EXECUTOR_V1 "haft.executor/1"
#define HAFT_SLOTS_V1 "haft.slots/1"

/* Sorts of jobs, as text in `sort`: the manifest's "sorts" lists which an
 * executor takes. An action of `uses: INSTANCE/ACTION` is named as such. */
#define HAFT_SORT_PROCESS "process"
#define HAFT_SORT_CONTAINER "container"

/* A limit on the processes of a job, in the units of setrlimit(2): "cpu",
 * "as", "fsize", "nofile", "nproc", "core", "stack", "memlock". Or one on all
 * of them together: "memory" (bytes) and "pids" (how many), which a machine
 * may be unable to enforce: that is logged, and the job runs without. */
struct haft_limit {
    struct haft_slice name;
    uint64_t value;
};

struct haft_executor_start_in {
    uint32_t size;
    uint32_t tries; /* of this task, this one included */
    uint64_t attempt;
    uint64_t fence;
    struct haft_slice sort;
    struct haft_slice run;  /* id of the run */
    struct haft_slice task; /* name of the task, each item's with [n] */
    struct haft_array argv; /* of struct haft_slice; never empty */
    struct haft_array env;  /* of struct haft_pair: all there is, HAFT_* too */
    struct haft_slice workdir; /* absolute; empty: the executor's own choice */
    struct haft_slice image;   /* of a container job */
    struct haft_slice stdout_path; /* files of the host, made by who writes: */
    struct haft_slice stderr_path; /* see haft.attempt/1 output */
    struct haft_array limits;      /* of struct haft_limit */
    struct haft_slice idempotency_key; /* for the callee; empty: none */
    int64_t run_limit_ms; /* the host cancels; 0: none. For information */
};

struct haft_executor_cancel_in {
    uint32_t size;
    uint32_t _0;
    uint64_t attempt;
    uint64_t fence;
    int64_t grace_ms; /* from the polite request to force; 0: by force now */
};

#define HAFT_RECOVER_UNKNOWN 0       /* nobody knows; it counts as lost */
#define HAFT_RECOVER_RUNNING 1       /* `ended` will follow */
#define HAFT_RECOVER_ENDED 2         /* `ended` is posted again */
#define HAFT_RECOVER_NEVER_STARTED 3 /* and will not be */

struct haft_executor_recover_in {
    uint32_t size;
    uint32_t _0;
    uint64_t attempt;
    uint64_t fence;
    struct haft_slice token; /* bytes that `started` gave, or nothing */
    uint64_t stdout_offset;  /* of the output that the host has */
    uint64_t stderr_offset;
};

struct haft_executor_recover_out {
    uint32_t size;
    uint32_t state; /* HAFT_RECOVER_* */
};

struct haft_executor_release_in {
    uint32_t size;
    uint32_t _0;
    uint64_t attempt;
    uint64_t fence;
};

struct haft_slots_set_in {
    uint32_t size;
    uint32_t slots; /* how many attempts may run at once, from 1 */
};

HAFT_TABLE struct haft_field haft_limit_fields[] = {
    HAFT_ROW_TEXT(haft_limit, name),
    HAFT_ROW_U64(haft_limit, value),
};
HAFT_RECORD(haft_limit, 24);

HAFT_TABLE struct haft_field haft_executor_start_in_fields[] = {
    HAFT_ROW_SIZE(haft_executor_start_in),
    HAFT_ROW_U32(haft_executor_start_in, tries),
    HAFT_ROW_U64(haft_executor_start_in, attempt),
    HAFT_ROW_U64(haft_executor_start_in, fence),
    HAFT_ROW_TEXT(haft_executor_start_in, sort),
    HAFT_ROW_TEXT(haft_executor_start_in, run),
    HAFT_ROW_TEXT(haft_executor_start_in, task),
    HAFT_ROW_ARRAY(haft_executor_start_in, argv, &haft_slice_record),
    HAFT_ROW_ARRAY(haft_executor_start_in, env, &haft_pair_record),
    HAFT_ROW_TEXT(haft_executor_start_in, workdir),
    HAFT_ROW_TEXT(haft_executor_start_in, image),
    HAFT_ROW_TEXT(haft_executor_start_in, stdout_path),
    HAFT_ROW_TEXT(haft_executor_start_in, stderr_path),
    HAFT_ROW_ARRAY(haft_executor_start_in, limits, &haft_limit_record),
    HAFT_ROW_TEXT(haft_executor_start_in, idempotency_key),
    HAFT_ROW_I64(haft_executor_start_in, run_limit_ms),
};
HAFT_RECORD(haft_executor_start_in, 208);

HAFT_TABLE struct haft_field haft_executor_cancel_in_fields[] = {
    HAFT_ROW_SIZE(haft_executor_cancel_in),
    HAFT_ROW_PAD(haft_executor_cancel_in, _0),
    HAFT_ROW_U64(haft_executor_cancel_in, attempt),
    HAFT_ROW_U64(haft_executor_cancel_in, fence),
    HAFT_ROW_I64(haft_executor_cancel_in, grace_ms),
};
HAFT_RECORD(haft_executor_cancel_in, 32);

HAFT_TABLE struct haft_field haft_executor_recover_in_fields[] = {
    HAFT_ROW_SIZE(haft_executor_recover_in),
    HAFT_ROW_PAD(haft_executor_recover_in, _0),
    HAFT_ROW_U64(haft_executor_recover_in, attempt),
    HAFT_ROW_U64(haft_executor_recover_in, fence),
    HAFT_ROW_BYTES(haft_executor_recover_in, token),
    HAFT_ROW_U64(haft_executor_recover_in, stdout_offset),
    HAFT_ROW_U64(haft_executor_recover_in, stderr_offset),
};
HAFT_RECORD(haft_executor_recover_in, 56);

HAFT_TABLE struct haft_field haft_executor_recover_out_fields[] = {
    HAFT_ROW_SIZE(haft_executor_recover_out),
    HAFT_ROW_U32(haft_executor_recover_out, state),
};
HAFT_RECORD(haft_executor_recover_out, 8);

HAFT_TABLE struct haft_field haft_executor_release_in_fields[] = {
    HAFT_ROW_SIZE(haft_executor_release_in),
    HAFT_ROW_PAD(haft_executor_release_in, _0),
    HAFT_ROW_U64(haft_executor_release_in, attempt),
    HAFT_ROW_U64(haft_executor_release_in, fence),
};
HAFT_RECORD(haft_executor_release_in, 24);

HAFT_TABLE struct haft_field haft_slots_set_in_fields[] = {
    HAFT_ROW_SIZE(haft_slots_set_in),
    HAFT_ROW_U32(haft_slots_set_in, slots),
};
HAFT_RECORD(haft_slots_set_in, 8);

/* Methods of haft.executor/1, all [instance]:
 *
 * start: takes an attempt; HAFT_OK means that `ended` will follow, whatever
 * happens. A fault means that nothing was started and `ended` will not follow.
 * Asked twice with one id it starts once. It returns soon: work that waits
 * goes on after the return.
 *
 * cancel: asks for the end of an attempt, politely, and by force after
 * grace_ms; `ended` follows all the same (class CANCELLED, effect not_started
 * if it never ran). An unknown or ended attempt is HAFT_OK.
 *
 * recover: after a restart of the host, once for each attempt that was open.
 *
 * release: the end of the attempt is on disk; forget it. */
#define HAFT_EXECUTOR_START 0
#define HAFT_EXECUTOR_CANCEL 1
#define HAFT_EXECUTOR_RECOVER 2
#define HAFT_EXECUTOR_RELEASE 3

HAFT_TABLE struct haft_signature haft_executor_v1_methods[] = {
    {"start", HAFT_REPEAT, 0, &haft_executor_start_in_record, NULL},
    {"cancel", HAFT_REPEAT, 0, &haft_executor_cancel_in_record, NULL},
    {"recover", HAFT_REPEAT, 0, &haft_executor_recover_in_record,
     &haft_executor_recover_out_record},
    {"release", HAFT_POST | HAFT_REPEAT, 0, &haft_executor_release_in_record,
     NULL},
};
HAFT_INTERFACE(haft_executor_v1, HAFT_EXECUTOR_V1);

/* haft.slots/1, offered by an executor that queues by itself: the host then
 * hands over a few attempts more than there are slots, so that none of them
 * stands empty while the next start travels. Without it the host hands over
 * at most as many as there are slots.
 *
 * set: how many may run at once, from now on; before the first start, and
 * whenever it changes. [instance] */
#define HAFT_SLOTS_SET 0

HAFT_TABLE struct haft_signature haft_slots_v1_methods[] = {
    {"set", HAFT_SYNC | HAFT_REPEAT, 0, &haft_slots_set_in_record, NULL},
};
HAFT_INTERFACE(haft_slots_v1, HAFT_SLOTS_V1);

#ifdef __cplusplus
}
#endif

#endif
