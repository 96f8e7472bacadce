/* haft.door/1: what a service asks the host: who is this, what can be asked, and
 * do it. A door translates a wire format and knows no business. A service may
 * add operations of its own; they appear at every door, and the host carries
 * them to it through haft.operation/1.
 *
 * A draft: it may change until a plugin that is used has tried it; the id will
 * not. */
#ifndef HAFT_DRAFT_DOOR_H
#define HAFT_DRAFT_DOOR_H

#include <haft/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HAFT_DOOR_V1 "haft.door/1"
#define HAFT_OPERATION_V1 "haft.operation/1"

/* What an operation does, for permissions and for careful callers. */
#define HAFT_ACCESS_READ 1u
#define HAFT_ACCESS_WRITE 2u
#define HAFT_ACCESS_DESTRUCTIVE 4u
#define HAFT_ACCESS_IDEMPOTENT 8u

/* A row of the table of operations. */
struct haft_door_row {
    uint32_t access; /* HAFT_ACCESS_* */
    uint32_t _0;
    struct haft_slice name; /* "run.submit" */
    struct haft_slice summary;
    struct haft_slice parameters; /* JSON Schemas */
    struct haft_slice result;
};

struct haft_door_identify_in {
    uint32_t size;
    uint32_t _0;
    struct haft_slice scheme;     /* HAFT_SCHEME_* of auth.h */
    struct haft_slice credential; /* bytes; secret */
    struct haft_slice address;    /* where from, for the log */
};

struct haft_door_identify_out {
    uint32_t size;
    uint32_t _0;
    uint64_t principal; /* an id for `call`, while this host runs */
    int64_t expires_ms; /* since 1970: then identify again; 0: does not */
    struct haft_slice name;
};

struct haft_door_list_out {
    uint32_t size;
    uint32_t _0;
    struct haft_array rows; /* of struct haft_door_row, by name */
};

struct haft_door_call_in {
    uint32_t size;
    uint32_t _0;
    uint64_t principal;
    struct haft_slice operation;
    struct haft_slice parameters; /* one JSON object; empty: {} */
    struct haft_slice idempotency_key;
};

struct haft_door_call_out {
    uint32_t size;
    uint32_t _0;
    struct haft_slice result; /* JSON */
};

struct haft_door_add_in {
    uint32_t size;
    uint32_t _0;
    struct haft_array rows; /* of struct haft_door_row: all of this instance */
};

struct haft_operation_run_in {
    uint32_t size;
    uint32_t _0;
    struct haft_slice operation;
    struct haft_slice principal; /* its name */
    struct haft_slice parameters;
    struct haft_slice idempotency_key;
};

struct haft_operation_run_out {
    uint32_t size;
    uint32_t _0;
    struct haft_slice result; /* JSON */
};

HAFT_TABLE struct haft_field haft_door_row_fields[] = {
    HAFT_ROW_U32(haft_door_row, access),
    HAFT_ROW_PAD(haft_door_row, _0),
    HAFT_ROW_TEXT(haft_door_row, name),
    HAFT_ROW_TEXT(haft_door_row, summary),
    HAFT_ROW_TEXT(haft_door_row, parameters),
    HAFT_ROW_TEXT(haft_door_row, result),
};
HAFT_RECORD(haft_door_row, 72);

HAFT_TABLE struct haft_field haft_door_identify_in_fields[] = {
    HAFT_ROW_SIZE(haft_door_identify_in),
    HAFT_ROW_PAD(haft_door_identify_in, _0),
    HAFT_ROW_TEXT(haft_door_identify_in, scheme),
    HAFT_ROW_BYTES(haft_door_identify_in, credential),
    HAFT_ROW_TEXT(haft_door_identify_in, address),
};
HAFT_RECORD(haft_door_identify_in, 56);

HAFT_TABLE struct haft_field haft_door_identify_out_fields[] = {
    HAFT_ROW_SIZE(haft_door_identify_out),
    HAFT_ROW_PAD(haft_door_identify_out, _0),
    HAFT_ROW_U64(haft_door_identify_out, principal),
    HAFT_ROW_I64(haft_door_identify_out, expires_ms),
    HAFT_ROW_TEXT(haft_door_identify_out, name),
};
HAFT_RECORD(haft_door_identify_out, 40);

