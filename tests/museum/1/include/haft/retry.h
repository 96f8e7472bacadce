/* haft.retry/1: when to try again. Class threading "pure": no services, no
 * state, the same answer for the same question. The host draws `seed` once,
 * keeps the answer, and never asks twice about one attempt. */
#ifndef HAFT_RETRY_H
#define HAFT_RETRY_H

#include <haft/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HAFT_RETRY_V1 "haft.retry/1"

#define HAFT_RETRY_FAIL 0      /* give up */
#define HAFT_RETRY_AGAIN 1     /* after delay_ms, wherever there is room */
#define HAFT_RETRY_ELSEWHERE 2 /* after delay_ms, not in the same place */
#define HAFT_RETRY_HOLD 3      /* a person decides */

struct haft_retry_step {
    int64_t delay_ms;
};

struct haft_retry_exit {
    int32_t code;
    uint32_t _0;
};

struct haft_retry_decide_in {
    uint32_t size;
    uint32_t fault_class; /* what ended the attempt: HAFT_CANCELLED ... */
    uint32_t effect;
    uint32_t origin;
    uint32_t retry_hint;
    int32_t exit_code;
    int32_t signal;
    uint32_t tries;            /* attempts ended so far that count, from 1 */
    uint32_t losses;           /* attempts lost without having started */
    uint32_t is_idempotent;    /* 1: the task says that twice is harmless */
    uint64_t seed;             /* for jitter */
    int64_t elapsed_ms;        /* since the first attempt was started */
    int64_t previous_delay_ms; /* that preceded this attempt, or 0 */
    int64_t retry_after_ms;    /* the fault's hint, or 0 */
    int64_t left_ms;           /* until the task's total limit; 0: no limit */
    struct haft_slice code;    /* the fault's */
    /* The task's `retry:`; 0 and empty: not said there. */
    int32_t max;      /* tries after the first */
    uint32_t classes; /* bit 1 << class: those that may be tried again */
    int64_t base_ms;
    int64_t cap_ms;
    int64_t limit_ms; /* on elapsed_ms */
    struct haft_slice strategy;
    struct haft_slice jitter;
    struct haft_array steps; /* of struct haft_retry_step, for "list" */
    struct haft_array exits; /* of struct haft_retry_exit; empty: all */
};

struct haft_retry_decide_out {
    uint32_t size;
    uint32_t verdict;         /* HAFT_RETRY_* */
    int64_t delay_ms;         /* from now; >= 0 */
    struct haft_slice reason; /* a few words, for `why` */
};

HAFT_TABLE struct haft_field haft_retry_step_fields[] = {
    HAFT_ROW_I64(haft_retry_step, delay_ms),
};
HAFT_RECORD(haft_retry_step, 8);

HAFT_TABLE struct haft_field haft_retry_exit_fields[] = {
    HAFT_ROW_I32(haft_retry_exit, code),
    HAFT_ROW_PAD(haft_retry_exit, _0),
};
HAFT_RECORD(haft_retry_exit, 8);

HAFT_TABLE struct haft_field haft_retry_decide_in_fields[] = {
    HAFT_ROW_SIZE(haft_retry_decide_in),
    HAFT_ROW_U32(haft_retry_decide_in, fault_class),
    HAFT_ROW_U32(haft_retry_decide_in, effect),
    HAFT_ROW_U32(haft_retry_decide_in, origin),
    HAFT_ROW_U32(haft_retry_decide_in, retry_hint),
    HAFT_ROW_I32(haft_retry_decide_in, exit_code),
    HAFT_ROW_I32(haft_retry_decide_in, signal),
    HAFT_ROW_U32(haft_retry_decide_in, tries),
    HAFT_ROW_U32(haft_retry_decide_in, losses),
    HAFT_ROW_U32(haft_retry_decide_in, is_idempotent),
    HAFT_ROW_U64(haft_retry_decide_in, seed),
    HAFT_ROW_I64(haft_retry_decide_in, elapsed_ms),
    HAFT_ROW_I64(haft_retry_decide_in, previous_delay_ms),
    HAFT_ROW_I64(haft_retry_decide_in, retry_after_ms),
    HAFT_ROW_I64(haft_retry_decide_in, left_ms),
    HAFT_ROW_TEXT(haft_retry_decide_in, code),
    HAFT_ROW_I32(haft_retry_decide_in, max),
    HAFT_ROW_U32(haft_retry_decide_in, classes),
    HAFT_ROW_I64(haft_retry_decide_in, base_ms),
    HAFT_ROW_I64(haft_retry_decide_in, cap_ms),
    HAFT_ROW_I64(haft_retry_decide_in, limit_ms),
    HAFT_ROW_TEXT(haft_retry_decide_in, strategy),
    HAFT_ROW_TEXT(haft_retry_decide_in, jitter),
    HAFT_ROW_ARRAY(haft_retry_decide_in, steps, &haft_retry_step_record),
    HAFT_ROW_ARRAY(haft_retry_decide_in, exits, &haft_retry_exit_record),
};
HAFT_RECORD(haft_retry_decide_in, 192);

HAFT_TABLE struct haft_field haft_retry_decide_out_fields[] = {
    HAFT_ROW_SIZE(haft_retry_decide_out),
    HAFT_ROW_U32(haft_retry_decide_out, verdict),
    HAFT_ROW_I64(haft_retry_decide_out, delay_ms),
    HAFT_ROW_TEXT(haft_retry_decide_out, reason),
};
HAFT_RECORD(haft_retry_decide_out, 32);

/* decide: whether and when a task whose attempt has ended badly is tried
 * again. Never fails on a message that passes its table: an unknown strategy
 * or jitter is -HAFT_INVALID. [instance] */
#define HAFT_RETRY_DECIDE 0

HAFT_TABLE struct haft_signature haft_retry_v1_methods[] = {
    {"decide", HAFT_SYNC | HAFT_REPEAT, 0, &haft_retry_decide_in_record,
     &haft_retry_decide_out_record},
};
HAFT_INTERFACE(haft_retry_v1, HAFT_RETRY_V1);

#ifdef __cplusplus
}
#endif

#endif
