#include <ctype.h>
#include <string.h>

#include "host/flow/reader.h"
#include "host/flow/template.h"

#define NODE(r, node) document_node((r)->document, (node))

/* ---- where and with what ---- */

void reader_executor(struct reader *r, uint32_t node, struct reader_values *v)
{
    v->job.executor = reader_keep(r, reader_name(r, node));
}

void reader_image(struct reader *r, uint32_t node, struct reader_values *v)
{
    v->job.image = reader_template(r, node, v);
}

void reader_workdir(struct reader *r, uint32_t node, struct reader_values *v)
{
    v->job.workdir = reader_template(r, node, v);
}

static bool is_env_name(const char *name)
{
    return *name && !(*name >= '0' && *name <= '9') &&
           name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
                             "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] == '\0';
}

/* One variable, over one of the same name that was there before. */
static void put_pair(struct workflow_pair *pairs, size_t *count,
                     struct workflow_pair pair)
{
    size_t i = 0;

    while (i < *count && strcmp(pairs[i].name, pair.name) != 0) {
        i++;
    }
    pairs[i] = pair;
    *count += i == *count;
}

static void read_pair(struct reader *r, uint32_t node,
                      const struct reader_values *v,
                      struct workflow_pair *pairs, size_t *count)
{
    const char *name = document_key(r->document, node);
    const char *value;

    if (!is_env_name(name)) {
        reader_complain_key(r, node,
                            "the name of a variable is letters, digits and _, "
                            "the first no digit");
        return;
    }
    if (strncmp(name, "HAFT_", 5) == 0) {
        reader_complain_key(r, node,
                            "names that begin with HAFT_ are set for "
                            "the task by the host");
        return;
    }
    value = reader_template(r, node, v);
    if (value) {
        put_pair(pairs, count,
                 (struct workflow_pair){reader_keep(r, name), value});
    }
}

void reader_env(struct reader *r, uint32_t node, struct reader_values *v)
{
    const struct document_node *n = NODE(r, node);
    struct reader_values inside = *v;
    struct workflow_pair *pairs;
    const uint32_t *members;
    size_t count = v->job.env_count;

    if (n->kind != DOCUMENT_MAP) {
        reader_expect(r, node,
                      "a map of names and texts, as in "
                      "{ LEVEL: high }");
        return;
    }
    if (n->size > READER_ENV_LIMIT) {
        reader_complain(r, node, "at most %u variables are taken, not %u",
                        READER_ENV_LIMIT, n->size);
        return;
    }
    r->pairs_count += count + n->size;
    if (r->pairs_count > READER_PAIRS_LIMIT) {
        reader_complain(r, node,
                        "all tasks together have more than %u "
                        "variables",
                        READER_PAIRS_LIMIT);
        return;
    }
    /* No variable may look at another: they have no order. */
    inside.roots &= ~(uint32_t)ROOT_ENV;
    pairs =
        arena_new(&r->build->whole->arena, count + n->size + 1, sizeof(*pairs));
    for (size_t i = 0; i < count; i++) {
        pairs[i] = v->job.env[i];
    }
    members = reader_sorted(r, node);
    for (uint32_t i = 0; i < n->size; i++) {
        read_pair(r, members[i], &inside, pairs, &count);
    }
    v->job.env = pairs;
    v->job.env_count = count;
}

/* ---- what to do ---- */

/* The rewrite of ${{ params.git-ref }} in a script: GIT_REF. */
static void add_variable(const char *start, size_t size, struct str *out)
{
    size_t from = size;

    while (size && !isalnum((unsigned char)start[size - 1])) {
        size--;
    }
    from = size;
    while (from && (isalnum((unsigned char)start[from - 1]) ||
                    strchr("-_", start[from - 1]))) {
        from--;
    }
    if (from == size || size - from > 32 || start[from] == '-' ||
        (start[from] >= '0' && start[from] <= '9')) {
        str_add_text(out, "VALUE");
        return;
    }
    for (; from < size; from++) {
        char c = start[from] == '-' ? '_' : start[from];

        str_add_char(out, (char)toupper((unsigned char)c));
    }
}

