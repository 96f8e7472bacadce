/* Instances in processes of their own: the same calls, and what becomes of them
 * when a process dies, hangs or talks nonsense. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <haft/host.h>

#include "tests/caged_main.h"
#include "tests/host/guest/fixture.h"

#define CAGED                                                                  \
    "[notify:looping]\nisolation = process\n"                                  \
    "[notify:serial]\nisolation = process\n"                                   \
    "[notify:crowd]\nisolation = process\n"

static struct fixture f;

static struct heard {
    int ended;
    int outputs;
    uint64_t attempt;
} heard;

static haft_status hear_nothing(void *ctx, struct guest *who,
                                const struct haft_call *call, const void *in,
                                void *out)
{
    (void)ctx;
    (void)who;
    (void)call;
    (void)in;
    (void)out;
    return HAFT_OK;
}

static haft_status hear_output(void *ctx, struct guest *who,
                               const struct haft_call *call, const void *in,
                               void *out)
{
    const struct haft_attempt_output_in *m = in;

    (void)ctx;
    (void)who;
    (void)call;
    (void)out;
    heard.outputs++;
    ck_assert_uint_eq(m->data.n, 4);
    ck_assert_mem_eq(m->data.p, "said", 4);
    return m->attempt == 13 ? -HAFT_CONFLICT : HAFT_OK;
}

static haft_status hear_ended(void *ctx, struct guest *who,
                              const struct haft_call *call, const void *in,
                              void *out)
{
    const struct haft_attempt_ended_in *m = in;

    (void)ctx;
    (void)who;
    (void)call;
    (void)out;
    heard.ended++;
    heard.attempt = m->attempt;
    return HAFT_OK;
}

static const guest_serve attempt_methods[] = {hear_nothing, hear_output,
                                              hear_nothing, hear_ended};
static const struct guest_service attempts = {.interface = &haft_attempt_v1,
                                              .methods = attempt_methods};

static void open_caged(void)
{
    memset(&heard, 0, sizeof(heard));
    fixture_open(&f, CAGED, &attempts);
}

static void tell_and_wait(struct guest *g, const char *what, uint64_t n,
                          struct answer *a)
{
    fixture_tell(g, what, n, INT64_MAX, a);
    fixture_wait(&f, &a->count, 1);
}

static void check_answers(const char *name)
{
    struct guest *g = fixture_find(&f, "notify", name);
    struct answer a;

    ck_assert(guest_is_caged(g));
    tell_and_wait(g, "ok", 0, &a);
    ck_assert_int_eq(a.status, HAFT_OK);
    tell_and_wait(g, "fail", 7, &a);
    ck_assert_int_eq(a.status, -HAFT_TRANSIENT);
    ck_assert_str_eq(a.code, "actor.told");
    ck_assert_str_eq(a.message, "failed as told, 7");
    tell_and_wait(g, "mute", 0, &a);
    ck_assert_str_eq(a.code, "host.no_details");
    tell_and_wait(g, "thread", 0, &a);
    ck_assert_int_eq(a.status, HAFT_OK);
}

static bool is_mapped(const char *name)
{
    char line[4096];
    bool is_there = false;
    FILE *maps = fopen("/proc/self/maps", "re");

    ck_assert_ptr_nonnull(maps);
    while (fgets(line, sizeof(line), maps)) {
        is_there |= strstr(line, name) != NULL;
    }
    fclose(maps);
    return is_there;
}

START_TEST(calls_are_answered_and_no_byte_of_the_module_is_mapped_here)
{
    open_caged();

    check_answers("looping");
    check_answers("serial");
    check_answers("crowd");

    ck_assert(!is_mapped("guest-actor"));
    fixture_close(&f);
}
END_TEST

START_TEST(what_nobody_says_is_a_cage_for_what_haft_was_not_installed_with)
{
    fixture_open_with(&f, "", "", NULL);

    ck_assert(guest_is_caged(fixture_find(&f, "notify", "serial")));
    fixture_close(&f);
}
END_TEST

START_TEST(what_the_plugin_asks_and_posts_is_heard)
{
    struct answer a;

    open_caged();
    struct guest *g = fixture_find(&f, "notify", "looping");
    struct guest *serial = fixture_find(&f, "notify", "serial");

    tell_and_wait(g, "post", 5, &a);
    ck_assert_int_eq(heard.ended, 1);
    ck_assert_uint_eq(heard.attempt, 5);
    tell_and_wait(g, "output", 1, &a);
    ck_assert_int_eq(a.status, HAFT_OK);
    tell_and_wait(g, "output", 13, &a);
    ck_assert_int_eq(a.status, -HAFT_CONFLICT);
    tell_and_wait(serial, "output", 13, &a);
    ck_assert_int_eq(a.status, -HAFT_CONFLICT);
    tell_and_wait(g, "bad_post", 0, &a);
    ck_assert_int_eq(a.status, HAFT_OK);

    ck_assert_int_eq(heard.outputs, 3);
    ck_assert_int_eq(heard.ended, 1);
    fixture_close(&f);
}
END_TEST

/* It asks while nobody waits for it any more, and must hear of that: only then
 * does it come to its end. */
