#include <stdio.h>
#include <string.h>

#include "host/base/log.h"
#include "host/carry/record.h"
#include "tests/check_main.h"
#include "tests/host/carry/fake_store.h"

/* A journal with its core, and what the client has heard. */
struct world {
    struct fake_store store;
    struct journal *journal;
    struct core *core;
    int64_t now_ms;
    int status; /* of opening */
    bool is_open;
    bool is_lost;
    uint64_t answers;
    uint64_t starts;
    uint64_t told; /* events */
    uint64_t recoveries;
    char why[256];
};

static void act(void *ctx, const struct effect *effects, size_t count)
{
    struct world *w = ctx;

    for (size_t i = 0; i < count; i++) {
        w->answers += effects[i].kind == EFFECT_ANSWER;
        w->starts += effects[i].kind == EFFECT_START;
        w->recoveries += effects[i].kind == EFFECT_RECOVER;
    }
}

static void tell(void *ctx, uint64_t first_seq, size_t count, const char *json,
                 size_t size)
{
    struct world *w = ctx;

    ck_assert_uint_eq(first_seq, w->told + 1);
    ck_assert_int_eq(json[0], '[');
    ck_assert_int_eq(json[size - 1], ']');
    w->told += count;
}

static void opened(void *ctx, int status, const char *why)
{
    struct world *w = ctx;

    w->is_open = true;
    w->status = status;
    snprintf(w->why, sizeof(w->why), "%s", why);
}

static void lost(void *ctx, const char *why)
{
    struct world *w = ctx;

    w->is_lost = true;
    snprintf(w->why, sizeof(w->why), "%s", why);
}

static struct core *make(void *ctx, uint32_t epoch)
{
    struct world *w = ctx;
    const struct core_options options = {.epoch = epoch, .seed = 5};

    w->core = core_create(&options);
    core_add_executor(w->core, "local", 2, true);
    return w->core;
}

static void prepare(struct world *w)
{
    const struct journal_store store = fake_store_port(&w->store);
    const struct journal_client client = {
        .act = act, .tell = tell, .opened = opened, .lost = lost, .ctx = w};

    w->journal = journal_create(&store, &client);
    w->is_open = false;
    journal_open(w->journal, "{\"pid\":7}", make);
}

static void begin(struct world *w)
{
    prepare(w);
    fake_store_run(&w->store);
}

static void start(struct world *w)
{
    log_set_fd(-1);
    memset(w, 0, sizeof(*w));
    w->now_ms = 1000000;
    begin(w);
    ck_assert(w->is_open);
    ck_assert_int_eq(w->status, 0);
}

static void turn(struct world *w)
{
    w->now_ms += 10;
    core_decide(w->core, w->now_ms);
    journal_turn(w->journal, w->now_ms);
}

static void stop(struct world *w)
{
    journal_destroy(w->journal);
    core_destroy(w->core);
    w->core = NULL;
}

static void finish(struct world *w)
{
    stop(w);
    fake_store_finish(&w->store);
}

static void submit(struct world *w, const char *id)
{
    static const char text[] =
        "{\"version\":1,\"tasks\":{\"a\":{\"run\":\"true\"}}}";
    const struct workflow_source source = {.name = "w"};
    struct core_submit s = {
        .id = id, .key = id, .principal = "uid:0", .space = "default"};
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    s.workflow = workflow_read(text, sizeof(text) - 1, &source, &why);
    ck_assert_msg(s.workflow, "%s", why.text);
    s.params = cJSON_CreateObject();
    core_ask_submit(w->core, 1, &s);
    str_finish(&why);
}

