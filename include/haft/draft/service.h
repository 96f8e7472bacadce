/* haft.service/1: a door that stands open while the host runs: HTTP, agents, a
 * schedule. What it lets in it hands to the host through haft.door/1.
 *
 * A draft: it may change until a plugin that is used has tried it; the id will
 * not. */
#ifndef HAFT_DRAFT_SERVICE_H
#define HAFT_DRAFT_SERVICE_H

#include <haft/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HAFT_SERVICE_V1 "haft.service/1"

struct haft_service_start_out {
    uint32_t size;
    uint32_t _0;
    struct haft_slice address; /* where it listens, for people; may be empty */
};

struct haft_service_stop_in {
    uint32_t size;
    uint32_t _0;
    int64_t grace_ms; /* for what is under way; 0: at once */
};

HAFT_TABLE struct haft_field haft_service_start_out_fields[] = {
    HAFT_ROW_SIZE(haft_service_start_out),
    HAFT_ROW_PAD(haft_service_start_out, _0),
    HAFT_ROW_TEXT(haft_service_start_out, address),
};
HAFT_RECORD(haft_service_start_out, 24);

HAFT_TABLE struct haft_field haft_service_stop_in_fields[] = {
    HAFT_ROW_SIZE(haft_service_stop_in),
    HAFT_ROW_PAD(haft_service_stop_in, _0),
    HAFT_ROW_I64(haft_service_stop_in, grace_ms),
};
HAFT_RECORD(haft_service_stop_in, 16);

/* start: HAFT_OK once it would answer; asked again while it runs it does
 * nothing. stop: takes nothing new, and answers when what was under way has
 * ended or the grace has. Both [instance]. */
#define HAFT_SERVICE_START 0
#define HAFT_SERVICE_STOP 1

HAFT_TABLE struct haft_signature haft_service_v1_methods[] = {
    {"start", HAFT_REPEAT, 0, &haft_empty_record,
     &haft_service_start_out_record},
    {"stop", HAFT_REPEAT, 0, &haft_service_stop_in_record, NULL},
};
HAFT_INTERFACE(haft_service_v1, HAFT_SERVICE_V1);

#ifdef __cplusplus
}
#endif

#endif