START_TEST(what_a_plugin_asks_while_it_is_closed_is_answered)
{
    struct answer a;
    struct answer open;
    char path[128];

    open_caged();
    struct guest *g = fixture_find(&f, "notify", "looping");

    snprintf(path, sizeof(path), "%s/actor.txt", f.folder);
    tell_and_wait(g, "will", 0, &a);
    ck_assert_int_eq(a.status, HAFT_OK);
    fixture_tell(g, "output", 1, INT64_MAX, &open);
    guests_stop(f.guests);

    ck_assert_int_eq(open.status, -HAFT_CANCELLED);
    ck_assert_int_eq(access(path, F_OK), 0);
    fixture_close(&f);
}
END_TEST

#define MANY 500

START_TEST(many_calls_are_in_flight_while_the_plugin_asks)
{
    static struct answer answers[MANY];

    open_caged();
    struct guest *g = fixture_find(&f, "notify", "crowd");

    for (int i = 0; i < MANY; i++) {
        fixture_tell(g, i % 2 ? "ok" : "fail", 1, INT64_MAX, &answers[i]);
    }
    for (int i = 0; i < MANY; i++) {
        fixture_wait(&f, &answers[i].count, 1);
        ck_assert_int_eq(answers[i].status, i % 2 ? HAFT_OK : -HAFT_TRANSIENT);
    }
    fixture_close(&f);
}
END_TEST

START_TEST(a_message_may_be_larger_than_a_sockets_room)
{
    static char json[3 << 20];
    struct haft_notify_event event = {.kind = {"ok", 2}};
    struct haft_notify_deliver_in in = {.size = sizeof(in)};
    struct answer a = {0};

    open_caged();
    memset(json, ' ', sizeof(json));
    event.json = (struct haft_slice){json, sizeof(json)};
    in.events = (struct haft_array){&event, 1, sizeof(event)};

    guest_call(fixture_find(&f, "notify", "serial"), &haft_notify_v1,
               HAFT_NOTIFY_DELIVER, &in, INT64_MAX, fixture_done, &a);
    fixture_wait(&f, &a.count, 1);

    ck_assert_int_eq(a.status, HAFT_OK);
    fixture_close(&f);
}
END_TEST

START_TEST(create_that_fails_says_why)
{
    fixture_open(&f, "[notify:looping]\nisolation = process\nfail = yes\n",
                 &attempts);

    ck_assert_ptr_null(guests_find(f.guests, "notify", "looping", &f.why));

    ck_assert_msg(strstr(f.why.text, "hello, 2 words") != NULL, "%s",
                  f.why.text);
    fixture_close(&f);
}
END_TEST

