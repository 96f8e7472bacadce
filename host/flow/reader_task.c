#include <string.h>

#include "host/flow/reader.h"
#include "host/plain/mem.h"

#define SHARED_JOB_LIMIT 512 /* bytes of a job's JSON that is looked up */
#define TEXTS_SCHEMA                                                           \
    "{\"type\":\"array\",\"minItems\":1,\"items\":{\"type\":\"string\"}}"
#define TEXT_SCHEMA "{\"type\":\"string\"}"
#define NAME_SCHEMA "{\"$ref\":\"#/$defs/name\"}"

#define NODE(r, node) document_node((r)->document, (node))

/* ---- when ---- */

static void needs(struct reader *r, uint32_t node, struct reader_values *v)
{
    const struct document_node *n = NODE(r, node);

    if (n->kind != DOCUMENT_TEXT && n->kind != DOCUMENT_LIST) {
        reader_expect(r, node, "the name of a task or a list of them");
        return;
    }
    r->tasks[v->task].needs_node = node;
}

static void condition(struct reader *r, uint32_t node, struct reader_values *v)
{
    struct reader_values asked = *v;
    const char *text = document_text(r->document, node);
    struct str unused;
    size_t at;

    /* It is asked once, before there are copies. */
    asked.roots &= ~(uint32_t)ROOT_EACH;
    if (NODE(r, node)->kind == DOCUMENT_BOOL) {
        str_init(&unused, STR_WHY_LIMIT);
        r->tasks[v->task].condition =
            expr_parse(text, strlen(text), &unused, &at);
        str_finish(&unused);
    } else {
        r->tasks[v->task].condition = reader_expression(r, node, &asked);
    }
}

static void static_items(struct reader *r, uint32_t node, struct reader_task *t)
{
    struct str json;

    if (NODE(r, node)->size > WORKFLOW_ITEMS_LIMIT) {
        reader_complain(r, node, "at most %u items are taken, not %u",
                        WORKFLOW_ITEMS_LIMIT, NODE(r, node)->size);
    }
    str_init(&json, 2 * (size_t)DOCUMENT_SIZE_LIMIT);
    document_write(r->document, node, &json);
    if (strstr(json.text, "${{")) {
        reader_complain(r, node,
                        "the items of a list stand as they are, "
                        "without ${{ }}; an expression may give the "
                        "whole list, or be used where each.%s is",
                        t->each);
    }
    str_finish(&json);
    t->items = document_value(r->document, node);
}

static void each(struct reader *r, uint32_t node, struct reader_values *v)
{
    const struct document_node *n = NODE(r, node);
    struct reader_task *t = &r->tasks[v->task];
    struct reader_values outside = *v;
    uint32_t value = n->first;

    if (n->kind == DOCUMENT_MAP && n->size > 1) {
        reader_complain(r, node,
                        "one name is wanted, not %u; a copy for "
                        "every pair of items is `matrix`, which is "
                        "not carried out yet",
                        n->size);
        return;
    }
    if (n->kind != DOCUMENT_MAP || n->size == 0) {
        reader_expect(r, node,
                      "a name and its list, as in "
                      "{ file: [a.c, b.c] }");
        return;
    }
    if (!reader_key_is_name(r, value, "an `each`")) {
        return;
    }
    t->each = document_key(r->document, value);
    outside.roots &= ~(uint32_t)ROOT_EACH;
    v->each = t->each;
    if (NODE(r, value)->kind == DOCUMENT_LIST) {
        static_items(r, value, t);
    } else if (NODE(r, value)->kind == DOCUMENT_TEXT) {
        t->over = reader_expression(r, value, &outside);
    } else {
        reader_expect(r, value, "a list or an expression that gives one");
    }
}

static void outputs(struct reader *r, uint32_t node, struct reader_values *v)
{
    (void)v;
    reader_complain_key(r, node,
                        "outputs are not declared: the task writes "
                        "name=value lines to the file $HAFT_OUTPUT");
}

/* ---- tables: in the order of reading; `each` and `env` come first, since
 * others refer to them, `command` before `shell` ---- */

