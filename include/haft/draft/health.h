/* haft.health/1: how an instance is, said when it changes. The host shows it,
 * counts it in readiness, and lets routing look at it; nothing polls.
 *
 * A draft: it may change until a plugin that is used has tried it; the id will
 * not. */
#ifndef HAFT_DRAFT_HEALTH_H
#define HAFT_DRAFT_HEALTH_H

#include <haft/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HAFT_HEALTH_V1 "haft.health/1"

#define HAFT_HEALTH_UNKNOWN 0u
#define HAFT_HEALTH_STARTING 1u
#define HAFT_HEALTH_OK 2u
#define HAFT_HEALTH_DEGRADED 3u /* works, with less than it should have */
#define HAFT_HEALTH_FAILED 4u   /* calls would fail */

struct haft_health_report_in {
    uint32_t size;
    uint32_t state;           /* HAFT_HEALTH_* */
    struct haft_slice code;   /* stable: "engine.unreachable"; empty if OK */
    struct haft_slice reason; /* one sentence for a person, no secrets */
};

HAFT_TABLE struct haft_field haft_health_report_in_fields[] = {
    HAFT_ROW_SIZE(haft_health_report_in),
    HAFT_ROW_U32(haft_health_report_in, state),
    HAFT_ROW_TEXT(haft_health_report_in, code),
    HAFT_ROW_TEXT(haft_health_report_in, reason),
};
HAFT_RECORD(haft_health_report_in, 40);

/* report: from now on. [any-thread] */
#define HAFT_HEALTH_REPORT 0

HAFT_TABLE struct haft_signature haft_health_v1_methods[] = {
    {"report", HAFT_POST, 0, &haft_health_report_in_record, NULL},
};
HAFT_INTERFACE(haft_health_v1, HAFT_HEALTH_V1);

#ifdef __cplusplus
}
#endif

#endif
