#include "host/guest/codec.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "host/plain/utf8.h"

/* What one walk over a message needs to know. */
struct walk {
    struct scratch *mem; /* of copies */
    bool is_deep;
    uint64_t left; /* bytes that slices and items may still come to */
    struct str *why;
};

static const struct haft_field *field_at(const struct haft_record *r,
                                         uint32_t i)
{
    return (const void *)((const char *)r->fields + (size_t)i * r->stride);
}

static uint32_t width(uint32_t kind)
{
    switch (kind) {
    case HAFT_SIZE:
    case HAFT_PAD:
    case HAFT_U32:
    case HAFT_I32:
        return 4;
    case HAFT_U64:
    case HAFT_I64:
        return 8;
    case HAFT_BYTES:
    case HAFT_TEXT:
    case HAFT_ARRAY:
        return 16;
    default:
        return 0;
    }
}

static uint32_t end_of(const struct haft_field *f)
{
    return f->offset + width(f->kind);
}

/* ---- tables ---- */

static bool row_is_sane(const struct haft_record *r, uint32_t i, uint32_t at,
                        bool is_item, struct str *why)
{
    const struct haft_field *f = field_at(r, i);
    uint32_t wide = width(f->kind);

    if (!f->name || wide == 0) {
        str_addf(why, "%s row %u: wanted a kind of 1 to 9, found %u", r->name,
                 i, f->kind);
        return false;
    }
    if (f->offset != at || f->offset % (wide < 8 ? 4 : 8) != 0) {
        str_addf(why, "%s.%s: wanted offset %u, found %u", r->name, f->name, at,
                 f->offset);
        return false;
    }
    if ((f->kind == HAFT_SIZE) != (i == 0 && !is_item)) {
        str_addf(why, "%s.%s: only a message, and its first row, has a size",
                 r->name, f->name);
        return false;
    }
    if ((f->kind == HAFT_ARRAY) != (f->item != NULL) ||
        (f->kind == HAFT_ARRAY && is_item)) {
        str_addf(why, "%s.%s: only arrays of messages have items", r->name,
                 f->name);
        return false;
    }
    return true;
}

static bool record_is_sane(const struct haft_record *r, bool is_item,
                           struct str *why)
{
    if (!r->name || !r->fields) {
        str_add_text(why, "a record without a name or without rows");
        return false;
    }
    if (r->count == 0 || r->count > CODEC_FIELDS_LIMIT || r->size == 0 ||
        r->size > CODEC_SIZE_LIMIT || r->least > r->size || r->least == 0 ||
        r->stride < sizeof(struct haft_field)) {
        str_addf(why,
                 "%s: size %u, least %u, %u rows of %u bytes make no table",
                 r->name, r->size, r->least, r->count, r->stride);
        return false;
    }

    uint32_t at = 0;

    for (uint32_t i = 0; i < r->count; i++) {
        if (!row_is_sane(r, i, at, is_item, why)) {
            return false;
        }
        at = end_of(field_at(r, i));
    }
    if (at != r->size) {
        str_addf(why, "%s: wanted rows for all of %u bytes, found %u", r->name,
                 r->size, at);
        return false;
    }
    return true;
}

bool codec_is_sane(const struct haft_record *record, struct str *why)
{
    if (!record_is_sane(record, false, why)) {
        return false;
    }
    for (uint32_t i = 0; i < record->count; i++) {
        const struct haft_field *f = field_at(record, i);

        if (f->item && !record_is_sane(f->item, true, why)) {
            return false;
        }
    }
    return true;
}

static bool rows_agree(const struct haft_record *ours,
                       const struct haft_record *theirs, struct str *why)
{
    if (theirs->size < ours->least) {
        str_addf(why, "%s: wanted at least %u bytes, found %u", ours->name,
                 ours->least, theirs->size);
        return false;
    }
    for (uint32_t i = 0; i < ours->count && i < theirs->count; i++) {
        const struct haft_field *a = field_at(ours, i);
        const struct haft_field *b = field_at(theirs, i);

        if (a->kind != b->kind || strcmp(a->name, b->name) != 0) {
            str_addf(why, "%s row %u: wanted %s (kind %u), found %s (kind %u)",
                     ours->name, i, a->name, a->kind, b->name, b->kind);
            return false;
        }
    }
    return true;
}

bool codec_agrees(const struct haft_record *ours,
                  const struct haft_record *theirs, struct str *why)
{
    if (!rows_agree(ours, theirs, why)) {
        return false;
    }
    for (uint32_t i = 0; i < ours->count && i < theirs->count; i++) {
        const struct haft_field *a = field_at(ours, i);

        if (a->item && !rows_agree(a->item, field_at(theirs, i)->item, why)) {
            return false;
        }
    }
    return true;
}