START_TEST(nothing_acts_before_its_batch_is_on_disk)
{
    struct world w;

    start(&w);
    submit(&w, "r1");
    turn(&w);

    ck_assert_uint_eq(w.answers, 0);
    ck_assert_uint_eq(w.told, 0);
    fake_store_run(&w.store);
    ck_assert_uint_eq(w.answers, 1);
    ck_assert_uint_eq(w.starts, 1);
    ck_assert_uint_gt(w.told, 0);
    ck_assert_ptr_nonnull(fake_store_get(&w.store, "r/r1"));
    ck_assert_ptr_nonnull(fake_store_get(&w.store, "l/r1"));
    ck_assert_ptr_nonnull(fake_store_get(&w.store, "k/uid:0/r1"));
    ck_assert_ptr_nonnull(fake_store_get(&w.store, "t/r1/a"));
    finish(&w);
}
END_TEST

START_TEST(turns_that_come_while_one_is_written_go_out_together)
{
    struct world w;
    uint32_t before;

    start(&w);
    before = w.store.commits;
    submit(&w, "r1");
    turn(&w);
    submit(&w, "r2");
    turn(&w);
    submit(&w, "r3");
    turn(&w);
    fake_store_run(&w.store);

    ck_assert_uint_eq(w.store.commits - before, 2);
    ck_assert_uint_eq(w.answers, 3);
    ck_assert(journal_is_idle(w.journal));
    finish(&w);
}
END_TEST

START_TEST(a_turn_that_changes_nothing_acts_at_once)
{
    struct world w;
    uint32_t before;

    start(&w);
    before = w.store.commits;
    core_ask_read(w.core, 4);
    turn(&w);

    ck_assert_uint_eq(w.answers, 1);
    ck_assert_uint_eq(w.store.commits, before);
    finish(&w);
}
END_TEST

START_TEST(a_read_waits_for_what_it_has_seen)
{
    struct world w;

    start(&w);
    submit(&w, "r1");
    turn(&w);
    core_ask_read(w.core, 4);
    turn(&w);
    ck_assert_uint_eq(w.answers, 0);
    fake_store_answer(&w.store);

    ck_assert_uint_eq(w.answers, 2);
    finish(&w);
}
END_TEST

START_TEST(a_commit_that_failed_is_sent_again_after_a_while)
{
    struct world w;

    start(&w);
    submit(&w, "r1");
    w.store.fault_class = HAFT_RESOURCE;
    w.store.effect = HAFT_EFFECT_NOT_STARTED;
    turn(&w);
    fake_store_run(&w.store);

    ck_assert(journal_is_stuck(w.journal));
    ck_assert_uint_eq(w.answers, 0);
    ck_assert_int_le(journal_next_ms(w.journal), w.now_ms);
    turn(&w); /* from now on it waits */
    ck_assert_int_gt(journal_next_ms(w.journal), w.now_ms);
    ck_assert(!fake_store_answer(&w.store));
    w.now_ms = journal_next_ms(w.journal);
    turn(&w);
    fake_store_run(&w.store);
    ck_assert_uint_eq(w.answers, 1);
    ck_assert(!journal_is_stuck(w.journal));
    finish(&w);
}
END_TEST

START_TEST(a_commit_of_unknown_outcome_that_was_applied_is_not_sent_again)
{
    struct world w;
    uint32_t before;

    start(&w);
    before = w.store.commits;
    submit(&w, "r1");
    w.store.fault_class = HAFT_TRANSIENT;
    w.store.effect = HAFT_EFFECT_MAYBE;
    w.store.is_applied = true;
    turn(&w);
    fake_store_run(&w.store);

    ck_assert_uint_eq(w.answers, 1);
    ck_assert_uint_eq(w.store.commits - before, 1);
    finish(&w);
}
END_TEST

START_TEST(a_commit_of_unknown_outcome_that_was_not_applied_is_sent_again)
{
    struct world w;

    start(&w);
    submit(&w, "r1");
    w.store.fault_class = HAFT_PLUGIN_CRASH;
    w.store.effect = HAFT_EFFECT_MAYBE;
    turn(&w);
    fake_store_run(&w.store);
    ck_assert_uint_eq(w.answers, 0);
    turn(&w);
    w.now_ms = journal_next_ms(w.journal);
    turn(&w);
    fake_store_run(&w.store);

    ck_assert_uint_eq(w.answers, 1);
    finish(&w);
}
END_TEST

