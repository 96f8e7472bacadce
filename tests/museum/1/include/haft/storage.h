/* haft.storage/1: where state lives. One ordered map from keys to versioned
 * values, changed by numbered batches that are atomic and durable.
 *
 * The host numbers its batches 1, 2, 3 ... and gives every version. The number
 * of the last batch is stored in the same transaction as its changes, so that
 * sending a batch again is harmless, and whoever lost an answer reads the
 * number and knows. Keys are compared as bytes. */
#ifndef HAFT_STORAGE_H
#define HAFT_STORAGE_H

#include <haft/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HAFT_STORAGE_V1 "haft.storage/1"

#define HAFT_STORAGE_KEY_LIMIT 512u          /* bytes */
#define HAFT_STORAGE_VALUE_LIMIT (64u << 20) /* bytes */

/* What an operation does. */
#define HAFT_STORAGE_PUT 1u
#define HAFT_STORAGE_DELETE 2u
#define HAFT_STORAGE_CHECK 3u /* the guard alone */

/* On what condition: if one guard fails, nothing of the batch happens. */
#define HAFT_STORAGE_ALWAYS 0u
#define HAFT_STORAGE_ABSENT 1u /* the key does not exist */
#define HAFT_STORAGE_EQUAL 2u  /* its version is `expected` */

struct haft_storage_op {
    uint32_t op;
    uint32_t guard;
    uint64_t version;        /* of a put: what the key has from now on */
    uint64_t expected;       /* for HAFT_STORAGE_EQUAL */
    struct haft_slice key;   /* bytes */
    struct haft_slice value; /* bytes */
};

struct haft_storage_commit_in {
    uint32_t size;
    uint32_t _0;
    uint64_t batch;
    struct haft_array ops; /* of struct haft_storage_op, in order */
};

struct haft_storage_last_in {
    uint32_t size;
    uint32_t _0;
};

struct haft_storage_last_out {
    uint32_t size;
    uint32_t _0;
    uint64_t batch;      /* the last applied one; 0 in a new store */
    uint64_t size_bytes; /* on disk or in memory, about */
};

struct haft_storage_get_in {
    uint32_t size;
    uint32_t _0;
    struct haft_slice key; /* bytes */
};

struct haft_storage_get_out {
    uint32_t size;
    uint32_t is_found;
    uint64_t version;
    struct haft_slice value; /* bytes */
};

#define HAFT_STORAGE_REVERSE 1u   /* from the end of the range */
#define HAFT_STORAGE_KEYS_ONLY 2u /* values come back empty */

struct haft_storage_scan_in {
    uint32_t size;
    uint32_t flags;
    uint32_t limit;           /* most records; 0: 1000 */
    uint32_t limit_bytes;     /* of keys and values, about; 0: 4 MiB */
    struct haft_slice prefix; /* bytes every key begins with */
    struct haft_slice after;  /* bytes: strictly beyond this key; empty: all */
};

struct haft_storage_record {
    uint64_t version;
    struct haft_slice key;   /* bytes */
    struct haft_slice value; /* bytes */
};

struct haft_storage_scan_out {
    uint32_t size;
    uint32_t has_more;         /* 1: ask again after the last key */
    struct haft_array records; /* of struct haft_storage_record, ordered */
};

HAFT_TABLE struct haft_field haft_storage_op_fields[] = {
    HAFT_ROW_U32(haft_storage_op, op),
    HAFT_ROW_U32(haft_storage_op, guard),
    HAFT_ROW_U64(haft_storage_op, version),
    HAFT_ROW_U64(haft_storage_op, expected),
    HAFT_ROW_BYTES(haft_storage_op, key),
    HAFT_ROW_BYTES(haft_storage_op, value),
};
HAFT_RECORD(haft_storage_op, 56);

HAFT_TABLE struct haft_field haft_storage_commit_in_fields[] = {
    HAFT_ROW_SIZE(haft_storage_commit_in),
    HAFT_ROW_PAD(haft_storage_commit_in, _0),
    HAFT_ROW_U64(haft_storage_commit_in, batch),
    HAFT_ROW_ARRAY(haft_storage_commit_in, ops, &haft_storage_op_record),
};
HAFT_RECORD(haft_storage_commit_in, 32);