bool codec_is_same(const struct haft_record *a, const struct haft_record *b)
{
    if (a->size != b->size || a->count != b->count) {
        return false;
    }
    for (uint32_t i = 0; i < a->count; i++) {
        const struct haft_field *f = field_at(a, i);

        if (f->item && f->item->size != field_at(b, i)->item->size) {
            return false;
        }
    }
    return true;
}

bool codec_is_flat(const struct haft_record *record)
{
    for (uint32_t i = 0; i < record->count; i++) {
        if (width(field_at(record, i)->kind) == 16) {
            return false;
        }
    }
    return true;
}

/* ---- checking ---- */

static bool refuse(struct walk *w, const struct haft_record *r,
                   const struct haft_field *f, const char *what)
{
    str_addf(w->why, "%s.%s: %s", r->name, f->name, what);
    return false;
}

static bool slice_is_good(struct walk *w, const struct haft_record *r,
                          const struct haft_field *f, const void *at)
{
    struct haft_slice s;

    memcpy(&s, at, sizeof(s));
    if (s.n == 0) {
        return true;
    }
    if (!s.p) {
        return refuse(w, r, f, "wanted bytes, found NULL");
    }
    if (s.n > w->left) {
        return refuse(w, r, f, "the message is too large");
    }
    w->left -= s.n;
    if (f->kind == HAFT_TEXT && memchr(s.p, 0, s.n)) {
        return refuse(w, r, f, "wanted text, found a zero byte");
    }
    if (f->kind == HAFT_TEXT && !utf8_is_valid(s.p, s.n)) {
        return refuse(w, r, f, "wanted UTF-8, found other bytes");
    }
    return true;
}

/* A member that is no array; `at` is where it lies. */
static bool plain_is_good(struct walk *w, const struct haft_record *r,
                          const struct haft_field *f, const void *at)
{
    uint32_t number;

    switch (f->kind) {
    case HAFT_BYTES:
    case HAFT_TEXT:
        return slice_is_good(w, r, f, at);
    case HAFT_PAD:
        memcpy(&number, at, sizeof(number));
        return number == 0 || refuse(w, r, f, "wanted zero padding");
    default:
        return true;
    }
}

static bool item_is_good(struct walk *w, const struct haft_record *item,
                         const char *at, uint32_t have)
{
    for (uint32_t i = 0; i < item->count; i++) {
        const struct haft_field *f = field_at(item, i);

        if (end_of(f) <= have && !plain_is_good(w, item, f, at + f->offset)) {
            return false;
        }
    }
    return true;
}

static bool array_is_good(struct walk *w, const struct haft_record *r,
                          const struct haft_field *f, const void *at)
{
    struct haft_array a;

    memcpy(&a, at, sizeof(a));
    if (a.count == 0) {
        return true;
    }
    if (!a.p || a.count > CODEC_ITEMS_LIMIT) {
        return refuse(w, r, f, "wanted items, found NULL or far too many");
    }
    if (a.stride < f->item->least || a.stride > CODEC_SIZE_LIMIT) {
        str_addf(w->why, "%s.%s: wanted a stride of at least %u, found %u",
                 r->name, f->name, f->item->least, a.stride);
        return false;
    }

    uint64_t bytes = (uint64_t)a.count * a.stride;

    if (bytes > w->left) {
        return refuse(w, r, f, "the message is too large");
    }
    w->left -= bytes;
    for (uint32_t i = 0; i < a.count; i++) {
        const char *item = (const char *)a.p + (size_t)i * a.stride;

        if (!item_is_good(w, f->item, item, a.stride)) {
            return false;
        }
    }
    return true;
}

bool codec_check(const struct haft_record *record, const void *message,
                 struct str *why)
{
    struct walk w = {.left = CODEC_BYTES_LIMIT, .why = why};
    uint32_t size;

    memcpy(&size, message, sizeof(size));
    if (size < record->least || size > CODEC_SIZE_LIMIT) {
        str_addf(why, "%s.size: wanted at least %u, found %u", record->name,
                 record->least, size);
        return false;
    }
    for (uint32_t i = 0; i < record->count; i++) {
        const struct haft_field *f = field_at(record, i);
        const char *at = (const char *)message + f->offset;
        bool is_good = end_of(f) > size ? true
                       : f->item        ? array_is_good(&w, record, f, at)
                                        : plain_is_good(&w, record, f, at);

        if (!is_good) {
            return false;
        }
    }
    return true;
}

/* ---- copying ---- */

/* Deep copies end in a zero byte that is not counted. */
static struct haft_slice copy_slice(struct walk *w, const void *at)
{
    struct haft_slice s;

