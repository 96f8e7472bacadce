#include "host/carry/bus.h"

#include <string.h>

#include "host/base/log.h"
#include "host/carry/bus_inside.h"
#include "host/plain/mem.h"

/* Of what was told meanwhile, for followers that are reading up to it. */
#define RECENT_LIMIT (4u << 20)

#define PAGE_ROWS 64
#define PAGE_BYTES (1u << 20)
#define KEY_SIZE 32 /* e/ and 16 digits */

struct bus_follower {
    struct bus_follower *next;
    struct bus *bus;
    uint64_t seq; /* the last one heard, or passed over */
    char run[32]; /* or "" */
    bus_fn fn;
    void *ctx;
    char key[KEY_SIZE];   /* of the last row read */
    uint64_t head_at_ask; /* what the page asked for shows at least */
    bool is_live;         /* hears what is told; else a page is on its way */
    bool is_dead;
};

/* ---- hearing ---- */

static void hear(struct bus_follower *f, const struct story_event *event)
{
    size_t size = strlen(f->run);
    bool is_wanted = size == 0 || (event->run.n == size &&
                                   memcmp(event->run.p, f->run, size) == 0);

    if (event->seq > f->seq) {
        f->seq = event->seq;
        if (is_wanted) {
            f->fn(f->ctx, event->seq, event->json.p, event->json.n);
        }
    }
}

static void hear_all(struct bus_follower *f, const char *json, size_t size)
{
    struct story_event event;
    struct story story;

    story_start(&story, json, size);
    while (!f->is_dead && story_next(&story, &event)) {
        hear(f, &event);
    }
}

/* ---- reading up ---- */

static void drop_recent(struct bus *b)
{
    struct bus_recent *r = b->first;

    b->first = r->next;
    b->last = b->first ? b->last : NULL;
    b->recent_size -= r->size;
    b->dropped_seq = r->last_seq;
    mem_free(r);
}

static bool is_anybody_reading(const struct bus *b)
{
    for (const struct bus_follower *f = b->followers; f; f = f->next) {
        if (!f->is_live && !f->is_dead) {
            return true;
        }
    }
    return false;
}

static void forget_recent(struct bus *b)
{
    while (b->first && !is_anybody_reading(b)) {
        drop_recent(b);
    }
}

static void ask_page(struct bus_follower *f);

/* The rows are read: what was told since they were asked for follows, if it is
 * all there still; else there is another page. */
static void catch_up(struct bus_follower *f)
{
    struct bus *b = f->bus;

    if (b->dropped_seq > f->head_at_ask && b->dropped_seq > f->seq) {
        ask_page(f);
        return;
    }
    b->calling++;
    for (struct bus_recent *r = b->first; r && !f->is_dead; r = r->next) {
        hear_all(f, r->json, r->size);
    }
    b->calling--;
    f->is_live = true;
    forget_recent(b);
}

static void reap(struct bus *b)
{
    struct bus_follower **at = &b->followers;

    while (b->calling == 0 && *at) {
        struct bus_follower *f = *at;

        if (f->is_dead && f->is_live) {
            *at = f->next;
            mem_free(f);
        } else {
            at = &f->next;
        }
    }
}

static void read_row(struct bus_follower *f,
                     const struct haft_storage_record *record)
{
    if (record->key.n < KEY_SIZE) {
        memcpy(f->key, record->key.p, record->key.n);
        f->key[record->key.n] = '\0';
    }
    if (record->value.n > 1) {
        hear_all(f, (const char *)record->value.p + 1, record->value.n - 1);
    }
}

static void on_page(void *ctx, haft_status status, const void *out,
                    const struct haft_fault *fault)
{
    const struct haft_storage_scan_out *page = out;
    struct bus_follower *f = ctx;
    struct bus *b = f->bus;

    (void)fault;
    b->calling++;
    for (uint32_t i = 0;
         status == HAFT_OK && i < page->records.count && !f->is_dead; i++) {
        read_row(f, (const void *)((const char *)page->records.p +
                                   (size_t)i * page->records.stride));
    }
    b->calling--;
    if (f->is_dead || status != HAFT_OK) {
        if (!f->is_dead) {
            log_warn("bus", "a follower cannot be told more status=%d", status);
        }
        f->is_live = true; /* nothing is on its way; it waits to be ended */
        f->seq = UINT64_MAX;
    } else if (page->has_more) {
        ask_page(f);
    } else {
        catch_up(f);
    }
    reap(b);
}

static void ask_page(struct bus_follower *f)
{
    const struct haft_storage_scan_in in = {
        .size = sizeof(in),
        .limit = PAGE_ROWS,
        .limit_bytes = PAGE_BYTES,
        .prefix = {"e/", 2},
        .after = {f->key, strlen(f->key)},
    };

    f->head_at_ask = f->bus->head;
    journal_scan(f->bus->journal, &in, on_page, f);
}

/* ---- where to begin ---- */

/* Backwards, to the row that has the last event heard: who is a little behind
 * does not read all there ever was. */
static void on_back(void *ctx, haft_status status, const void *out,
                    const struct haft_fault *fault);

