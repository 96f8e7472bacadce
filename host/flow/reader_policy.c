#include <string.h>

#include "host/flow/reader.h"
#include "host/flow/template.h"

#define RETRIES_LIMIT 1000000
#define PRIORITY_LIMIT 1000
#define STEPS_LIMIT 1000
#define EXITS_LIMIT 255

#define DURATION_SCHEMA "{\"$ref\":\"#/$defs/duration\"}"

/* ---- timeout ---- */

static void queue(struct reader *r, uint32_t node, struct reader_values *v)
{
    reader_duration(r, node, &v->policy.queue_ms);
}

static void run(struct reader *r, uint32_t node, struct reader_values *v)
{
    reader_duration(r, node, &v->policy.run_ms);
}

static void silence(struct reader *r, uint32_t node, struct reader_values *v)
{
    reader_duration(r, node, &v->policy.silence_ms);
}

static void total(struct reader *r, uint32_t node, struct reader_values *v)
{
    reader_duration(r, node, &v->policy.total_ms);
}

static const struct reader_key timeout_keys[] = {
    {"queue", queue, DURATION_SCHEMA,
     "From ready to started: the longest wait for a slot."},
    {"run", run, DURATION_SCHEMA, "The longest one attempt may run."},
    {"silence", silence, DURATION_SCHEMA,
     "The longest a running attempt may write nothing."},
    {"total", total, DURATION_SCHEMA,
     "From ready to ended, all attempts and the pauses between them."},
};

static const struct reader_habit timeout_habits[] = {
    {"execution", "the key is `run`"},
    {"idle", "the key is `silence`"},
    {"minutes", "a duration carries its unit: `run: 10m`"},
    {"seconds", "a duration carries its unit: `run: 10s`"},
    {"start", "the key is `queue`"},
};

const struct reader_table reader_timeout_table =
    READER_TABLE("`timeout`", timeout_keys, timeout_habits);

void reader_timeout(struct reader *r, uint32_t node, struct reader_values *v)
{
    if (!reader_keys(r, node, &reader_timeout_table, v)) {
        run(r, node, v);
    }
}

/* ---- retry ---- */

static const char *const strategies[] = {
    "none", "immediate", "fixed", "linear", "exponential", "fibonacci", "list",
};
static const char *const jitters[] = {
    "none", "full", "equal", "decorrelated", "proportional",
};

/* Bit n of `classes` is the class whose number is n. */
const char *const reader_classes[HAFT_CLASSES] = {
    [HAFT_CANCELLED] = "CANCELLED",
    [HAFT_INVALID] = "INVALID",
    [HAFT_UNAUTHENTICATED] = "UNAUTHENTICATED",
    [HAFT_DENIED] = "DENIED",
    [HAFT_NOT_FOUND] = "NOT_FOUND",
    [HAFT_CONFLICT] = "CONFLICT",
    [HAFT_USER_FAILURE] = "USER_FAILURE",
    [HAFT_TIMEOUT_RUN] = "TIMEOUT_RUN",
    [HAFT_TIMEOUT_QUEUE] = "TIMEOUT_QUEUE",
    [HAFT_THROTTLED] = "THROTTLED",
    [HAFT_RESOURCE] = "RESOURCE",
    [HAFT_TRANSIENT] = "TRANSIENT",
    [HAFT_BACKEND_DOWN] = "BACKEND_DOWN",
    [HAFT_INFRA_LOST] = "INFRA_LOST",
    [HAFT_UNKNOWN_OUTCOME] = "UNKNOWN_OUTCOME",
    [HAFT_SHED] = "SHED",
    [HAFT_CORRUPT] = "CORRUPT",
    [HAFT_PLUGIN_CRASH] = "PLUGIN_CRASH",
    [HAFT_UNIMPLEMENTED] = "UNIMPLEMENTED",
    [HAFT_INTERNAL] = "INTERNAL",
};
_Static_assert(HAFT_CLASSES <= 32, "`classes` has one bit for each");

static void use(struct reader *r, uint32_t node, struct reader_values *v)
{
    const char *name = reader_name(r, node);

    v->policy.retry.use = reader_keep(r, name);
}

static void strategy(struct reader *r, uint32_t node, struct reader_values *v)
{
    uint32_t choice;

    if (reader_choice(r, node, strategies, READER_COUNT(strategies), &choice)) {
        v->policy.retry.strategy = strategies[choice];
    }
}

static void jitter(struct reader *r, uint32_t node, struct reader_values *v)
{
    uint32_t choice;

    if (reader_choice(r, node, jitters, READER_COUNT(jitters), &choice)) {
        v->policy.retry.jitter = jitters[choice];
    }
}

/* How many items a list has: at least one, at most `most`. */
static size_t count_items(struct reader *r, uint32_t node, const char *expected,
                          size_t most)
{
    const struct document_node *n = document_node(r->document, node);

    if (n->kind != DOCUMENT_LIST || n->size == 0) {
        reader_expect(r, node, expected);
        return 0;
    }
    if (n->size > most) {
        reader_complain(r, node, "at most %zu items are taken, not %u", most,
                        n->size);
        return 0;
    }
    return n->size;
}

