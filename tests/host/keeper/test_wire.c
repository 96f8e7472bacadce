#include <stdlib.h>
#include <string.h>

#include "host/keeper/wire.h"
#include "tests/check_main.h"

static const char *const argv[] = {"sh", "-c", "echo \"$X\"", NULL};
static const char *const env[] = {"X=1", "", "Y=a b", NULL};
static const struct wire_limit limits[] = {
    {.resource = 7, .soft = 10, .hard = UINT64_MAX},
    {.resource = 4, .soft = 0, .hard = 0},
};

static struct wire_job whole_job(void)
{
    return (struct wire_job){
        .id = 5,
        .fence = UINT64_MAX,
        .flags = WIRE_NO_NEW_PRIVS,
        .lane = 7,
        .weight = 3,
        .nice = -5,
        .umask = 022,
        .limit_count = 2,
        .limits = limits,
        .cwd = "/tmp",
        .input = NULL,
        .output = "out",
        .errors = "",
        .cgroup = "/a:/b",
        .argv = argv,
        .env = env,
    };
}

/* A SPAWN on the heap, so that a sanitizer sees every byte too far. */
static char *packed(const struct wire_job *job, size_t *size)
{
    *size = wire_job_size(job);
    ck_assert_uint_gt(*size, 0);
    char *message = malloc(*size);
    wire_put_job(message, *size, job);
    return message;
}

static int next(const void *packet, size_t size)
{
    union wire_message message;
    const void *body = NULL;
    size_t at = 0;
    char *copy = malloc(size + 1);
    memcpy(copy, packet, size);
    int got = wire_next(copy, size, &at, &message, &body);
    ck_assert_uint_le(at, size);
    free(copy);
    return got;
}

static void check_list(const char *const *list, const char *const *wanted)
{
    size_t i = 0;
    for (; wanted[i] != NULL; i++) {
        ck_assert_str_eq(list[i], wanted[i]);
    }
    ck_assert_ptr_null(list[i]);
}

START_TEST(a_job_arrives_as_it_was_sent)
{
    struct wire_job job = whole_job();
    size_t size = 0;
    size_t at = 0;
    union wire_message message;
    const void *body = NULL;
    char *packet = packed(&job, &size);

    ck_assert_int_eq(wire_next(packet, size, &at, &message, &body), 1);
    ck_assert_uint_eq(at, size);
    ck_assert_int_eq(message.head.type, WIRE_SPAWN);
    ck_assert_uint_eq(message.id.id, 5);
    struct wire_job *got = wire_get_job(body);

    ck_assert_uint_eq(got->id, 5);
    ck_assert_uint_eq(got->fence, UINT64_MAX);
    ck_assert_uint_eq(got->flags, WIRE_NO_NEW_PRIVS);
    ck_assert_uint_eq(got->lane, 7);
    ck_assert_uint_eq(got->weight, 3);
    ck_assert_int_eq(got->nice, -5);
    ck_assert_uint_eq(got->umask, 022);
    ck_assert_uint_eq(got->limit_count, 2);
    ck_assert_mem_eq(got->limits, limits, sizeof(limits));
    ck_assert_str_eq(got->cwd, "/tmp");
    ck_assert_str_eq(got->input, "");
    ck_assert_str_eq(got->output, "out");
    ck_assert_str_eq(got->errors, "");
    ck_assert_str_eq(got->cgroup, "/a:/b");
    check_list(got->argv, argv);
    check_list(got->env, env);
    free(got);
    free(packet);
}
END_TEST

START_TEST(a_job_that_cannot_be_sent_has_no_size)
{
    static const char *const none[] = {NULL};
    struct wire_job job = whole_job();
    char *word = calloc(1, WIRE_PACKET_LIMIT + 1);
    memset(word, 'x', WIRE_PACKET_LIMIT);
    const char *const large[] = {word, word, word, NULL};

    job.id = 0;
    ck_assert_uint_eq(wire_job_size(&job), 0);
    job = whole_job();
    job.argv = none;
    ck_assert_uint_eq(wire_job_size(&job), 0);
    job.argv = NULL;
    ck_assert_uint_eq(wire_job_size(&job), 0);
    job = whole_job();
    job.argv = large;
    ck_assert_uint_eq(wire_job_size(&job), 0);
    job = whole_job();
    job.lane = WIRE_LANES;
    ck_assert_uint_eq(wire_job_size(&job), 0);
    job = whole_job();
    job.flags = WIRE_FLAGS_ALL + 1;
    ck_assert_uint_eq(wire_job_size(&job), 0);
    job = whole_job();
    job.limit_count = WIRE_LIMITS + 1;
    ck_assert_uint_eq(wire_job_size(&job), 0);
    free(word);
}
END_TEST

START_TEST(a_job_without_environment_is_fine)
{
    struct wire_job job = {.id = 1, .argv = argv};
    size_t size = 0;
    char *packet = packed(&job, &size);

    ck_assert_int_eq(next(packet, size), 1);
    struct wire_job *got = wire_get_job(packet);
    ck_assert_ptr_null(got->env[0]);
    check_list(got->argv, argv);
    free(got);
    free(packet);
}
END_TEST