HAFT_TABLE struct haft_field haft_door_list_out_fields[] = {
    HAFT_ROW_SIZE(haft_door_list_out),
    HAFT_ROW_PAD(haft_door_list_out, _0),
    HAFT_ROW_ARRAY(haft_door_list_out, rows, &haft_door_row_record),
};
HAFT_RECORD(haft_door_list_out, 24);

HAFT_TABLE struct haft_field haft_door_call_in_fields[] = {
    HAFT_ROW_SIZE(haft_door_call_in),
    HAFT_ROW_PAD(haft_door_call_in, _0),
    HAFT_ROW_U64(haft_door_call_in, principal),
    HAFT_ROW_TEXT(haft_door_call_in, operation),
    HAFT_ROW_TEXT(haft_door_call_in, parameters),
    HAFT_ROW_TEXT(haft_door_call_in, idempotency_key),
};
HAFT_RECORD(haft_door_call_in, 64);

HAFT_TABLE struct haft_field haft_door_call_out_fields[] = {
    HAFT_ROW_SIZE(haft_door_call_out),
    HAFT_ROW_PAD(haft_door_call_out, _0),
    HAFT_ROW_TEXT(haft_door_call_out, result),
};
HAFT_RECORD(haft_door_call_out, 24);

HAFT_TABLE struct haft_field haft_door_add_in_fields[] = {
    HAFT_ROW_SIZE(haft_door_add_in),
    HAFT_ROW_PAD(haft_door_add_in, _0),
    HAFT_ROW_ARRAY(haft_door_add_in, rows, &haft_door_row_record),
};
HAFT_RECORD(haft_door_add_in, 24);

HAFT_TABLE struct haft_field haft_operation_run_in_fields[] = {
    HAFT_ROW_SIZE(haft_operation_run_in),
    HAFT_ROW_PAD(haft_operation_run_in, _0),
    HAFT_ROW_TEXT(haft_operation_run_in, operation),
    HAFT_ROW_TEXT(haft_operation_run_in, principal),
    HAFT_ROW_TEXT(haft_operation_run_in, parameters),
    HAFT_ROW_TEXT(haft_operation_run_in, idempotency_key),
};
HAFT_RECORD(haft_operation_run_in, 72);

HAFT_TABLE struct haft_field haft_operation_run_out_fields[] = {
    HAFT_ROW_SIZE(haft_operation_run_out),
    HAFT_ROW_PAD(haft_operation_run_out, _0),
    HAFT_ROW_TEXT(haft_operation_run_out, result),
};
HAFT_RECORD(haft_operation_run_out, 24);

/* identify: asks the auth plugins; -HAFT_UNAUTHENTICATED if none knows the
 * credential. list: every operation. call: does one, as that principal; the
 * answer leaves only when what it tells is on disk. add: operations of this
 * instance, replacing those it had. All [any-thread]. */
#define HAFT_DOOR_IDENTIFY 0
#define HAFT_DOOR_LIST 1
#define HAFT_DOOR_CALL 2
#define HAFT_DOOR_ADD 3

HAFT_TABLE struct haft_signature haft_door_v1_methods[] = {
    {"identify", HAFT_REPEAT, 0, &haft_door_identify_in_record,
     &haft_door_identify_out_record},
    {"list", HAFT_LEAF | HAFT_REPEAT, 0, &haft_empty_record,
     &haft_door_list_out_record},
    {"call", 0, 0, &haft_door_call_in_record, &haft_door_call_out_record},
    {"add", HAFT_LEAF | HAFT_REPEAT, 0, &haft_door_add_in_record, NULL},
};
HAFT_INTERFACE(haft_door_v1, HAFT_DOOR_V1);

/* run: does an operation that this instance added. [instance] */
#define HAFT_OPERATION_RUN 0

HAFT_TABLE struct haft_signature haft_operation_v1_methods[] = {
    {"run", 0, 0, &haft_operation_run_in_record,
     &haft_operation_run_out_record},
};
HAFT_INTERFACE(haft_operation_v1, HAFT_OPERATION_V1);

#ifdef __cplusplus
}
#endif

#endif
