#include <math.h>
#include <string.h>

#include "host/flow/reader.h"
#include "host/flow/workflow.h"
#include "host/plain/json.h"
#include "host/plain/nearest.h"

#define NODE(r, node) document_node((r)->document, (node))

static const char *const types[] = {
    "string", "integer", "number", "boolean", "array", "object",
};

/* ---- values ---- */

static bool has_type(const char *type, const cJSON *value)
{
    switch (type[0]) {
    case 's':
        return cJSON_IsString(value);
    case 'i':
        return cJSON_IsNumber(value) &&
               floor(value->valuedouble) == value->valuedouble &&
               fabs(value->valuedouble) < 9007199254740992.0;
    case 'n':
        return cJSON_IsNumber(value) && isfinite(value->valuedouble);
    case 'b':
        return cJSON_IsBool(value);
    case 'a':
        return cJSON_IsArray(value);
    default:
        return cJSON_IsObject(value);
    }
}

/* Choices are never lists or objects. */
static bool is_choice(const cJSON *choices, const cJSON *value)
{
    const cJSON *item;
    bool is_one = false;

    cJSON_ArrayForEach(item, choices)
    {
        is_one = is_one || cJSON_Compare(item, value, 1);
    }
    return is_one;
}

static void add_value(const cJSON *value, struct str *out)
{
    struct str json;

    str_init(&json, 80);
    json_value(&json, value);
    str_addf(out, "%s%s", json.text, json.is_cut ? "..." : "");
    str_finish(&json);
}

static const char *type_words(const char *type)
{
    switch (type[0]) {
    case 's':
        return "a text";
    case 'i':
        return "a whole number";
    case 'n':
        return "a number";
    case 'b':
        return "true or false";
    case 'a':
        return "a list";
    default:
        return "an object";
    }
}

bool param_fits(const struct workflow_param *param, const cJSON *value,
                struct str *why)
{
    if (!has_type(param->type, value)) {
        str_addf(why, "%s is wanted, not ", type_words(param->type));
        add_value(value, why);
        return false;
    }
    if (param->choices && !is_choice(param->choices, value)) {
        str_add_text(why, "one of ");
        add_value(param->choices, why);
        str_add_text(why, " is wanted, not ");
        add_value(value, why);
        return false;
    }
    return true;
}

/* ---- what the file declares ---- */

static void type(struct reader *r, uint32_t node, struct reader_values *v)
{
    uint32_t choice;

    (void)v;
    if (reader_choice(r, node, types, READER_COUNT(types), &choice)) {
        r->param->type = types[choice];
    }
}

static bool is_plain_value(struct reader *r, uint32_t node)
{
    struct str json;
    bool is_plain;

    str_init(&json, 2 * (size_t)DOCUMENT_SIZE_LIMIT);
    document_write(r->document, node, &json);
    is_plain = !strstr(json.text, "${{");
    str_finish(&json);
    if (!is_plain) {
        reader_complain(r, node,
                        "a parameter's values stand as they are, "
                        "without ${{ }}");
    }
    return is_plain;
}

static void choices(struct reader *r, uint32_t node, struct reader_values *v)
{
    uint32_t i;

    (void)v;
    if (NODE(r, node)->kind != DOCUMENT_LIST || NODE(r, node)->size == 0) {
        reader_expect(r, node, "a list of the values it may have");
        return;
    }
    for (i = NODE(r, node)->first; i != DOCUMENT_NONE; i = NODE(r, i)->next) {
        uint8_t kind = NODE(r, i)->kind;

        if (kind != DOCUMENT_TEXT && kind != DOCUMENT_NUMBER &&
            kind != DOCUMENT_BOOL) {
            reader_expect(r, i, "a text, a number or a truth value");
            return;
        }
    }
    if (is_plain_value(r, node)) {
        r->param->choices = document_value(r->document, node);
    }
}

static void fallback(struct reader *r, uint32_t node, struct reader_values *v)
{
    (void)v;
    if (NODE(r, node)->kind == DOCUMENT_NULL) {
        reader_complain(r, node,
                        "a default is a value; without one the "
                        "parameter is null when it is not given");
    } else if (is_plain_value(r, node)) {
        r->param->fallback = document_value(r->document, node);
    }
}