static void steps(struct reader *r, uint32_t node, struct reader_values *v)
{
    size_t count = count_items(
        r, node, "a list of durations, as in [1s, 10s, 1m]", STEPS_LIMIT);
    int64_t *items;
    size_t k = 0;
    uint32_t i;

    if (count == 0) {
        return;
    }
    items = arena_new(&r->build->whole->arena, count, sizeof(*items));
    for (i = document_node(r->document, node)->first; i != DOCUMENT_NONE;
         i = document_node(r->document, i)->next) {
        k += reader_duration(r, i, &items[k]);
    }
    v->policy.retry.steps_ms = items;
    v->policy.retry.steps_count = k;
}

/* None at all is the strategy "none": 0 would read as unsaid. */
static void max(struct reader *r, uint32_t node, struct reader_values *v)
{
    int32_t value;

    if (!reader_count(r, node, 0, RETRIES_LIMIT, &value)) {
        return;
    }
    v->policy.retry.max = value;
    if (value == 0) {
        v->policy.retry.strategy = "none";
    } else if (v->policy.retry.strategy &&
               strcmp(v->policy.retry.strategy, "none") == 0) {
        v->policy.retry.strategy = NULL;
    }
}

static void base(struct reader *r, uint32_t node, struct reader_values *v)
{
    reader_duration(r, node, &v->policy.retry.base_ms);
}

static void cap(struct reader *r, uint32_t node, struct reader_values *v)
{
    reader_duration(r, node, &v->policy.retry.cap_ms);
}

static void elapsed(struct reader *r, uint32_t node, struct reader_values *v)
{
    reader_duration(r, node, &v->policy.retry.elapsed_ms);
}

static void classes(struct reader *r, uint32_t node, struct reader_values *v)
{
    uint32_t bits = 0;
    uint32_t choice;
    uint32_t i;

    if (count_items(r, node, "a list of fault classes, as in [TRANSIENT]",
                    HAFT_CLASSES) == 0) {
        return;
    }
    for (i = document_node(r->document, node)->first; i != DOCUMENT_NONE;
         i = document_node(r->document, i)->next) {
        if (reader_choice(r, i, reader_classes + 1, HAFT_CLASSES - 1,
                          &choice)) {
            bits |= 1u << (choice + 1);
        }
    }
    v->policy.retry.classes = bits;
}

static void exits(struct reader *r, uint32_t node, struct reader_values *v)
{
    size_t count = count_items(r, node, "a list of exit codes, as in [75, 111]",
                               EXITS_LIMIT);
    int32_t *items;
    size_t k = 0;
    uint32_t i;

    if (count == 0) {
        return;
    }
    items = arena_new(&r->build->whole->arena, count, sizeof(*items));
    for (i = document_node(r->document, node)->first; i != DOCUMENT_NONE;
         i = document_node(r->document, i)->next) {
        k += reader_count(r, i, 1, 255, &items[k]);
    }
    v->policy.retry.exits = items;
    v->policy.retry.exits_count = k;
}

static const struct reader_key retry_keys[] = {
    {"use", use, "{\"$ref\":\"#/$defs/name\"}",
     "The retry instance of haft.conf that decides."},
    /* Before `strategy`, which wins if both say something. */
    {"max", max, "{\"type\":\"integer\",\"minimum\":0,\"maximum\":1000000}",
     "Tries after the first."},
    {"strategy", strategy,
     "{\"enum\":[\"none\",\"immediate\",\"fixed\",\"linear\",\"exponential\","
     "\"fibonacci\",\"list\"]}",
     "How the pauses grow."},
    {"steps", steps,
     "{\"type\":\"array\",\"minItems\":1,\"maxItems\":1000,"
     "\"items\":" DURATION_SCHEMA "}",
     "The pauses themselves, for the strategy list."},
    {"base", base, DURATION_SCHEMA, "The first pause."},
    {"cap", cap, DURATION_SCHEMA, "The longest pause."},
    {"elapsed", elapsed, DURATION_SCHEMA,
     "No further try once this much time has gone by."},
    {"jitter", jitter,
     "{\"enum\":[\"none\",\"full\",\"equal\",\"decorrelated\","
     "\"proportional\"]}",
     "How the pauses are spread."},
    {"for", classes,
     "{\"type\":\"array\",\"minItems\":1,\"maxItems\":21,"
     "\"items\":{\"$ref\":\"#/$defs/fault\"}}",
     "Only faults of these classes are tried again."},
    {"exit", exits,
     "{\"type\":\"array\",\"minItems\":1,\"maxItems\":255,"
     "\"items\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":255}}",
     "Only these exit codes of a failed task are tried again."},
};

