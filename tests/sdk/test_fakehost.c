/* The host of plugins' own tests, asked by an instance of this file. */
#include <haft/fakehost.h>
#include <haft/retry.h>

#include "tests/check_main.h"

struct mine {
    struct haft_base base;
    int64_t size;
    char name[16];
};

/* What the instance does when it is asked. */
static haft_status (*work)(struct mine *m, const struct haft_call *call,
                           struct haft_retry_decide_out *out);
static struct haft_fake f;

static haft_status decide(struct mine *m, const struct haft_call *call,
                          const struct haft_retry_decide_in *in,
                          struct haft_retry_decide_out *out)
{
    ck_assert_uint_eq(in->tries, 3);
    return work(m, call, out);
}
HAFT_METHOD(decide, struct mine, struct haft_retry_decide_in,
            struct haft_retry_decide_out);
static const haft_method methods[] = {decide_method};

static haft_status create(const struct haft_host *host,
                          const struct haft_create *with,
                          struct haft_instance **out)
{
    struct mine *m = haft_base_create(sizeof(*m), host, NULL);
    struct haft_slice name = haft_option_text(with, "name");

    ck_assert_ptr_nonnull(m);
    m->size = haft_option_number(with, "size");
    snprintf(m->name, sizeof(m->name), "%.*s", (int)name.n,
             (const char *)name.p);
    haft_base_offer(&m->base, &haft_retry_v1, methods);
    return haft_base_give(&m->base, out);
}

const struct haft_module *haft_module_v1(void)
{
    static const struct haft_class class = {sizeof(class), 0, HAFT_RETRY_V1,
                                            "mine", create};
    static const struct haft_class *const classes[] = {&class, NULL};
    static const struct haft_module module = {sizeof(module), HAFT_ABI, "mine",
                                              "1", classes};

    return &module;
}

static haft_status ask(struct haft_retry_decide_out *out)
{
    HAFT_NEW(haft_retry_decide_in, in);

    in.tries = 3;
    *out = (struct haft_retry_decide_out){.size = sizeof(*out)};
    return haft_fake_ask(&f, &haft_retry_v1, HAFT_RETRY_DECIDE, &in, out);
}

static void open_host(void)
{
    haft_fake_open(&f);
    haft_fake_option(&f, "size", HAFT_VALUE_SIZE, 4096, "4k");
    haft_fake_option(&f, "name", HAFT_VALUE_TEXT, 0, "anna");
    ck_assert_int_eq(haft_fake_create(&f), HAFT_OK);
}

static void close_host(void)
{
    haft_fake_close(&f);
}

static haft_status tell_options(struct mine *m, const struct haft_call *call,
                                struct haft_retry_decide_out *out)
{
    (void)call;
    ck_assert_str_eq(m->name, "anna");
    out->delay_ms = m->size;
    return HAFT_OK;
}

START_TEST(options_arrive_and_answers_return)
{
    struct haft_retry_decide_out out;

    open_host();
    work = tell_options;

    ck_assert_int_eq(ask(&out), HAFT_OK);
    ck_assert_int_eq(out.delay_ms, 4096);
    close_host();
}
END_TEST

START_TEST(what_is_not_offered_is_unimplemented)
{
    HAFT_NEW(haft_executor_start_in, in);

    open_host();
    ck_assert_int_eq(
        haft_fake_ask(&f, &haft_executor_v1, HAFT_EXECUTOR_START, &in, NULL),
        -HAFT_UNIMPLEMENTED);
    close_host();
}
END_TEST

static haft_status start_child(struct mine *m, const struct haft_call *call,
                               struct haft_retry_decide_out *out)
{
    const struct haft_slice argv[] = {haft_text("echo"), haft_text("hello")};
    HAFT_NEW(haft_process_start_in, in);
    HAFT_NEW(haft_process_start_out, started);
    haft_status status;

    (void)call;
    in.id = 7;
    in.argv = haft_items(argv, 2, sizeof(argv[0]));
    status = haft_ask_host(m->base.host, HAFT_PROCESS_V1, HAFT_PROCESS_START,
                           &in, &started);
    out->delay_ms = (int64_t)started.id;
    return status;
}

START_TEST(what_is_asked_of_the_host_is_heard)
{
    struct haft_retry_decide_out out;

    open_host();
    work = start_child;
    ask(&out);
    ask(&out);

    ck_assert_int_eq(haft_fake_heard(&f, "haft.process/1 start id=7"), 2);
    ck_assert_int_eq(haft_fake_heard(&f, "haft.process/1 signal"), 0);
    ck_assert_ptr_nonnull(strstr(f.heard, " id=7 text=echo text=hello\n"));
    close_host();
}
END_TEST

