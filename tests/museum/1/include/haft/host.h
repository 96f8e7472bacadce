/* What the host offers to every instance, each under an id of its own. Ask for
 * one with haft_host.query when it is needed; NULL means that this host, or
 * this instance, lacks it. What the manifest does not name under "needs" is
 * refused, but for log and clock, which everyone has.
 *
 * Where the host must call back (a descriptor is ready, a child has ended), it
 * does so through an interface that the instance offers: haft.ready/1 and
 * haft.child/1 at the end of this file. */
#ifndef HAFT_HOST_H
#define HAFT_HOST_H

#include <haft/executor.h>
#include <haft/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- haft.log/1 ---- */
#define HAFT_LOG_V1 "haft.log/1"

#define HAFT_LOG_ERROR 0 /* the operator must act now */
#define HAFT_LOG_WARN 1  /* someday */
#define HAFT_LOG_INFO 2  /* history */
#define HAFT_LOG_DEBUG 3

struct haft_log_write_in {
    uint32_t size;
    uint32_t level;
    struct haft_slice event; /* what happened: "engine lost" */
    struct haft_array facts; /* of struct haft_pair; no secrets */
};

/* ---- haft.clock/1 ---- */
#define HAFT_CLOCK_V1 "haft.clock/1"

struct haft_clock_now_out {
    uint32_t size;
    uint32_t _0;
    int64_t monotonic_ms; /* the clock of deadlines */
    int64_t real_ms;      /* since 1970, UTC */
};

/* ---- haft.loop/1: for classes of threading "loop" ---- */
#define HAFT_LOOP_V1 "haft.loop/1"

#define HAFT_LOOP_READ 1u
#define HAFT_LOOP_WRITE 2u
#define HAFT_LOOP_ERROR 4u /* told, never asked for */

struct haft_loop_watch_in {
    uint32_t size;
    int32_t fd;      /* the plugin's; unwatch it before closing it */
    uint32_t events; /* HAFT_LOOP_*; 0: unwatch */
    uint32_t _0;
    uint64_t token; /* comes back with haft.ready/1 */
};

struct haft_loop_timer_in {
    uint32_t size;
    uint32_t _0;
    int64_t at_ms; /* monotonic; 0: clear. One timer a token, fires once */
    uint64_t token;
};

struct haft_loop_post_in {
    uint32_t size;
    uint32_t _0;
    uint64_t token;
};

/* ---- haft.attempt/1: for executors ---- */
#define HAFT_ATTEMPT_V1 "haft.attempt/1"

struct haft_attempt_started_in {
    uint32_t size;
    uint32_t _0;
    uint64_t attempt;
    uint64_t fence;
    int64_t time_ms;         /* since 1970; 0: now */
    struct haft_slice token; /* bytes for recover, at most 4096 */
};

#define HAFT_STREAM_STDOUT 1u
#define HAFT_STREAM_STDERR 2u

struct haft_attempt_output_in {
    uint32_t size;
    uint32_t stream; /* HAFT_STREAM_* */
    uint64_t attempt;
    uint64_t fence;
    uint64_t offset;        /* of the first byte in its stream */
    struct haft_slice data; /* bytes, at most 1 MiB */
};

struct haft_attempt_progress_in {
    uint32_t size;
    uint32_t permille; /* 0 to 1000 */
    uint64_t attempt;
    uint64_t fence;
    struct haft_slice note;
};

/* How an attempt ended. A class of 0 is success; the rest is as in fault.h. */
struct haft_attempt_ended_in {
    uint32_t size;
    uint32_t fault_class;
    uint64_t attempt;
    uint64_t fence;
    uint32_t effect;
    uint32_t origin;
    uint32_t retry_hint;
    int32_t exit_code;
    int32_t signal;
    uint32_t _0;
    int64_t retry_after_ms;
    int64_t started_ms; /* since 1970; 0: unknown, or never */
    int64_t ended_ms;
    struct haft_slice code;
    struct haft_slice message;
    struct haft_array causes; /* of struct haft_cause */
};

/* ---- haft.process/1: children that outlive the host ---- */
#define HAFT_PROCESS_V1 "haft.process/1"

