/* The bus over a fake store and one fake notify instance, which this program
 * links instead of the real guests. */
#include <stdio.h>
#include <string.h>

#include <haft/notify.h>

#include "host/base/log.h"
#include "host/carry/bus.h"
#include "tests/check_main.h"
#include "tests/host/carry/fake_store.h"

struct guest {
    guest_done done; /* of the deliver that is open */
    void *ctx;
    uint64_t seqs[64]; /* that it was asked to deliver */
    size_t count;
    uint32_t calls;
};

struct guests {
    const char *name; /* of the notify instance, or NULL */
    struct guest guest;
};

const char *guests_name(const struct guests *g, const char *kind, size_t index)
{
    return strcmp(kind, "notify") == 0 && index == 0 ? g->name : NULL;
}

struct guest *guests_find(struct guests *g, const char *kind, const char *name,
                          struct str *why)
{
    (void)kind;
    (void)name;
    (void)why;
    return &g->guest;
}

uint64_t guest_call(struct guest *guest, const struct haft_interface *interface,
                    uint32_t method, const void *in, int64_t deadline_ms,
                    guest_done done, void *ctx)
{
    const struct haft_notify_deliver_in *deliver = in;

    (void)interface;
    (void)method;
    (void)deadline_ms;
    ck_assert(!guest->done); /* one at a time */
    for (uint32_t i = 0; i < deliver->events.count; i++) {
        const struct haft_notify_event *e =
            (const void *)((const char *)deliver->events.p +
                           (size_t)i * deliver->events.stride);

        ck_assert_uint_lt(guest->count, 64);
        guest->seqs[guest->count++] = e->seq;
    }
    guest->calls++;
    guest->done = done;
    guest->ctx = ctx;
    return guest->calls;
}

struct world {
    struct fake_store store;
    struct guests guests;
    struct loop *loop;
    struct journal *journal;
    struct core *core;
    struct bus *bus;
    uint64_t seq;
    uint64_t heard[64];
    size_t heard_count;
};

static void act(void *ctx, const struct effect *effects, size_t count)
{
    (void)ctx;
    (void)effects;
    (void)count;
}

static void tell(void *ctx, uint64_t first_seq, size_t count, const char *json,
                 size_t size)
{
    (void)ctx;
    (void)first_seq;
    (void)count;
    (void)json;
    (void)size;
}

static void opened(void *ctx, int status, const char *why)
{
    (void)ctx;
    ck_assert_msg(status == 0, "%s", why);
}

static void lost(void *ctx, const char *why)
{
    (void)ctx;
    ck_abort_msg("%s", why);
}

static struct core *make(void *ctx, uint32_t epoch)
{
    struct world *w = ctx;
    const struct core_options options = {.epoch = epoch};

    w->core = core_create(&options);
    return w->core;
}

/* One batch of events reaches the disk; whether the bus is told as well. */
static void happen(struct world *w, uint32_t count, const char *run,
                   bool is_told)
{
    uint64_t first = w->seq + 1;
    struct str row;
    char key[32];

    str_init(&row, 4096);
    str_add_text(&row, "\x01[");
    for (uint32_t i = 0; i < count; i++) {
        str_addf(&row,
                 "%s{\"seq\":%llu,\"time_ms\":5,\"kind\":\"task.done\","
                 "\"run\":\"%s\",\"task\":\"a\"}",
                 i ? "," : "", (unsigned long long)++w->seq, run);
    }
    str_add_char(&row, ']');
    snprintf(key, sizeof(key), "e/%016llx", (unsigned long long)first + 100);
    fake_store_put(&w->store, key, row.text);
    if (is_told) {
        bus_tell(w->bus, first, count, row.text + 1, row.size - 1);
    }
    str_finish(&row);
}

