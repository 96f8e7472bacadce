#include "tests/plugins/message.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "host/plain/utf8.h"

static void copy_slice(const struct haft_field *field, char *at,
                       const char *who)
{
    struct haft_slice slice;
    void *room = NULL;

    memcpy(&slice, at, sizeof(slice));
    ck_assert_msg(slice.n < 1u << 30, "%s: %s is too long", who, field->name);
    ck_assert_msg(slice.n == 0 || slice.p, "%s: %s points nowhere", who,
                  field->name);
    if (slice.n > 0) {
        room = malloc(slice.n);
        ck_assert_ptr_nonnull(room);
        memcpy(room, slice.p, slice.n);
    }
    ck_assert_msg(field->kind != HAFT_TEXT || utf8_is_valid(room, slice.n),
                  "%s: %s is not UTF-8", who, field->name);
    slice.p = room;
    memcpy(at, &slice, sizeof(slice));
}

/* Items hold no arrays of their own: one level, as the ABI has it. */
static void copy_items(const struct haft_field *field, char *at,
                       const char *who)
{
    const struct haft_record *item = field->item;
    struct haft_array array;
    char *room;

    memcpy(&array, at, sizeof(array));
    if (array.count == 0) {
        memset(at, 0, sizeof(array));
        return;
    }
    ck_assert_msg(array.p != NULL, "%s: %s points nowhere", who, field->name);
    ck_assert_msg(array.stride >= item->least, "%s: items of %s are too short",
                  who, field->name);
    room = calloc(array.count, item->size);
    ck_assert_ptr_nonnull(room);
    for (uint32_t i = 0; i < array.count; i++) {
        char *to = room + (size_t)i * item->size;

        memcpy(to, (const char *)array.p + (size_t)i * array.stride,
               array.stride < item->size ? array.stride : item->size);
        for (uint32_t f = 0; f < item->count; f++) {
            uint32_t kind = item->fields[f].kind;

            if (kind == HAFT_BYTES || kind == HAFT_TEXT) {
                copy_slice(&item->fields[f], to + item->fields[f].offset, who);
            }
        }
    }
    array = (struct haft_array){room, array.count, item->size};
    memcpy(at, &array, sizeof(array));
}

void *message_copy(const struct haft_record *record, const void *in,
                   const char *who)
{
    char *message = calloc(1, record->size);
    uint32_t size;
    uint32_t pad;

    ck_assert_ptr_nonnull(message);
    ck_assert_msg(in != NULL, "%s: no %s", who, record->name);
    memcpy(&size, in, sizeof(size));
    ck_assert_msg(size >= record->least, "%s: size %u of %s is below %u", who,
                  size, record->name, record->least);
    memcpy(message, in, size < record->size ? size : record->size);
    memcpy(message, &record->size, sizeof(record->size));
    for (uint32_t f = 0; f < record->count; f++) {
        const struct haft_field *field = &record->fields[f];

        switch (field->kind) {
        case HAFT_PAD:
            memcpy(&pad, message + field->offset, sizeof(pad));
            ck_assert_msg(pad == 0, "%s: %s.%s is not zero", who, record->name,
                          field->name);
            break;
        case HAFT_BYTES:
        case HAFT_TEXT:
            copy_slice(field, message + field->offset, who);
            break;
        case HAFT_ARRAY:
            copy_items(field, message + field->offset, who);
            break;
        default:
            break;
        }
    }
    return message;
}

static void free_slices(const struct haft_record *record, char *at)
{
    for (uint32_t f = 0; f < record->count; f++) {
        const struct haft_field *field = &record->fields[f];
        struct haft_slice slice;

        if (field->kind == HAFT_BYTES || field->kind == HAFT_TEXT) {
            memcpy(&slice, at + field->offset, sizeof(slice));
            free((void *)(uintptr_t)slice.p);
        }
    }
}

void message_free(const struct haft_record *record, void *message)
{
    char *at = message;

    if (!message) {
        return;
    }
    free_slices(record, at);
    for (uint32_t f = 0; f < record->count; f++) {
        const struct haft_field *field = &record->fields[f];
        struct haft_array array;

        if (field->kind != HAFT_ARRAY) {
            continue;
        }
        memcpy(&array, at + field->offset, sizeof(array));
        for (uint32_t i = 0; i < array.count; i++) {
            free_slices(field->item,
                        (char *)(uintptr_t)array.p + (size_t)i * array.stride);
        }
        free((void *)(uintptr_t)array.p);
    }
    free(message);
}
