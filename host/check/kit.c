#include "host/check/kit.h"

#include <string.h>

#include "host/check/kinds.h"
#include "host/plain/mem.h"

static const struct kit_kind *const kinds[] = {
    &kind_storage, &kind_executor, &kind_retry, &kind_auth, &kind_notify,
};

const struct kit_kind *kit_find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i]->name, name) == 0) {
            return kinds[i];
        }
    }
    return NULL;
}

void kit_fail(struct kit *kit, const char *format, ...)
{
    va_list args;

    if (kit->verdict != KIT_PASS) {
        return;
    }
    kit->verdict = KIT_FAIL;
    va_start(args, format);
    str_addv(&kit->why, format, args);
    va_end(args);
}

void kit_skip(struct kit *kit, const char *format, ...)
{
    va_list args;

    if (kit->verdict != KIT_PASS) {
        return;
    }
    kit->verdict = KIT_SKIP;
    va_start(args, format);
    str_addv(&kit->why, format, args);
    va_end(args);
}

void kit_say(struct kit *kit, const char *format, ...)
{
    va_list args;

    if (kit->verdict == KIT_PASS) {
        va_start(args, format);
        str_addv(&kit->said, format, args);
        va_end(args);
        str_add_char(&kit->said, '\n');
    }
}

bool kit_is_well(const struct kit *kit)
{
    return kit->verdict == KIT_PASS;
}

/* ---- the section of an instance ---- */

static const char *given(const struct kit *kit, const char *key)
{
    size_t size = strlen(key);

    for (const char *const *o = kit->target->options; *o; o++) {
        if (strncmp(*o, key, size) == 0 && (*o)[size] == '=') {
            return *o + size + 1;
        }
    }
    return NULL;
}

/* {} becomes the case, by its folder, and the instance: "12_check". */
static void add_given(const struct kit *kit, const char *name,
                      const char *value, struct str *out)
{
    const char *folder = strrchr(kit->folder, '/');

    while (*value) {
        if (strncmp(value, "{}", 2) == 0) {
            str_addf(out, "%s_%s", folder ? folder + 1 : kit->folder, name);
            value += 2;
        } else {
            str_add_char(out, *value++);
        }
    }
    str_add_char(out, '\n');
}

/* Something that may be there where nobody has said what must be. */
static const char *fill_in(const struct setting *row)
{
    if (row->choices && row->choices[0]) {
        return row->choices[0];
    }
    return row->flags & SETTING_COMMAND ? "/bin/true" : "check";
}

static void add_required(const struct kit *kit, const char *name,
                         const struct manifest_option *option, struct str *out)
{
    const struct setting *row = &option->row;

    str_addf(out, "%s = ", row->key);
    switch (option->type) {
    case HAFT_VALUE_PATH:
        str_addf(out, "%s/%s-%s", kit->folder, name, row->key);
        break;
    case HAFT_VALUE_BOOL:
        str_add_text(out, "no");
        break;
    case HAFT_VALUE_INT:
        str_add_int(out, row->least);
        break;
    case HAFT_VALUE_DURATION:
        str_addf(out, "%lldms", (long long)row->least);
        break;
    case HAFT_VALUE_SIZE:
        str_add_int(out, row->least);
        break;
    default:
        str_add_text(out, fill_in(row));
    }
    str_add_char(out, '\n');
}

void kit_add_section(const struct kit *kit, const char *name, const char *key,
                     const char *value, struct str *out)
{
    const struct kit_target *target = kit->target;
    const struct manifest_class *class = target->class;

    str_addf(out, "[%s:%s]\nplugin = %s\nmodule = %s\n", target->kind->name,
             name, class->name, target->file);
    for (size_t i = 0; i < class->options_count; i++) {
        const struct manifest_option *option = &class->options[i];
        const char *said = given(kit, option->row.key);

        if (key && strcmp(option->row.key, key) == 0) {
            str_addf(out, "%s = %s\n", key, value);
        } else if (said) {
            str_addf(out, "%s = ", option->row.key);
            add_given(kit, name, said, out);
        } else if ((option->row.flags & SETTING_REQUIRED) ||
                   (option->type == HAFT_VALUE_PATH && !option->is_list)) {
            add_required(kit, name, option, out);
        }
    }
}