static void start(struct world *w, const char *notify)
{
    struct journal_store store;
    const struct journal_client client = {
        .act = act, .tell = tell, .opened = opened, .lost = lost, .ctx = w};

    log_set_fd(-1);
    store = fake_store_port(&w->store);
    w->guests.name = notify;
    w->loop = loop_create();
    w->journal = journal_create(&store, &client);
    journal_open(w->journal, "{}", make);
    fake_store_run(&w->store);
    w->bus = bus_create(w->loop, &w->guests, w->journal);
    bus_start(w->bus);
    fake_store_run(&w->store);
}

static void finish(struct world *w)
{
    bus_destroy(w->bus);
    journal_destroy(w->journal);
    core_destroy(w->core);
    loop_destroy(w->loop);
    fake_store_finish(&w->store);
}

static void hear(void *ctx, uint64_t seq, const char *json, size_t size)
{
    struct world *w = ctx;

    ck_assert_int_eq(json[0], '{');
    ck_assert_int_eq(json[size - 1], '}');
    w->heard[w->heard_count++] = seq;
}

static void expect_heard(const struct world *w, uint64_t first, uint64_t last)
{
    ck_assert_uint_eq(w->heard_count, last - first + 1);
    for (size_t i = 0; i < w->heard_count; i++) {
        ck_assert_uint_eq(w->heard[i], first + i);
    }
}

START_TEST(a_follower_hears_the_old_and_then_the_new)
{
    struct world w = {0};
    struct bus_follower *f;

    for (int i = 0; i < 8; i++) {
        happen(&w, 2, "r1", false);
    }
    start(&w, NULL);
    f = bus_follow(w.bus, 0, NULL, hear, &w);
    ck_assert_uint_eq(w.heard_count, 0);
    fake_store_run(&w.store);
    happen(&w, 3, "r1", true);

    expect_heard(&w, 1, 19);
    bus_unfollow(w.bus, f);
    happen(&w, 1, "r1", true);
    ck_assert_uint_eq(w.heard_count, 19);
    finish(&w);
}
END_TEST

START_TEST(what_is_told_while_a_follower_reads_comes_once)
{
    struct world w = {0};

    for (int i = 0; i < 8; i++) {
        happen(&w, 1, "r1", false);
    }
    start(&w, NULL);
    bus_follow(w.bus, 0, NULL, hear, &w);
    happen(&w, 2, "r1", true);
    fake_store_answer(&w.store);
    happen(&w, 2, "r1", true);
    fake_store_run(&w.store);
    happen(&w, 1, "r1", true);

    expect_heard(&w, 1, 13);
    finish(&w);
}
END_TEST

START_TEST(a_follower_that_is_a_little_behind_does_not_begin_at_the_start)
{
    struct world w = {0};

    for (int i = 0; i < 9; i++) {
        happen(&w, 3, "r1", false);
    }
    start(&w, NULL);
    bus_follow(w.bus, 22, NULL, hear, &w);
    fake_store_run(&w.store);
    happen(&w, 1, "r1", true);

    expect_heard(&w, 23, 28);
    finish(&w);
}
END_TEST

START_TEST(a_follower_of_one_run_hears_no_other)
{
    struct world w = {0};

    start(&w, NULL);
    bus_follow(w.bus, 0, "r2", hear, &w);
    happen(&w, 1, "r1", true);
    happen(&w, 1, "r2", true);
    happen(&w, 1, "r22", true);

    ck_assert_uint_eq(w.heard_count, 1);
    ck_assert_uint_eq(w.heard[0], 2);
    finish(&w);
}
END_TEST

struct leaver {
    struct world *world;
    struct bus_follower *follower;
};

static void leave(void *ctx, uint64_t seq, const char *json, size_t size)
{
    struct leaver *l = ctx;

    hear(l->world, seq, json, size);
    bus_unfollow(l->world->bus, l->follower);
}

START_TEST(a_follower_may_leave_while_it_hears)
{
    struct world w = {0};
    struct leaver l = {.world = &w};

    start(&w, NULL);
    l.follower = bus_follow(w.bus, 0, NULL, leave, &l);
    happen(&w, 3, "r1", true);

    ck_assert_uint_eq(w.heard_count, 1);
    finish(&w);
}
END_TEST