static void ask_back(struct bus_follower *f)
{
    const struct haft_storage_scan_in in = {
        .size = sizeof(in),
        .flags = HAFT_STORAGE_REVERSE,
        .limit = PAGE_ROWS,
        .limit_bytes = PAGE_BYTES,
        .prefix = {"e/", 2},
        .after = {f->key, strlen(f->key)},
    };

    journal_scan(f->bus->journal, &in, on_back, f);
}

static uint64_t first_seq_of(const struct haft_storage_record *record)
{
    struct story_event event;
    struct story story;

    if (record->value.n < 2) {
        return UINT64_MAX;
    }
    story_start(&story, (const char *)record->value.p + 1, record->value.n - 1);
    return story_next(&story, &event) ? event.seq : UINT64_MAX;
}

static void on_back(void *ctx, haft_status status, const void *out,
                    const struct haft_fault *fault)
{
    const struct haft_storage_scan_out *page = out;
    const struct haft_storage_record *record = NULL;
    struct bus_follower *f = ctx;
    bool is_found = false;

    (void)fault;
    for (uint32_t i = 0;
         status == HAFT_OK && i < page->records.count && !is_found; i++) {
        record = (const void *)((const char *)page->records.p +
                                (size_t)i * page->records.stride);
        is_found = first_seq_of(record) <= f->seq;
    }
    if (record && record->key.n < KEY_SIZE) {
        memcpy(f->key, record->key.p, record->key.n);
        f->key[record->key.n] = '\0';
    }
    if (f->is_dead) {
        f->is_live = true;
        reap(f->bus);
    } else if (is_found) {
        /* This row is read once more: behind its predecessor. */
        f->key[strlen(f->key) - 1]--;
        ask_page(f);
    } else if (status == HAFT_OK && page->has_more) {
        ask_back(f);
    } else {
        f->key[0] = '\0';
        ask_page(f);
    }
}

struct bus_follower *bus_follow(struct bus *b, uint64_t after, const char *run,
                                bus_fn fn, void *ctx)
{
    struct bus_follower *f = mem_new(1, sizeof(*f));

    f->bus = b;
    f->seq = after;
    f->fn = fn;
    f->ctx = ctx;
    f->next = b->followers;
    b->followers = f;
    if (run) {
        size_t size = strlen(run);

        size = size < sizeof(f->run) ? size : sizeof(f->run) - 1;
        memcpy(f->run, run, size);
    }
    if (after >= b->head) {
        f->is_live = true; /* there is nothing to read */
    } else if (after == 0) {
        ask_page(f);
    } else {
        ask_back(f);
    }
    return f;
}

/* One that waits for an answer of the store stays until it has come. */
void bus_unfollow(struct bus *b, struct bus_follower *follower)
{
    if (follower) {
        follower->is_dead = true;
        reap(b);
    }
}

/* ---- telling ---- */

static void keep_recent(struct bus *b, uint64_t first_seq, size_t count,
                        const struct haft_slice *json)
{
    struct bus_recent *r = mem_new(1, sizeof(*r) + json->n);

    r->first_seq = first_seq;
    r->last_seq = first_seq + count - 1;
    r->size = json->n;
    memcpy(r->json, json->p, json->n);
    if (b->last) {
        b->last->next = r;
    } else {
        b->first = r;
    }
    b->last = r;
    b->recent_size += r->size;
    while (b->recent_size > RECENT_LIMIT) {
        drop_recent(b);
    }
}

void bus_tell(struct bus *b, uint64_t first_seq, size_t count, const char *json,
              size_t size)
{
    const struct haft_slice told = {json, size};

    b->head = first_seq + count - 1;
    if (is_anybody_reading(b)) {
        keep_recent(b, first_seq, count, &told);
    }
    b->calling++;
    for (struct bus_follower *f = b->followers; f; f = f->next) {
        if (f->is_live && !f->is_dead) {
            hear_all(f, json, size);
        }
    }
    b->calling--;
    reap(b);
    tellers_wake(b);
}

/* ---- life ---- */

struct bus *bus_create(struct loop *loop, struct guests *guests,
                       struct journal *journal)
{
    struct bus *b = mem_new(1, sizeof(*b));

    b->loop = loop;
    b->guests = guests;
    b->journal = journal;
    return b;
}

void bus_destroy(struct bus *b)
{
    if (!b) {
        return;
    }
    tellers_destroy(b);
    while (b->followers) {
        struct bus_follower *next = b->followers->next;

        mem_free(b->followers);
        b->followers = next;
    }
    while (b->first) {
        drop_recent(b);
    }
    mem_free(b);
}

void bus_on_turn(struct bus *b, void (*wake)(void *ctx), void *ctx)
{
    b->wake = wake;
    b->wake_ctx = ctx;
}

void bus_start(struct bus *b)
{
    uint64_t next = journal_count(b->journal).next_seq;

    b->head = next ? next - 1 : 0;
    tellers_start(b);
}

bool bus_is_idle(const struct bus *b)
{
    return tellers_are_idle(b);
}