static void description(struct reader *r, uint32_t node,
                        struct reader_values *v)
{
    (void)v;
    r->param->description = reader_keep(r, reader_text(r, node, "a text"));
}

static void required(struct reader *r, uint32_t node, struct reader_values *v)
{
    (void)v;
    if (NODE(r, node)->kind == DOCUMENT_BOOL) {
        r->param->is_required = document_text(r->document, node)[0] == 't';
    } else {
        reader_expect(r, node, "true or false");
    }
}

static const struct reader_key param_keys[] = {
    {"type", type,
     "{\"enum\":[\"string\",\"integer\",\"number\",\"boolean\",\"array\","
     "\"object\"]}",
     "What values it takes; string if nothing is said."},
    {"enum", choices,
     "{\"type\":\"array\",\"minItems\":1,\"items\":"
     "{\"type\":[\"string\",\"number\",\"boolean\"]}}",
     "The only values it takes."},
    {"default", fallback, "{\"not\":{\"type\":\"null\"}}",
     "Its value when none is given."},
    {"description", description, "{\"type\":\"string\"}",
     "Shown to who starts a run."},
    {"required", required, "{\"type\":\"boolean\"}",
     "Whether a run must be given a value."},
};

static const struct reader_habit param_habits[] = {
    {"choices", "the key is `enum`"},
    {"desc", "the key is `description`"},
    {"help", "the key is `description`"},
    {"name", "the key above is the parameter's name"},
    {"options", "the key is `enum` (GitHub calls this options)"},
    {"value", "the key is `default`"},
};

const struct reader_table reader_param_table =
    READER_TABLE("a parameter", param_keys, param_habits);

static void check_param(struct reader *r, uint32_t node,
                        const struct workflow_param *param)
{
    const cJSON *item;
    struct workflow_param bare = *param;
    struct str why;

    bare.choices = NULL;
    str_init(&why, STR_WHY_LIMIT);
    cJSON_ArrayForEach(item, param->choices)
    {
        if (!why.size && !param_fits(&bare, item, &why)) {
            reader_complain(r, document_find(r->document, node, "enum"), "%s",
                            why.text);
        }
    }
    str_reset(&why);
    if (param->fallback && !param_fits(param, param->fallback, &why)) {
        reader_complain(r, document_find(r->document, node, "default"), "%s",
                        why.text);
    }
    if (param->fallback && param->is_required) {
        reader_complain(r, document_find(r->document, node, "required"),
                        "a parameter with a default need not be given");
    }
    str_finish(&why);
}

/* `git-ref` and `git_ref` would both be HAFT_PARAM_GIT_REF. */
static const char *fold_name(struct reader *r, const char *name)
{
    size_t size = strlen(name);
    char *folded = arena_new(&r->scratch, size + 1, 1);

    for (size_t i = 0; i < size; i++) {
        folded[i] = (char)(name[i] == '-' ? '_' : name[i]);
    }
    return folded;
}

static void read_param(struct reader *r, uint32_t node, struct map *folded,
                       struct reader_values *v)
{
    const char *name = document_key(r->document, node);
    struct workflow_param *param = &r->params_rows[r->params_count];
    uint32_t other;

    if (!reader_key_is_name(r, node, "a parameter")) {
        return;
    }
    *param = (struct workflow_param){
        .name = reader_keep(r, name), .type = types[0], .description = ""};
    if (map_add(&r->params, param->name, r->params_count) != MAP_NONE) {
        return; /* said already: the key stands there twice */
    }
    other = map_add(folded, fold_name(r, name), r->params_count);
    if (other != MAP_NONE) {
        reader_complain_key(r, node,
                            "tasks would see this and %s as one variable",
                            r->params_rows[other].name);
    }
    r->params_count++;
    r->param = param;
    if (reader_keys(r, node, &reader_param_table, v)) {
        check_param(r, node, param);
    } else if (NODE(r, node)->kind != DOCUMENT_NULL) {
        reader_expect(r, node, "a map, as in { default: main }");
    }
}

