/* bench-abi: what a call of a plugin costs, inside the host and in a process of
 * its own, on the host's processor and on another one: waking that is most of the
 * cost of a single call. The call is `get` of storage/memory: a key goes in, and
 * a value of 64 bytes or 64 KiB comes back; its own work is a look into a map. */
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <haft/storage.h>

#include "host/cli/command.h"
#include "host/cli/table.h"
#include "host/guest/guest.h"
#include "host/plain/json.h"
#include "host/plain/mem.h"

#define ROUNDS 3
#define ROUND_NS INT64_C(200000000) /* what a round takes, about */
#define FIRST_CALLS 64
#define CALLS_MOST 100000000

static const struct place {
    const char *name; /* of the instance */
    const char *cage;
    const char *processor; /* of its process */
} places[] = {
    {"inside", "none", "same"},
    {"beside", "process", "same"},
    {"apart", "process", "other"},
};

static const size_t sizes[] = {64, 65536};
static const int flights[] = {1, 16, 64};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct bench {
    struct loop *loop;
    struct config *config;
    struct guests *guests;
    struct guest *guest; /* being measured */
    struct haft_storage_get_in get;
    int64_t left;    /* calls still to be made */
    int64_t awaited; /* answers */
    bool has_failed;
    struct str *why;
    cpu_set_t processors; /* that it may use */
};

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- calls ---- */

static void on_answer(void *ctx, haft_status status, const void *out,
                      const struct haft_fault *fault);

static void call(struct bench *b)
{
    b->left--;
    b->awaited++;
    guest_call(b->guest, &haft_storage_v1, HAFT_STORAGE_GET, &b->get, INT64_MAX,
               on_answer, b);
}

static void fail(struct bench *b, const struct haft_fault *fault)
{
    if (!b->has_failed) {
        b->has_failed = true;
        str_add(b->why, fault->message.p, fault->message.n);
    }
    b->left = 0;
}

/* Each answer makes room for the next call. */
static void on_answer(void *ctx, haft_status status, const void *out,
                      const struct haft_fault *fault)
{
    struct bench *b = ctx;

    (void)out;
    b->awaited--;
    if (status != HAFT_OK) {
        fail(b, fault);
    } else if (b->left > 0) {
        call(b);
    }
}

/* So many calls, so many of them at once; how long they took. */
static int64_t run(struct bench *b, int64_t calls, int flight)
{
    int64_t started = now_ns();

    b->left = calls;
    for (int i = 0; i < flight && b->left > 0; i++) {
        call(b);
    }
    while (b->awaited > 0) {
        loop_wait(b->loop);
    }
    return now_ns() - started;
}

static int compare(const void *a, const void *b)
{
    const double *left = a;
    const double *right = b;

    return (*left > *right) - (*left < *right);
}

/* Nanoseconds a call: the median of the rounds, each of as many calls as fill
 * its time. */
static double measure(struct bench *b, int flight)
{
    double found[ROUNDS];
    int64_t calls = FIRST_CALLS;
    int64_t took = run(b, calls, flight);

    while (!b->has_failed && took < ROUND_NS / 4 && calls < CALLS_MOST) {
        calls *= 2;
        took = run(b, calls, flight);
    }
    calls = took > 0 ? calls * ROUND_NS / took + 1 : calls;
    for (int i = 0; i < ROUNDS; i++) {
        found[i] = (double)run(b, calls, flight) / (double)calls;
    }
    qsort(found, ROUNDS, sizeof(found[0]), compare);
    return found[ROUNDS / 2];
}

/* ---- the places ---- */

/* On the first of its processors, or on the second; false if there is none. */
static bool settle(const struct bench *b, bool is_second)
{
    cpu_set_t one;

    for (int i = 0; i < CPU_SETSIZE; i++) {
        if (CPU_ISSET(i, &b->processors) && !is_second) {
            CPU_ZERO(&one);
            CPU_SET(i, &one);
            return sched_setaffinity(0, sizeof(one), &one) == 0;
        }
        is_second = is_second && !CPU_ISSET(i, &b->processors);
    }
    return false;
}

/* A process stays where its host was when it was started. */
static bool make(struct bench *b, const struct place *place)
{
    b->guest = NULL;
    if (settle(b, strcmp(place->processor, "other") == 0)) {
        b->guest = guests_find(b->guests, "storage", place->name, b->why);
    }
    return b->guest && settle(b, false);
}

/* Modules are looked for where the user's config says. */
static bool open_guests(struct bench *b, const struct config *config)
{
    struct str text;

    str_init(&text, 1 << 20);
    str_addf(&text, "[host]\nstorage = inside\nstate = %s\n",
             config->host.state);
    for (size_t i = 0; i < config->host.modules_count; i++) {
        str_addf(&text, "%s%s", i == 0 ? "modules = " : ", ",
                 config->host.modules[i]);
    }
    for (size_t i = 0; i < COUNT(places); i++) {
        str_addf(&text, "\n[storage:%s]\nplugin = memory\nisolation = %s",
                 places[i].name, places[i].cage);
    }
    str_add_char(&text, '\n');
    b->config = config_read(text.text, text.size, "/haft.conf", true, b->why);
    str_finish(&text);
    if (!b->config) {
        return false;
    }
    b->loop = loop_create();
    b->guests = guests_create(b->loop, b->config);
    return true;
}