static void check_lost(const char *what, uint64_t n, const char *why)
{
    struct answer kept;
    struct answer cause;
    struct answer next;
    struct answer other;

    open_caged();
    struct guest *g = fixture_find(&f, "notify", "serial");
    struct guest *neighbour = fixture_find(&f, "notify", "looping");

    fixture_tell(g, "keep", 0, INT64_MAX, &kept);
    fixture_tell(neighbour, "keep", 0, INT64_MAX, &other);
    tell_and_wait(g, what, n, &cause);
    fixture_wait(&f, &kept.count, 1);
    tell_and_wait(g, "ok", 0, &next);

    ck_assert_int_eq(kept.status, -HAFT_PLUGIN_CRASH);
    ck_assert_str_eq(kept.code, "host.worker_lost");
    ck_assert_uint_eq(kept.effect, HAFT_EFFECT_MAYBE);
    ck_assert_msg(strstr(kept.message, why) != NULL, "%s", kept.message);
    ck_assert_int_eq(next.status, HAFT_OK);
    ck_assert_int_eq(other.count, 0);
    tell_and_wait(neighbour, "release", 1, &next);
    ck_assert_int_eq(next.status, HAFT_OK);
    ck_assert_int_eq(other.count, 1);
    fixture_close(&f);
}

START_TEST(a_process_that_dies_takes_its_calls_with_it_and_is_followed)
{
    check_lost("signal", SIGKILL, "ended by signal 9");
    check_lost("signal", SIGABRT, "ended by signal 6");
    check_lost("exit", 3, "ended with status 3");
    check_lost("exit", 0, "ended with status 0");
    check_lost("orphan", 4, "ended with status 4");
}
END_TEST

START_TEST(one_that_says_what_is_no_message_is_ended)
{
    check_lost("garble", 0, "frame");
}
END_TEST

START_TEST(one_that_hangs_is_ended_at_the_deadline)
{
    struct answer hung;
    struct answer next;

    open_caged();
    struct guest *g = fixture_find(&f, "notify", "serial");

    fixture_tell(g, "spin", 0, loop_tick_ms(f.loop) + 50, &hung);
    fixture_wait(&f, &hung.count, 1);
    tell_and_wait(g, "ok", 0, &next);

    ck_assert_str_eq(hung.code, "host.plugin_hung");
    ck_assert_int_eq(next.status, HAFT_OK);
    fixture_close(&f);
}
END_TEST

static void count_restart(void *ctx, struct guest *guest)
{
    int *count = ctx;

    ck_assert_str_eq(guest_name(guest), "serial");
    ++*count;
}

START_TEST(one_that_keeps_dying_is_given_up)
{
    struct answer a;
    int restarts = 0;
    struct str out;

    open_caged();
    struct guest *g = fixture_find(&f, "notify", "serial");

    guests_on_restart(f.guests, count_restart, &restarts);
    for (int i = 0; i < 6; i++) {
        tell_and_wait(g, "exit", 1, &a);
        ck_assert_str_eq(a.code, "host.worker_lost");
    }
    tell_and_wait(g, "ok", 0, &a);

    ck_assert_str_eq(a.code, "host.plugin_quarantined");
    ck_assert_uint_eq(a.effect, HAFT_EFFECT_NOT_STARTED);
    ck_assert_int_ge(restarts, 1); /* two in one turn are told once */
    ck_assert_int_le(restarts, 6);
    str_init(&out, 1 << 20);
    ck_assert(guests_describe(f.guests, "guest-actor", &out, &f.why));
    ck_assert_msg(strstr(out.text, "\"deaths\":6") != NULL, "%s", out.text);
    ck_assert_msg(strstr(out.text, "\"quarantined\":true") != NULL, "%s",
                  out.text);
    str_finish(&out);
    fixture_close(&f);
}
END_TEST