void reader_params(struct reader *r, uint32_t node, struct reader_values *v)
{
    const struct document_node *n = NODE(r, node);
    const uint32_t *members;
    struct map folded;

    if (n->kind != DOCUMENT_MAP) {
        reader_expect(r, node, "a map from names to parameters");
        return;
    }
    if (n->size > READER_PARAMS_LIMIT) {
        reader_complain(r, node, "at most %u parameters are taken, not %u",
                        READER_PARAMS_LIMIT, n->size);
        return;
    }
    r->params_rows = arena_new(&r->build->whole->arena, n->size + 1,
                               sizeof(*r->params_rows));
    members = reader_sorted(r, node);
    map_init(&folded);
    for (uint32_t i = 0; i < n->size; i++) {
        read_param(r, members[i], &folded, v);
    }
    map_finish(&folded);
}

/* ---- what a run is given ---- */

static const struct workflow_param *find(const struct workflow *w,
                                         const char *name)
{
    for (size_t i = 0; i < w->params_count; i++) {
        if (strcmp(w->params[i].name, name) == 0) {
            return &w->params[i];
        }
    }
    return NULL;
}

/* Each complaint is a line. */
static void begin_line(struct str *why, const char *name)
{
    str_addf(why, "%sparameter ", why->size ? "\n" : "");
    str_add_quoted(why, name, strlen(name));
    str_add_text(why, ": ");
}

/* A text for what is no text: read as JSON, and kept as it is where it is
 * none, so that the complaint shows what was given. Owned. */
static cJSON *convert(const struct workflow_param *param, const cJSON *value)
{
    struct str unused;
    cJSON *read = NULL;

    if (cJSON_IsString(value) && param->type[0] != 's') {
        str_init(&unused, STR_WHY_LIMIT);
        read =
            json_read(value->valuestring, strlen(value->valuestring), &unused);
        str_finish(&unused);
    }
    return read ? read : cJSON_Duplicate(value, 1);
}

static bool bind_one(const struct workflow_param *param, const cJSON *given,
                     cJSON *bound, struct str *why)
{
    cJSON *value = NULL;
    struct str reason;
    bool is_well;

    if (!given || cJSON_IsNull(given)) {
        if (param->is_required) {
            begin_line(why, param->name);
            str_add_text(why, "a value is required");
            return false;
        }
        if (param->fallback) {
            cJSON_AddItemToObject(bound, param->name,
                                  cJSON_Duplicate(param->fallback, 1));
        }
        return true;
    }
    value = convert(param, given);
    str_init(&reason, STR_WHY_LIMIT);
    is_well = param_fits(param, value, &reason);
    if (is_well) {
        cJSON_AddItemToObject(bound, param->name, value);
    } else {
        begin_line(why, param->name);
        str_add_text(why, reason.text);
        cJSON_Delete(value);
    }
    str_finish(&reason);
    return is_well;
}

static void complain_given(const struct workflow *w, const char *name,
                           struct str *why)
{
    struct nearest near;

    nearest_init(&near, name);
    for (size_t i = 0; i < w->params_count; i++) {
        nearest_try(&near, w->params[i].name);
    }
    begin_line(why, name);
    str_addf(why, "the workflow %s has none of this name", w->name);
    nearest_add_hint(&near, why);
}

cJSON *workflow_bind(const struct workflow *w, const cJSON *given,
                     struct str *why)
{
    cJSON *bound = cJSON_CreateObject();
    bool is_well = true;
    const cJSON *item;

    if (given && !cJSON_IsObject(given)) {
        str_add_text(why, "the parameters are an object of names and values");
        cJSON_Delete(bound);
        return NULL;
    }
    cJSON_ArrayForEach(item, given)
    {
        if (!find(w, item->string)) {
            complain_given(w, item->string, why);
            is_well = false;
        }
    }
    for (size_t i = 0; i < w->params_count; i++) {
        const cJSON *value = given ? json_get(given, w->params[i].name) : NULL;

        is_well = bind_one(&w->params[i], value, bound, why) && is_well;
    }
    if (!is_well) {
        cJSON_Delete(bound);
        return NULL;
    }
    return bound;
}