static void answer(struct world *w, haft_status status)
{
    const struct haft_fault fault = {.size = sizeof(fault),
                                     .fault_class = (uint32_t)-status};
    guest_done done = w->guests.guest.done;

    ck_assert(done != NULL);
    w->guests.guest.done = NULL;
    done(w->guests.guest.ctx, status, NULL, status ? &fault : NULL);
    fake_store_run(&w->store);
}

/* The place as it is on disk. */
static const char *place(struct world *w)
{
    core_decide(w->core, 1000);
    journal_turn(w->journal, 1000);
    fake_store_run(&w->store);
    return fake_store_get(&w->store, "h/notify/mail");
}

START_TEST(a_new_instance_begins_with_what_happens_from_now_on)
{
    struct world w = {0};

    happen(&w, 3, "r1", false);
    start(&w, "mail");
    ck_assert_ptr_nonnull(strstr(place(&w), "\"seq\":3,"));
    ck_assert(bus_is_idle(w.bus));
    happen(&w, 2, "r1", true);
    fake_store_run(&w.store);

    ck_assert_uint_eq(w.guests.guest.count, 2);
    ck_assert_uint_eq(w.guests.guest.seqs[0], 4);
    ck_assert(!bus_is_idle(w.bus));
    answer(&w, HAFT_OK);
    ck_assert(bus_is_idle(w.bus));
    ck_assert_ptr_nonnull(strstr(place(&w), "\"seq\":5,"));
    finish(&w);
}
END_TEST

START_TEST(what_was_not_delivered_comes_again)
{
    struct world w = {0};

    start(&w, "mail");
    happen(&w, 2, "r1", true);
    fake_store_run(&w.store);
    answer(&w, -HAFT_TRANSIENT);
    ck_assert(bus_is_idle(w.bus));
    while (!w.guests.guest.done) {
        loop_wait(w.loop); /* until its timer is due */
    }

    ck_assert_uint_eq(w.guests.guest.count, 4);
    ck_assert_uint_eq(w.guests.guest.seqs[2], 1);
    answer(&w, HAFT_OK);
    ck_assert_ptr_nonnull(strstr(place(&w), "\"seq\":2,"));
    finish(&w);
}
END_TEST

START_TEST(an_instance_goes_on_where_it_was)
{
    struct world w = {0};

    happen(&w, 2, "r1", false);
    happen(&w, 2, "r1", false);
    fake_store_put(&w.store, "h/notify/mail", "\x01{\"seq\":3,\"row\":\"\"}");
    start(&w, "mail");

    ck_assert_uint_eq(w.guests.guest.count, 1);
    ck_assert_uint_eq(w.guests.guest.seqs[0], 4);
    answer(&w, HAFT_OK);
    finish(&w);
}
END_TEST

START_TEST(what_happens_while_it_delivers_follows)
{
    struct world w = {0};

    start(&w, "mail");
    happen(&w, 1, "r1", true);
    fake_store_run(&w.store);
    happen(&w, 1, "r1", true);
    happen(&w, 1, "r1", true);
    fake_store_run(&w.store);
    ck_assert_uint_eq(w.guests.guest.calls, 1);
    answer(&w, HAFT_OK);

    ck_assert_uint_eq(w.guests.guest.calls, 2);
    ck_assert_uint_eq(w.guests.guest.count, 3);
    answer(&w, HAFT_OK);
    ck_assert(bus_is_idle(w.bus));
    finish(&w);
}
END_TEST

TEST_MAIN("bus", a_follower_hears_the_old_and_then_the_new,
          what_is_told_while_a_follower_reads_comes_once,
          a_follower_that_is_a_little_behind_does_not_begin_at_the_start,
          a_follower_of_one_run_hears_no_other,
          a_follower_may_leave_while_it_hears,
          a_new_instance_begins_with_what_happens_from_now_on,
          what_was_not_delivered_comes_again, an_instance_goes_on_where_it_was,
          what_happens_while_it_delivers_follows)
