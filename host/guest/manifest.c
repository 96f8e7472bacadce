#include "host/guest/manifest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <haft/plugin.h>

#include "host/plain/mem.h"
#include "host/plain/nearest.h"
#include "host/plain/units.h"

/* Shapes that a value may have. */
enum {
    TEXT = 1,
    NUMBER = 2,
    BOOL = 4,
    ARRAY = 8,
    OBJECT = 16,
    MUST = 32 /* the key must be there */
};

struct key {
    const char *name;
    unsigned shape;
};

static const struct key module_keys[] = {
    {"id", TEXT | MUST},
    {"version", TEXT | MUST},
    {"license", TEXT | MUST},
    {"summary", TEXT | MUST},
    {"abi", OBJECT | MUST},
    {"classes", ARRAY | MUST},
    {NULL, 0},
};

static const struct key abi_keys[] = {
    {"built", NUMBER | MUST},
    {"least", NUMBER},
    {NULL, 0},
};

static const struct key class_keys[] = {
    {"kind", TEXT | MUST},   {"name", TEXT | MUST},
    {"thread", TEXT | MUST}, {"summary", TEXT | MUST},
    {"sorts", ARRAY},        {"needs", ARRAY},
    {"options", ARRAY},      {"actions", ARRAY},
    {"volatile", BOOL},      {NULL, 0},
};

static const struct key option_keys[] = {
    {"key", TEXT | MUST},
    {"type", TEXT | MUST},
    {"list", BOOL},
    {"default", TEXT | NUMBER | BOOL | ARRAY},
    {"min", TEXT | NUMBER},
    {"max", TEXT | NUMBER},
    {"choices", ARRAY},
    {"required", BOOL},
    {"command", BOOL},
    {"reloadable", BOOL},
    {"secret", BOOL},
    {"help", TEXT | MUST},
    {NULL, 0},
};

static const struct key action_keys[] = {
    {"name", TEXT | MUST},
    {"summary", TEXT | MUST},
    {"with", OBJECT},
    {"result", OBJECT},
    {NULL, 0},
};

static const char *const thread_names[MANIFEST_THREADS] = {
    [MANIFEST_LOOP] = "loop",
    [MANIFEST_SERIAL] = "serial",
    [MANIFEST_CONCURRENT] = "concurrent",
    [MANIFEST_PURE] = "pure",
};

/* Keys of a section that are the host's own. */
static const char *const host_keys[] = {"plugin",  "module", "isolation",
                                        "survive", "sha256", "fallback"};

static const struct {
    const char *name;
    uint32_t type;
    enum setting_type one;
    enum setting_type many;
    bool may_list;
} types[] = {
    {"text", HAFT_VALUE_TEXT, SETTING_TEXT, SETTING_LIST, true},
    {"int", HAFT_VALUE_INT, SETTING_INT, SETTING_INT, false},
    {"bool", HAFT_VALUE_BOOL, SETTING_BOOL, SETTING_BOOL, false},
    {"duration", HAFT_VALUE_DURATION, SETTING_DURATION, SETTING_DURATION,
     false},
    {"size", HAFT_VALUE_SIZE, SETTING_SIZE, SETTING_SIZE, false},
    {"path", HAFT_VALUE_PATH, SETTING_PATH, SETTING_PATHS, true},
};

#define NUMBER_LIMIT 9007199254740992.0 /* JSON's exact whole numbers */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- shapes ---- */

static const struct {
    unsigned shape;
    const char *name;
    cJSON_bool (*is)(const cJSON *value);
} shapes[] = {
    {TEXT, "a text", cJSON_IsString},      {NUMBER, "a number", cJSON_IsNumber},
    {BOOL, "true or false", cJSON_IsBool}, {ARRAY, "an array", cJSON_IsArray},
    {OBJECT, "an object", cJSON_IsObject},
};

static unsigned shape_of(const cJSON *value)
{
    for (size_t i = 0; i < COUNT(shapes); i++) {
        if (shapes[i].is(value)) {
            return shapes[i].shape;
        }
    }
    return 0;
}

