#include <stdio.h>
#include <string.h>

#include <haft/notify.h>

#include "host/base/log.h"
#include "host/carry/bus_inside.h"
#include "host/carry/flat.h"
#include "host/carry/record.h"
#include "host/plain/mem.h"

#define PAGE_ROWS 16
#define PAGE_BYTES (1u << 20)
#define PIECE_EVENTS 256 /* that one deliver has at most */
#define DELIVER_LIMIT_MS 300000
#define BACKOFF_LEAST_MS 1000
#define BACKOFF_MOST_MS 60000
#define KEY_SIZE 32

/* One notify instance and its place: `seq` is delivered, and so is all of the
 * row `key`; a page of rows behind it is held while it is delivered. */
struct teller {
    struct teller *next;
    struct bus *bus;
    const char *name;
    struct guest *guest; /* NULL: could not be made yet */
    uint64_t seq;
    char key[KEY_SIZE];
    struct str page;         /* arrays of events, one behind the other */
    char page_key[KEY_SIZE]; /* of its last row */
    size_t at;               /* what of the page is delivered */
    size_t at_next;          /* ... once the open piece is */
    uint64_t seq_next;
    bool is_busy; /* an answer is awaited: place, page or piece */
    bool is_behind;
    uint64_t head_at_ask; /* what the page asked for shows at least */
    bool is_failing;
    int64_t backoff_ms;
    struct loop_timer timer;
};

static void go_on(struct teller *t);

/* ---- its place ---- */

static void add_place_key(const struct teller *t, char key[160])
{
    snprintf(key, 160, "h/notify/%.128s", t->name);
}

static void put_place(struct teller *t)
{
    char value[128];
    char key[160];
    int size = snprintf(value, sizeof(value), "%c{\"seq\":%llu,\"row\":\"%s\"}",
                        RECORD_VERSION, (unsigned long long)t->seq, t->key);

    add_place_key(t, key);
    journal_put(t->bus->journal, key, value, (size_t)size);
    if (t->bus->wake) {
        t->bus->wake(t->bus->wake_ctx);
    }
}

static bool read_place(struct teller *t, struct haft_slice value)
{
    struct flat_member m;
    struct flat f;
    bool is_good = value.n > 1;

    if (is_good) {
        flat_start(&f, (const char *)value.p + 1, value.n - 1);
        while (is_good && flat_next(&f, &m)) {
            if (flat_is(&m, "seq")) {
                is_good = flat_number(&m, &t->seq);
            } else if (flat_is(&m, "row")) {
                is_good = flat_text(&m, t->key, sizeof(t->key));
            }
        }
        is_good = is_good && !f.is_broken;
    }
    return is_good;
}

static void wait_a_while(struct teller *t)
{
    t->is_failing = true;
    t->backoff_ms = t->backoff_ms ? 2 * t->backoff_ms : BACKOFF_LEAST_MS;
    if (t->backoff_ms > BACKOFF_MOST_MS) {
        t->backoff_ms = BACKOFF_MOST_MS;
    }
    loop_timer_set(t->bus->loop, &t->timer,
                   loop_now_ms(t->bus->loop) + t->backoff_ms);
}

static void on_place(void *ctx, haft_status status, const void *out,
                     const struct haft_fault *fault)
{
    const struct haft_storage_get_out *get = out;
    struct teller *t = ctx;

    (void)fault;
    t->is_busy = false;
    if (status != HAFT_OK) {
        wait_a_while(t);
        return;
    }
    t->key[0] = '\0';
    if (!get->is_found) {
        t->seq = t->bus->head; /* it is new here */
        put_place(t);
    } else if (!read_place(t, get->value)) {
        log_error("bus", "place is malformed notify=%s, begins at the end",
                  t->name);
        t->seq = t->bus->head;
    }
    t->is_behind = t->seq < t->bus->head;
    go_on(t);
}

static void ask_place(struct teller *t)
{
    char key[160];

    add_place_key(t, key);
    t->is_busy = true;
    journal_get(t->bus->journal, key, on_place, t);
}

/* ---- delivering ---- */

static void on_delivered(void *ctx, haft_status status, const void *out,
                         const struct haft_fault *fault)
{
    struct teller *t = ctx;
    struct log_room quoted;
    struct str why;

    (void)out;
    t->is_busy = false;
    if (status != HAFT_OK) {
        str_init(&why, STR_WHY_LIMIT);
        str_add(&why, fault->message.p, fault->message.n);
        log_warn("bus", "not delivered notify=%s seq=%llu why=%s", t->name,
                 (unsigned long long)t->seq_next,
                 log_quoted(&quoted, why.text));
        str_finish(&why);
        wait_a_while(t);
        return;
    }
    t->is_failing = false;
    t->backoff_ms = 0;
    t->at = t->at_next;
    t->seq = t->seq_next;
    if (t->at == t->page.size) {
        memcpy(t->key, t->page_key, sizeof(t->key));
        str_reset(&t->page);
        t->at = 0;
    }
    put_place(t);
    go_on(t);
}

/* Fills a message with the next events of the page that are not delivered;
 * their texts are the page's. */