START_TEST(a_packet_holds_many_messages)
{
    struct {
        struct wire_kill kill;
        struct wire_slots slots;
        struct wire_id release;
    } packet = {
        .kill = {.head = wire_head(WIRE_KILL), .id = 3, .signal = 15},
        .slots = {.head = wire_head(WIRE_SLOTS), .slots = 8},
        .release = {.head = wire_head(WIRE_RELEASE), .id = 4},
    };
    union wire_message message;
    const void *body = NULL;
    size_t at = 0;

    ck_assert_int_eq(wire_next(&packet, sizeof(packet), &at, &message, &body),
                     1);
    ck_assert_int_eq(message.kill.signal, 15);
    ck_assert_int_eq(wire_next(&packet, sizeof(packet), &at, &message, &body),
                     1);
    ck_assert_uint_eq(message.slots.slots, 8);
    ck_assert_int_eq(wire_next(&packet, sizeof(packet), &at, &message, &body),
                     1);
    ck_assert_uint_eq(message.id.id, 4);
    ck_assert_int_eq(wire_next(&packet, sizeof(packet), &at, &message, &body),
                     0);
}
END_TEST

START_TEST(a_message_that_is_cut_short_is_malformed)
{
    struct wire_job job = whole_job();
    size_t size = 0;
    char *packet = packed(&job, &size);

    for (size_t cut = 1; cut < size; cut++) {
        ck_assert_int_eq(next(packet, cut), -1);
    }
    ck_assert_int_eq(next(packet, 0), 0);
    free(packet);
}
END_TEST

/* Each row spoils four bytes of a good SPAWN. */
START_TEST(a_job_with_a_wrong_number_is_malformed)
{
    static const struct {
        size_t at;
        uint32_t value;
    } spoils[] = {
        {0, 0},           {0, 8},    {0, 1u << 31}, {4, WIRE_SPAWN | 1u << 16},
        {4, 0},           {4, 9999}, {8, 0},        {24, 2},
        {28, WIRE_LANES}, {44, 3},   {44, 17},      {44, UINT32_MAX},
        {48, 0},          {48, 40},  {48, 2},       {48, UINT32_MAX},
        {52, 40},         {52, 2},   {52, 0},       {52, UINT32_MAX},
    };
    struct wire_job job = whole_job();
    job.id = 1; /* so that spoiling its lower half makes it 0 */

    for (size_t i = 0; i < sizeof(spoils) / sizeof(spoils[0]); i++) {
        size_t size = 0;
        char *packet = packed(&job, &size);
        memcpy(packet + spoils[i].at, &spoils[i].value, 4);
        ck_assert_msg(next(packet, size) == -1, "spoil %zu", i);
        free(packet);
    }
}
END_TEST

START_TEST(texts_that_do_not_end_are_malformed)
{
    struct wire_job job = whole_job();
    size_t size = 0;
    char *packet = packed(&job, &size);

    memset(packet + size - 8, 'x', 8);

    ck_assert_int_eq(next(packet, size), -1);
    free(packet);
}
END_TEST

START_TEST(values_outside_their_range_are_malformed)
{
    struct wire_kill kill = {.head = wire_head(WIRE_KILL), .id = 1};
    struct wire_id release = {.head = wire_head(WIRE_RELEASE)};
    struct wire_report report = {.head = wire_head(WIRE_REPORT), .id = 1};

    ck_assert_int_eq(next(&kill, sizeof(kill)), -1);
    kill.signal = 65;
    ck_assert_int_eq(next(&kill, sizeof(kill)), -1);
    kill.signal = 64;
    ck_assert_int_eq(next(&kill, sizeof(kill)), 1);
    ck_assert_int_eq(next(&release, sizeof(release)), -1);
    report.state = WIRE_STATES;
    ck_assert_int_eq(next(&report, sizeof(report)), -1);
    report.state = WIRE_NOEXEC;
    report.status = WIRE_STEPS;
    ck_assert_int_eq(next(&report, sizeof(report)), -1);
    report.status = WIRE_STEP_CWD;
    ck_assert_int_eq(next(&report, sizeof(report)), 1);
}
END_TEST

START_TEST(every_state_and_step_has_a_name)
{
    for (int state = 0; state < WIRE_STATES; state++) {
        ck_assert_str_ne(wire_state_name((uint32_t)state), "?");
    }
    for (int step = 0; step < WIRE_STEPS; step++) {
        ck_assert_str_ne(wire_step_name(step), "?");
    }
    ck_assert_str_eq(wire_state_name(WIRE_STATES), "?");
    ck_assert_str_eq(wire_step_name(-1), "?");
}
END_TEST

TEST_MAIN("wire", a_job_arrives_as_it_was_sent,
          a_job_that_cannot_be_sent_has_no_size,
          a_job_without_environment_is_fine, a_packet_holds_many_messages,
          a_message_that_is_cut_short_is_malformed,
          a_job_with_a_wrong_number_is_malformed,
          texts_that_do_not_end_are_malformed,
          values_outside_their_range_are_malformed,
          every_state_and_step_has_a_name)
