/* The core alone, with a million tasks: load a graph, plan it, and let every
 * task succeed at once; no process, no disk.
 *
 *   graph LAYERS WIDTH NEEDS
 *
 * Prints seconds and bytes a task, by the growth of the resident set. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/core/core.h"
#include "host/plain/mem.h"
#include "tests/bench/number.h"

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The most there was; unlike getrusage, of this program alone and not of who
 * started it. */
static double resident_mb(void)
{
    FILE *status = fopen("/proc/self/status", "re");
    unsigned long kb = 0;
    char line[256];

    while (status && fgets(line, sizeof(line), status)) {
        if (sscanf(line, "VmHWM: %lu", &kb) == 1) {
            break;
        }
    }
    if (status) {
        fclose(status);
    }
    return (double)kb / 1024;
}

static struct workflow *make(uint32_t layers, uint32_t width, uint32_t needs)
{
    struct workflow_build *b = workflow_build_create("graph");
    static const struct workflow_policy no_policy;
    static const char *const argv[] = {"true"};
    const struct workflow_job job = {.command = argv, .command_count = 1};
    uint32_t policy = workflow_build_policy(b, &no_policy);
    uint32_t row = workflow_build_job(b, &job);
    uint32_t seed = 1;

    for (uint32_t i = 0; i < layers * width; i++) {
        uint32_t list[16];
        char name[16];
        uint32_t count = i < width ? 0 : needs;

        for (uint32_t n = 0; n < count; n++) {
            seed = seed * 1664525u + 1013904223u;
            list[n] = (i / width - 1) * width + (seed >> 8) % width;
        }
        snprintf(name, sizeof(name), "t%u", i);
        workflow_build_task(b, name, list, count, policy, row, 0);
    }
    return workflow_build_take(b);
}

/* Everything that is handed over succeeds at once. */
static uint32_t answer(struct core *c)
{
    size_t count;
    const struct effect *effects = core_effects(c, &count);
    struct core_outcome *ends = mem_new(count, sizeof(*ends));
    uint32_t started = 0;

    for (size_t i = 0; i < count; i++) {
        if (effects[i].kind == EFFECT_START) {
            ends[started++] = (struct core_outcome){
                .attempt = effects[i].attempt, .fence = effects[i].fence};
            ends[started - 1].fault.code = "";
            ends[started - 1].fault.message = "";
        }
    }
    core_clear(c);
    for (uint32_t i = 0; i < started; i++) {
        core_ask_ended(c, &ends[i]);
    }
    mem_free(ends);
    return started;
}

int main(int argc, char **argv)
{
    uint32_t layers = argc == 4 ? (uint32_t)number_read(argv[1]) : 0;
    uint32_t width = argc == 4 ? (uint32_t)number_read(argv[2]) : 0;
    uint32_t needs = argc == 4 ? (uint32_t)number_read(argv[3]) : 0;
    const struct core_options options = {.epoch = 1, .seed = 1};
    double before_mb = resident_mb();
    double start_s = now_s();
    double load_s;
    double load_mb;
    struct core_submit submit = {
        .id = "graph", .principal = "bench", .space = "default"};
    struct core *c;
    uint32_t done = 0;
    int64_t now = 1;

    if (!layers || !width || needs > 16) {
        fprintf(stderr, "usage: graph LAYERS WIDTH NEEDS\n");
        return 2;
    }
    c = core_create(&options);
    submit.executor = core_add_executor(c, "none", width, false);
    submit.workflow = make(layers, width, needs);
    submit.params = cJSON_CreateObject();
    core_ask_submit(c, 1, &submit);
    core_decide(c, now);
    load_s = now_s() - start_s;
    load_mb = resident_mb() - before_mb;
    for (;;) {
        uint32_t started = answer(c);

        if (started == 0) {
            break;
        }
        done += started;
        core_decide(c, ++now);
    }
    printf("{\"tasks\":%u,\"done\":%u,\"load_s\":%.3f,\"total_s\":%.3f,"
           "\"load_mb\":%.1f,\"peak_mb\":%.1f,\"bytes_a_task\":%.0f}\n",
           layers * width, done, load_s, now_s() - start_s, load_mb,
           resident_mb() - before_mb, load_mb * 1024 * 1024 / (layers * width));
    core_destroy(c);
    return done == layers * width ? 0 : 1;
}
