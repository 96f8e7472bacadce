/* The plain values of the ABI, and the tables that describe its messages.
 *
 * Nothing here owns anything. A slice or an array that is handed to a function
 * is borrowed until that function returns, unless its comment says otherwise.
 * Text is UTF-8, counted, never NUL-terminated by promise.
 *
 * Every message is a flat struct whose first member is its `size`. Members are
 * only ever appended; a reader that knows more than the writer sees zeros, and
 * zero always means what it meant before the member existed. Beside each
 * message stands a table with one row a member: it drives validation, the wire
 * between processes, record and replay, fuzzing and this documentation. */
#ifndef HAFT_TYPES_H
#define HAFT_TYPES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The ABI is 0.N until it is frozen; this is N. A host accepts modules built
 * against any N from HAFT_ABI_LEAST to its own. */
#define HAFT_ABI 1
#define HAFT_ABI_LEAST 1

/* 0 done · positive: HAFT_PENDING and the two below · negative: minus a fault
 * class of fault.h. */
typedef int32_t haft_status;

#define HAFT_OK 0
#define HAFT_PENDING 1 /* the answer follows by haft_host.complete */
#define HAFT_STALE 2   /* the id named something that has ended */
#define HAFT_AGAIN 3   /* no room now; ask again when told to */

/* Counted bytes. `p` may be NULL if `n` is 0. */
struct haft_slice {
    const void *p;
    uint64_t n;
};

/* `count` flat items, `stride` bytes apart. Step by `stride`, never by sizeof:
 * the other side's items may be longer. */
struct haft_array {
    const void *p;
    uint32_t count;
    uint32_t stride;
};

struct haft_pair {
    struct haft_slice name;
    struct haft_slice value;
};

/* Kinds of members; the numbers are for ever. */
#define HAFT_SIZE 1 /* uint32_t: the first member of every message */
#define HAFT_PAD 2  /* uint32_t that must be zero */
#define HAFT_U32 3
#define HAFT_I32 4
#define HAFT_U64 5
#define HAFT_I64 6
#define HAFT_BYTES 7 /* struct haft_slice */
#define HAFT_TEXT 8  /* struct haft_slice, valid UTF-8 */
#define HAFT_ARRAY 9 /* struct haft_array of the flat record `item` */

struct haft_record;

/* One member of a message. */
struct haft_field {
    const char *name;
    uint32_t kind;
    uint32_t offset;
    const struct haft_record *item; /* of an array, else NULL */
};

/* One message, or one item of an array (then without a `size` member). */
struct haft_record {
    const char *name;
    uint32_t size;  /* of the struct, as compiled */
    uint32_t least; /* of the struct in the first release that had it */
    uint32_t count; /* of fields */
    uint32_t stride;
    const struct haft_field *fields;
};

/* Method flags. A method without any may answer later (HAFT_PENDING). */
#define HAFT_POST 1u   /* no answer, never waits, keeps its order */
#define HAFT_LEAF 2u   /* answered at once; calls no plugin */
#define HAFT_SYNC 4u   /* never HAFT_PENDING */
#define HAFT_REPEAT 8u /* may be asked again if the plugin died meanwhile */

struct haft_signature {
    const char *name;
    uint32_t flags;
    uint32_t _0;
    const struct haft_record *in;
    const struct haft_record *out; /* NULL: no answer but the status */
};

/* A set of methods under an id that ends in its revision, "haft.retry/1".
 * Methods are only appended; a change that is no append is a new id. */
struct haft_interface {
    const char *id;
    uint32_t size;  /* of this struct */
    uint32_t count; /* of methods */
    uint32_t stride;
    uint32_t _0;
    const struct haft_signature *methods;
};

/* The answer of methods that have none. */
struct haft_empty {
    uint32_t size;
    uint32_t _0;
};

#if defined(__GNUC__)
#    define HAFT_TABLE static const __attribute__((unused))
#else
#    define HAFT_TABLE static const
#endif

/* Rows of a field table. The zero-sized term makes a row of the wrong shape
 * fail to compile. */
#define HAFT_NAME_(m) #m
#define HAFT_ROW_(T, m, kind, item)                                            \
    {                                                                          \
        HAFT_NAME_(m), kind, (uint32_t)offsetof(struct T, m), item             \
    }
#define HAFT_ROW_LIKE_(T, m, part, kind, item)                                 \
    {                                                                          \
        HAFT_NAME_(m), kind,                                                   \
            (uint32_t)(offsetof(struct T, m) +                                 \
                       0 * sizeof(((struct T *)0)->m.part)),                   \
            item                                                               \
    }
#define HAFT_ROW_SIZE(T) HAFT_ROW_(T, size, HAFT_SIZE, NULL)
#define HAFT_ROW_PAD(T, m) HAFT_ROW_(T, m, HAFT_PAD, NULL)
#define HAFT_ROW_U32(T, m) HAFT_ROW_(T, m, HAFT_U32, NULL)
#define HAFT_ROW_I32(T, m) HAFT_ROW_(T, m, HAFT_I32, NULL)
#define HAFT_ROW_U64(T, m) HAFT_ROW_(T, m, HAFT_U64, NULL)
#define HAFT_ROW_I64(T, m) HAFT_ROW_(T, m, HAFT_I64, NULL)
#define HAFT_ROW_BYTES(T, m) HAFT_ROW_LIKE_(T, m, n, HAFT_BYTES, NULL)
#define HAFT_ROW_TEXT(T, m) HAFT_ROW_LIKE_(T, m, n, HAFT_TEXT, NULL)
#define HAFT_ROW_ARRAY(T, m, item)                                             \
    HAFT_ROW_LIKE_(T, m, stride, HAFT_ARRAY, item)

/* The record of struct T, whose rows are in T##_fields. `least` is the size
 * that T had when it was first released. */
#define HAFT_RECORD(T, least)                                                  \
    HAFT_TABLE struct haft_record T##_record = {                               \
        #T,                                                                    \
        (uint32_t)sizeof(struct T),                                            \
        (least),                                                               \
        (uint32_t)(sizeof(T##_fields) / sizeof(T##_fields[0])),                \
        (uint32_t)sizeof(struct haft_field),                                   \
        T##_fields}

/* The interface whose signatures are in NAME##_methods. */
#define HAFT_INTERFACE(NAME, id)                                               \
    HAFT_TABLE struct haft_interface NAME = {                                  \
        id,                                                                    \
        (uint32_t)sizeof(struct haft_interface),                               \
        (uint32_t)(sizeof(NAME##_methods) / sizeof(NAME##_methods[0])),        \
        (uint32_t)sizeof(struct haft_signature),                               \
        0,                                                                     \
        NAME##_methods}

/* Items that several messages use. */
HAFT_TABLE struct haft_field haft_slice_fields[] = {
    {"text", HAFT_BYTES, 0, NULL},
};
HAFT_RECORD(haft_slice, 16);

HAFT_TABLE struct haft_field haft_pair_fields[] = {
    HAFT_ROW_TEXT(haft_pair, name),
    HAFT_ROW_BYTES(haft_pair, value),
};
HAFT_RECORD(haft_pair, 32);

HAFT_TABLE struct haft_field haft_empty_fields[] = {
    HAFT_ROW_SIZE(haft_empty),
    HAFT_ROW_PAD(haft_empty, _0),
};
HAFT_RECORD(haft_empty, 8);

#ifdef __cplusplus
}
#endif

#endif
