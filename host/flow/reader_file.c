#include <string.h>

#include <sha256.h>

#include "host/flow/reader.h"
#include "host/plain/mem.h"

#define LABELS_LIMIT 64
#define DESCRIPTION_LIMIT 4096
#define UNNAMED "unnamed"

#define NODE(r, node) document_node((r)->document, (node))

/* ---- the file's own keys ---- */

static void version(struct reader *r, uint32_t node, struct reader_values *v)
{
    (void)v;
    if (NODE(r, node)->kind != DOCUMENT_NUMBER ||
        document_number(r->document, node) != 1.0) {
        reader_expect(r, node, "the number 1");
    }
}

static void name(struct reader *r, uint32_t node, struct reader_values *v)
{
    const char *text = reader_name(r, node);

    (void)v;
    if (text) {
        r->build->whole->workflow.name = reader_keep(r, text);
    }
}

static void description(struct reader *r, uint32_t node,
                        struct reader_values *v)
{
    const char *text = reader_text(r, node, "a text");

    (void)v;
    if (text && strlen(text) > DESCRIPTION_LIMIT) {
        reader_complain(r, node, "a description has at most %d bytes",
                        DESCRIPTION_LIMIT);
    } else if (text) {
        r->build->whole->workflow.description = reader_keep(r, text);
    }
}

static bool is_label(const char *key)
{
    return *key && strlen(key) <= WORKFLOW_NAME_LIMIT &&
           key[strspn(key, "abcdefghijklmnopqrstuvwxyz"
                           "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-")] == '\0';
}

static void read_label(struct reader *r, uint32_t node,
                       struct workflow_pair *pair)
{
    const char *key = document_key(r->document, node);
    const char *text = reader_text(r, node, "a text");

    if (!is_label(key)) {
        reader_complain_key(r, node,
                            "the name of a label is letters, digits, "
                            "_ . / and -, at most 64");
    }
    if (text && strstr(text, "${{")) {
        reader_complain(r, node, "a label is a fixed text, without ${{ }}");
    }
    pair->name = reader_keep(r, key);
    pair->value = text ? reader_keep(r, text) : "";
}

static void labels(struct reader *r, uint32_t node, struct reader_values *v)
{
    const struct document_node *n = NODE(r, node);
    struct workflow *w = &r->build->whole->workflow;
    struct workflow_pair *pairs;
    const uint32_t *members;

    (void)v;
    if (n->kind != DOCUMENT_MAP) {
        reader_expect(r, node, "a map of names and texts");
        return;
    }
    if (n->size > LABELS_LIMIT) {
        reader_complain(r, node, "at most %d labels are taken, not %u",
                        LABELS_LIMIT, n->size);
        return;
    }
    pairs = arena_new(&r->build->whole->arena, n->size + 1, sizeof(*pairs));
    members = reader_sorted(r, node);
    for (uint32_t i = 0; i < n->size; i++) {
        read_label(r, members[i], &pairs[i]);
    }
    w->labels = pairs;
    w->labels_count = n->size;
}

static void defaults(struct reader *r, uint32_t node, struct reader_values *v)
{
    if (!reader_keys(r, node, &reader_defaults_table, v)) {
        reader_expect(r, node, "a map, as in { timeout: 10m }");
    }
}

/* In the order of reading: what others refer to comes first. */
static const struct reader_key file_keys[] = {
    {"version", version, "{\"const\":1}", "The version of this format."},
    {"name", name, "{\"$ref\":\"#/$defs/name\"}",
     "The workflow's name; else the file's."},
    {"description", description, "{\"type\":\"string\",\"maxLength\":4096}",
     "What it is for."},
    {"labels", labels,
     "{\"type\":\"object\",\"maxProperties\":64,\"propertyNames\":"
     "{\"pattern\":\"^[A-Za-z0-9_./-]{1,64}$\"},"
     "\"additionalProperties\":{\"type\":\"string\"}}",
     "Fixed texts to find runs by."},
    {"params", reader_params,
     "{\"type\":\"object\",\"maxProperties\":256,"
     "\"propertyNames\":{\"$ref\":\"#/$defs/name\"},"
     "\"additionalProperties\":{\"$ref\":\"#/$defs/param\"}}",
     "What a run is given."},
    {"env", reader_env, "{\"$ref\":\"#/$defs/env\"}",
     "Environment variables of every task."},
    {"defaults", defaults, "{\"$ref\":\"#/$defs/defaults\"}",
     "What tasks have that do not say otherwise."},
    {"tasks", reader_tasks,
     "{\"type\":\"object\",\"minProperties\":1,"
     "\"propertyNames\":{\"$ref\":\"#/$defs/name\"},"
     "\"additionalProperties\":{\"$ref\":\"#/$defs/task\"}}",
     "What there is to do, in the order that `needs` gives."},
    {"finally", reader_finally,
     "{\"type\":\"object\","
     "\"propertyNames\":{\"$ref\":\"#/$defs/name\"},"
     "\"additionalProperties\":{\"$ref\":\"#/$defs/task\"}}",
     "Tasks that start when all others have ended, however they ended."},
    {"artifacts", NULL, NULL, NULL},
    {"concurrency", NULL, NULL, NULL},
    {"notify", NULL, NULL, NULL},
    {"outputs", NULL, NULL, NULL},
    {"schedule", NULL, NULL, NULL},
    {"secrets", NULL, NULL, NULL},
    {"triggers", NULL, NULL, NULL},
};