START_TEST(answers_that_were_said_beforehand_are_given_in_their_order)
{
    HAFT_NEW(haft_process_start_out, first);
    struct haft_retry_decide_out out;

    open_host();
    first.id = 99;
    work = start_child;
    haft_fake_answer(&f, HAFT_PROCESS_V1, HAFT_PROCESS_SIGNAL, -HAFT_INTERNAL,
                     NULL);
    haft_fake_answer(&f, HAFT_PROCESS_V1, HAFT_PROCESS_START, HAFT_OK, &first);
    haft_fake_answer(&f, HAFT_PROCESS_V1, HAFT_PROCESS_START, -HAFT_RESOURCE,
                     NULL);

    ck_assert_int_eq(ask(&out), HAFT_OK);
    ck_assert_int_eq(out.delay_ms, 99);
    ck_assert_int_eq(ask(&out), -HAFT_RESOURCE);
    ck_assert_int_eq(ask(&out), HAFT_OK);
    close_host();
}
END_TEST

static haft_status tell_time(struct mine *m, const struct haft_call *call,
                             struct haft_retry_decide_out *out)
{
    out->delay_ms = haft_now(m->base.host).monotonic_ms;
    out->verdict =
        (uint32_t)m->base.host->cancelled(m->base.host->self, call->id);
    return HAFT_OK;
}

START_TEST(the_clock_stands_until_it_is_set)
{
    struct haft_retry_decide_out out;

    open_host();
    work = tell_time;
    f.now_ms = 5000;
    f.is_cancelled = 1;

    ck_assert_int_eq(ask(&out), HAFT_OK);
    ck_assert_int_eq(out.delay_ms, 5000);
    ck_assert_uint_eq(out.verdict, 1);
    ck_assert_str_eq(f.heard, "");
    close_host();
}
END_TEST

static haft_status refuse(struct mine *m, const struct haft_call *call,
                          struct haft_retry_decide_out *out)
{
    (void)out;
    return haft_fail(m->base.host, call, HAFT_DENIED, "mine.no", "%s has none",
                     m->name);
}

START_TEST(faults_are_heard)
{
    struct haft_retry_decide_out out;

    open_host();
    work = refuse;

    ck_assert_int_eq(ask(&out), -HAFT_DENIED);
    ck_assert_int_eq(haft_fake_heard(&f, "fault fault_class=4 code=mine.no "
                                         "message=anna has none"),
                     1);
    close_host();
}
END_TEST

static haft_status answer_from_room(struct mine *m,
                                    const struct haft_call *call,
                                    struct haft_retry_decide_out *out)
{
    const struct haft_host *host = m->base.host;
    char *room = host->alloc(host->self, call->id, 4);

    memcpy(room, "why?", 4);
    out->reason = haft_bytes(room, 4);
    return HAFT_OK;
}

START_TEST(memory_of_an_answer_lasts_until_the_next_one)
{
    struct haft_retry_decide_out out;

    open_host();
    work = answer_from_room;

    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(ask(&out), HAFT_OK);
        ck_assert(haft_slice_is(out.reason, "why?"));
    }
    close_host();
}
END_TEST

static pthread_t thread;
static uint64_t later;
static haft_status second;

static void *answer_later(void *self)
{
    const struct haft_host *host = self;
    HAFT_NEW(haft_retry_decide_out, out);

    out.delay_ms = 42;
    haft_end(host, later, &out);
    second = haft_end(host, later, &out);
    return NULL;
}

static haft_status wait_a_while(struct mine *m, const struct haft_call *call,
                                struct haft_retry_decide_out *out)
{
    (void)out;
    later = call->id;
    ck_assert_int_eq(pthread_create(&thread, NULL, answer_later,
                                    (void *)(uintptr_t)m->base.host),
                     0);
    return HAFT_PENDING;
}

START_TEST(an_answer_that_comes_later_is_waited_for_and_counts_once)
{
    struct haft_retry_decide_out out;

    open_host();
    work = wait_a_while;

    ck_assert_int_eq(ask(&out), HAFT_OK);
    pthread_join(thread, NULL);
    ck_assert_int_eq(out.delay_ms, 42);
    ck_assert_int_eq(second, HAFT_STALE);
    ck_assert_int_eq(haft_fake_heard(&f, "completed delay_ms=42"), 1);
    close_host();
}
END_TEST

static haft_status talk(struct mine *m, const struct haft_call *call,
                        struct haft_retry_decide_out *out)
{
    (void)call;
    (void)out;
    for (int i = 0; i < 1000; i++) {
        haft_log(m->base.host, HAFT_LOG_INFO, "a line of some length", "n",
                 haft_text("and a value of some more"));
    }
    return HAFT_OK;
}

START_TEST(too_much_to_hear_is_cut)
{
    struct haft_retry_decide_out out;

    open_host();
    work = talk;

    ck_assert_int_eq(ask(&out), HAFT_OK);
    ck_assert_uint_eq(strlen(f.heard), sizeof(f.heard) - 1);
    close_host();
}
END_TEST

TEST_MAIN("fakehost", options_arrive_and_answers_return,
          what_is_not_offered_is_unimplemented,
          what_is_asked_of_the_host_is_heard,
          answers_that_were_said_beforehand_are_given_in_their_order,
          the_clock_stands_until_it_is_set, faults_are_heard,
          memory_of_an_answer_lasts_until_the_next_one,
          an_answer_that_comes_later_is_waited_for_and_counts_once,
          too_much_to_hear_is_cut)