    memcpy(&s, at, sizeof(s));
    if (s.n == 0) {
        return (struct haft_slice){NULL, 0};
    }
    if (w->is_deep) {
        char *bytes = scratch_take(w->mem, s.n + 1);

        memcpy(bytes, s.p, s.n);
        s.p = bytes;
    }
    return s;
}

static void copy_plain(struct walk *w, const struct haft_field *f,
                       const void *at, void *into)
{
    if (f->kind == HAFT_BYTES || f->kind == HAFT_TEXT) {
        struct haft_slice s = copy_slice(w, at);

        memcpy(into, &s, sizeof(s));
        return;
    }
    memcpy(into, at, width(f->kind));
}

/* Items of `have` bytes each as items of `to`. */
static void copy_items(struct walk *w, const struct haft_record *to,
                       const struct haft_array *a, uint32_t have, char *into)
{
    for (uint32_t i = 0; i < a->count; i++) {
        const char *at = (const char *)a->p + (size_t)i * a->stride;

        for (uint32_t k = 0; k < to->count; k++) {
            const struct haft_field *f = field_at(to, k);

            if (end_of(f) <= have) {
                copy_plain(w, f, at + f->offset, into + f->offset);
            }
        }
        into += to->size;
    }
}

static struct haft_array copy_array(struct walk *w,
                                    const struct haft_record *from,
                                    const struct haft_record *to,
                                    const void *at)
{
    struct haft_array a;

    memcpy(&a, at, sizeof(a));
    if (a.count == 0) {
        return (struct haft_array){NULL, 0, to->size};
    }
    if (!w->is_deep && a.stride == to->size) {
        return a;
    }

    uint32_t have = a.stride < from->size ? a.stride : from->size;
    char *items = scratch_take(w->mem, (size_t)a.count * to->size);

    copy_items(w, to, &a, have, items);
    return (struct haft_array){items, a.count, to->size};
}

static void copy_message(struct walk *w, const struct haft_record *from,
                         const struct haft_record *to, const void *message,
                         void *into)
{
    uint32_t have;

    memcpy(&have, message, sizeof(have));
    if (have > from->size) {
        have = from->size;
    }
    for (uint32_t i = 1; i < from->count && i < to->count; i++) {
        const struct haft_field *f = field_at(to, i);
        const char *at = (const char *)message + f->offset;
        char *place = (char *)into + f->offset;

        if (end_of(f) > have) {
            break;
        }
        if (f->item) {
            struct haft_array a =
                copy_array(w, field_at(from, i)->item, f->item, at);

            memcpy(place, &a, sizeof(a));
        } else {
            copy_plain(w, f, at, place);
        }
    }
    memcpy(into, &to->size, sizeof(to->size));
}

void *codec_adapt(struct scratch *mem, const struct haft_record *from,
                  const struct haft_record *to, const void *message)
{
    struct walk w = {.mem = mem};
    void *into = scratch_take(mem, to->size);

    copy_message(&w, from, to, message, into);
    return into;
}

void *codec_copy(struct scratch *mem, const struct haft_record *from,
                 const struct haft_record *to, const void *message)
{
    void *into = scratch_take(mem, to->size);

    codec_copy_into(mem, from, to, message, into);
    return into;
}

void codec_copy_into(struct scratch *mem, const struct haft_record *from,
                     const struct haft_record *to, const void *message,
                     void *into)
{
    struct walk w = {.mem = mem, .is_deep = true};

    copy_message(&w, from, to, message, into);
}

/* ---- bytes ---- */

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

    switch (width(f->kind)) {
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
        const struct haft_field *f = field_at(item, i);

        if (f->kind != HAFT_PAD && end_of(f) <= have &&
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

void codec_encode(const struct haft_record *record, const void *message,
                  struct str *out)
{
    size_t kept = out->size;
    uint32_t have;

    memcpy(&have, message, sizeof(have));
    for (uint32_t i = 1; i < record->count; i++) {
        const struct haft_field *f = field_at(record, i);
        const char *at = (const char *)message + f->offset;

        if (f->kind == HAFT_PAD || end_of(f) > have) {
            continue;
        }
        if (f->item ? put_array(out, f->item, at) : put_plain(out, f, at)) {
            kept = out->size;
        }
    }
    str_shorten(out, kept);
}

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
    uint32_t wide = width(f->kind);
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
        const struct haft_field *f = field_at(item, i);

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
    if (count > in->n / 4 || count > CODEC_ITEMS_LIMIT) {
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

void *codec_decode(struct scratch *mem, const struct haft_record *record,
                   const void *bytes, size_t size, struct str *why)
{
    struct source in = {bytes, size, mem, why};
    char *into = scratch_take(mem, record->size);

    memcpy(into, &record->size, sizeof(record->size));
    for (uint32_t i = 1; i < record->count && in.n > 0; i++) {
        const struct haft_field *f = field_at(record, i);
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