static const struct reader_habit file_habits[] = {
    {"apiVersion", "a workflow file begins with version: 1"},
    {"args", "the key is `params`"},
    {"arguments", "the key is `params` (Argo calls this arguments)"},
    {"cron", "the key is `schedule`, which is not carried out yet"},
    {"dag", "the key is `tasks` (Argo calls this dag)"},
    {"environment", "the key is `env`"},
    {"inputs", "the key is `params` (GitHub calls this inputs)"},
    {"jobs", "the key is `tasks` (GitHub calls this jobs)"},
    {"kind", "a workflow file begins with version: 1"},
    {"metadata", "the keys are `name` and `labels`"},
    {"on", "the key is `triggers`, which is not carried out yet (GitHub calls "
           "this on)"},
    {"parameters", "the key is `params`"},
    {"permissions", "rights come from the host's configuration, never from a "
                    "workflow file"},
    {"pipeline", "the key is `tasks`"},
    {"run-name", "the key is `name`"},
    {"spec", "the keys of spec stand at the top: `params`, `tasks`"},
    {"stages", "there are no stages; order comes from `needs`"},
    {"steps", "the key is `tasks`; order comes from `needs`"},
    {"templates", "the key is `tasks` (Argo calls these templates)"},
    {"timeout", "what holds for every task stands under `defaults`"},
    {"retry", "what holds for every task stands under `defaults`"},
    {"executor", "what holds for every task stands under `defaults`"},
    {"workdir", "what holds for every task stands under `defaults`"},
    {"image", "what holds for every task stands under `defaults`"},
    {"variables", "the key is `env` (GitLab calls this variables)"},
    {"vars", "the keys are `params` for parameters, `env` for the environment"},
    {"workflow", "the keys of the workflow stand at the top of the file"},
};

const struct reader_table reader_file_table =
    READER_TABLE("a workflow file", file_keys, file_habits);

/* ---- the way through ---- */

static void require(struct reader *r, const char *key, const char *hint)
{
    if (document_find(r->document, DOCUMENT_ROOT, key) == DOCUMENT_NONE) {
        reader_complain(r, DOCUMENT_ROOT, "the key `%s` is missing; %s", key,
                        hint);
    }
}

/* The file's name, unless the file says otherwise. */
static void settle_name(struct reader *r, const struct workflow_source *source,
                        struct document *document)
{
    struct workflow *w = &r->build->whole->workflow;
    const char *given = source->name ? source->name : UNNAMED;

    if (document_find(document, DOCUMENT_ROOT, "name") != DOCUMENT_NONE) {
        return;
    }
    if (!reader_is_name(given)) {
        struct str quoted;

        str_init(&quoted, STR_WHY_LIMIT);
        str_add_quoted(&quoted, given, strlen(given));
        reader_complain(r, DOCUMENT_ROOT,
                        "%s, from the file's name, is no name of a workflow: "
                        "small letters, digits, - and _; write a `name`",
                        quoted.text);
        str_finish(&quoted);
        return;
    }
    w->name = reader_keep(r, given);
    document_add_text(document, DOCUMENT_ROOT, "name", given);
}

static void read_document(struct reader *r)
{
    struct reader_values *v = &r->defaults;

    v->roots = ROOT_OF_FILE;
    v->task = DOCUMENT_NONE;
    if (!reader_keys(r, DOCUMENT_ROOT, &reader_file_table, v)) {
        reader_expect(r, DOCUMENT_ROOT,
                      "a map with the keys version and "
                      "tasks");
        return;
    }
    require(r, "version", "write version: 1");
    require(r, "tasks",
            "the smallest is tasks: { hello: { run: echo hello } }");
    reader_graph(r);
}

static void set_canonical(struct reader *r)
{
    struct workflow *w = &r->build->whole->workflow;
    struct str out;

    str_init(&out, WORKFLOW_FILE_LIMIT);
    document_write(r->document, DOCUMENT_ROOT, &out);
    if (out.is_cut) {
        reader_complain(r, DOCUMENT_ROOT,
                        "the file is larger than %u bytes when written as JSON",
                        WORKFLOW_FILE_LIMIT);
    }
    w->canonical_size = out.size;
    SHA256Data((const uint8_t *)out.text, out.size, w->hash);
    w->canonical = str_take(&out);
}

static void finish(struct reader *r)
{
    for (uint32_t i = 0; i < r->tasks_count; i++) {
        expr_destroy(r->tasks[i].condition);
        expr_destroy(r->tasks[i].over);
        cJSON_Delete(r->tasks[i].items);
    }
    mem_free(r->tasks);
    mem_free(r->needs);
    mem_free(r->references);
    map_finish(&r->names);
    map_finish(&r->params);
    map_finish(&r->policies);
    map_finish(&r->jobs);
    arena_finish(&r->scratch);
}

static struct workflow *read_tree(struct document *document,
                                  const struct workflow_source *source,
                                  struct problems *problems)
{
    struct reader r = {.document = document, .problems = problems};
    struct workflow *w;

    r.build = workflow_build_create(UNNAMED);
    map_init(&r.names);
    map_init(&r.params);
    map_init(&r.policies);
    map_init(&r.jobs);
    read_document(&r);
    if (problems->count == 0) {
        settle_name(&r, source, document);
        set_canonical(&r);
    }
    w = &r.build->whole->workflow;
    w->params = r.params_rows;
    w->params_count = r.params_count;
    w->directory = reader_keep(&r, source->directory);
    w = workflow_build_take(r.build);
    finish(&r);
    return w;
}

struct workflow *workflow_read(const char *text, size_t size,
                               const struct workflow_source *source,
                               struct str *why)
{
    struct problems problems = {0};
    struct document *document = document_read(text, size, &problems);
    struct workflow *w = NULL;

    if (document) {
        w = read_tree(document, source, &problems);
    }
    if (problems.count) {
        problems_tell(&problems, source->file ? source->file : "(input)", text,
                      size, why);
        workflow_destroy(w);
        w = NULL;
    }
    document_destroy(document);
    problems_finish(&problems);
    return w;
}