static const struct reader_habit retry_habits[] = {
    {"attempts", "the key is `max`, and counts the tries after the first"},
    {"backoff", "the keys are `strategy`, `base` and `cap`"},
    {"count", "the key is `max`"},
    {"delay", "the key is `base`"},
    {"exit_codes", "the key is `exit`"},
    {"interval", "the key is `base`"},
    {"limit", "the key is `max` (Argo calls this limit)"},
    {"max_attempts", "the key is `max`, and counts the tries after the first"},
    {"max_delay", "the key is `cap`"},
    {"on", "the key is `for`, a list of fault classes"},
    {"when", "the key is `for`, a list of fault classes (GitLab calls this "
             "when)"},
};

const struct reader_table reader_retry_table =
    READER_TABLE("`retry`", retry_keys, retry_habits);

static void check_retry(struct reader *r, uint32_t node,
                        const struct workflow_retry *retry)
{
    bool is_list = retry->strategy && strcmp(retry->strategy, "list") == 0;

    if (is_list && retry->steps_count == 0) {
        reader_complain(r, node,
                        "the strategy list wants `steps`, as in "
                        "[1s, 10s, 1m]");
    }
    if (retry->steps_count && retry->strategy && !is_list) {
        reader_complain(r, node,
                        "`steps` belongs to the strategy list, not "
                        "to %s",
                        retry->strategy);
    }
    if (retry->base_ms && retry->cap_ms && retry->base_ms > retry->cap_ms) {
        reader_complain(r, node,
                        "the first pause, `base`, is longer than the "
                        "longest, `cap`");
    }
}

void reader_retry(struct reader *r, uint32_t node, struct reader_values *v)
{
    const struct document_node *n = document_node(r->document, node);

    v->policy.retry.is_given = true;
    if (n->kind == DOCUMENT_NUMBER) {
        max(r, node, v);
    } else if (n->kind == DOCUMENT_MAP) {
        reader_keys(r, node, &reader_retry_table, v);
        check_retry(r, node, &v->policy.retry);
    } else {
        reader_expect(r, node,
                      "a number of retries, or a map as in "
                      "{ max: 3, base: 1s }");
    }
}

/* ---- the rest ---- */

void reader_priority(struct reader *r, uint32_t node, struct reader_values *v)
{
    static const char *const words[] = {"LOW", "NORMAL", "HIGH", "CRITICAL"};
    static const int32_t values[] = {-100, 0, 100, 200};
    uint32_t choice;

    if (document_node(r->document, node)->kind == DOCUMENT_NUMBER) {
        reader_count(r, node, -PRIORITY_LIMIT, PRIORITY_LIMIT,
                     &v->policy.priority);
    } else if (reader_choice(r, node, words, READER_COUNT(words), &choice)) {
        v->policy.priority = values[choice];
    }
}

/* A truth value, a text with ${{ }}, or a bare expression, which is kept as
 * a text: "${{ ... }}". */
void reader_idempotent(struct reader *r, uint32_t node, struct reader_values *v)
{
    struct workflow_policy *policy = &v->policy;
    const char *text = document_text(r->document, node);
    struct expr *e;
    struct str key;

    policy->idempotency_key = NULL;
    policy->is_idempotent = true;
    if (document_node(r->document, node)->kind == DOCUMENT_BOOL) {
        policy->is_idempotent = text[0] == 't';
        return;
    }
    if (document_node(r->document, node)->kind != DOCUMENT_TEXT) {
        reader_expect(r, node,
                      "true, or an expression whose value is the key "
                      "handed to the task");
        return;
    }
    if (!template_is_plain(text)) {
        policy->idempotency_key = reader_template(r, node, v);
        return;
    }
    e = reader_expression(r, node, v);
    if (e) {
        str_init(&key, EXPR_SIZE_LIMIT + 16);
        str_addf(&key, "${{ %s }}", text);
        policy->idempotency_key = reader_keep(r, key.text);
        str_finish(&key);
    }
    expr_destroy(e);
}

void reader_on_unknown(struct reader *r, uint32_t node, struct reader_values *v)
{
    static const char *const words[] = {[ON_UNKNOWN_HOLD] = "hold",
                                        [ON_UNKNOWN_RETRY] = "retry",
                                        [ON_UNKNOWN_FAIL] = "fail"};
    uint32_t choice;

    if (reader_choice(r, node, words, READER_COUNT(words), &choice)) {
        v->policy.on_unknown = (enum workflow_on_unknown)choice;
    }
}

void reader_on_fail(struct reader *r, uint32_t node, struct reader_values *v)
{
    static const char *const words[] = {
        [ON_FAIL_STOP] = "stop", [ON_FAIL_CONTINUE] = "continue"};
    uint32_t choice;

    if (reader_choice(r, node, words, READER_COUNT(words), &choice)) {
        v->policy.on_fail = (enum workflow_on_fail)choice;
    }
}

void reader_max_parallel(struct reader *r, uint32_t node,
                         struct reader_values *v)
{
    int32_t value;

    if (!v->each) {
        reader_complain_key(r, node,
                            "this limits the copies of an `each`, "
                            "and the task has none");
    }
    if (reader_count(r, node, 1, 1000000, &value)) {
        v->policy.max_parallel = (uint32_t)value;
    }
}