static const struct reader_key task_keys[] = {
    {"each", each,
     "{\"type\":\"object\",\"minProperties\":1,\"maxProperties\":1,"
     "\"propertyNames\":" NAME_SCHEMA ",\"additionalProperties\":"
     "{\"type\":[\"array\",\"string\"]}}",
     "One copy of the task for each item of a list: a name, and the list or "
     "an expression that gives it."},
    {"env", reader_env, "{\"$ref\":\"#/$defs/env\"}",
     "Environment variables of the task."},
    {"run", reader_run, "{\"type\":\"string\",\"pattern\":\"\\\\S\"}",
     "A shell script."},
    {"command", reader_command, TEXTS_SCHEMA, "A program and its arguments."},
    {"shell", reader_shell, TEXTS_SCHEMA, "What runs the script: [bash, -e]."},
    {"needs", needs,
     "{\"anyOf\":[" NAME_SCHEMA ",{\"type\":\"array\",\"uniqueItems\":true,"
     "\"items\":" NAME_SCHEMA "}]}",
     "The tasks that must have ended well."},
    {"if", condition, "{\"type\":[\"string\",\"boolean\"]}",
     "One expression: whether the task runs."},
    {"executor", reader_executor, NAME_SCHEMA, "The instance that runs it."},
    {"image", reader_image, TEXT_SCHEMA,
     "The image it runs in: a name, best with its digest, or rootfs:DIR."},
    {"workdir", reader_workdir, TEXT_SCHEMA, "The folder it runs in."},
    {"timeout", reader_timeout, "{\"$ref\":\"#/$defs/timeout\"}",
     "How long it may take."},
    {"retry", reader_retry, "{\"$ref\":\"#/$defs/retry\"}",
     "Whether and when a failed attempt is tried again."},
    {"priority", reader_priority,
     "{\"anyOf\":[{\"enum\":[\"LOW\",\"NORMAL\",\"HIGH\",\"CRITICAL\"]},"
     "{\"type\":\"integer\",\"minimum\":-1000,\"maximum\":1000}]}",
     "Which of several ready tasks starts first."},
    {"max_parallel", reader_max_parallel,
     "{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000000}",
     "How many copies of an `each` run at once."},
    {"idempotent", reader_idempotent, "{\"type\":[\"boolean\",\"string\"]}",
     "Whether running it twice does no harm, or the key that sees to it."},
    {"on_unknown", reader_on_unknown,
     "{\"enum\":[\"hold\",\"retry\",\"fail\"]}",
     "What to do when nobody knows whether an attempt took effect."},
    {"on_fail", reader_on_fail, "{\"enum\":[\"stop\",\"continue\"]}",
     "Whether its failure stops the run."},
    {"outputs", outputs, NULL, NULL},
    {"approval", NULL, NULL, NULL},
    {"artifacts", NULL, NULL, NULL},
    {"breaker", NULL, NULL, NULL},
    {"cache", NULL, NULL, NULL},
    {"cache_volumes", NULL, NULL, NULL},
    {"entrypoint", NULL, NULL, NULL},
    {"files", NULL, NULL, NULL},
    {"inputs", NULL, NULL, NULL},
    {"matrix", NULL, NULL, NULL},
    {"mounts", NULL, NULL, NULL},
    {"platform", NULL, NULL, NULL},
    {"pool", NULL, NULL, NULL},
    {"privileged", NULL, NULL, NULL},
    {"progress", NULL, NULL, NULL},
    {"repeat", NULL, NULL, NULL},
    {"resources", NULL, NULL, NULL},
    {"services", NULL, NULL, NULL},
    {"source", NULL, NULL, NULL},
    {"user", NULL, NULL, NULL},
    {"uses", NULL, NULL, NULL},
    {"wait", NULL, NULL, NULL},
    {"with", NULL, NULL, NULL},
    {"workflow", NULL, NULL, NULL},
};