START_TEST(a_host_that_is_no_longer_the_owner_stops)
{
    struct world w;

    start(&w);
    fake_store_put(&w.store, "h/owner", "\x01{\"epoch\":9,\"seq\":1}");
    submit(&w, "r1");
    turn(&w);
    fake_store_run(&w.store);

    ck_assert(w.is_lost);
    ck_assert_uint_eq(w.answers, 0);
    ck_assert_ptr_null(fake_store_get(&w.store, "r/r1"));
    finish(&w);
}
END_TEST

START_TEST(an_unknown_batch_that_another_owner_wrote_is_not_ours)
{
    struct world w;

    start(&w);
    submit(&w, "r1");
    w.store.fault_class = HAFT_TRANSIENT;
    w.store.effect = HAFT_EFFECT_MAYBE;
    turn(&w);
    fake_store_answer(&w.store);
    fake_store_put(&w.store, "h/owner", "\x01{\"epoch\":9,\"seq\":1}");
    w.store.last++;
    fake_store_run(&w.store);

    ck_assert(w.is_lost);
    ck_assert_uint_eq(w.answers, 0);
    finish(&w);
}
END_TEST

START_TEST(the_next_owner_restores_what_was_live)
{
    struct world w;

    start(&w);
    submit(&w, "r1");
    submit(&w, "r2");
    turn(&w);
    fake_store_run(&w.store);
    stop(&w);
    begin(&w);

    ck_assert_int_eq(w.status, 0);
    ck_assert_uint_eq(journal_epoch(w.journal), 2);
    ck_assert_uint_eq(journal_count(w.journal).restored, 2);
    ck_assert_uint_ne(core_find_run(w.core, "r1"), CORE_NONE);
    ck_assert_uint_ne(core_find_key(w.core, "uid:0", "r2"), CORE_NONE);
    ck_assert_uint_eq(journal_count(w.journal).next_seq, w.told + 1);
    turn(&w);
    fake_store_run(&w.store);
    ck_assert_uint_eq(w.recoveries, 2);
    ck_assert_ptr_null(fake_store_get(&w.store, "h/restoring"));
    ck_assert_ptr_null(core_check(w.core));
    finish(&w);
}
END_TEST

START_TEST(a_run_that_cannot_be_restored_does_not_stop_the_others)
{
    struct world w;

    start(&w);
    submit(&w, "r1");
    submit(&w, "r2");
    submit(&w, "r3");
    turn(&w);
    fake_store_run(&w.store);
    stop(&w);
    fake_store_put(&w.store, "r/r1", "\x01{\"state\":\"dancing\"}");
    fake_store_put(&w.store, "t/r2/a",
                   "\x01{\"state\":\"ready\",\"tries\":[]}");
    begin(&w);
    turn(&w);
    fake_store_run(&w.store);

    ck_assert_int_eq(w.status, 0);
    ck_assert_uint_eq(journal_count(w.journal).set_aside, 2);
    ck_assert_uint_ne(core_find_run(w.core, "r3"), CORE_NONE);
    ck_assert_uint_eq(core_find_run(w.core, "r2"), CORE_NONE);
    ck_assert_ptr_nonnull(strstr(fake_store_get(&w.store, "q/r2"), "tries"));
    ck_assert_ptr_null(fake_store_get(&w.store, "l/r1"));
    ck_assert_ptr_null(core_check(w.core));
    finish(&w);
}
END_TEST

/* An owner has died with r1 in the store, and this note of its restoring. */
static void leave_one_run(struct world *w, const char *restoring)
{
    start(w);
    submit(w, "r1");
    turn(w);
    fake_store_run(&w->store);
    stop(w);
    fake_store_put(&w->store, "h/restoring", restoring);
}

START_TEST(a_run_on_which_owners_die_again_and_again_is_set_aside)
{
    struct world w;

    leave_one_run(&w, "\x01{\"tries\":4,\"run\":\"r1\",\"run_tries\":2}");
    begin(&w);
    turn(&w);
    fake_store_run(&w.store);

    ck_assert_int_eq(w.status, 0);
    ck_assert_uint_eq(journal_count(w.journal).set_aside, 1);
    ck_assert_ptr_nonnull(fake_store_get(&w.store, "q/r1"));
    finish(&w);
}
END_TEST

