#include <stdatomic.h>
#include <stdio.h>

#include <haft/host.h>
#include <haft/retry.h>

#include "host/guest/guest.h"
#include "tests/check_main.h"
#include "tests/host/guest/fixture.h"

#define ACTORS                                                                 \
    "[notify:looping]\n[notify:serial]\n[notify:crowd]\n[retry:judge]\n"

static struct fixture f;

/* What haft.attempt/1 heard. */
static struct {
    int ended;
    int order;
    uint64_t attempt;
    char data[16];
    const char *from;
} heard;

static struct answer inner; /* of a call that a service makes */

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
    (void)call;
    (void)out;
    heard.from = guest_name(who);
    snprintf(heard.data, sizeof(heard.data), "%.*s", (int)m->data.n,
             (const char *)m->data.p);
    if (m->attempt == 21) {
        fixture_tell(who, "ok", 0, INT64_MAX, &inner);
        ck_assert_int_eq(inner.count, 0);
    }
    return m->attempt == 13 ? HAFT_AGAIN : HAFT_OK;
}

static haft_status hear_ended(void *ctx, struct guest *who,
                              const struct haft_call *call, const void *in,
                              void *out)
{
    const struct haft_attempt_ended_in *m = in;

    (void)ctx;
    (void)call;
    ck_assert_ptr_null(out);
    ck_assert_str_eq((const char *)m->code.p, "actor.ended");
    heard.ended++;
    heard.order = ++fixture_answers;
    heard.attempt = m->attempt;
    heard.from = guest_name(who);
    return HAFT_OK;
}

static const guest_serve attempt_methods[] = {hear_nothing, hear_output,
                                              hear_nothing, hear_ended};
static const struct guest_service attempts = {.interface = &haft_attempt_v1,
                                              .methods = attempt_methods};

static void open_actors(void)
{
    memset(&heard, 0, sizeof(heard));
    fixture_open(&f, ACTORS, &attempts);
}

static void check_answers(const char *kind_of_guest)
{
    struct guest *g = fixture_find(&f, "notify", kind_of_guest);
    struct answer good;
    struct answer bad;
    struct answer mute;

    fixture_tell(g, "ok", 0, INT64_MAX, &good);
    fixture_tell(g, "fail", 7, INT64_MAX, &bad);
    fixture_tell(g, "mute", 0, INT64_MAX, &mute);
    ck_assert_int_eq(good.count + bad.count + mute.count, 0);

    fixture_wait(&f, &good.count, 1);
    fixture_wait(&f, &bad.count, 1);
    fixture_wait(&f, &mute.count, 1);

    ck_assert_int_eq(good.status, HAFT_OK);
    ck_assert_int_eq(bad.status, -HAFT_TRANSIENT);
    ck_assert_str_eq(bad.code, "actor.told");
    ck_assert_str_eq(bad.message, "failed as told, 7");
    ck_assert_int_eq(mute.status, -HAFT_RESOURCE);
    ck_assert_str_eq(mute.code, "host.no_details");
}

START_TEST(an_answer_comes_later_and_on_the_loop_from_every_thread)
{
    open_actors();

    check_answers("looping");
    check_answers("serial");
    check_answers("crowd");

    fixture_close(&f);
}
END_TEST

START_TEST(a_pending_call_ends_when_it_is_completed)
{
    struct answer kept;
    struct answer release;

    open_actors();
    struct guest *g = fixture_find(&f, "notify", "serial");

    fixture_tell(g, "keep", 0, INT64_MAX, &kept);
    fixture_tell(g, "release", 1, INT64_MAX, &release);
    fixture_wait(&f, &release.count, 1);

    ck_assert_int_eq(release.status, HAFT_OK);
    ck_assert_int_eq(kept.count, 1);
    ck_assert_int_eq(kept.status, HAFT_OK);
    ck_assert_int_lt(kept.order, release.order);
    fixture_close(&f);
}
END_TEST

START_TEST(a_call_may_be_completed_by_a_thread_of_the_plugin)
{
    struct answer a;

    open_actors();
    struct guest *g = fixture_find(&f, "notify", "looping");

    fixture_tell(g, "thread", 0, INT64_MAX, &a);
    fixture_wait(&f, &a.count, 1);

    ck_assert_int_eq(a.status, HAFT_OK);
    fixture_close(&f);
}
END_TEST

START_TEST(a_call_may_be_completed_before_pending_is_returned)
{
    struct answer a;

    open_actors();
    struct guest *g = fixture_find(&f, "notify", "looping");

    fixture_tell(g, "early", 0, INT64_MAX, &a);
    fixture_wait(&f, &a.count, 1);

    ck_assert_int_eq(a.status, HAFT_OK);
    fixture_close(&f);
}
END_TEST