static const struct reader_habit task_habits[] = {
    {"after", "the key is `needs`"},
    {"allow_failure", "write on_fail: continue (GitLab calls this "
                      "allow_failure)"},
    {"args", "the key is `command`, a list of the program and its arguments"},
    {"bash", "the keys are `run` and `shell: [bash, -e]`"},
    {"cmd", "the key is `run` for a script, `command` for a list"},
    {"cmds", "the key is `run`, one script of several lines (Task calls this "
             "cmds)"},
    {"container", "the key is `image` (GitHub calls this container)"},
    {"continue-on-error", "write on_fail: continue (GitHub calls this "
                          "continue-on-error)"},
    {"cwd", "the key is `workdir`"},
    {"dependencies", "the key is `needs` (Argo calls this dependencies)"},
    {"depends", "the key is `needs` (Argo calls this depends)"},
    {"dependsOn", "the key is `needs` (Azure calls this dependsOn)"},
    {"depends_on", "the key is `needs` (Compose calls this depends_on)"},
    {"deps", "the key is `needs` (Task calls this deps)"},
    {"dir", "the key is `workdir`"},
    {"environment", "the key is `env` (Compose calls this environment)"},
    {"except", "the key is `if`, one expression"},
    {"exec", "the key is `command`, a list of the program and its arguments"},
    {"foreach", "the key is `each`"},
    {"for_each", "the key is `each`"},
    {"ignore_errors", "write on_fail: continue (Ansible calls this "
                      "ignore_errors)"},
    {"loop", "the key is `each` (Ansible calls this loop)"},
    {"name", "the key above is the task's name"},
    {"only", "the key is `if`, one expression"},
    {"parallel", "the key is `max_parallel`, beside `each`"},
    {"parallelism", "the key is `max_parallel`, beside `each`"},
    {"requires", "the key is `needs` (CircleCI calls this requires)"},
    {"retries", "the key is `retry`"},
    {"retryStrategy", "the key is `retry` (Argo calls this retryStrategy)"},
    {"rules", "the key is `if`, one expression (GitLab calls this rules)"},
    {"runs-on", "the key is `executor` (GitHub calls this runs-on)"},
    {"script", "the key is `run`, one text of several lines (GitLab calls "
               "this script)"},
    {"stage", "there are no stages; order comes from `needs`"},
    {"steps", "a task is one script: make each step a task, in order by "
              "`needs`, or write one `run` of several lines (GitHub calls "
              "these steps)"},
    {"strategy", "the keys are `each` and `max_parallel` (GitHub calls this "
                 "strategy)"},
    {"tags", "the key is `executor` (GitLab calls this tags)"},
    {"timeout-minutes", "the key is `timeout`, as in timeout: 10m (GitHub "
                        "calls this timeout-minutes)"},
    {"variables", "the key is `env` (GitLab calls this variables)"},
    {"vars", "the key is `env` for the environment, `params` for parameters"},
    {"when", "the key is `if` (Ansible calls this when)"},
    {"withItems", "the key is `each` (Argo calls this withItems)"},
    {"withParam", "the key is `each` (Argo calls this withParam)"},
    {"with_items", "the key is `each` (Ansible calls this with_items)"},
    {"working-directory", "the key is `workdir` (GitHub calls this "
                          "working-directory)"},
    {"working_dir", "the key is `workdir` (Compose calls this working_dir)"},
};

const struct reader_table reader_task_table =
    READER_TABLE("a task", task_keys, task_habits);

static const struct reader_key defaults_keys[] = {
    {"env", reader_env, "{\"$ref\":\"#/$defs/env\"}",
     "Environment variables of every task."},
    {"executor", reader_executor, NAME_SCHEMA,
     "The instance that runs tasks which name none."},
    {"workdir", reader_workdir, TEXT_SCHEMA, "The folder tasks run in."},
    {"timeout", reader_timeout, "{\"$ref\":\"#/$defs/timeout\"}",
     "How long each task may take."},
    {"retry", reader_retry, "{\"$ref\":\"#/$defs/retry\"}",
     "Whether and when failed attempts are tried again."},
    {"image", reader_image, TEXT_SCHEMA,
     "The image of every task; none of them runs without one then."},
};

static const struct reader_habit defaults_habits[] = {
    {"environment", "the key is `env`"},
    {"retries", "the key is `retry`"},
    {"priority", "this stands with each task"},
    {"shell", "this stands with each task"},
    {"needs", "this stands with each task"},
    {"if", "this stands with each task"},
    {"on_fail", "this stands with each task"},
    {"on_unknown", "this stands with each task"},
    {"idempotent", "this stands with each task"},
    {"run", "GitHub's defaults.run is `workdir` here"},
    {"working-directory", "the key is `workdir`"},
};

const struct reader_table reader_defaults_table =
    READER_TABLE("`defaults`", defaults_keys, defaults_habits);

/* ---- a task ---- */

/* What was written under those keys, as JSON: tasks that say the same share
 * one policy, or one job. */
static void write_keys(struct reader *r, uint32_t node, const char *const *keys,
                       size_t count, struct str *out)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t member = document_find(r->document, node, keys[i]);

        str_add_char(out, '\n');
        if (member != DOCUMENT_NONE) {
            document_write(r->document, member, out);
        }
    }
}

static uint32_t find_policy(struct reader *r, uint32_t node,
                            const struct reader_values *v)
{
    static const char *const keys[] = {
        "timeout",    "retry",   "priority",     "idempotent",
        "on_unknown", "on_fail", "max_parallel",
    };
    struct str written;
    uint32_t policy;

    str_init(&written, (size_t)DOCUMENT_SIZE_LIMIT);
    write_keys(r, node, keys, READER_COUNT(keys), &written);
    policy = map_get(&r->policies, written.text);
    if (policy == MAP_NONE) {
        policy = build_policy_kept(r->build, &v->policy);
        map_add(&r->policies, arena_text(&r->scratch, written.text), policy);
    }
    str_finish(&written);
    return policy;
}