static void die_out(struct guest *g)
{
    struct answer a;

    for (int i = 0; i < 6; i++) {
        tell_and_wait(g, "exit", 1, &a);
        ck_assert_str_eq(a.code, "host.worker_lost");
    }
}

START_TEST(one_that_is_given_up_is_not_made_again_until_it_is_pardoned)
{
    struct answer a;

    open_caged();
    struct guest *g = fixture_find(&f, "notify", "serial");

    die_out(g);
    ck_assert_ptr_null(guests_find(f.guests, "notify", "looping", &f.why));
    ck_assert_msg(strstr(f.why.text, "quarantined") != NULL, "%s", f.why.text);
    ck_assert_msg(strstr(f.why.text, "status 1") != NULL, "%s", f.why.text);

    str_reset(&f.why);
    ck_assert(!guests_pardon(f.guests, "guest-puppet", &f.why));
    ck_assert_msg(strstr(f.why.text, "is not quarantined") != NULL, "%s",
                  f.why.text);
    str_reset(&f.why);
    ck_assert_msg(guests_pardon(f.guests, "guest-actor", &f.why), "%s",
                  f.why.text);
    tell_and_wait(g, "ok", 0, &a);
    ck_assert_int_eq(a.status, HAFT_OK);
    tell_and_wait(fixture_find(&f, "notify", "looping"), "ok", 0, &a);
    ck_assert_int_eq(a.status, HAFT_OK);
    fixture_close(&f);
}
END_TEST

static bool is_up(const char *fence)
{
    struct str out;
    bool is_so;

    str_init(&out, 1 << 20);
    ck_assert(guests_describe(f.guests, "guest-actor", &out, &f.why));
    is_so = strstr(out.text, fence) != NULL;
    str_finish(&out);
    return is_so;
}

START_TEST(the_kernel_keeps_it_from_others_where_it_can)
{
    struct answer a;

    open_caged();
    struct guest *g = fixture_find(&f, "notify", "serial");

    ck_assert(is_up("no_new_privs"));
    tell_and_wait(g, "scratch", 0, &a);
    ck_assert_int_eq(a.status, HAFT_OK);
    if (is_up("landlock")) {
        tell_and_wait(g, "trace", 0, &a);
        ck_assert_int_eq(a.status, -HAFT_DENIED);
        tell_and_wait(g, "memory", 0, &a);
        ck_assert_int_eq(a.status, -HAFT_DENIED);
        tell_and_wait(g, "system", 0, &a);
        ck_assert_int_eq(a.status, -HAFT_DENIED);
    }
    fixture_close(&f);
}
END_TEST

START_TEST(a_pardoned_one_has_as_many_lives_as_a_new_one)
{
    struct answer a;

    open_caged();
    struct guest *g = fixture_find(&f, "notify", "serial");

    die_out(g);
    ck_assert(guests_pardon(f.guests, "guest-actor", &f.why));
    die_out(g);
    tell_and_wait(g, "ok", 0, &a);

    ck_assert_str_eq(a.code, "host.plugin_quarantined");
    fixture_close(&f);
}
END_TEST

CAGED_MAIN("cage", calls_are_answered_and_no_byte_of_the_module_is_mapped_here,
           what_nobody_says_is_a_cage_for_what_haft_was_not_installed_with,
           what_the_plugin_asks_and_posts_is_heard,
           what_a_plugin_asks_while_it_is_closed_is_answered,
           many_calls_are_in_flight_while_the_plugin_asks,
           a_message_may_be_larger_than_a_sockets_room,
           create_that_fails_says_why,
           a_process_that_dies_takes_its_calls_with_it_and_is_followed,
           one_that_says_what_is_no_message_is_ended,
           one_that_hangs_is_ended_at_the_deadline,
           one_that_keeps_dying_is_given_up,
           one_that_is_given_up_is_not_made_again_until_it_is_pardoned,
           the_kernel_keeps_it_from_others_where_it_can,
           a_pardoned_one_has_as_many_lives_as_a_new_one)