/* The plugin's counters, as haft plugin describe shows them. */
static void check_described(const char *member)
{
    struct str out;

    str_init(&out, 1 << 20);
    ck_assert(guests_describe(f.guests, "guest-actor", &out, &f.why));
    ck_assert_msg(strstr(out.text, member) != NULL, "%s", out.text);
    str_finish(&out);
}

START_TEST(a_second_answer_is_stale_and_counted)
{
    struct answer a;

    open_actors();
    struct guest *g = fixture_find(&f, "notify", "serial");

    fixture_tell(g, "twice", 0, INT64_MAX, &a);
    fixture_wait(&f, &a.count, 1);
    fixture_tell(g, "ok", 0, INT64_MAX, &a);
    fixture_wait(&f, &a.count, 1);

    check_described("\"stale\":1");
    fixture_close(&f);
}
END_TEST

START_TEST(a_status_that_is_none_breaks_the_rules)
{
    struct answer a;

    open_actors();
    struct guest *g = fixture_find(&f, "notify", "looping");

    fixture_tell(g, "status", 0, INT64_MAX, &a);
    fixture_wait(&f, &a.count, 1);

    ck_assert_int_eq(a.status, -HAFT_PLUGIN_CRASH);
    ck_assert_str_eq(a.code, "host.bad_answer");
    ck_assert_ptr_nonnull(
        strstr(a.message, "wanted 0 or minus a class, found 77"));
    check_described("\"faulty\":1");
    fixture_close(&f);
}
END_TEST

START_TEST(a_call_that_is_never_answered_ends_at_its_deadline)
{
    struct answer kept;
    struct answer release;

    open_actors();
    struct guest *g = fixture_find(&f, "notify", "looping");

    fixture_tell(g, "keep", 0, loop_tick_ms(f.loop) + 5, &kept);
    fixture_wait(&f, &kept.count, 1);
    fixture_tell(g, "release", 0, INT64_MAX, &release);
    fixture_wait(&f, &release.count, 1);

    ck_assert_int_eq(kept.count, 1);
    ck_assert_int_eq(kept.status, -HAFT_PLUGIN_CRASH);
    ck_assert_str_eq(kept.code, "host.plugin_hung");
    ck_assert_int_eq(release.status, HAFT_OK);
    check_described("\"stale\":1");
    fixture_close(&f);
}
END_TEST

#define RACERS 50

START_TEST(answers_that_race_with_deadlines_come_once)
{
    static struct answer racers[RACERS];
    struct answer release;

    open_actors();
    struct guest *g = fixture_find(&f, "notify", "serial");

    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < RACERS; i++) {
            fixture_tell(g, "keep", 0, loop_tick_ms(f.loop) + 1, &racers[i]);
        }
        fixture_tell(g, "release", 0, INT64_MAX, &release);
        fixture_wait(&f, &release.count, 1);
        for (int i = 0; i < RACERS; i++) {
            fixture_wait(&f, &racers[i].count, 1);
            ck_assert_int_eq(racers[i].count, 1);
        }
        ck_assert(release.status == HAFT_OK ||
                  release.status == -HAFT_CONFLICT);
    }
    fixture_close(&f);
}
END_TEST

START_TEST(an_instance_that_answers_nothing_is_quarantined)
{
    struct answer a;

    open_actors();
    struct guest *g = fixture_find(&f, "notify", "looping");

    for (int i = 0; i < 5; i++) {
        fixture_tell(g, "keep", 0, loop_tick_ms(f.loop) + 1, &a);
        fixture_wait(&f, &a.count, 1);
        ck_assert_str_eq(a.code, "host.plugin_hung");
    }
    fixture_tell(g, "ok", 0, INT64_MAX, &a);
    fixture_wait(&f, &a.count, 1);

    ck_assert_str_eq(a.code, "host.plugin_quarantined");
    ck_assert_uint_eq(a.effect, HAFT_EFFECT_NOT_STARTED);
    check_described("\"quarantined\":true");
    fixture_close(&f);
}
END_TEST

