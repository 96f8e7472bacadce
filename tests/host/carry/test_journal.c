#include <stdio.h>
#include <string.h>

#include <haft/fault.h>

#include "host/carry/journal.h"
#include "host/plain/mem.h"
#include "tests/check_main.h"

#define KEYS_ROOM 4096

/* A store that answers when it is told to, and remembers the owner's record
 * and, as text, what the last commit did: "+key" and "-key". */
struct desk {
    struct journal *journal;
    struct core *core;
    uint32_t method; /* of the open question */
    journal_answer answer;
    void *answer_ctx;
    uint64_t last;
    char owner[256];
    size_t owner_size;
    char keys[KEYS_ROOM];
    size_t acted;
    bool is_open;
};

static void take_op(struct desk *d, const struct haft_storage_op *op)
{
    size_t used = strlen(d->keys);

    if (op->op == HAFT_STORAGE_CHECK) {
        return;
    }
    snprintf(d->keys + used, sizeof(d->keys) - used, "%c%.*s ",
             op->op == HAFT_STORAGE_PUT ? '+' : '-', (int)op->key.n,
             (const char *)op->key.p);
    if (op->key.n == 7 && memcmp(op->key.p, "h/owner", 7) == 0) {
        ck_assert_uint_lt(op->value.n, sizeof(d->owner));
        memcpy(d->owner, op->value.p, op->value.n);
        d->owner_size = op->value.n;
    }
}

static void ask(void *ctx, uint32_t method, const void *in,
                journal_answer answer, void *answer_ctx)
{
    const struct haft_storage_commit_in *commit = in;
    struct desk *d = ctx;

    ck_assert(!d->answer);
    d->method = method;
    d->answer = answer;
    d->answer_ctx = answer_ctx;
    if (method == HAFT_STORAGE_COMMIT) {
        d->last = commit->batch;
        d->keys[0] = '\0';
        for (uint32_t i = 0; i < commit->ops.count; i++) {
            take_op(d, (const struct haft_storage_op *)commit->ops.p + i);
        }
    }
}

/* Nothing is there but the owner. */
static void reply(struct desk *d)
{
    const struct haft_storage_last_out last = {.size = sizeof(last),
                                               .batch = d->last};
    const struct haft_storage_get_out get = {
        .size = sizeof(get),
        .is_found = d->owner_size > 0,
        .version = d->last,
        .value = {d->owner, d->owner_size}};
    const struct haft_storage_scan_out scan = {.size = sizeof(scan)};
    const void *out = NULL;
    journal_answer answer = d->answer;

    ck_assert(answer != NULL);
    d->answer = NULL;
    if (d->method == HAFT_STORAGE_LAST) {
        out = &last;
    } else if (d->method == HAFT_STORAGE_GET) {
        out = &get;
    } else if (d->method == HAFT_STORAGE_SCAN) {
        out = &scan;
    }
    answer(d->answer_ctx, HAFT_OK, out, NULL);
}

static void act(void *ctx, const struct effect *effects, size_t count)
{
    (void)effects;
    ((struct desk *)ctx)->acted += count;
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
    ck_assert_msg(status == 0, "%s", why);
    ((struct desk *)ctx)->is_open = true;
}

static void lost(void *ctx, const char *why)
{
    (void)ctx;
    ck_abort_msg("lost: %s", why);
}

/* Its executor has no slots: tasks stay READY. */
static struct core *make(void *ctx, uint32_t epoch)
{
    struct desk *d = ctx;

    d->core = core_create(
        &(struct core_options){.epoch = epoch, .seed = 1, .grace_ms = 1});
    core_add_executor(d->core, "local", 0, false);
    return d->core;
}

static void begin(struct desk *d)
{
    const struct journal_store store = {.ask = ask, .ctx = d};
    const struct journal_client client = {
        .act = act, .tell = tell, .opened = opened, .lost = lost, .ctx = d};

    *d = (struct desk){.is_open = false};
    d->journal = journal_create(&store, &client);
    journal_open(d->journal, "{\"pid\":1}", make);
}