struct haft_process_start_in {
    uint32_t size;
    uint32_t flags;
    uint64_t id; /* an executor's attempt; 0 elsewhere: the host gives one */
    uint64_t fence;
    struct haft_array argv; /* of struct haft_slice; [0] is looked up in PATH */
    struct haft_array env;  /* of struct haft_pair: all there is */
    struct haft_slice workdir;
    struct haft_slice input; /* bytes on standard input; empty: /dev/null */
    struct haft_slice stdout_path; /* appended to; empty: /dev/null */
    struct haft_slice stderr_path;
    struct haft_array limits; /* of struct haft_limit */
};

struct haft_process_start_out {
    uint32_t size;
    uint32_t _0;
    uint64_t id;
};

struct haft_process_signal_in {
    uint32_t size;
    int32_t signal; /* to the whole group; 0: withdraw it if not yet started */
    uint64_t id;
};

#define HAFT_PROCESS_UNKNOWN 0u
#define HAFT_PROCESS_QUEUED 1u
#define HAFT_PROCESS_RUNNING 2u
#define HAFT_PROCESS_ENDED 3u /* haft.child/1 ended is posted again */
#define HAFT_PROCESS_LOST 4u  /* likewise */

struct haft_process_id_in {
    uint32_t size;
    uint32_t _0;
    uint64_t id;
};

struct haft_process_find_out {
    uint32_t size;
    uint32_t state; /* HAFT_PROCESS_* */
};

/* ---- offered by the instance ---- */

/* haft.ready/1: a watched descriptor, a timer or a post. [instance] */
#define HAFT_READY_V1 "haft.ready/1"

struct haft_ready_on_in {
    uint32_t size;
    uint32_t events; /* HAFT_LOOP_*; 0: the timer or the post */
    uint64_t token;
};

/* haft.child/1: what became of a process of this instance. [instance] */
#define HAFT_CHILD_V1 "haft.child/1"

struct haft_child_started_in {
    uint32_t size;
    int32_t pid;
    uint64_t id;
    int64_t time_ms; /* since 1970 */
};

/* One of: it exited (exit_code), a signal ended it, it could not be executed
 * (error, an errno, or withdrawn), the keeper was lost with it (is_lost). */
struct haft_child_ended_in {
    uint32_t size;
    int32_t exit_code;
    int32_t signal;
    int32_t error;
    uint32_t is_withdrawn;
    uint32_t is_lost;
    uint64_t id;
    int64_t started_ms;     /* since 1970; 0: never */
    int64_t ended_ms;       /* since 1970 */
    struct haft_slice step; /* at which `error` came, in words; empty: exec */
    uint32_t is_out_of_memory; /* something of it was killed for that */
    uint32_t _0;
};

HAFT_TABLE struct haft_field haft_log_write_in_fields[] = {
    HAFT_ROW_SIZE(haft_log_write_in),
    HAFT_ROW_U32(haft_log_write_in, level),
    HAFT_ROW_TEXT(haft_log_write_in, event),
    HAFT_ROW_ARRAY(haft_log_write_in, facts, &haft_pair_record),
};
HAFT_RECORD(haft_log_write_in, 40);

HAFT_TABLE struct haft_field haft_clock_now_out_fields[] = {
    HAFT_ROW_SIZE(haft_clock_now_out),
    HAFT_ROW_PAD(haft_clock_now_out, _0),
    HAFT_ROW_I64(haft_clock_now_out, monotonic_ms),
    HAFT_ROW_I64(haft_clock_now_out, real_ms),
};
HAFT_RECORD(haft_clock_now_out, 24);

HAFT_TABLE struct haft_field haft_loop_watch_in_fields[] = {
    HAFT_ROW_SIZE(haft_loop_watch_in),
    HAFT_ROW_I32(haft_loop_watch_in, fd),
    HAFT_ROW_U32(haft_loop_watch_in, events),
    HAFT_ROW_PAD(haft_loop_watch_in, _0),
    HAFT_ROW_U64(haft_loop_watch_in, token),
};
HAFT_RECORD(haft_loop_watch_in, 24);