START_TEST(a_hung_method_holds_up_its_own_instance_alone)
{
    struct answer hung;
    struct answer queued;
    struct answer refused;
    struct answer other;

    open_actors();
    struct guest *g = fixture_find(&f, "notify", "serial");

    fixture_tell(g, "stall", 300, loop_tick_ms(f.loop) + 20, &hung);
    fixture_tell(g, "ok", 0, loop_tick_ms(f.loop) + 20, &queued);
    fixture_wait(&f, &hung.count, 1);
    fixture_wait(&f, &queued.count, 1);
    fixture_tell(g, "ok", 0, INT64_MAX, &refused);
    fixture_tell(fixture_find(&f, "notify", "crowd"), "ok", 0, INT64_MAX,
                 &other);
    fixture_wait(&f, &other.count, 1);

    ck_assert_str_eq(hung.code, "host.plugin_hung");
    ck_assert_str_eq(queued.code, "host.plugin_hung");
    ck_assert_uint_eq(queued.effect, HAFT_EFFECT_NOT_STARTED);
    ck_assert_str_eq(refused.code, "host.plugin_quarantined");
    ck_assert_int_eq(other.status, HAFT_OK);
    do {
        fixture_tell(g, "ok", 0, INT64_MAX, &other);
        fixture_wait(&f, &other.count, 1);
    } while (other.status != HAFT_OK);
    fixture_close(&f);
}
END_TEST

START_TEST(a_cancelled_call_sees_it_and_ends)
{
    struct answer a;

    open_actors();
    struct guest *g = fixture_find(&f, "notify", "crowd");
    uint64_t id = fixture_tell(g, "spin", 0, INT64_MAX, &a);

    guest_cancel(g, id);
    fixture_wait(&f, &a.count, 1);

    ck_assert_int_eq(a.status, -HAFT_CANCELLED);
    fixture_close(&f);
}
END_TEST

START_TEST(calls_that_are_open_at_the_end_are_cancelled_once)
{
    struct answer kept;
    struct answer spinning;

    open_actors();
    fixture_tell(fixture_find(&f, "notify", "looping"), "keep", 0, INT64_MAX,
                 &kept);
    fixture_tell(fixture_find(&f, "notify", "serial"), "spin", 0, INT64_MAX,
                 &spinning);

    guests_stop(f.guests);

    ck_assert_int_eq(kept.count, 1);
    ck_assert_int_eq(kept.status, -HAFT_CANCELLED);
    ck_assert_int_eq(spinning.count, 1);
    ck_assert_int_eq(spinning.status, -HAFT_CANCELLED);
    fixture_close(&f);
}
END_TEST

START_TEST(posts_and_answers_are_heard_in_the_order_they_were_said)
{
    static const char *const names[] = {"looping", "serial"};
    struct answer a;

    open_actors();
    for (int i = 0; i < 2; i++) {
        struct guest *g = fixture_find(&f, "notify", names[i]);

        heard.ended = 0;
        fixture_tell(g, "post", 42, INT64_MAX, &a);
        ck_assert_int_eq(heard.ended, 0);
        fixture_wait(&f, &a.count, 1);

        ck_assert_int_eq(heard.ended, 1);
        ck_assert_uint_eq(heard.attempt, 42);
        ck_assert_str_eq(heard.from, names[i]);
        ck_assert_int_lt(heard.order, a.order);
    }
    fixture_close(&f);
}
END_TEST

START_TEST(a_question_is_answered_at_once_on_and_off_the_loop)
{
    static const char *const names[] = {"looping", "serial"};
    struct answer a;

    open_actors();
    for (int i = 0; i < 2; i++) {
        struct guest *g = fixture_find(&f, "notify", names[i]);

        fixture_tell(g, "output", 1, INT64_MAX, &a);
        fixture_wait(&f, &a.count, 1);
        ck_assert_int_eq(a.status, HAFT_OK);
        ck_assert_str_eq(heard.data, "said");
        ck_assert_str_eq(heard.from, names[i]);
    }
    fixture_close(&f);
}
END_TEST

START_TEST(a_call_made_while_a_plugin_asks_waits_its_turn)
{
    struct answer outer;
    struct answer after;

    open_actors();
    struct guest *g = fixture_find(&f, "notify", "looping");

    fixture_tell(g, "output", 21, INT64_MAX, &outer);
    fixture_tell(g, "ok", 0, INT64_MAX, &after);
    fixture_wait(&f, &after.count, 1);

    ck_assert_int_eq(outer.status, HAFT_OK);
    ck_assert_int_eq(inner.count, 1);
    ck_assert_int_eq(inner.status, HAFT_OK);
    ck_assert_int_lt(outer.order, after.order);
    ck_assert_int_lt(inner.order, after.order);
    fixture_close(&f);
}
END_TEST