static void close_guests(struct bench *b)
{
    guests_destroy(b->guests);
    if (b->loop) {
        loop_destroy(b->loop);
    }
    if (b->config) {
        config_destroy(b->config);
    }
}

/* A value of each size, under its size as the key. */
static bool fill(struct bench *b)
{
    struct haft_storage_op ops[COUNT(sizes)];
    struct haft_storage_commit_in in = {
        .size = sizeof(in),
        .batch = 1,
        .ops = {ops, COUNT(sizes), sizeof(ops[0])},
    };
    char *value = mem_new(1, sizes[COUNT(sizes) - 1]);

    for (size_t i = 0; i < COUNT(sizes); i++) {
        ops[i] = (struct haft_storage_op){
            .op = HAFT_STORAGE_PUT,
            .version = 1,
            .key = {&sizes[i], sizeof(sizes[i])},
            .value = {value, sizes[i]},
        };
    }
    b->left = 0;
    b->awaited = 1;
    guest_call(b->guest, &haft_storage_v1, HAFT_STORAGE_COMMIT, &in, INT64_MAX,
               on_answer, b);
    while (b->awaited > 0) {
        loop_wait(b->loop);
    }
    mem_free(value);
    return !b->has_failed;
}

static void add_row(struct str *out, const struct place *place, size_t size,
                    int flight, double ns)
{
    json_open(out, '{');
    json_put_text(out, "cage", place->cage);
    json_put_text(out, "processor", place->processor);
    json_put_int(out, "bytes", (int64_t)size);
    json_put_int(out, "in_flight", flight);
    json_key(out, "ns");
    json_number(out, ns);
    json_close(out, '}');
}

static bool measure_place(struct bench *b, const struct place *place,
                          struct str *out)
{
    if (!make(b, place) || !fill(b)) {
        return false;
    }
    for (size_t i = 0; i < COUNT(sizes); i++) {
        b->get = (struct haft_storage_get_in){
            .size = sizeof(b->get), .key = {&sizes[i], sizeof(sizes[i])}};
        for (size_t k = 0; k < COUNT(flights); k++) {
            add_row(out, place, sizes[i], flights[k], measure(b, flights[k]));
        }
    }
    return !b->has_failed;
}

static bool measure_all(struct bench *b, const struct config *config,
                        struct str *out)
{
    bool is_good = open_guests(b, config);
    size_t count = COUNT(places);

    CPU_ZERO(&b->processors);
    if (sched_getaffinity(0, sizeof(b->processors), &b->processors) != 0 ||
        CPU_COUNT(&b->processors) < 2) {
        count--; /* there is no other processor */
    }
    json_open(out, '[');
    for (size_t i = 0; is_good && i < count; i++) {
        is_good = measure_place(b, &places[i], out);
    }
    json_close(out, ']');
    close_guests(b);
    return is_good;
}

/* ---- the command ---- */

static void print_rows(const struct str *json)
{
    cJSON *rows = cJSON_Parse(json->text);
    const cJSON *row;
    struct table table;

    table_init(&table, (const char *const[]){"CAGE", "PROCESSOR", "BYTES",
                                             "IN FLIGHT", "NS A CALL", NULL});
    cJSON_ArrayForEach(row, rows)
    {
        char text[32];

        table_add_text(&table, json_get_text(row, "cage", ""));
        table_add_text(&table, json_get_text(row, "processor", ""));
        snprintf(text, sizeof(text), "%lld",
                 (long long)json_get_int(row, "bytes", 0));
        table_add_text(&table, text);
        snprintf(text, sizeof(text), "%lld",
                 (long long)json_get_int(row, "in_flight", 0));
        table_add_text(&table, text);
        snprintf(text, sizeof(text), "%.0f",
                 cJSON_GetNumberValue(json_get(row, "ns")));
        table_add_text(&table, text);
    }
    table_print(&table, stdout);
    table_finish(&table);
    cJSON_Delete(rows);
}

static int run_bench(struct cli *cli, const struct given *given)
{
    const struct config *config = cli_config(cli);
    struct str rows;
    struct str why;
    struct bench b = {.why = &why};
    int status = 0;

    if (!config) {
        return EXIT_CONFIG;
    }
    log_set_level(LOG_LEVEL_WARN);
    str_init(&rows, 1 << 16);
    str_init(&why, 1 << 16);
    if (!measure_all(&b, config, &rows)) {
        status = cli_fail_text(HAFT_NOT_FOUND, why.text);
    } else if (given_has(given, "json")) {
        printf("%s\n", rows.text);
    } else {
        print_rows(&rows);
    }
    str_finish(&rows);
    str_finish(&why);
    return status;
}

static const struct option_row options[] = {
    {"json", 0, NULL, "print JSON"},
    {0},
};

const struct command command_bench_abi = {
    .name = "bench-abi",
    .words = "",
    .summary = "measure what a call of a plugin costs in each cage",
    .options = options,
    .run = run_bench,
};