HAFT_TABLE struct haft_field haft_loop_timer_in_fields[] = {
    HAFT_ROW_SIZE(haft_loop_timer_in),
    HAFT_ROW_PAD(haft_loop_timer_in, _0),
    HAFT_ROW_I64(haft_loop_timer_in, at_ms),
    HAFT_ROW_U64(haft_loop_timer_in, token),
};
HAFT_RECORD(haft_loop_timer_in, 24);

HAFT_TABLE struct haft_field haft_loop_post_in_fields[] = {
    HAFT_ROW_SIZE(haft_loop_post_in),
    HAFT_ROW_PAD(haft_loop_post_in, _0),
    HAFT_ROW_U64(haft_loop_post_in, token),
};
HAFT_RECORD(haft_loop_post_in, 16);

HAFT_TABLE struct haft_field haft_attempt_started_in_fields[] = {
    HAFT_ROW_SIZE(haft_attempt_started_in),
    HAFT_ROW_PAD(haft_attempt_started_in, _0),
    HAFT_ROW_U64(haft_attempt_started_in, attempt),
    HAFT_ROW_U64(haft_attempt_started_in, fence),
    HAFT_ROW_I64(haft_attempt_started_in, time_ms),
    HAFT_ROW_BYTES(haft_attempt_started_in, token),
};
HAFT_RECORD(haft_attempt_started_in, 48);

HAFT_TABLE struct haft_field haft_attempt_output_in_fields[] = {
    HAFT_ROW_SIZE(haft_attempt_output_in),
    HAFT_ROW_U32(haft_attempt_output_in, stream),
    HAFT_ROW_U64(haft_attempt_output_in, attempt),
    HAFT_ROW_U64(haft_attempt_output_in, fence),
    HAFT_ROW_U64(haft_attempt_output_in, offset),
    HAFT_ROW_BYTES(haft_attempt_output_in, data),
};
HAFT_RECORD(haft_attempt_output_in, 48);

HAFT_TABLE struct haft_field haft_attempt_progress_in_fields[] = {
    HAFT_ROW_SIZE(haft_attempt_progress_in),
    HAFT_ROW_U32(haft_attempt_progress_in, permille),
    HAFT_ROW_U64(haft_attempt_progress_in, attempt),
    HAFT_ROW_U64(haft_attempt_progress_in, fence),
    HAFT_ROW_TEXT(haft_attempt_progress_in, note),
};
HAFT_RECORD(haft_attempt_progress_in, 40);

HAFT_TABLE struct haft_field haft_attempt_ended_in_fields[] = {
    HAFT_ROW_SIZE(haft_attempt_ended_in),
    HAFT_ROW_U32(haft_attempt_ended_in, fault_class),
    HAFT_ROW_U64(haft_attempt_ended_in, attempt),
    HAFT_ROW_U64(haft_attempt_ended_in, fence),
    HAFT_ROW_U32(haft_attempt_ended_in, effect),
    HAFT_ROW_U32(haft_attempt_ended_in, origin),
    HAFT_ROW_U32(haft_attempt_ended_in, retry_hint),
    HAFT_ROW_I32(haft_attempt_ended_in, exit_code),
    HAFT_ROW_I32(haft_attempt_ended_in, signal),
    HAFT_ROW_PAD(haft_attempt_ended_in, _0),
    HAFT_ROW_I64(haft_attempt_ended_in, retry_after_ms),
    HAFT_ROW_I64(haft_attempt_ended_in, started_ms),
    HAFT_ROW_I64(haft_attempt_ended_in, ended_ms),
    HAFT_ROW_TEXT(haft_attempt_ended_in, code),
    HAFT_ROW_TEXT(haft_attempt_ended_in, message),
    HAFT_ROW_ARRAY(haft_attempt_ended_in, causes, &haft_cause_record),
};
HAFT_RECORD(haft_attempt_ended_in, 120);