static void finish(struct desk *d)
{
    journal_destroy(d->journal);
    core_destroy(d->core);
}

static void submit(struct desk *d, const char *text)
{
    const struct workflow_source source = {.name = "flow"};
    struct core_submit s = {
        .id = "r1", .principal = "me", .space = "default", .executor = 0};
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    s.workflow = workflow_read(text, strlen(text), &source, &why);
    ck_assert_msg(s.workflow != NULL, "%s", why.text);
    s.params = cJSON_CreateObject();
    core_ask_submit(d->core, 1, &s);
    str_finish(&why);
}

static void turn(struct desk *d)
{
    core_decide(d->core, 1000);
    journal_turn(d->journal, 1000);
}

/* Where a key was written, counted in bytes. */
static size_t place_of(const struct desk *d, const char *key)
{
    const char *at = strstr(d->keys, key);

    ck_assert_msg(at != NULL, "%s not in: %s", key, d->keys);
    return (size_t)(at - d->keys);
}

START_TEST(a_journal_that_is_being_opened_is_not_idle)
{
    struct desk d;

    begin(&d);
    while (!d.is_open) {
        ck_assert(!journal_is_idle(d.journal));
        reply(&d);
    }
    ck_assert(journal_is_idle(d.journal));
    ck_assert_uint_eq(journal_epoch(d.journal), 1);
    finish(&d);
}
END_TEST

START_TEST(effects_wait_for_their_batch)
{
    struct desk d;

    begin(&d);
    while (!d.is_open) {
        reply(&d);
    }
    submit(&d, "{\"version\":1,\"tasks\":{\"a\":{\"run\":\"x\"}}}");
    turn(&d);

    ck_assert(!journal_is_idle(d.journal));
    ck_assert_uint_eq(d.acted, 0);
    reply(&d);
    ck_assert_uint_eq(d.acted, 1);
    ck_assert(journal_is_idle(d.journal));
    finish(&d);
}
END_TEST

/* A turn may fill several batches: a run that has ended is not restored, so
 * none of its tasks may be written after that. */
START_TEST(the_end_of_a_run_is_written_after_its_tasks)
{
    struct desk d;

    begin(&d);
    while (!d.is_open) {
        reply(&d);
    }
    submit(&d, "{\"version\":1,\"tasks\":{\"a\":{\"needs\":[\"b\"],"
               "\"run\":\"x\"},\"b\":{\"run\":\"x\"}}}");
    turn(&d);
    reply(&d);
    core_ask_cancel(d.core, 2, core_find_run(d.core, "r1"));
    turn(&d);

    ck_assert_uint_gt(place_of(&d, "-l/r1"), place_of(&d, "+t/r1/a"));
    ck_assert_uint_gt(place_of(&d, "-l/r1"), place_of(&d, "+t/r1/b"));
    reply(&d);
    finish(&d);
}
END_TEST

/* Between the records of tasks and whatever else is written all the time, a
 * definition of some megabytes would be read at every look-up next to it. */
START_TEST(a_definition_lies_before_all_that_changes)
{
    struct desk d;

    begin(&d);
    while (!d.is_open) {
        reply(&d);
    }
    submit(&d, "{\"version\":1,\"tasks\":{\"a\":{\"run\":\"x\"}}}");
    turn(&d);

    (void)place_of(&d, "+d/");
    for (const char *at = d.keys; *at; at += strcspn(at, " ") + 1) {
        ck_assert(strncmp(at, "+d/", 3) == 0 || strncmp(at, "+d0", 3) > 0);
    }
    reply(&d);
    finish(&d);
}
END_TEST

TEST_MAIN("journal", a_definition_lies_before_all_that_changes,
          a_journal_that_is_being_opened_is_not_idle,
          effects_wait_for_their_batch,
          the_end_of_a_run_is_written_after_its_tasks)