static const char *shape_name(unsigned shape)
{
    for (size_t i = 0; i < COUNT(shapes); i++) {
        if (shape & shapes[i].shape) {
            return shapes[i].name;
        }
    }
    return "null";
}

static bool key_is_known(const cJSON *member, const struct key *keys,
                         const char *where, struct str *why)
{
    struct nearest near;

    nearest_init(&near, member->string);
    for (const struct key *k = keys; k->name; k++) {
        if (strcmp(k->name, member->string) != 0) {
            nearest_try(&near, k->name);
            continue;
        }
        if (!(shape_of(member) & k->shape)) {
            str_addf(why, "manifest: %s%s: wanted %s, found %s", where, k->name,
                     shape_name(k->shape), shape_name(shape_of(member)));
            return false;
        }
        return true;
    }
    str_addf(why, "manifest: %sunknown key ", where);
    str_add_quoted(why, member->string, strlen(member->string));
    nearest_add_hint(&near, why);
    return false;
}

/* Every member known and of its shape, every needed one there. */
static bool has_shape(const cJSON *object, const struct key *keys,
                      const char *where, struct str *why)
{
    if (!cJSON_IsObject(object)) {
        str_addf(why, "manifest: %swanted an object, found %s", where,
                 shape_name(shape_of(object)));
        return false;
    }
    for (const cJSON *m = object->child; m; m = m->next) {
        if (!key_is_known(m, keys, where, why)) {
            return false;
        }
    }
    for (const struct key *k = keys; k->name; k++) {
        if ((k->shape & MUST) && !json_get(object, k->name)) {
            str_addf(why, "manifest: %s%s: wanted %s, found nothing", where,
                     k->name, shape_name(k->shape));
            return false;
        }
    }
    return true;
}

static bool name_is_good(const char *name, const char *more)
{
    const char *letters = *more ? "abcdefghijklmnopqrstuvwxyz0123456789_-"
                                : "abcdefghijklmnopqrstuvwxyz0123456789_";
    size_t n = strlen(name);

    return n > 0 && n <= MANIFEST_NAME_LIMIT && name[0] >= 'a' &&
           name[0] <= 'z' && strspn(name, letters) == n;
}

static bool check_name(const char *name, const char *more, const char *where,
                       struct str *why)
{
    if (name_is_good(name, more)) {
        return true;
    }
    str_addf(why,
             "manifest: %s: wanted [a-z][a-z0-9_%s]*, at most %d letters, "
             "found ",
             where, more, MANIFEST_NAME_LIMIT);
    str_add_quoted(why, name, strlen(name));
    return false;
}

static bool are_texts(const cJSON *array, const char *where, struct str *why)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, array)
    {
        if (!cJSON_IsString(item) || item->valuestring[0] == '\0') {
            str_addf(why, "manifest: %s: wanted texts that are not empty",
                     where);
            return false;
        }
    }
    return true;
}

