#include "host/carry/process_words.h"

#include <string.h>
#include <sys/resource.h>

#include "host/carry/cgroup.h"
#include "host/plain/mem.h"

#define TEXTS_LIMIT (16u << 20)

void process_words_init(struct process_words *w)
{
    *w = (struct process_words){0};
    str_init(&w->texts, TEXTS_LIMIT);
}

void process_words_finish(struct process_words *w)
{
    str_finish(&w->texts);
    mem_free(w->places);
    mem_free(w->pointers);
}

/* The texts of a job lie behind each other, NUL-terminated; places become
 * pointers when all are there. */
static bool add_text(struct process_words *w, size_t index, struct haft_slice s)
{
    w->places =
        mem_grow(w->places, &w->places_room, index + 1, sizeof(*w->places));
    w->places[index] = w->texts.size;
    str_add(&w->texts, s.p, s.n);
    str_add_char(&w->texts, '\0');
    return !memchr(s.n ? s.p : "", '\0', s.n);
}

static bool add_pair(struct process_words *w, size_t index,
                     const struct haft_pair *pair)
{
    bool is_good = add_text(w, index, pair->name);

    str_shorten(&w->texts, w->texts.size - 1);
    str_add_char(&w->texts, '=');
    str_add(&w->texts, pair->value.p, pair->value.n);
    str_add_char(&w->texts, '\0');
    return is_good &&
           !memchr(pair->value.n ? pair->value.p : "", '\0', pair->value.n);
}

static const void *item(const struct haft_array *array, uint32_t i)
{
    return (const char *)array->p + (size_t)i * array->stride;
}

/* Where the arrays and the three single texts of a job are. */
struct layout {
    size_t env;
    size_t singles;
    size_t count;
};

static struct layout lay_out(const struct haft_process_start_in *in)
{
    struct layout at = {.env = (size_t)in->argv.count + 1};

    at.singles = at.env + in->env.count + 1;
    at.count = at.singles + 3;
    return at;
}

bool process_words_collect(struct process_words *w,
                           const struct haft_process_start_in *in)
{
    const struct layout at = lay_out(in);
    const struct haft_slice singles[] = {in->workdir, in->stdout_path,
                                         in->stderr_path};
    bool is_good = true;

    str_reset(&w->texts);
    for (uint32_t i = 0; i < in->argv.count; i++) {
        const struct haft_slice *s = item(&in->argv, i);

        is_good = add_text(w, i, *s) && is_good;
    }
    for (uint32_t i = 0; i < in->env.count; i++) {
        is_good = add_pair(w, at.env + i, item(&in->env, i)) && is_good;
    }
    for (size_t i = 0; i < 3; i++) {
        is_good = add_text(w, at.singles + i, singles[i]) && is_good;
    }
    w->pointers = mem_grow(w->pointers, &w->pointers_room, at.count,
                           sizeof(*w->pointers));
    for (size_t i = 0; i < at.count; i++) {
        bool is_end = i == in->argv.count || i == at.singles - 1;

        w->pointers[i] = is_end ? NULL : w->texts.text + w->places[i];
    }
    w->argv = w->pointers;
    w->env = w->pointers + at.env;
    w->cwd = w->pointers[at.singles];
    w->output = w->pointers[at.singles + 1];
    w->errors = w->pointers[at.singles + 2];
    return is_good && !w->texts.is_cut;
}

static const struct {
    const char *name;
    int resource;
} resources[] = {
    {"cpu", RLIMIT_CPU},     {"as", RLIMIT_AS},
    {"fsize", RLIMIT_FSIZE}, {"nofile", RLIMIT_NOFILE},
    {"nproc", RLIMIT_NPROC}, {"core", RLIMIT_CORE},
    {"stack", RLIMIT_STACK}, {"memlock", RLIMIT_MEMLOCK},
};

static bool find_resource(struct haft_slice name, uint32_t *resource)
{
    for (size_t i = 0; i < sizeof(resources) / sizeof(resources[0]); i++) {
        if (strlen(resources[i].name) == name.n &&
            memcmp(resources[i].name, name.p, name.n) == 0) {
            *resource = (uint32_t)resources[i].resource;
            return true;
        }
    }
    return false;
}

bool process_limits_collect(const struct haft_process_start_in *in,
                            struct wire_limit limits[WIRE_LIMITS],
                            uint32_t *count)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < in->limits.count; i++) {
        const struct haft_limit *limit = item(&in->limits, i);
        struct wire_limit next = {.soft = limit->value, .hard = limit->value};

        if (cgroups_have(limit->name)) {
            continue;
        }
        if (n == WIRE_LIMITS || !find_resource(limit->name, &next.resource)) {
            return false;
        }
        limits[n++] = next;
    }
    *count = n;
    return true;
}
