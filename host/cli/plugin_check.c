/* plugin check: the conformance kit, for who writes a plugin. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/check/runner.h"
#include "host/cli/command.h"
#include "host/cli/table.h"
#include "host/guest/module.h"
#include "host/plain/json.h"
#include "host/plain/mem.h"

#define OPTIONS_LIMIT 64
#define LIMIT_S 30 /* of one case, unless somebody says otherwise */
#define LIMIT_MOST_S 3600
#define REPORT_LIMIT (1u << 20)

static const char *const verdicts[] = {
    [KIT_PASS] = "pass", [KIT_FAIL] = "fail", [KIT_SKIP] = "skip"};

struct checking {
    const char *kind; /* NULL: all of them */
    const char *options[OPTIONS_LIMIT + 1];
    int64_t limit_ms;
    bool is_json;
    struct str json;
    size_t counts[3]; /* by verdict */
    size_t classes;
    struct str *why;
};

/* ---- the report ---- */

static void print_result(const struct runner_result *r)
{
    printf("%s  %-16s  %s\n", verdicts[r->verdict], r->which->name,
           r->verdict == KIT_PASS ? r->which->shows : r->why);
}

static void add_result(struct str *out, const struct kit_target *target,
                       const struct runner_result *r)
{
    json_open(out, '{');
    json_put_text(out, "kind", target->kind->name);
    json_put_text(out, "class", target->class->name);
    json_put_text(out, "case", r->which->name);
    json_put_text(out, "shows", r->which->shows);
    json_put_text(out, "result", verdicts[r->verdict]);
    json_put_text(out, "why", r->why[0] ? r->why : NULL);
    json_close(out, '}');
}

static void report(struct checking *c, const struct kit_target *target,
                   const struct runner_results *results)
{
    if (!c->is_json) {
        printf("%s/%s\n", target->kind->name, target->class->name);
    }
    for (size_t i = 0; i < results->count; i++) {
        c->counts[results->items[i].verdict]++;
        if (c->is_json) {
            add_result(&c->json, target, &results->items[i]);
        } else {
            print_result(&results->items[i]);
        }
    }
}

/* ---- the classes of a module ---- */

/* "storage" of "haft.storage/1". */
static const struct kit_kind *kind_of(const struct manifest_class *class)
{
    const char *dot = strchr(class->kind, '.');
    const char *slash = strrchr(class->kind, '/');
    const struct kit_kind *kind = NULL;

    if (dot && slash && slash > dot) {
        char *name = mem_text(dot + 1, (size_t)(slash - dot - 1));

        kind = kit_find_kind(name);
        mem_free(name);
    }
    return kind;
}

static bool check_class(struct checking *c, const struct module *m,
                        const struct manifest_class *class)
{
    struct kit_target target = {
        .file = m->file,
        .class = class,
        .kind = kind_of(class),
        .options = c->options,
    };
    struct runner_results results = {0};

    if (c->kind && (!target.kind || strcmp(target.kind->name, c->kind) != 0)) {
        return true;
    }
    if (!target.kind) {
        str_addf(c->why, "class %s: there are no cases for kind %s",
                 class->name, class->kind);
        return false;
    }
    fflush(stdout); /* or each process would have it, too */
    if (!runner_run(&target, c->limit_ms, &results, c->why)) {
        return false;
    }
    c->classes++;
    report(c, &target, &results);
    runner_finish(&results);
    return true;
}

static bool check_module(struct checking *c, const struct module *m)
{
    if (m->reason) {
        str_addf(c->why, "%s: %s", m->file, m->reason);
        return false;
    }
    if (m->is_program) {
        str_addf(c->why,
                 "%s: wanted a shared object, found a program; the "
                 "kit runs what can be loaded",
                 m->file);
        return false;
    }
    for (size_t i = 0; i < m->manifest.classes_count; i++) {
        if (!check_class(c, m, &m->manifest.classes[i])) {
            return false;
        }
    }
    if (c->classes == 0) {
        str_addf(c->why, "%s: wanted a class of kind %s, found none", m->file,
                 c->kind);
    }
    return c->classes > 0;
}

