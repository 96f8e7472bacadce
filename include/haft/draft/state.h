/* haft.state/1: a few small values that outlive the host, kept in its store under
 * the instance's own name: a place in a feed, the id of a session. Not a
 * database: what grows belongs elsewhere.
 *
 * A draft: it may change until a plugin that is used has tried it; the id will
 * not. */
#ifndef HAFT_DRAFT_STATE_H
#define HAFT_DRAFT_STATE_H

#include <haft/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HAFT_STATE_V1 "haft.state/1"

#define HAFT_STATE_KEY_LIMIT 128u       /* bytes */
#define HAFT_STATE_VALUE_LIMIT 65536u   /* bytes */
#define HAFT_STATE_TOTAL_LIMIT 1048576u /* bytes of one instance */

struct haft_state_get_in {
    uint32_t size;
    uint32_t _0;
    struct haft_slice key;
};

struct haft_state_get_out {
    uint32_t size;
    uint32_t is_found;
    struct haft_slice value; /* bytes */
};

struct haft_state_put_in {
    uint32_t size;
    uint32_t is_gone; /* 1: delete the key; `value` is empty then */
    struct haft_slice key;
    struct haft_slice value; /* bytes */
};

HAFT_TABLE struct haft_field haft_state_get_in_fields[] = {
    HAFT_ROW_SIZE(haft_state_get_in),
    HAFT_ROW_PAD(haft_state_get_in, _0),
    HAFT_ROW_TEXT(haft_state_get_in, key),
};
HAFT_RECORD(haft_state_get_in, 24);

HAFT_TABLE struct haft_field haft_state_get_out_fields[] = {
    HAFT_ROW_SIZE(haft_state_get_out),
    HAFT_ROW_U32(haft_state_get_out, is_found),
    HAFT_ROW_BYTES(haft_state_get_out, value),
};
HAFT_RECORD(haft_state_get_out, 24);

HAFT_TABLE struct haft_field haft_state_put_in_fields[] = {
    HAFT_ROW_SIZE(haft_state_put_in),
    HAFT_ROW_U32(haft_state_put_in, is_gone),
    HAFT_ROW_TEXT(haft_state_put_in, key),
    HAFT_ROW_BYTES(haft_state_put_in, value),
};
HAFT_RECORD(haft_state_put_in, 40);

/* get: the value last put. put: HAFT_OK once it is on disk; later gets see it
 * from the moment it was asked. -HAFT_RESOURCE beyond a limit. Both
 * [any-thread]. */
#define HAFT_STATE_GET 0
#define HAFT_STATE_PUT 1

HAFT_TABLE struct haft_signature haft_state_v1_methods[] = {
    {"get", HAFT_REPEAT, 0, &haft_state_get_in_record,
     &haft_state_get_out_record},
    {"put", HAFT_REPEAT, 0, &haft_state_put_in_record, NULL},
};
HAFT_INTERFACE(haft_state_v1, HAFT_STATE_V1);

#ifdef __cplusplus
}
#endif

#endif
