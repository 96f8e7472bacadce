#include "host/guest/wire.h"

#include <inttypes.h>
#include <string.h>

#include "host/guest/codec.h"
#include "host/guest/table.h"

/* ---- writing ---- */

static void put_number(struct str *out, uint64_t value, uint32_t bytes)
{
    char le[8];

    for (uint32_t i = 0; i < bytes; i++) {
        le[i] = (char)(value >> (8 * i));
    }
    str_add(out, le, bytes);
}

/* A plain member; `at` NULL: zero. Says whether it was anything but zero. */
static bool put_plain(struct str *out, const struct haft_field *f,
                      const void *at)
{
    struct haft_slice s = {NULL, 0};
    uint64_t wide = 0;
    uint32_t narrow = 0;

    switch (table_width(f->kind)) {
    case 4:
        memcpy(&narrow, at, sizeof(narrow));
        put_number(out, narrow, 4);
        return narrow != 0;
    case 8:
        memcpy(&wide, at, sizeof(wide));
        put_number(out, wide, 8);
        return wide != 0;
    default:
        memcpy(&s, at, sizeof(s));
        put_number(out, s.n, 4);
        str_add(out, s.p, s.n);
        return s.n != 0;
    }
}

static void put_item(struct str *out, const struct haft_record *item,
                     const char *at, uint32_t have)
{
    size_t head = out->size;

    put_number(out, 0, 4);

    size_t kept = out->size;

    for (uint32_t i = 0; i < item->count; i++) {
        const struct haft_field *f = table_field(item, i);

        if (f->kind != HAFT_PAD && table_end(f) <= have &&
            put_plain(out, f, at + f->offset)) {
            kept = out->size;
        }
    }
    str_shorten(out, kept);
    if (!out->is_cut) {
        uint32_t size = (uint32_t)(kept - head - 4);

        for (uint32_t i = 0; i < 4; i++) {
            out->text[head + i] = (char)(size >> (8 * i));
        }
    }
}

static bool put_array(struct str *out, const struct haft_record *item,
                      const void *at)
{
    struct haft_array a;

    memcpy(&a, at, sizeof(a));
    put_number(out, a.count, 4);
    for (uint32_t i = 0; i < a.count; i++) {
        put_item(out, item, (const char *)a.p + (size_t)i * a.stride, a.stride);
    }
    return a.count != 0;
}

void wire_encode(const struct haft_record *record, const void *message,
                 struct str *out)
{
    size_t kept = out->size;
    uint32_t have;

    memcpy(&have, message, sizeof(have));
    for (uint32_t i = 1; i < record->count; i++) {
        const struct haft_field *f = table_field(record, i);
        const char *at = (const char *)message + f->offset;

        if (f->kind == HAFT_PAD || table_end(f) > have) {
            continue;
        }
        if (f->item ? put_array(out, f->item, at) : put_plain(out, f, at)) {
            kept = out->size;
        }
    }
    str_shorten(out, kept);
}

/* ---- reading ---- */

/* What is left to decode. */
struct source {
    const unsigned char *p;
    size_t n;
    struct scratch *mem;
    struct str *why;
};

static bool get_number(struct source *in, uint32_t bytes, uint64_t *value)
{
    if (in->n < bytes) {
        str_addf(in->why, "wanted %u bytes, found %zu", bytes, in->n);
        return false;
    }

    uint64_t v = 0;

    for (uint32_t i = 0; i < bytes; i++) {
        v |= (uint64_t)in->p[i] << (8 * i);
    }
    in->p += bytes;
    in->n -= bytes;
    *value = v;
    return true;
}

/* A length and as many bytes; taken off the source. */
static bool get_bytes(struct source *in, struct haft_slice *bytes)
{
    uint64_t n;

    if (!get_number(in, 4, &n)) {
        return false;
    }
    if (n > in->n) {
        str_addf(in->why, "wanted %" PRIu64 " bytes, found %zu", n, in->n);
        return false;
    }
    *bytes = (struct haft_slice){n > 0 ? in->p : NULL, n};
    in->p += n;
    in->n -= n;
    return true;
}

static bool get_plain(struct source *in, const struct haft_field *f, void *into)
{
    uint32_t wide = table_width(f->kind);
    uint64_t value;
    struct haft_slice s;

    if (wide == 16) {
        if (!get_bytes(in, &s)) {
            return false;
        }
        memcpy(into, &s, sizeof(s));
        return true;
    }
    if (!get_number(in, wide, &value)) {
        return false;
    }
    if (wide == 4) {
        uint32_t narrow = (uint32_t)value;

        memcpy(into, &narrow, sizeof(narrow));
    } else {
        memcpy(into, &value, sizeof(value));
    }
    return true;
}

static bool get_end(const struct source *in, const struct haft_record *r)
{
    if (in->n > 0) {
        str_addf(in->why, "%s: %zu bytes of members that are not known here",
                 r->name, in->n);
        return false;
    }
    return true;
}

static bool get_item(struct source *in, const struct haft_record *item,
                     char *into)
{
    struct haft_slice bytes;

    if (!get_bytes(in, &bytes)) {
        return false;
    }

    struct source own = {bytes.p, bytes.n, in->mem, in->why};

    for (uint32_t i = 0; i < item->count && own.n > 0; i++) {
        const struct haft_field *f = table_field(item, i);

        if (f->kind != HAFT_PAD && !get_plain(&own, f, into + f->offset)) {
            return false;
        }
    }
    return get_end(&own, item);
}

static bool get_array(struct source *in, const struct haft_record *item,
                      void *into)
{
    uint64_t count;

    if (!get_number(in, 4, &count)) {
        return false;
    }
    /* Each item has a length of four bytes, so this bounds the memory. */
    if (count > in->n / 4 || count > CODEC_ITEMS_LIMIT ||
        count * item->size > CODEC_BYTES_LIMIT) {
        str_addf(in->why, "wanted %" PRIu64 " items, found %zu bytes", count,
                 in->n);
        return false;
    }

    char *items = count > 0 ? scratch_take(in->mem, count * item->size) : NULL;
    struct haft_array a = {items, (uint32_t)count, item->size};

    for (uint64_t i = 0; i < count; i++) {
        if (!get_item(in, item, items + i * item->size)) {
            return false;
        }
    }
    memcpy(into, &a, sizeof(a));
    return true;
}

void *wire_decode(struct scratch *mem, const struct haft_record *record,
                  const void *bytes, size_t size, struct str *why)
{
    struct source in = {bytes, size, mem, why};
    char *into = scratch_take(mem, record->size);

    memcpy(into, &record->size, sizeof(record->size));
    for (uint32_t i = 1; i < record->count && in.n > 0; i++) {
        const struct haft_field *f = table_field(record, i);
        char *place = into + f->offset;

        if (f->kind == HAFT_PAD) {
            continue;
        }
        if (!(f->item ? get_array(&in, f->item, place)
                      : get_plain(&in, f, place))) {
            return NULL;
        }
    }
    if (!get_end(&in, record) || !codec_check(record, into, why)) {
        return NULL;
    }
    return into;
}
