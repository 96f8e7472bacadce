/* Workflows by chance: small graphs with every rule that the core knows. */
#include <string.h>

#include "host/plain/json.h"
#include "tests/sim/sim.h"

#define TASKS_LIMIT 8

static void add_needs(struct sim *s, struct str *out, uint32_t task)
{
    if (task == 0) {
        return;
    }
    json_key(out, "needs");
    json_open(out, '[');
    for (uint32_t i = 0; i < task; i++) {
        if (sim_chance(s, 3)) {
            char name[16];

            snprintf(name, sizeof(name), "t%u", i);
            json_text(out, name, strlen(name));
        }
    }
    json_close(out, ']');
}

static void add_limits(struct sim *s, struct str *out)
{
    static const char *const names[] = {"queue", "run", "silence", "total"};

    json_key(out, "timeout");
    json_open(out, '{');
    for (size_t i = 0; i < 4; i++) {
        if (sim_chance(s, 2)) {
            char text[16];

            snprintf(text, sizeof(text), "%us", 2 + sim_below(s, 30));
            json_put_text(out, names[i], text);
        }
    }
    json_close(out, '}');
}

static void add_each(struct sim *s, struct str *out)
{
    json_key(out, "each");
    json_open(out, '{');
    json_key(out, "x");
    json_open(out, '[');
    for (uint32_t i = sim_below(s, 5); i > 0; i--) {
        json_int(out, i);
    }
    json_close(out, ']');
    json_close(out, '}');
    if (sim_chance(s, 2)) {
        json_put_int(out, "max_parallel", 1 + sim_below(s, 3));
    }
}

static void add_policy(struct sim *s, struct str *out)
{
    static const char *const unknowns[] = {"retry", "hold", "fail"};
    static const char *const priorities[] = {"LOW", "NORMAL", "HIGH"};

    if (sim_chance(s, 2)) {
        json_put_int(out, "retry", 1 + sim_below(s, 4));
    }
    if (sim_chance(s, 2)) {
        json_put_bool(out, "idempotent", true);
    }
    if (sim_chance(s, 2)) {
        json_put_text(out, "on_unknown", unknowns[sim_below(s, 3)]);
    }
    if (sim_chance(s, 3)) {
        json_put_text(out, "on_fail", "continue");
    }
    if (sim_chance(s, 4)) {
        json_put_text(out, "priority", priorities[sim_below(s, 3)]);
    }
    if (sim_chance(s, 3)) {
        add_limits(s, out);
    }
}

static void add_task(struct sim *s, struct str *out, uint32_t task,
                     bool is_finally)
{
    static const char *const conditions[] = {"always()", "failure()", "false",
                                             "1 == 1"};
    char name[16];

    snprintf(name, sizeof(name), "%c%u", is_finally ? 'f' : 't', task);
    json_key(out, name);
    json_open(out, '{');
    json_put_text(out, "run", "true");
    if (!is_finally) {
        add_needs(s, out, task);
    }
    if (!is_finally && sim_chance(s, 5)) {
        json_put_text(out, "if", conditions[sim_below(s, 4)]);
    }
    if (!is_finally && sim_chance(s, 5)) {
        add_each(s, out);
    }
    if (sim_chance(s, 3)) {
        json_put_text(out, "executor", "ahead");
    }
    add_policy(s, out);
    json_close(out, '}');
}

char *sim_flow(struct sim *s)
{
    uint32_t count = 1 + sim_below(s, TASKS_LIMIT);
    uint32_t finals = sim_chance(s, 4) ? 1 + sim_below(s, 2) : 0;
    struct str out;

    str_init(&out, 64 * 1024);
    json_open(&out, '{');
    json_put_int(&out, "version", 1);
    json_put_text(&out, "name", "sim");
    json_key(&out, "tasks");
    json_open(&out, '{');
    for (uint32_t i = 0; i < count; i++) {
        add_task(s, &out, i, false);
    }
    json_close(&out, '}');
    if (finals) {
        json_key(&out, "finally");
        json_open(&out, '{');
        for (uint32_t i = 0; i < finals; i++) {
            add_task(s, &out, i, true);
        }
        json_close(&out, '}');
    }
    json_close(&out, '}');
    return str_take(&out);
}