HAFT_TABLE struct haft_field haft_process_start_in_fields[] = {
    HAFT_ROW_SIZE(haft_process_start_in),
    HAFT_ROW_U32(haft_process_start_in, flags),
    HAFT_ROW_U64(haft_process_start_in, id),
    HAFT_ROW_U64(haft_process_start_in, fence),
    HAFT_ROW_ARRAY(haft_process_start_in, argv, &haft_slice_record),
    HAFT_ROW_ARRAY(haft_process_start_in, env, &haft_pair_record),
    HAFT_ROW_TEXT(haft_process_start_in, workdir),
    HAFT_ROW_BYTES(haft_process_start_in, input),
    HAFT_ROW_TEXT(haft_process_start_in, stdout_path),
    HAFT_ROW_TEXT(haft_process_start_in, stderr_path),
    HAFT_ROW_ARRAY(haft_process_start_in, limits, &haft_limit_record),
};
HAFT_RECORD(haft_process_start_in, 136);

HAFT_TABLE struct haft_field haft_process_start_out_fields[] = {
    HAFT_ROW_SIZE(haft_process_start_out),
    HAFT_ROW_PAD(haft_process_start_out, _0),
    HAFT_ROW_U64(haft_process_start_out, id),
};
HAFT_RECORD(haft_process_start_out, 16);

HAFT_TABLE struct haft_field haft_process_signal_in_fields[] = {
    HAFT_ROW_SIZE(haft_process_signal_in),
    HAFT_ROW_I32(haft_process_signal_in, signal),
    HAFT_ROW_U64(haft_process_signal_in, id),
};
HAFT_RECORD(haft_process_signal_in, 16);

HAFT_TABLE struct haft_field haft_process_id_in_fields[] = {
    HAFT_ROW_SIZE(haft_process_id_in),
    HAFT_ROW_PAD(haft_process_id_in, _0),
    HAFT_ROW_U64(haft_process_id_in, id),
};
HAFT_RECORD(haft_process_id_in, 16);

HAFT_TABLE struct haft_field haft_process_find_out_fields[] = {
    HAFT_ROW_SIZE(haft_process_find_out),
    HAFT_ROW_U32(haft_process_find_out, state),
};
HAFT_RECORD(haft_process_find_out, 8);

HAFT_TABLE struct haft_field haft_ready_on_in_fields[] = {
    HAFT_ROW_SIZE(haft_ready_on_in),
    HAFT_ROW_U32(haft_ready_on_in, events),
    HAFT_ROW_U64(haft_ready_on_in, token),
};
HAFT_RECORD(haft_ready_on_in, 16);

HAFT_TABLE struct haft_field haft_child_started_in_fields[] = {
    HAFT_ROW_SIZE(haft_child_started_in),
    HAFT_ROW_I32(haft_child_started_in, pid),
    HAFT_ROW_U64(haft_child_started_in, id),
    HAFT_ROW_I64(haft_child_started_in, time_ms),
};
HAFT_RECORD(haft_child_started_in, 24);

HAFT_TABLE struct haft_field haft_child_ended_in_fields[] = {
    HAFT_ROW_SIZE(haft_child_ended_in),
    HAFT_ROW_I32(haft_child_ended_in, exit_code),
    HAFT_ROW_I32(haft_child_ended_in, signal),
    HAFT_ROW_I32(haft_child_ended_in, error),
    HAFT_ROW_U32(haft_child_ended_in, is_withdrawn),
    HAFT_ROW_U32(haft_child_ended_in, is_lost),
    HAFT_ROW_U64(haft_child_ended_in, id),
    HAFT_ROW_I64(haft_child_ended_in, started_ms),
    HAFT_ROW_I64(haft_child_ended_in, ended_ms),
    HAFT_ROW_TEXT(haft_child_ended_in, step),
    HAFT_ROW_U32(haft_child_ended_in, is_out_of_memory),
    HAFT_ROW_PAD(haft_child_ended_in, _0),
};
HAFT_RECORD(haft_child_ended_in, 72);

/* write: one line of the host's log, with the instance's name. [any-thread] */
#define HAFT_LOG_WRITE 0

HAFT_TABLE struct haft_signature haft_log_v1_methods[] = {
    {"write", HAFT_POST, 0, &haft_log_write_in_record, NULL},
};
HAFT_INTERFACE(haft_log_v1, HAFT_LOG_V1);

/* now: both clocks. [any-thread] */
#define HAFT_CLOCK_NOW 0

HAFT_TABLE struct haft_signature haft_clock_v1_methods[] = {
    {"now", HAFT_LEAF | HAFT_REPEAT, 0, &haft_empty_record,
     &haft_clock_now_out_record},
};
HAFT_INTERFACE(haft_clock_v1, HAFT_CLOCK_V1);