static void refuse_expression(struct reader *r, uint32_t node,
                              const char *script)
{
    const char *start = strstr(script, "${{") + 3;
    const char *end = strstr(start, "}}");
    size_t size = end ? (size_t)(end - start) : 0;
    struct str inner;
    struct str name;

    str_init(&inner, 200);
    str_init(&name, 64);
    while (size && (*start == ' ' || *start == '\n')) {
        start++;
        size--;
    }
    while (size && (start[size - 1] == ' ' || start[size - 1] == '\n')) {
        size--;
    }
    str_add(&inner, start, size);
    add_variable(start, size, &name);
    reader_complain(r, node,
                    "${{ }} is not put into scripts, where a value could "
                    "become a command; write env: { %s: \"${{ %s }}\" } and "
                    "use \"$%s\"",
                    name.text, inner.text, name.text);
    str_finish(&inner);
    str_finish(&name);
}

void reader_run(struct reader *r, uint32_t node, struct reader_values *v)
{
    const char *script = reader_text(r, node, "a shell script");

    v->has_work = true;
    if (!script) {
        return;
    }
    if (!template_is_plain(script)) {
        refuse_expression(r, node, script);
    }
    if (script[strspn(script, " \t\r\n")] == '\0') {
        reader_complain(r, node, "the script is empty");
    }
    v->job.script = reader_keep(r, script);
}

/* A list of at least one text. False with a complaint. */
static bool read_texts(struct reader *r, uint32_t node,
                       const struct reader_values *v, const char *const **texts,
                       size_t *count)
{
    const struct document_node *n = NODE(r, node);
    const char **items =
        arena_new(&r->build->whole->arena, n->size + 1, sizeof(*items));
    size_t k = 0;

    for (uint32_t i = n->first; i != DOCUMENT_NONE; i = NODE(r, i)->next) {
        items[k] = v ? reader_template(r, i, v)
                     : reader_keep(r, reader_text(r, i, "a text"));
        k += items[k] != NULL;
    }
    *texts = items;
    *count = k;
    return k == n->size;
}

void reader_command(struct reader *r, uint32_t node, struct reader_values *v)
{
    const struct document_node *n = NODE(r, node);

    v->has_work = true;
    if (n->kind == DOCUMENT_TEXT) {
        struct str quoted;

        str_init(&quoted, STR_WHY_LIMIT);
        str_add_quoted(&quoted, document_text(r->document, node), n->size);
        reader_complain(r, node,
                        "a list of the program and its arguments is "
                        "wanted; a line for the shell is run: %s",
                        quoted.text);
        str_finish(&quoted);
    } else if (n->kind != DOCUMENT_LIST || n->size == 0) {
        reader_expect(r, node,
                      "a list of the program and its arguments, as "
                      "in [make, -j2]");
    } else {
        read_texts(r, node, v, &v->job.command, &v->job.command_count);
    }
}

void reader_shell(struct reader *r, uint32_t node, struct reader_values *v)
{
    const struct document_node *n = NODE(r, node);

    if (v->job.command) {
        reader_complain_key(r, node,
                            "`command` runs without a shell; `shell` "
                            "belongs to `run`");
    }
    if (n->kind == DOCUMENT_TEXT) {
        struct str quoted;

        str_init(&quoted, STR_WHY_LIMIT);
        str_add_quoted(&quoted, document_text(r->document, node), n->size);
        reader_complain(r, node,
                        "a list is wanted: the shell and its "
                        "options, as in [bash, -e], not the text %s",
                        quoted.text);
        str_finish(&quoted);
    } else if (n->kind != DOCUMENT_LIST || n->size == 0) {
        reader_expect(r, node,
                      "a list of the shell and its options, as in "
                      "[bash, -e]");
    } else {
        read_texts(r, node, NULL, &v->job.shell, &v->job.shell_count);
    }
}
