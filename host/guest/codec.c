#include "host/guest/codec.h"

#include <string.h>

#include "host/guest/table.h"
#include "host/plain/utf8.h"

/* What one walk over a message needs to know. */
struct walk {
    struct scratch *mem; /* of copies */
    bool is_deep;
    uint64_t left; /* bytes that slices and items may still come to */
    struct str *why;
};

/* ---- tables ---- */

static bool row_is_sane(const struct haft_record *r, uint32_t i, uint32_t at,
                        bool is_item, struct str *why)
{
    const struct haft_field *f = table_field(r, i);
    uint32_t wide = table_width(f->kind);

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
        at = table_end(table_field(r, i));
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
        const struct haft_field *f = table_field(record, i);

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
        const struct haft_field *a = table_field(ours, i);
        const struct haft_field *b = table_field(theirs, i);

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
        const struct haft_field *a = table_field(ours, i);

        if (a->item &&
            !rows_agree(a->item, table_field(theirs, i)->item, why)) {
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
        const struct haft_field *f = table_field(a, i);

        if (f->item && f->item->size != table_field(b, i)->item->size) {
            return false;
        }
    }
    return true;
}

bool codec_is_flat(const struct haft_record *record)
{
    for (uint32_t i = 0; i < record->count; i++) {
        if (table_width(table_field(record, i)->kind) == 16) {
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
        const struct haft_field *f = table_field(item, i);

        if (table_end(f) <= have &&
            !plain_is_good(w, item, f, at + f->offset)) {
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
        const struct haft_field *f = table_field(record, i);
        const char *at = (const char *)message + f->offset;

        if (table_end(f) > size) {
            break;
        }
        if (!(f->item ? array_is_good(&w, record, f, at)
                      : plain_is_good(&w, record, f, at))) {
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
        char *bytes = scratch_room(w->mem, s.n + 1);

        memcpy(bytes, s.p, s.n);
        bytes[s.n] = '\0';
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
    memcpy(into, at, table_width(f->kind));
}

/* Items of `have` bytes each as items of `to`. */
static void copy_items(struct walk *w, const struct haft_record *to,
                       const struct haft_array *a, uint32_t have, char *into)
{
    for (uint32_t i = 0; i < a->count; i++) {
        const char *at = (const char *)a->p + (size_t)i * a->stride;

        for (uint32_t k = 0; k < to->count; k++) {
            const struct haft_field *f = table_field(to, k);

            if (table_end(f) <= have) {
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
        const struct haft_field *f = table_field(to, i);
        const char *at = (const char *)message + f->offset;
        char *place = (char *)into + f->offset;

        if (table_end(f) > have) {
            break;
        }
        if (f->item) {
            struct haft_array a =
                copy_array(w, table_field(from, i)->item, f->item, at);

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