static uint32_t collect(struct teller *t,
                        struct haft_notify_event events[PIECE_EVENTS])
{
    struct story_event event;
    struct story story;
    uint32_t count = 0;

    t->seq_next = t->seq;
    t->at_next = t->page.size;
    story_start(&story, t->page.text + t->at, t->page.size - t->at);
    while (count < PIECE_EVENTS && story_next(&story, &event)) {
        if (event.seq > t->seq) {
            events[count++] = (struct haft_notify_event){
                .seq = event.seq,
                .time_ms = event.time_ms,
                .kind = event.kind,
                .run = event.run,
                .task = event.task,
                .json = event.json,
            };
            t->seq_next = event.seq;
        }
    }
    if (count == PIECE_EVENTS) {
        t->at_next = (size_t)(story.at - t->page.text);
    }
    return count;
}

static void deliver(struct teller *t)
{
    struct haft_notify_event events[PIECE_EVENTS];
    struct haft_notify_deliver_in in = {.size = sizeof(in)};
    uint32_t count = collect(t, events);

    if (count == 0) {
        memcpy(t->key, t->page_key, sizeof(t->key));
        str_reset(&t->page);
        t->at = 0;
        return;
    }
    in.events = (struct haft_array){events, count, sizeof(*events)};
    t->is_busy = true;
    guest_call(t->guest, &haft_notify_v1, HAFT_NOTIFY_DELIVER, &in,
               loop_now_ms(t->bus->loop) + DELIVER_LIMIT_MS, on_delivered, t);
}

/* ---- reading ---- */

static void take_row(struct teller *t, const struct haft_storage_record *r)
{
    if (r->key.n < KEY_SIZE) {
        memcpy(t->page_key, r->key.p, r->key.n);
        t->page_key[r->key.n] = '\0';
    }
    if (r->value.n > 1) {
        str_add(&t->page, (const char *)r->value.p + 1, r->value.n - 1);
    }
}

static void on_page(void *ctx, haft_status status, const void *out,
                    const struct haft_fault *fault)
{
    const struct haft_storage_scan_out *page = out;
    struct teller *t = ctx;

    (void)fault;
    t->is_busy = false;
    if (status != HAFT_OK) {
        wait_a_while(t);
        return;
    }
    for (uint32_t i = 0; i < page->records.count; i++) {
        take_row(t, (const void *)((const char *)page->records.p +
                                   (size_t)i * page->records.stride));
    }
    if (page->records.count == 0) {
        t->is_behind = t->bus->head != t->head_at_ask;
    }
    go_on(t);
}

static void ask_page(struct teller *t)
{
    const struct haft_storage_scan_in in = {
        .size = sizeof(in),
        .limit = PAGE_ROWS,
        .limit_bytes = PAGE_BYTES,
        .prefix = {"e/", 2},
        .after = {t->key, strlen(t->key)},
    };

    t->is_busy = true;
    t->head_at_ask = t->bus->head;
    journal_scan(t->bus->journal, &in, on_page, t);
}

/* What is at hand is delivered, then more is read, until there is none. */
static void go_on(struct teller *t)
{
    struct str why;

    if (t->is_busy || t->timer.place) {
        return;
    }
    if (!t->guest && t->is_behind) {
        str_init(&why, STR_WHY_LIMIT);
        t->guest = guests_find(t->bus->guests, "notify", t->name, &why);
        if (!t->guest) {
            log_warn("bus", "no notify=%s why=\"%s\"", t->name, why.text);
            wait_a_while(t);
        }
        str_finish(&why);
    }
    if (t->guest && t->page.size) {
        deliver(t);
    }
    if (t->guest && !t->is_busy && t->is_behind) {
        ask_page(t);
    }
}

static void on_timer(void *ctx)
{
    struct teller *t = ctx;

    if (t->seq == UINT64_MAX) {
        ask_place(t);
    } else {
        go_on(t);
    }
}

/* ---- all of them ---- */

void tellers_start(struct bus *b)
{
    const char *name = guests_name(b->guests, "notify", 0);

    for (size_t i = 1; name; i++) {
        struct teller *t = mem_new(1, sizeof(*t));

        t->bus = b;
        t->name = name;
        t->seq = UINT64_MAX; /* not known yet */
        str_init(&t->page, SIZE_MAX / 2);
        loop_timer_init(&t->timer, on_timer, t);
        t->next = b->tellers;
        b->tellers = t;
        ask_place(t);
        name = guests_name(b->guests, "notify", i);
    }
}

void tellers_wake(struct bus *b)
{
    for (struct teller *t = b->tellers; t; t = t->next) {
        t->is_behind = true;
        if (t->seq != UINT64_MAX) {
            go_on(t);
        }
    }
}

bool tellers_are_idle(const struct bus *b)
{
    for (const struct teller *t = b->tellers; t; t = t->next) {
        if (!t->is_failing && (t->is_busy || t->page.size || t->is_behind)) {
            return false;
        }
    }
    return true;
}

void tellers_destroy(struct bus *b)
{
    while (b->tellers) {
        struct teller *next = b->tellers->next;

        loop_timer_clear(b->loop, &b->tellers->timer);
        str_finish(&b->tellers->page);
        mem_free(b->tellers);
        b->tellers = next;
    }
}