static void sum_up(struct checking *c, const struct module *m)
{
    if (!c->is_json) {
        printf("%s: %zu passed, %zu failed, %zu skipped\n", m->manifest.id,
               c->counts[KIT_PASS], c->counts[KIT_FAIL], c->counts[KIT_SKIP]);
        return;
    }
    json_close(&c->json, ']');
    json_put_int(&c->json, "passed", (int64_t)c->counts[KIT_PASS]);
    json_put_int(&c->json, "failed", (int64_t)c->counts[KIT_FAIL]);
    json_put_int(&c->json, "skipped", (int64_t)c->counts[KIT_SKIP]);
    json_close(&c->json, '}');
    printf("%s\n", c->json.text);
}

static void begin_json(struct checking *c, const struct module *m)
{
    json_open(&c->json, '{');
    json_put_text(&c->json, "plugin", m->manifest.id);
    json_put_text(&c->json, "version", m->manifest.version);
    json_put_text(&c->json, "file", m->file);
    json_key(&c->json, "cases");
    json_open(&c->json, '[');
}

/* ---- the command ---- */

static bool read_options(struct checking *c, const struct given *given)
{
    size_t count = 0;
    const char *limit = given_value(given, "limit", 0);
    char *end = NULL;
    long long seconds = limit ? strtoll(limit, &end, 10) : LIMIT_S;

    if (limit &&
        (end == limit || *end || seconds < 1 || seconds > LIMIT_MOST_S)) {
        str_addf(c->why, "--limit: wanted seconds from 1 to %d, found ",
                 LIMIT_MOST_S);
        str_add_quoted(c->why, limit, strlen(limit));
        return false;
    }
    c->limit_ms = seconds * 1000;
    c->kind = given_value(given, "kind", 0);
    if (c->kind && !kit_find_kind(c->kind)) {
        str_add_text(c->why, "--kind: wanted storage, executor, retry, auth or "
                             "notify, found ");
        str_add_quoted(c->why, c->kind, strlen(c->kind));
        return false;
    }
    while (given_value(given, "option", count)) {
        const char *option = given_value(given, "option", count);

        if (count == OPTIONS_LIMIT || !strchr(option, '=')) {
            str_addf(c->why,
                     "--option: wanted at most %d times KEY=VALUE, "
                     "found ",
                     OPTIONS_LIMIT);
            str_add_quoted(c->why, option, strlen(option));
            return false;
        }
        c->options[count++] = option;
    }
    return true;
}

static int check_file(struct checking *c, const char *file)
{
    struct modules modules;
    char *whole = realpath(file, NULL);
    struct module *m = NULL;
    int status = EXIT_USAGE;

    if (!whole) {
        str_addf(c->why, "%s: %s", file, strerror(errno));
        return EXIT_USAGE;
    }
    modules_init(&modules);
    m = modules_find(&modules, whole, c->why);
    if (m && !m->reason) {
        begin_json(c, m);
    }
    if (m && check_module(c, m)) {
        sum_up(c, m);
        status = c->counts[KIT_FAIL] > 0;
    } else if (m && m->reason) {
        status = 1;
    }
    modules_finish(&modules);
    free(whole);
    return status;
}

static int run_check(struct cli *cli, const struct given *given)
{
    struct str why;
    struct checking c = {.is_json = given_has(given, "json"), .why = &why};
    int status = EXIT_USAGE;

    (void)cli;
    str_init(&why, STR_WHY_LIMIT);
    str_init(&c.json, REPORT_LIMIT);
    if (read_options(&c, given)) {
        status = check_file(&c, given->words[0]);
    }
    if (why.size > 0) {
        fprintf(stderr, "haft plugin check: %s\n", why.text);
    }
    str_finish(&c.json);
    str_finish(&why);
    return status;
}

static const struct option_row options[] = {
    {"kind", 0, "KIND", "only classes of that kind"},
    {"option", 'o', "KEY=VALUE", "set an option; {} becomes a name of its own"},
    {"limit", 0, "SECONDS", "how long one case may take; 30"},
    {"json", 0, NULL, "print JSON"},
    {0},
};

const struct command command_plugin_check = {
    .name = "plugin check",
    .words = "FILE",
    .least = 1,
    .most = 1,
    .summary = "try out whether a plugin keeps its promises",
    .options = options,
    .run = run_check,
};