/* watch: tells when a descriptor is ready, level-triggered; asked again it
 * changes what is waited for. timer: tells at a time. [instance]
 * post: tells as soon as the loop is free. [any-thread] */
#define HAFT_LOOP_WATCH 0
#define HAFT_LOOP_TIMER 1
#define HAFT_LOOP_POST 2

HAFT_TABLE struct haft_signature haft_loop_v1_methods[] = {
    {"watch", HAFT_LEAF, 0, &haft_loop_watch_in_record, NULL},
    {"timer", HAFT_LEAF, 0, &haft_loop_timer_in_record, NULL},
    {"post", HAFT_POST, 0, &haft_loop_post_in_record, NULL},
};
HAFT_INTERFACE(haft_loop_v1, HAFT_LOOP_V1);

/* All [any-thread], in one queue with the instance's completions, so that
 * they are heard in the order they were said. A report whose fence is not the
 * task's, or whose attempt has ended, is dropped and counted.
 *
 * started: it runs now. output: bytes that the executor did not write to the
 * job's stdout_path and stderr_path itself (one way or the other, not both);
 * bytes below the host's offset are skipped; HAFT_AGAIN: keep them and say
 * them later. progress: for show. ended: once, the last word. */
#define HAFT_ATTEMPT_STARTED 0
#define HAFT_ATTEMPT_OUTPUT 1
#define HAFT_ATTEMPT_PROGRESS 2
#define HAFT_ATTEMPT_ENDED 3

HAFT_TABLE struct haft_signature haft_attempt_v1_methods[] = {
    {"started", HAFT_POST, 0, &haft_attempt_started_in_record, NULL},
    {"output", HAFT_LEAF, 0, &haft_attempt_output_in_record, NULL},
    {"progress", HAFT_POST, 0, &haft_attempt_progress_in_record, NULL},
    {"ended", HAFT_POST, 0, &haft_attempt_ended_in_record, NULL},
};
HAFT_INTERFACE(haft_attempt_v1, HAFT_ATTEMPT_V1);

/* All [instance]. start: the child is queued, in order; what becomes of it is
 * told by haft.child/1. signal: to its whole group, never to a bare pid.
 * find: after a restart, what the keeper knows of an id. release: forget how
 * it ended. slots: how many of this instance's children run at once, from 1
 * (INVALID otherwise; see haft_slots_set_in). */
#define HAFT_PROCESS_START 0
#define HAFT_PROCESS_SIGNAL 1
#define HAFT_PROCESS_FIND 2
#define HAFT_PROCESS_RELEASE 3
#define HAFT_PROCESS_SLOTS 4

HAFT_TABLE struct haft_signature haft_process_v1_methods[] = {
    {"start", HAFT_LEAF, 0, &haft_process_start_in_record,
     &haft_process_start_out_record},
    {"signal", HAFT_POST, 0, &haft_process_signal_in_record, NULL},
    {"find", 0, 0, &haft_process_id_in_record, &haft_process_find_out_record},
    {"release", HAFT_POST, 0, &haft_process_id_in_record, NULL},
    {"slots", HAFT_LEAF, 0, &haft_slots_set_in_record, NULL},
};
HAFT_INTERFACE(haft_process_v1, HAFT_PROCESS_V1);

#define HAFT_READY_ON 0

HAFT_TABLE struct haft_signature haft_ready_v1_methods[] = {
    {"on", HAFT_POST, 0, &haft_ready_on_in_record, NULL},
};
HAFT_INTERFACE(haft_ready_v1, HAFT_READY_V1);

#define HAFT_CHILD_STARTED 0
#define HAFT_CHILD_ENDED 1

HAFT_TABLE struct haft_signature haft_child_v1_methods[] = {
    {"started", HAFT_POST, 0, &haft_child_started_in_record, NULL},
    {"ended", HAFT_POST, 0, &haft_child_ended_in_record, NULL},
};
HAFT_INTERFACE(haft_child_v1, HAFT_CHILD_V1);

#ifdef __cplusplus
}
#endif

#endif
