#include "host/carry/cgroup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/log.h"
#include "host/carry/cgroup_find.h"
#include "host/carry/cgroup_left.h"
#include "host/plain/mem.h"

#define BUCKETS 256 /* a power of two */
#define PATH_LIMIT 4096
#define LIST_LIMIT 65536
#define FILE_LIMIT 65536

#define FIRST_DELAY_MS 20 /* until a busy cgroup is tried again; doubled */
#define LAST_DELAY_MS 60000

/* What a limit writes, in version 1 and 2. */
static const struct {
    const char *name; /* of the limit, and of its controller */
    uint64_t most;    /* what is above is no limit */
    const char *files[2];
    const char *swaps[2]; /* likewise, if there is one */
} kinds[] = {
    {"memory",
     INT64_MAX,
     {"memory.limit_in_bytes", "memory.max"},
     {"memory.memsw.limit_in_bytes", "memory.swap.max"}},
    {"pids", 4194304, {"pids.max", "pids.max"}, {NULL, NULL}},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct cgroup {
    struct cgroup *next; /* in its bucket */
    uint64_t id;
    struct str directories; /* with colons between */
    bool is_ending;
};

struct cgroups {
    struct loop *loop;
    char *root;
    struct cgroup *buckets[BUCKETS];
    struct cgroup_left left;
    struct cgroup_base bases[KINDS];
    bool is_found[KINDS];
    struct loop_timer timer; /* for what was busy */
    int64_t delay_ms;
};

/* ---- the table ---- */

static struct cgroup *find(const struct cgroups *c, uint64_t id)
{
    struct cgroup *cgroup = c->buckets[id & (BUCKETS - 1)];

    while (cgroup && cgroup->id != id) {
        cgroup = cgroup->next;
    }
    return cgroup;
}

static struct cgroup *add(struct cgroups *c, uint64_t id)
{
    struct cgroup **bucket = &c->buckets[id & (BUCKETS - 1)];
    struct cgroup *cgroup = find(c, id);

    if (!cgroup) {
        cgroup = mem_new(1, sizeof(*cgroup));
        cgroup->id = id;
        cgroup->next = *bucket;
        str_init(&cgroup->directories, LIST_LIMIT);
        *bucket = cgroup;
    }
    cgroup->is_ending = false;
    return cgroup;
}

static void forget(struct cgroups *c, struct cgroup *cgroup)
{
    struct cgroup **at = &c->buckets[cgroup->id & (BUCKETS - 1)];

    while (*at != cgroup) {
        at = &(*at)->next;
    }
    *at = cgroup->next;
    str_finish(&cgroup->directories);
    mem_free(cgroup);
}

static void add_directory(struct cgroup *cgroup, const char *path)
{
    struct str *list = &cgroup->directories;

    if (!cgroup_has_word(list->text, list->size, ":", path)) {
        str_add_text(list, list->size > 0 ? ":" : "");
        str_add_text(list, path);
    }
}

/* The directory at *at of a list, which moves on; false at its end. */
static bool next_directory(const char **at, struct str *path)
{
    size_t size = strcspn(*at, ":");

    str_reset(path);
    str_add(path, *at, size);
    *at += size;
    *at += **at == ':';
    return size > 0;
}

/* ---- removal ---- */

/* Whether one is busy still. */
static bool remove_directories(const struct cgroup *cgroup)
{
    const char *at = cgroup->directories.text;
    bool is_busy = false;
    struct str path;

    str_init(&path, PATH_LIMIT);
    while (next_directory(&at, &path)) {
        if (rmdir(path.text) == 0 || errno == ENOENT) {
            continue;
        }
        if (errno == EBUSY || errno == ENOTEMPTY) {
            is_busy = true;
        } else {
            log_warn("process", "cgroup stays path=%s why=\"%s\"", path.text,
                     strerror(errno));
        }
    }
    str_finish(&path);
    return is_busy;
}

/* Of all that have ended; whether one is left. */
static bool sweep(struct cgroups *c)
{
    bool is_busy = false;

    for (size_t i = 0; i < BUCKETS; i++) {
        struct cgroup *cgroup = c->buckets[i];

        while (cgroup) {
            struct cgroup *next = cgroup->next;

            if (cgroup->is_ending && remove_directories(cgroup)) {
                is_busy = true;
            } else if (cgroup->is_ending) {
                forget(c, cgroup);
            }
            cgroup = next;
        }
    }
    return is_busy;
}

static void on_timer(void *ctx)
{
    struct cgroups *c = ctx;

    if (!sweep(c)) {
        c->delay_ms = 0;
        return;
    }
    c->delay_ms *= 2;
    if (c->delay_ms > LAST_DELAY_MS) {
        log_warn("process", "cgroups are busy retry_ms=%d", LAST_DELAY_MS);
        c->delay_ms = LAST_DELAY_MS;
    }
    loop_timer_set(c->loop, &c->timer, loop_now_ms(c->loop) + c->delay_ms);
}

static void end(struct cgroups *c, struct cgroup *cgroup)
{
    cgroup->is_ending = true;
    if (!remove_directories(cgroup)) {
        forget(c, cgroup);
        return;
    }
    c->delay_ms = FIRST_DELAY_MS;
    loop_timer_set(c->loop, &c->timer, loop_now_ms(c->loop) + c->delay_ms);
}

void cgroups_remove(struct cgroups *c, uint64_t id)
{
    struct cgroup *cgroup = find(c, id);

    if (cgroup) {
        end(c, cgroup);
    }
}

void cgroups_settle(struct cgroups *c, cgroups_known_fn is_known, void *ctx)
{
    for (size_t i = 0; c && i < BUCKETS; i++) {
        struct cgroup *cgroup = c->buckets[i];

        while (cgroup) {
            struct cgroup *next = cgroup->next;

            if (!is_known(ctx, cgroup->id)) {
                end(c, cgroup);
            }
            cgroup = next;
        }
    }
}

/* ---- making ---- */

static size_t find_kind(struct haft_slice name)
{
    size_t i = 0;

    while (i < KINDS && (strlen(kinds[i].name) != name.n ||
                         memcmp(kinds[i].name, name.p, name.n) != 0)) {
        i++;
    }
    return i;
}

bool cgroups_have(struct haft_slice limit)
{
    return find_kind(limit) < KINDS;
}

static const struct cgroup_base *find_base(struct cgroups *c, size_t kind)
{
    struct cgroup_base *base = &c->bases[kind];

    if (c->is_found[kind]) {
        return base;
    }
    c->is_found[kind] = true;
    cgroup_base_find(base, c->root, kinds[kind].name);
    if (base->path) {
        log_debug("process", "cgroups are made limit=%s in=%s",
                  kinds[kind].name, base->path);
        cgroup_left_add(&c->left, base->path);
    } else {
        log_warn("process", "limit not enforced limit=%s why=\"%s\"",
                 kinds[kind].name, base->why.text);
    }
    return base;
}

/* One that is there under our name is an earlier owner's, of this attempt. */
static int make_directory(const char *path)
{
    if (mkdir(path, 0755) == 0 || errno == EEXIST) {
        return 0;
    }
    return errno;
}

static int write_file(const char *directory, const char *name, const char *text)
{
    struct str path;
    int failed;

    str_init(&path, PATH_LIMIT);
    str_addf(&path, "%s/%s", directory, name);
    failed = cgroup_write(path.text, text);
    str_finish(&path);
    return failed;
}

/* Without swap there is no file for it, and nothing to limit. */
static int write_limit(const char *path, size_t kind, bool is_unified,
                       uint64_t value)
{
    const char *swap = kinds[kind].swaps[is_unified];
    char number[24];
    int failed;

    snprintf(number, sizeof(number), "%" PRIu64, value);
    failed = write_file(path, kinds[kind].files[is_unified], number);
    if (!failed && swap) {
        write_file(path, swap, is_unified ? "0" : number);
    }
    return failed;
}

static void apply(struct cgroups *c, uint64_t id, size_t kind, uint64_t value)
{
    const struct cgroup_base *base = find_base(c, kind);
    struct str path;
    int failed;

    if (!base->path) {
        return;
    }
    str_init(&path, PATH_LIMIT);
    cgroup_left_name(&c->left, base->path, id, &path);
    failed = path.is_cut ? ENAMETOOLONG : make_directory(path.text);
    if (!failed) {
        add_directory(add(c, id), path.text);
        failed = write_limit(path.text, kind, base->is_unified, value);
    }
    if (failed) {
        log_warn("process",
                 "limit not enforced id=%" PRIu64
                 " limit=%s path=%s why=\"%s\"",
                 id, kinds[kind].name, path.text, strerror(failed));
    }
    str_finish(&path);
}

const char *cgroups_add(struct cgroups *c, uint64_t id,
                        const struct haft_array *limits)
{
    const struct cgroup *cgroup;

    for (uint32_t i = 0; i < limits->count; i++) {
        const struct haft_limit *limit =
            (const void *)((const char *)limits->p +
                           (size_t)i * limits->stride);
        size_t kind = find_kind(limit->name);

        if (kind < KINDS && limit->value <= kinds[kind].most) {
            apply(c, id, kind, limit->value);
        }
    }
    cgroup = find(c, id);
    return cgroup ? cgroup->directories.text : "";
}

/* ---- the end of an attempt ---- */

/* "oom_kill N" is a line of a file in both versions. */
static bool has_killed(const char *lines)
{
    unsigned long long count = 0;

    while (*lines && sscanf(lines, "oom_kill %llu", &count) != 1) {
        lines += strcspn(lines, "\n");
        lines += *lines == '\n';
    }
    return count > 0;
}

bool cgroups_ran_out(struct cgroups *c, uint64_t id)
{
    static const char *const names[] = {"memory.oom_control", "memory.events"};
    const struct cgroup *cgroup = find(c, id);
    const char *at = cgroup ? cgroup->directories.text : "";
    bool has = false;
    struct str path;
    struct str text;

    str_init(&path, PATH_LIMIT);
    str_init(&text, FILE_LIMIT);
    while (!has && next_directory(&at, &path)) {
        size_t size = path.size;

        for (size_t i = 0; i < 2; i++) {
            str_shorten(&path, size);
            str_addf(&path, "/%s", names[i]);
            has = has ||
                  (cgroup_read(path.text, &text) == 0 && has_killed(text.text));
        }
    }
    str_finish(&path);
    str_finish(&text);
    return has;
}

/* ---- life ---- */

static void on_left(void *ctx, uint64_t id, const char *path)
{
    add_directory(add(ctx, id), path);
}

struct cgroups *cgroups_create(struct loop *loop, const char *root,
                               int state_fd)
{
    struct cgroups *c = mem_new(1, sizeof(*c));

    c->loop = loop;
    c->root = mem_text(root, strlen(root));
    loop_timer_init(&c->timer, on_timer, c);
    cgroup_left_init(&c->left, state_fd);
    cgroup_left_read(&c->left, on_left, c);
    return c;
}

void cgroups_destroy(struct cgroups *c)
{
    if (!c) {
        return;
    }
    sweep(c);
    loop_timer_clear(c->loop, &c->timer);
    for (size_t i = 0; i < BUCKETS; i++) {
        while (c->buckets[i]) {
            forget(c, c->buckets[i]);
        }
    }
    for (size_t i = 0; i < KINDS; i++) {
        if (c->is_found[i]) {
            cgroup_base_finish(&c->bases[i]);
        }
    }
    cgroup_left_finish(&c->left);
    mem_free(c->root);
    mem_free(c);
}