static uint32_t find_job(struct reader *r, uint32_t node,
                         const struct reader_values *v)
{
    static const char *const keys[] = {"run",     "command", "env",  "executor",
                                       "workdir", "shell",   "image"};
    struct str written;
    uint32_t job = MAP_NONE;

    str_init(&written, SHARED_JOB_LIMIT);
    write_keys(r, node, keys, READER_COUNT(keys), &written);
    if (!written.is_cut) {
        job = map_get(&r->jobs, written.text);
    }
    if (job == MAP_NONE) {
        job = build_job_kept(r->build, &v->job);
        if (!written.is_cut) {
            map_add(&r->jobs, arena_text(&r->scratch, written.text), job);
        }
    }
    str_finish(&written);
    return job;
}

static void check_work(struct reader *r, uint32_t node,
                       const struct reader_values *v)
{
    static const char *const later[] = {"uses", "workflow", "approval", "wait"};
    bool is_later = false;

    for (size_t i = 0; i < READER_COUNT(later); i++) {
        is_later = is_later ||
                   document_find(r->document, node, later[i]) != DOCUMENT_NONE;
    }
    if (document_find(r->document, node, "run") != DOCUMENT_NONE &&
        document_find(r->document, node, "command") != DOCUMENT_NONE) {
        reader_complain_key(r, node,
                            "a task is either `run` or `command`, "
                            "not both");
    } else if (!v->has_work && !is_later) {
        reader_complain_key(r, node,
                            "a task says what to do: `run: SCRIPT` "
                            "or `command: [PROGRAM, ARGUMENT]`");
    }
}

static struct reader_task *add_task(struct reader *r, uint32_t node,
                                    uint32_t flags)
{
    struct reader_task *t;

    r->tasks = mem_grow(r->tasks, &r->tasks_room, (size_t)r->tasks_count + 1,
                        sizeof(*r->tasks));
    t = &r->tasks[r->tasks_count++];
    *t = (struct reader_task){.name = document_key(r->document, node),
                              .node = node,
                              .needs_node = DOCUMENT_NONE,
                              .flags = flags};
    return t;
}

static void read_task(struct reader *r, uint32_t node, uint32_t flags)
{
    struct reader_values v = r->defaults;
    struct reader_task *t;

    if (!reader_key_is_name(r, node, "a task")) {
        return;
    }
    v.roots = ROOT_OF_TASK;
    v.task = r->tasks_count;
    t = add_task(r, node, flags);
    if (map_add(&r->names, t->name, v.task) != MAP_NONE) {
        reader_complain_key(r, node, "a task of `tasks` has this name already");
    }
    if (!reader_keys(r, node, &reader_task_table, &v)) {
        reader_expect(r, node, "a map, as in { run: echo hello }");
        return;
    }
    check_work(r, node, &v);
    t = &r->tasks[v.task];
    t->policy = find_policy(r, node, &v);
    t->job = find_job(r, node, &v);
}

static void read_tasks(struct reader *r, uint32_t node, uint32_t flags)
{
    const struct document_node *n = NODE(r, node);
    const uint32_t *members;

    if (n->kind != DOCUMENT_MAP) {
        reader_expect(r, node,
                      n->kind == DOCUMENT_LIST
                          ? "a map from names to tasks"
                          : "a map, as in "
                            "{ hello: { run: echo hello } }");
        return;
    }
    if (r->tasks_count + n->size > WORKFLOW_TASKS_LIMIT) {
        reader_complain(r, node, "at most %u tasks are taken",
                        WORKFLOW_TASKS_LIMIT);
        return;
    }
    members = reader_sorted(r, node);
    for (uint32_t i = 0; i < n->size; i++) {
        read_task(r, members[i], flags);
    }
}

void reader_tasks(struct reader *r, uint32_t node, struct reader_values *v)
{
    (void)v;
    if (NODE(r, node)->kind == DOCUMENT_MAP && NODE(r, node)->size == 0) {
        reader_complain(r, node, "a workflow has at least one task");
    }
    read_tasks(r, node, 0);
}

void reader_finally(struct reader *r, uint32_t node, struct reader_values *v)
{
    (void)v;
    read_tasks(r, node, WORKFLOW_FINALLY);
}