bool manifest_has(const cJSON *texts, const char *text)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, texts)
    {
        if (cJSON_IsString(item) && strcmp(item->valuestring, text) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- options ---- */

/* A scalar as one would write it in a section. */
static void add_written(const cJSON *value, struct str *out)
{
    if (cJSON_IsString(value)) {
        str_add_text(out, value->valuestring);
    } else if (cJSON_IsBool(value)) {
        str_add_text(out, cJSON_IsTrue(value) ? "yes" : "no");
    } else if (cJSON_IsNumber(value) && value->valuedouble > -NUMBER_LIMIT &&
               value->valuedouble < NUMBER_LIMIT) {
        str_addf(out, "%" PRId64, (int64_t)value->valuedouble);
    }
}

static char *written(const cJSON *value)
{
    struct str out;
    const cJSON *item;

    str_init(&out, CONFIG_LINE_LIMIT);
    if (!cJSON_IsArray(value)) {
        add_written(value, &out);
        return str_take(&out);
    }
    cJSON_ArrayForEach(item, value)
    {
        str_add_text(&out, out.size > 0 ? ", " : "");
        add_written(item, &out);
    }
    return str_take(&out);
}

static bool read_bound(const struct manifest_option *o, const cJSON *value,
                       int64_t *bound)
{
    char *text = written(value);
    bool is_good = false;

    if (o->type == HAFT_VALUE_DURATION) {
        is_good = units_duration(text, bound);
    } else if (o->type == HAFT_VALUE_SIZE) {
        is_good = units_size(text, bound);
    } else if (o->type == HAFT_VALUE_INT) {
        is_good = units_int(text, bound);
    }
    mem_free(text);
    return is_good;
}

static bool read_bounds(struct manifest_option *o, const cJSON *json,
                        const char *where, struct str *why)
{
    const cJSON *min = json_get(json, "min");
    const cJSON *max = json_get(json, "max");

    if (!min && !max) {
        return true;
    }
    o->row.least = INT64_MIN;
    o->row.most = INT64_MAX;
    if ((min && !read_bound(o, min, &o->row.least)) ||
        (max && !read_bound(o, max, &o->row.most)) ||
        o->row.least > o->row.most) {
        str_addf(why, "manifest: %smin, max: wanted a range of the type %s",
                 where, json_get_text(json, "type", ""));
        return false;
    }
    return true;
}

static bool read_type(struct manifest_option *o, const cJSON *json,
                      const char *where, struct str *why)
{
    const char *name = json_get_text(json, "type", "");
    struct nearest near;

    nearest_init(&near, name);
    for (size_t i = 0; i < COUNT(types); i++) {
        nearest_try(&near, types[i].name);
        if (strcmp(types[i].name, name) != 0) {
            continue;
        }
        if (o->is_list && !types[i].may_list) {
            str_addf(why, "manifest: %slist: only of text or path", where);
            return false;
        }
        o->type = types[i].type;
        o->row.type = o->is_list ? types[i].many : types[i].one;
        return true;
    }
    str_addf(why,
             "manifest: %stype: wanted text, int, bool, duration, size or "
             "path, found ",
             where);
    str_add_quoted(why, name, strlen(name));
    nearest_add_hint(&near, why);
    return false;
}

static bool read_choices(struct manifest_option *o, const cJSON *json,
                         const char *where, struct str *why)
{
    const cJSON *choices = json_get(json, "choices");
    const cJSON *item;
    size_t i = 0;

    if (!choices) {
        return true;
    }
    if (o->row.type != SETTING_TEXT || cJSON_GetArraySize(choices) < 1 ||
        !are_texts(choices, "choices", why)) {
        str_addf(why, "manifest: %schoices: wanted texts, of one text", where);
        return false;
    }
    o->choices =
        mem_new((size_t)cJSON_GetArraySize(choices) + 1, sizeof(*o->choices));
    cJSON_ArrayForEach(item, choices)
    {
        o->choices[i++] = item->valuestring;
    }
    o->row.type = SETTING_ENUM;
    o->row.choices = o->choices;
    return true;
}

/* The default must be what the section could say. */
static bool read_fallback(struct manifest_option *o, const cJSON *json,
                          const char *where, struct str *why)
{
    const cJSON *value = json_get(json, "default");
    struct setting_value read = {0};

    if (!value) {
        return true;
    }
    o->fallback = written(value);
    o->row.fallback = o->fallback;
    str_addf(why, "manifest: %sdefault: ", where);
    if (!setting_read(&o->row, NULL, &read, why)) {
        return false;
    }
    setting_value_finish(&read);
    str_reset(why);
    return true;
}

static bool read_option(struct manifest_option *o, const cJSON *json,
                        const char *class_where, struct str *why)
{
    char where[2 * MANIFEST_NAME_LIMIT + 64];

    if (!has_shape(json, option_keys, class_where, why)) {
        return false;
    }
    o->row.key = json_get_text(json, "key", "");
    if (!check_name(o->row.key, "", "key of an option", why)) {
        return false;
    }
    for (size_t i = 0; i < COUNT(host_keys); i++) {
        if (strcmp(host_keys[i], o->row.key) == 0) {
            str_addf(why, "manifest: option %s: the key is the host's own",
                     o->row.key);
            return false;
        }
    }
    snprintf(where, sizeof(where), "%soption %s: ", class_where, o->row.key);
    o->row.help = json_get_text(json, "help", "");
    o->is_list = json_get_bool(json, "list", false);
    o->is_secret = json_get_bool(json, "secret", false);
    o->is_reloadable = json_get_bool(json, "reloadable", false);
    if (json_get_bool(json, "required", false)) {
        o->row.flags |= SETTING_REQUIRED;
    }
    if (json_get_bool(json, "command", false)) {
        o->row.flags |= SETTING_COMMAND;
    }
    return read_type(o, json, where, why) && read_bounds(o, json, where, why) &&
           read_choices(o, json, where, why) &&
           read_fallback(o, json, where, why);
}

static bool read_options(struct manifest_class *c, const cJSON *json,
                         const char *where, struct str *why)
{
    const cJSON *options = json_get(json, "options");
    const cJSON *item;
    int count = cJSON_GetArraySize(options);

    if (count > MANIFEST_OPTIONS_LIMIT) {
        str_addf(why, "manifest: %soptions: wanted at most %d, found %d", where,
                 MANIFEST_OPTIONS_LIMIT, count);
        return false;
    }
    c->options = mem_new((size_t)count + 1, sizeof(*c->options));
    cJSON_ArrayForEach(item, options)
    {
        struct manifest_option *o = &c->options[c->options_count++];

        if (!read_option(o, item, where, why)) {
            return false;
        }
        for (struct manifest_option *p = c->options; p < o; p++) {
            if (strcmp(p->row.key, o->row.key) == 0) {
                str_addf(why, "manifest: %soption %s stands there twice", where,
                         o->row.key);
                return false;
            }
        }
    }
    return true;
}

/* ---- classes ---- */

/* "haft.WORD/N" */
static bool kind_is_good(const char *kind)
{
    if (strncmp(kind, "haft.", 5) != 0) {
        return false;
    }

    size_t word = strspn(kind + 5, "abcdefghijklmnopqrstuvwxyz");
    const char *rest = kind + 5 + word;

    return word > 0 && word <= MANIFEST_NAME_LIMIT && rest[0] == '/' &&
           rest[1] >= '1' && rest[1] <= '9' &&
           strspn(rest + 1, "0123456789") == strlen(rest + 1) &&
           strlen(rest) <= 6;
}

static bool read_thread(struct manifest_class *c, const cJSON *json,
                        const char *where, struct str *why)
{
    const char *name = json_get_text(json, "thread", "");

    for (int i = 0; i < MANIFEST_THREADS; i++) {
        if (strcmp(thread_names[i], name) == 0) {
            c->thread = (enum manifest_thread)i;
            return true;
        }
    }
    str_addf(why,
             "manifest: %sthread: wanted loop, serial, concurrent or "
             "pure, found ",
             where);
    str_add_quoted(why, name, strlen(name));
    return false;
}

static bool check_actions(const struct manifest_class *c, const char *where,
                          struct str *why)
{
    const cJSON *action;

    cJSON_ArrayForEach(action, c->actions)
    {
        if (!has_shape(action, action_keys, where, why) ||
            !check_name(json_get_text(action, "name", ""), "-",
                        "name of an action", why)) {
            return false;
        }
    }
    return true;
}

static bool read_class(struct manifest_class *c, const cJSON *json,
                       struct str *why)
{
    char where[MANIFEST_NAME_LIMIT + 16];

    if (!has_shape(json, class_keys, "class: ", why)) {
        return false;
    }
    c->kind = json_get_text(json, "kind", "");
    c->name = json_get_text(json, "name", "");
    c->summary = json_get_text(json, "summary", "");
    c->is_volatile = json_get_bool(json, "volatile", false);
    c->sorts = json_get(json, "sorts");
    c->needs = json_get(json, "needs");
    c->actions = json_get(json, "actions");
    if (!check_name(c->name, "-", "name of a class", why)) {
        return false;
    }
    snprintf(where, sizeof(where), "class %s: ", c->name);
    if (!kind_is_good(c->kind)) {
        str_addf(why, "manifest: %skind: wanted one like haft.notify/1, found ",
                 where);
        str_add_quoted(why, c->kind, strlen(c->kind));
        return false;
    }
    return read_thread(c, json, where, why) &&
           are_texts(c->sorts, "sorts", why) &&
           are_texts(c->needs, "needs", why) && check_actions(c, where, why) &&
           read_options(c, json, where, why);
}

static bool read_classes(struct manifest *m, struct str *why)
{
    const cJSON *classes = json_get(m->tree, "classes");
    const cJSON *item;
    int count = cJSON_GetArraySize(classes);

    if (count < 1 || count > MANIFEST_CLASSES_LIMIT) {
        str_addf(why, "manifest: classes: wanted 1 to %d, found %d",
                 MANIFEST_CLASSES_LIMIT, count);
        return false;
    }
    m->classes = mem_new((size_t)count, sizeof(*m->classes));
    cJSON_ArrayForEach(item, classes)
    {
        struct manifest_class *c = &m->classes[m->classes_count++];

        if (!read_class(c, item, why)) {
            return false;
        }
        for (struct manifest_class *p = m->classes; p < c; p++) {
            if (strcmp(p->kind, c->kind) == 0 &&
                strcmp(p->name, c->name) == 0) {
                str_addf(why, "manifest: class %s stands there twice", c->name);
                return false;
            }
        }
    }
    return true;
}

static bool read_abi(struct manifest *m, struct str *why)
{
    const cJSON *abi = json_get(m->tree, "abi");

    if (!has_shape(abi, abi_keys, "abi: ", why)) {
        return false;
    }

    int64_t built = json_get_int(abi, "built", 0);
    int64_t least = json_get_int(abi, "least", built);

    if (built < 1 || built > 1000000 || least < 1 || least > built) {
        str_addf(
            why,
            "manifest: abi: wanted 1 <= least <= built, found least %" PRId64
            " and built %" PRId64,
            least, built);
        return false;
    }
    m->abi_built = (uint32_t)built;
    m->abi_least = (uint32_t)least;
    return true;
}

static bool read_tree(struct manifest *m, struct str *why)
{
    if (!has_shape(m->tree, module_keys, "", why)) {
        return false;
    }
    m->id = json_get_text(m->tree, "id", "");
    m->version = json_get_text(m->tree, "version", "");
    m->license = json_get_text(m->tree, "license", "");
    m->summary = json_get_text(m->tree, "summary", "");
    if (m->version[0] == '\0' || strlen(m->version) > MANIFEST_NAME_LIMIT) {
        str_addf(why, "manifest: version: wanted 1 to %d letters",
                 MANIFEST_NAME_LIMIT);
        return false;
    }
    return check_name(m->id, "", "id", why) && read_abi(m, why) &&
           read_classes(m, why);
}

bool manifest_read(struct manifest *m, const char *json, size_t size,
                   struct str *why)
{
    *m = (struct manifest){0};

    struct str cause;

    str_init(&cause, STR_WHY_LIMIT);
    m->tree = json_read(json, size, &cause);
    if (!m->tree) {
        str_addf(why, "manifest: %s", cause.text);
        str_finish(&cause);
        return false;
    }

    bool is_good = read_tree(m, &cause);

    if (!is_good) {
        str_add_text(why, cause.text);
        manifest_finish(m);
    }
    str_finish(&cause);
    return is_good;
}

void manifest_finish(struct manifest *m)
{
    for (size_t i = 0; i < m->classes_count; i++) {
        struct manifest_class *c = &m->classes[i];

        for (size_t k = 0; k < c->options_count; k++) {
            mem_free(c->options[k].fallback);
            mem_free(c->options[k].choices);
        }
        mem_free(c->options);
    }
    mem_free(m->classes);
    cJSON_Delete(m->tree);
    *m = (struct manifest){0};
}

const struct manifest_class *manifest_find(const struct manifest *m,
                                           const char *kind, const char *name)
{
    size_t n = strlen(kind);

    for (size_t i = 0; i < m->classes_count; i++) {
        const struct manifest_class *c = &m->classes[i];

        if (strncmp(c->kind + 5, kind, n) == 0 && c->kind[5 + n] == '/' &&
            strcmp(c->name, name) == 0) {
            return c;
        }
    }
    return NULL;
}

const char *manifest_thread_name(enum manifest_thread thread)
{
    return thread_names[thread];
}