START_TEST(a_report_that_breaks_its_table_is_refused)
{
    struct answer a;

    open_actors();
    struct guest *g = fixture_find(&f, "notify", "looping");

    fixture_tell(g, "bad_post", 0, INT64_MAX, &a);
    fixture_wait(&f, &a.count, 1);

    ck_assert_int_eq(a.status, HAFT_OK);
    ck_assert_int_eq(heard.ended, 0);
    check_described("\"faulty\":1");
    fixture_close(&f);
}
END_TEST

START_TEST(a_service_that_the_manifest_does_not_name_is_refused)
{
    struct answer a;

    open_actors();
    fixture_tell(fixture_find(&f, "notify", "looping"), "process", 0, INT64_MAX,
                 &a);
    fixture_wait(&f, &a.count, 1);
    ck_assert_int_eq(a.status, HAFT_OK);

    fixture_tell(fixture_find(&f, "notify", "crowd"), "post", 0, INT64_MAX, &a);
    fixture_wait(&f, &a.count, 1);
    ck_assert_int_eq(a.status, -HAFT_UNIMPLEMENTED);
    check_described("\"faulty\":1");
    fixture_close(&f);
}
END_TEST

static void nothing(void *ctx)
{
    (void)ctx;
}

/* It may go off in any of the turns, those of the answers included. */
START_TEST(a_timer_of_a_plugin_on_the_loop_goes_off)
{
    struct loop_timer moment;
    struct answer a;

    open_actors();
    struct guest *g = fixture_find(&f, "notify", "looping");

    fixture_tell(g, "timer", 99, INT64_MAX, &a);
    fixture_wait(&f, &a.count, 1);
    ck_assert_int_eq(a.status, HAFT_OK);
    loop_timer_init(&moment, nothing, NULL);
    do {
        loop_timer_set(f.loop, &moment, loop_tick_ms(f.loop) + 1);
        loop_wait(f.loop);
        fixture_tell(g, "told", 99, INT64_MAX, &a);
        fixture_wait(&f, &a.count, 1);
    } while (a.status != HAFT_OK);
    loop_timer_clear(f.loop, &moment);
    fixture_close(&f);
}
END_TEST

/* What retry decided. */
static struct {
    int count;
    haft_status status;
    int64_t delay_ms;
    char reason[64];
    char message[512];
} decided;

static void on_decided(void *ctx, haft_status status, const void *out,
                       const struct haft_fault *fault)
{
    const struct haft_retry_decide_out *m = out;

    (void)ctx;
    decided.count++;
    decided.status = status;
    if (m) {
        decided.delay_ms = m->delay_ms;
        snprintf(decided.reason, sizeof(decided.reason), "%.*s",
                 (int)m->reason.n, (const char *)m->reason.p);
    }
    if (fault) {
        snprintf(decided.message, sizeof(decided.message), "%.*s",
                 (int)fault->message.n, (const char *)fault->message.p);
    }
}

static void decide(const char *name, const char *code)
{
    char *own = strdup(code);
    struct haft_retry_decide_in in = {
        .size = sizeof(in), .base_ms = 250, .code = {own, strlen(own)}};

    memset(&decided, 0, sizeof(decided));
    guest_call(fixture_find(&f, "retry", name), &haft_retry_v1,
               HAFT_RETRY_DECIDE, &in, INT64_MAX, on_decided, NULL);
    memset(own, '!', strlen(own)); /* borrowed until the return */
    free(own);
    fixture_wait(&f, &decided.count, 1);
}

START_TEST(an_answer_may_point_at_the_question_or_at_its_own_memory)
{
    open_actors();

    decide("judge", "as asked");
    ck_assert_int_eq(decided.status, HAFT_OK);
    ck_assert_int_eq(decided.delay_ms, 250);
    ck_assert_str_eq(decided.reason, "as asked");

    decide("judge", "memory");
    ck_assert_str_eq(decided.reason, "owned");
    fixture_close(&f);
}
END_TEST

START_TEST(an_answer_that_breaks_its_table_names_the_field)
{
    open_actors();

    decide("judge", "bytes");
    ck_assert_int_eq(decided.status, -HAFT_PLUGIN_CRASH);
    ck_assert_ptr_nonnull(
        strstr(decided.message, "haft_retry_decide_out.reason: wanted UTF-8"));

    decide("judge", "null");
    ck_assert_ptr_nonnull(strstr(
        decided.message, "haft_retry_decide_out.reason: wanted bytes, found "
                         "NULL"));
    fixture_close(&f);
}
END_TEST