START_TEST(after_two_deaths_each_run_is_noted_before_it_is_touched)
{
    struct world w;

    leave_one_run(&w, "\x01{\"tries\":2}");
    begin(&w);

    ck_assert_int_eq(w.status, 0);
    ck_assert_ptr_nonnull(
        strstr(fake_store_get(&w.store, "h/restoring"), "\"run\":\"r1\""));
    ck_assert_uint_eq(journal_count(w.journal).restored, 1);
    finish(&w);
}
END_TEST

START_TEST(a_note_whose_answer_is_lost_suspects_no_run)
{
    struct world w;

    leave_one_run(&w, "\x01{\"tries\":3,\"run\":\"r1\",\"run_tries\":1}");
    prepare(&w);
    w.store.commits = 0;
    while (w.store.commits < 2 && fake_store_answer(&w.store)) {
    }
    w.store.fault_class = HAFT_TRANSIENT;
    w.store.effect = HAFT_EFFECT_MAYBE;
    w.store.is_applied = true;
    fake_store_run(&w.store);

    ck_assert(w.is_open);
    ck_assert_int_eq(w.status, -HAFT_TRANSIENT);
    ck_assert_str_eq(fake_store_get(&w.store, "h/restoring"),
                     "\x01{\"tries\":3,\"run\":\"r1\",\"run_tries\":1}");
    stop(&w);
    begin(&w);
    ck_assert_uint_eq(journal_count(w.journal).restored, 1);
    finish(&w);
}
END_TEST

START_TEST(a_store_that_fails_while_opening_is_told_with_its_reason)
{
    struct world w = {.now_ms = 1};

    log_set_fd(-1);
    w.store.fault_class = HAFT_RESOURCE;
    w.store.effect = HAFT_EFFECT_NOT_STARTED;
    begin(&w);

    ck_assert(w.is_open);
    ck_assert_int_eq(w.status, -HAFT_RESOURCE);
    ck_assert_ptr_nonnull(strstr(w.why, "the disk is gone"));
    finish(&w);
}
END_TEST

START_TEST(a_record_of_the_callers_own_travels_with_the_turn)
{
    struct world w;

    start(&w);
    journal_put(w.journal, "o/r1/a.1.1", "bytes", 5);
    submit(&w, "r1");
    turn(&w);
    fake_store_run(&w.store);

    ck_assert_str_eq(fake_store_get(&w.store, "o/r1/a.1.1"), "bytes");
    journal_put(w.journal, "o/r1/a.1.1", NULL, 0);
    turn(&w);
    fake_store_run(&w.store);
    ck_assert_ptr_null(fake_store_get(&w.store, "o/r1/a.1.1"));
    finish(&w);
}
END_TEST

TEST_MAIN("journal_store", nothing_acts_before_its_batch_is_on_disk,
          turns_that_come_while_one_is_written_go_out_together,
          a_turn_that_changes_nothing_acts_at_once,
          a_read_waits_for_what_it_has_seen,
          a_commit_that_failed_is_sent_again_after_a_while,
          a_commit_of_unknown_outcome_that_was_applied_is_not_sent_again,
          a_commit_of_unknown_outcome_that_was_not_applied_is_sent_again,
          a_host_that_is_no_longer_the_owner_stops,
          an_unknown_batch_that_another_owner_wrote_is_not_ours,
          the_next_owner_restores_what_was_live,
          a_run_that_cannot_be_restored_does_not_stop_the_others,
          a_run_on_which_owners_die_again_and_again_is_set_aside,
          after_two_deaths_each_run_is_noted_before_it_is_touched,
          a_note_whose_answer_is_lost_suspects_no_run,
          a_store_that_fails_while_opening_is_told_with_its_reason,
          a_record_of_the_callers_own_travels_with_the_turn)
