/* haft.notify/1: who is told. The host keeps the place in the stream of events
 * for each instance, filters, and asks again what was not delivered: so each
 * event arrives at least once, and those of one run in their order. */
#ifndef HAFT_NOTIFY_H
#define HAFT_NOTIFY_H

#include <haft/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HAFT_NOTIFY_V1 "haft.notify/1"

struct haft_notify_event {
    uint64_t seq;           /* unique and growing in one state directory */
    int64_t time_ms;        /* since 1970, UTC */
    struct haft_slice kind; /* "run.started", "task.ended" ... */
    struct haft_slice run;
    struct haft_slice task; /* empty for events of the run */
    struct haft_slice json; /* the whole event, one JSON object, no newline */
};

struct haft_notify_deliver_in {
    uint32_t size;
    uint32_t _0;
    struct haft_array events; /* of struct haft_notify_event, in order */
};

HAFT_TABLE struct haft_field haft_notify_event_fields[] = {
    HAFT_ROW_U64(haft_notify_event, seq),
    HAFT_ROW_I64(haft_notify_event, time_ms),
    HAFT_ROW_TEXT(haft_notify_event, kind),
    HAFT_ROW_TEXT(haft_notify_event, run),
    HAFT_ROW_TEXT(haft_notify_event, task),
    HAFT_ROW_TEXT(haft_notify_event, json),
};
HAFT_RECORD(haft_notify_event, 80);

HAFT_TABLE struct haft_field haft_notify_deliver_in_fields[] = {
    HAFT_ROW_SIZE(haft_notify_deliver_in),
    HAFT_ROW_PAD(haft_notify_deliver_in, _0),
    HAFT_ROW_ARRAY(haft_notify_deliver_in, events, &haft_notify_event_record),
};
HAFT_RECORD(haft_notify_deliver_in, 24);

/* deliver: HAFT_OK once all the events are with whom they are for; then they
 * never come again. Any fault: the same events come again later, so a receiver
 * tells by `seq` what it has seen. One deliver is open at a time. [instance] */
#define HAFT_NOTIFY_DELIVER 0

HAFT_TABLE struct haft_signature haft_notify_v1_methods[] = {
    {"deliver", HAFT_REPEAT, 0, &haft_notify_deliver_in_record, NULL},
};
HAFT_INTERFACE(haft_notify_v1, HAFT_NOTIFY_V1);

#ifdef __cplusplus
}
#endif

#endif