HAFT_TABLE struct haft_field haft_storage_last_in_fields[] = {
    HAFT_ROW_SIZE(haft_storage_last_in),
    HAFT_ROW_PAD(haft_storage_last_in, _0),
};
HAFT_RECORD(haft_storage_last_in, 8);

HAFT_TABLE struct haft_field haft_storage_last_out_fields[] = {
    HAFT_ROW_SIZE(haft_storage_last_out),
    HAFT_ROW_PAD(haft_storage_last_out, _0),
    HAFT_ROW_U64(haft_storage_last_out, batch),
    HAFT_ROW_U64(haft_storage_last_out, size_bytes),
};
HAFT_RECORD(haft_storage_last_out, 24);

HAFT_TABLE struct haft_field haft_storage_get_in_fields[] = {
    HAFT_ROW_SIZE(haft_storage_get_in),
    HAFT_ROW_PAD(haft_storage_get_in, _0),
    HAFT_ROW_BYTES(haft_storage_get_in, key),
};
HAFT_RECORD(haft_storage_get_in, 24);

HAFT_TABLE struct haft_field haft_storage_get_out_fields[] = {
    HAFT_ROW_SIZE(haft_storage_get_out),
    HAFT_ROW_U32(haft_storage_get_out, is_found),
    HAFT_ROW_U64(haft_storage_get_out, version),
    HAFT_ROW_BYTES(haft_storage_get_out, value),
};
HAFT_RECORD(haft_storage_get_out, 32);

HAFT_TABLE struct haft_field haft_storage_scan_in_fields[] = {
    HAFT_ROW_SIZE(haft_storage_scan_in),
    HAFT_ROW_U32(haft_storage_scan_in, flags),
    HAFT_ROW_U32(haft_storage_scan_in, limit),
    HAFT_ROW_U32(haft_storage_scan_in, limit_bytes),
    HAFT_ROW_BYTES(haft_storage_scan_in, prefix),
    HAFT_ROW_BYTES(haft_storage_scan_in, after),
};
HAFT_RECORD(haft_storage_scan_in, 48);

HAFT_TABLE struct haft_field haft_storage_record_fields[] = {
    HAFT_ROW_U64(haft_storage_record, version),
    HAFT_ROW_BYTES(haft_storage_record, key),
    HAFT_ROW_BYTES(haft_storage_record, value),
};
HAFT_RECORD(haft_storage_record, 40);

HAFT_TABLE struct haft_field haft_storage_scan_out_fields[] = {
    HAFT_ROW_SIZE(haft_storage_scan_out),
    HAFT_ROW_U32(haft_storage_scan_out, has_more),
    HAFT_ROW_ARRAY(haft_storage_scan_out, records, &haft_storage_record_record),
};
HAFT_RECORD(haft_storage_scan_out, 24);

/* Methods, all [instance]:
 *
 * commit: applies batch last + 1, all of it or nothing, and answers HAFT_OK
 * only when it would survive the loss of power. A number up to `last` answers
 * HAFT_OK and does nothing; one beyond last + 1 is -HAFT_INVALID. A guard that
 * fails: -HAFT_CONFLICT. Any other failure says by its effect what is known:
 * not_started, nothing is stored and the batch may be sent again; maybe, ask
 * `last` (the plugin may have to reopen its store for that). Later operations
 * of a batch see the earlier ones, guards included.
 *
 * last: the number of the last batch. get: one key. scan: keys in order; it
 * sees all batches that were answered before it was asked. */
#define HAFT_STORAGE_COMMIT 0
#define HAFT_STORAGE_LAST 1
#define HAFT_STORAGE_GET 2
#define HAFT_STORAGE_SCAN 3

HAFT_TABLE struct haft_signature haft_storage_v1_methods[] = {
    {"commit", HAFT_REPEAT, 0, &haft_storage_commit_in_record, NULL},
    {"last", HAFT_REPEAT, 0, &haft_storage_last_in_record,
     &haft_storage_last_out_record},
    {"get", HAFT_REPEAT, 0, &haft_storage_get_in_record,
     &haft_storage_get_out_record},
    {"scan", HAFT_REPEAT, 0, &haft_storage_scan_in_record,
     &haft_storage_scan_out_record},
};
HAFT_INTERFACE(haft_storage_v1, HAFT_STORAGE_V1);

#ifdef __cplusplus
}
#endif

#endif