START_TEST(a_method_that_nobody_offers_is_unimplemented)
{
    struct answer a = {0};
    const struct haft_slots_set_in in = {sizeof(in), 1};

    open_actors();
    guest_call(fixture_find(&f, "notify", "looping"), &haft_slots_v1, 0, &in,
               INT64_MAX, fixture_done, &a);
    fixture_wait(&f, &a.count, 1);

    ck_assert_int_eq(a.status, -HAFT_UNIMPLEMENTED);
    fixture_close(&f);
}
END_TEST

START_TEST(create_gets_its_options_typed_and_defaulted)
{
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    fixture_open(&f,
                 "[notify:looping]\nfail = yes\nword = \"a, b\"\n"
                 "words = x, y, z\nwait = 2s\n",
                 &attempts);

    ck_assert(guests_check(f.guests, &why));
    ck_assert_ptr_null(guests_find(f.guests, "notify", "looping", &why));
    ck_assert_msg(strstr(why.text, "a, b, 3 words, 2000 ms, no room") != NULL,
                  "%s", why.text);
    ck_assert_ptr_nonnull(strstr(why.text, "test.conf:5"));
    str_finish(&why);
    fixture_close(&f);
}
END_TEST

START_TEST(a_section_is_checked_against_the_manifest_without_loading)
{
    struct str why;
    struct str list;

    str_init(&why, STR_WHY_LIMIT);
    str_init(&list, 1 << 20);
    fixture_open(&f,
                 "[notify:looping]\nwait = 5ms\nmode = loud\nwrod = x\n"
                 "[notify:nobody]\n[retry:judge]\nmodule = nowhere\n"
                 "[notify:loopign]\n[executor:judge]\n",
                 NULL);

    ck_assert(!guests_check(f.guests, &why));
    ck_assert_ptr_nonnull(strstr(why.text, "wait"));
    ck_assert_ptr_nonnull(strstr(why.text, "10ms to 1h"));
    ck_assert_ptr_nonnull(strstr(why.text, "loud"));
    ck_assert_ptr_nonnull(strstr(why.text, "did you mean \"word\""));
    ck_assert_ptr_nonnull(strstr(why.text, "no module offers notify nobody"));
    ck_assert_ptr_nonnull(strstr(why.text, "no module called \"nowhere\""));
    ck_assert_ptr_nonnull(strstr(why.text, "did you mean \"looping\"?"));
    ck_assert_ptr_nonnull(strstr(why.text, "of kind haft.retry/1"));
    guests_list(f.guests, &list);
    ck_assert_ptr_nonnull(strstr(list.text, "\"id\":\"guest_actor\","
                                            "\"version\":\"1.2.3\""));
    ck_assert_ptr_null(strstr(list.text, "\"state\":\"loaded\""));
    str_finish(&why);
    str_finish(&list);
    fixture_close(&f);
}
END_TEST

START_TEST(what_is_in_effect_is_described_without_secrets)
{
    fixture_open(&f, "[notify:looping]\ntoken = swordfish\nwait = 3s\n", NULL);

    check_described("\"wait\":\"3s\"");
    check_described("\"token\":\"(secret)\"");
    check_described("\"in_use\":false");
    fixture_close(&f);
}
END_TEST

TEST_MAIN("guest", an_answer_comes_later_and_on_the_loop_from_every_thread,
          a_pending_call_ends_when_it_is_completed,
          a_call_may_be_completed_by_a_thread_of_the_plugin,
          a_call_may_be_completed_before_pending_is_returned,
          a_second_answer_is_stale_and_counted,
          a_status_that_is_none_breaks_the_rules,
          a_call_that_is_never_answered_ends_at_its_deadline,
          answers_that_race_with_deadlines_come_once,
          an_instance_that_answers_nothing_is_quarantined,
          a_hung_method_holds_up_its_own_instance_alone,
          a_cancelled_call_sees_it_and_ends,
          calls_that_are_open_at_the_end_are_cancelled_once,
          posts_and_answers_are_heard_in_the_order_they_were_said,
          a_question_is_answered_at_once_on_and_off_the_loop,
          a_call_made_while_a_plugin_asks_waits_its_turn,
          a_report_that_breaks_its_table_is_refused,
          a_service_that_the_manifest_does_not_name_is_refused,
          a_timer_of_a_plugin_on_the_loop_goes_off,
          an_answer_may_point_at_the_question_or_at_its_own_memory,
          an_answer_that_breaks_its_table_names_the_field,
          a_method_that_nobody_offers_is_unimplemented,
          create_gets_its_options_typed_and_defaulted,
          a_section_is_checked_against_the_manifest_without_loading,
          what_is_in_effect_is_described_without_secrets)
