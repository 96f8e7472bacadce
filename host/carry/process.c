#include "host/carry/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <haft/host.h>

#include "host/base/log.h"
#include "host/carry/boot.h"
#include "host/carry/cgroup.h"
#include "host/carry/keeper.h"
#include "host/carry/process_words.h"
#include "host/plain/mem.h"

#define BUCKETS 256 /* a power of two */

/* Ids that the host gives, for children that are no attempts: the cores' ids
 * of an epoch count up from 1 and stay below. */
#define OWN_IDS UINT64_C(0x80000000)

/* Workers have ids of no epoch: the next host finds them by their names. */
static bool is_worker(uint64_t id)
{
    return id >> 32 == 0;
}

/* FNV-1a, 32 bits. */
static uint64_t worker_id(const char *name)
{
    uint32_t hash = 2166136261u;

    for (const char *c = name; *c; c++) {
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    }
    return hash ? hash : 1;
}

struct child {
    struct child *next; /* in its bucket */
    uint64_t id;
    uint64_t fence;
    struct guest *guest;       /* NULL: nobody's */
    struct wire_report report; /* the last one; state WIRE_QUEUED before */
    char *input;               /* file with its standard input, or NULL */
    bool is_told_started;
    bool is_told_ended;
    bool is_out_of_memory;
};

struct slots {
    struct slots *next;
    const struct guest *guest;
    uint32_t count;
};

struct process {
    struct loop *loop;
    struct guests *guests;
    struct process_options options;
    struct keeper *keeper;
    int state_fd;
    uint32_t epoch;
    uint32_t first_epoch; /* since the machine came up */
    uint32_t ids;         /* given so far */
    struct child *children[BUCKETS];
    struct slots *slots;
    struct cgroups *cgroups; /* since it is open */
    struct launch launch;    /* of process_prepare, until it is open */
    bool has_launched;
    bool is_ready;
    bool is_settled;
    struct guest_service service;

    struct str why; /* there is no keeper */

    struct process_words words; /* of the job being handed over */
};

/* ---- children ---- */

static struct child **bucket(struct process *p, uint64_t id)
{
    return &p->children[id & (BUCKETS - 1)];
}

static struct child *find_child(const struct process *p, uint64_t id)
{
    struct child *child = p->children[id & (BUCKETS - 1)];

    while (child && child->id != id) {
        child = child->next;
    }
    return child;
}

static struct child *add_child(struct process *p, uint64_t id, uint64_t fence)
{
    struct child **to = bucket(p, id);
    struct child *child = mem_new(1, sizeof(*child));

    child->id = id;
    child->fence = fence;
    child->report.state = WIRE_QUEUED;
    child->next = *to;
    *to = child;
    return child;
}

static void remove_child(struct process *p, struct child *child)
{
    struct child **at = bucket(p, child->id);

    while (*at != child) {
        at = &(*at)->next;
    }
    *at = child->next;
    if (child->input && unlink(child->input) != 0 && errno != ENOENT) {
        log_warn("process", "file stays path=%s why=%s", child->input,
                 strerror(errno));
    }
    cgroups_remove(p->cgroups, child->id);
    mem_free(child->input);
    mem_free(child);
}

static bool has_ended(const struct child *child)
{
    return child->report.state >= WIRE_ENDED;
}

/* ---- what is told to guests ---- */

static void tell_started(struct child *child)
{
    const struct haft_child_started_in in = {
        .size = sizeof(in),
        .pid = child->report.pid,
        .id = child->id,
        .time_ms = child->report.begin_ms,
    };

    child->is_told_started = true;
    guest_call(child->guest, &haft_child_v1, HAFT_CHILD_STARTED, &in, INT64_MAX,
               NULL, NULL);
}

static void tell_ended(const struct process *p, struct child *child)
{
    const struct wire_report *r = &child->report;
    struct haft_child_ended_in in = {
        .size = sizeof(in),
        .id = child->id,
        .started_ms = r->begin_ms,
        .ended_ms = r->end_ms,
        .is_withdrawn = r->state == WIRE_WITHDRAWN,
        .is_lost = r->state == WIRE_LOST,
        .is_out_of_memory = child->is_out_of_memory,
    };

    if (r->state == WIRE_NOEXEC) {
        in.error = r->error ? r->error : EINVAL;
        if (in.error == ECHILD) {
            in.step = (struct haft_slice){p->why.text, p->why.size};
        } else if (r->status != WIRE_STEP_EXEC) {
            const char *step = wire_step_name(r->status);

            in.step = (struct haft_slice){step, strlen(step)};
        }
    } else if (r->state == WIRE_ENDED && WIFSIGNALED(r->status)) {
        in.signal = WTERMSIG(r->status);
    } else if (r->state == WIRE_ENDED) {
        in.exit_code = WEXITSTATUS(r->status);
    }
    child->is_told_ended = true;
    guest_call(child->guest, &haft_child_v1, HAFT_CHILD_ENDED, &in, INT64_MAX,
               NULL, NULL);
}

static void tell(const struct process *p, struct child *child)
{
    if (child->report.state == WIRE_RUNNING && !child->is_told_started) {
        tell_started(child);
    }
    if (has_ended(child) && !child->is_told_ended) {
        tell_ended(p, child);
    }
}

/* ---- what the keeper says ---- */

/* Nobody's child, after everybody has asked for theirs. */
static void end_orphan(struct process *p, struct child *child)
{
    if (has_ended(child)) {
        keeper_release(p->keeper, child->id);
        remove_child(p, child);
        return;
    }
    log_warn("process", "child of nobody is ended id=%llu pid=%d",
             (unsigned long long)child->id, child->report.pid);
    keeper_withdraw(p->keeper, child->id);
    keeper_kill(p->keeper, child->id, SIGKILL);
}

/* A worker of an instance that is configured. */
static bool is_wanted(const struct process *p, const struct child *child)
{
    const char *name = guests_name(p->guests, "executor", 0);

    for (size_t i = 1; name && is_worker(child->id); i++) {
        if (worker_id(name) == child->id &&
            guests_survive(p->guests, "executor", name)) {
            return true;
        }
        name = guests_name(p->guests, "executor", i);
    }
    return false;
}

static void on_report(void *ctx, const struct wire_report *report)
{
    struct process *p = ctx;
    struct child *child = find_child(p, report->id);

    if (!child && report->state == WIRE_UNKNOWN) {
        return;
    }
    child = child ? child : add_child(p, report->id, report->fence);
    child->report = *report;
    if (report->state == WIRE_UNKNOWN) {
        child->report.state = WIRE_WITHDRAWN;
    }
    if (report->state == WIRE_ENDED) {
        child->is_out_of_memory = cgroups_ran_out(p->cgroups, child->id);
    }
    if (child->guest) {
        tell(p, child);
    } else if (is_worker(child->id) && has_ended(child)) {
        keeper_release(p->keeper, child->id); /* its guest has noticed */
        remove_child(p, child);
    } else if (p->is_settled && !is_wanted(p, child)) {
        end_orphan(p, child);
    }
}

static void be_ready(struct process *p)
{
    if (!p->is_ready) {
        p->is_ready = true;
        p->options.ready(p->options.ctx);
    }
}

static void on_ready(void *ctx, const uint8_t *boot)
{
    (void)boot;
    be_ready(ctx);
}

/* Without a keeper nothing that waits will begin, and of what had begun nobody
 * will say how it ended: what a keeper had been given that died may be either,
 * since it tells of a start some time after it. */
static void on_lost(void *ctx, bool is_refused, const char *why)
{
    struct process *p = ctx;
    bool may_be_begun = p->keeper && keeper_has_died(p->keeper);

    log_error("process", "no keeper is_refused=%d why=\"%s\"", is_refused, why);
    str_reset(&p->why);
    str_add_text(&p->why, why);
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct child *c = p->children[i]; c; c = c->next) {
            if (has_ended(c)) {
                continue;
            }
            c->report.error = ECHILD;
            c->report.files = WIRE_OUTPUT_FILE | WIRE_ERRORS_FILE;
            c->report.state = c->report.state == WIRE_QUEUED && !may_be_begun
                                  ? WIRE_NOEXEC
                                  : WIRE_LOST;
            if (c->guest) {
                tell(p, c);
            }
        }
    }
    be_ready(p);
}

static const struct keeper_calls keeper_calls = {
    .report = on_report,
    .ready = on_ready,
    .lost = on_lost,
};

/* ---- the service ---- */

/* Standard input is a file, since the child may outlive the host. */
static bool write_input(struct process *p, struct child *child,
                        struct haft_slice bytes)
{
    struct str path;
    size_t done = 0;
    int fd;

    str_init(&path, 4096);
    str_addf(&path, "%s/input.%016llx", p->options.state,
             (unsigned long long)child->id);
    fd = open(path.text, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    while (fd >= 0 && done < bytes.n) {
        ssize_t n = write(fd, (const char *)bytes.p + done, bytes.n - done);

        if (n < 0 && errno != EINTR) {
            break;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    if (fd >= 0) {
        close(fd);
    }
    child->input = str_take(&path);
    return fd >= 0 && done == bytes.n;
}

static uint32_t find_slots(const struct process *p, const struct guest *guest)
{
    const struct slots *s = p->slots;

    while (s && s->guest != guest) {
        s = s->next;
    }
    return s ? s->count : 0;
}

static haft_status spawn(struct process *p, struct child *child,
                         const struct haft_process_start_in *in)
{
    struct wire_limit limits[WIRE_LIMITS];
    uint32_t limit_count = 0;
    struct log_room quoted;
    struct str why;
    int status = -EINVAL;

    str_init(&why, STR_WHY_LIMIT);
    if (!process_words_collect(&p->words, in) ||
        !process_limits_collect(in, limits, &limit_count)) {
        str_add_text(&why, "a text with a NUL in it, or an unknown limit");
    } else {
        const struct wire_job job = {
            .id = child->id,
            .fence = in->fence,
            .weight = find_slots(p, child->guest) ? 1 : 0,
            .umask = 022,
            .limit_count = limit_count,
            .limits = limits,
            .cwd = p->words.cwd,
            .input = child->input,
            .output = p->words.output,
            .errors = p->words.errors,
            .cgroup = cgroups_add(p->cgroups, child->id, &in->limits),
            .argv = p->words.argv,
            .env = p->words.env,
        };

        status = keeper_spawn(p->keeper, &job, &why);
    }
    if (status != 0) {
        log_warn("process", "job refused id=%llu why=%s",
                 (unsigned long long)child->id, log_quoted(&quoted, why.text));
    }
    str_finish(&why);
    return status == 0 ? HAFT_OK : -HAFT_INVALID;
}

static haft_status serve_start(void *ctx, struct guest *who,
                               const struct haft_call *call, const void *in,
                               void *out)
{
    const struct haft_process_start_in *start = in;
    struct haft_process_start_out *answer = out;
    struct process *p = ctx;
    struct child *child;
    haft_status status = HAFT_OK;

    (void)call;
    if (!p->keeper) {
        return -HAFT_RESOURCE;
    }
    child = start->id ? find_child(p, start->id) : NULL;
    if (child) { /* asked twice; or an earlier host's, taken over */
        child->guest = child->guest ? child->guest : who;
        answer->id = child->id;
        tell(p, child);
        return child->guest == who ? HAFT_OK : -HAFT_CONFLICT;
    }
    child = add_child(
        p,
        start->id ? start->id : ((uint64_t)p->epoch << 32) + OWN_IDS + p->ids++,
        start->fence);
    child->guest = who;
    if (start->input.n && !write_input(p, child, start->input)) {
        status = -HAFT_RESOURCE;
    }
    status = status ? status : spawn(p, child, start);
    answer->id = child->id;
    if (status != HAFT_OK) {
        remove_child(p, child);
    }
    return status;
}

static struct child *find_own(struct process *p, const struct guest *who,
                              uint64_t id)
{
    struct child *child = find_child(p, id);

    return child && (!child->guest || child->guest == who) ? child : NULL;
}

static haft_status serve_signal(void *ctx, struct guest *who,
                                const struct haft_call *call, const void *in,
                                void *out)
{
    const struct haft_process_signal_in *signal = in;
    struct process *p = ctx;

    (void)call;
    (void)out;
    if (!find_own(p, who, signal->id)) {
        return HAFT_STALE;
    }
    if (signal->signal == 0) {
        keeper_withdraw(p->keeper, signal->id);
    } else {
        keeper_kill(p->keeper, signal->id, signal->signal);
    }
    return HAFT_OK;
}

static haft_status serve_find(void *ctx, struct guest *who,
                              const struct haft_call *call, const void *in,
                              void *out)
{
    static const uint32_t states[WIRE_STATES] = {
        [WIRE_UNKNOWN] = HAFT_PROCESS_UNKNOWN,
        [WIRE_QUEUED] = HAFT_PROCESS_QUEUED,
        [WIRE_STARTING] = HAFT_PROCESS_QUEUED,
        [WIRE_RUNNING] = HAFT_PROCESS_RUNNING,
        [WIRE_ENDED] = HAFT_PROCESS_ENDED,
        [WIRE_NOEXEC] = HAFT_PROCESS_ENDED,
        [WIRE_WITHDRAWN] = HAFT_PROCESS_ENDED,
        [WIRE_LOST] = HAFT_PROCESS_LOST,
    };
    const struct haft_process_id_in *find = in;
    struct haft_process_find_out *answer = out;
    struct process *p = ctx;
    struct child *child = find_own(p, who, find->id);

    (void)call;
    if (!find_child(p, find->id) && find->id >> 32 < p->first_epoch) {
        child = add_child(p, find->id, 0);
        child->report.state = WIRE_LOST; /* with the power */
    }
    if (!child) {
        answer->state = HAFT_PROCESS_UNKNOWN;
        return HAFT_OK;
    }
    child->guest = who;
    answer->state = states[child->report.state];
    child->is_told_started = false;
    child->is_told_ended = false;
    tell(p, child);
    return HAFT_OK;
}

static haft_status serve_release(void *ctx, struct guest *who,
                                 const struct haft_call *call, const void *in,
                                 void *out)
{
    const struct haft_process_id_in *release = in;
    struct process *p = ctx;
    struct child *child = find_own(p, who, release->id);

    (void)call;
    (void)out;
    if (!child) {
        return HAFT_STALE;
    }
    keeper_release(p->keeper, child->id);
    remove_child(p, child);
    return HAFT_OK;
}

/* The keeper has one set of slots: those of all instances together. */
static uint32_t count_slots(const struct process *p)
{
    uint32_t sum = p->slots ? 0 : 1;

    for (const struct slots *s = p->slots; s; s = s->next) {
        sum += s->count;
    }
    return sum;
}

static haft_status serve_slots(void *ctx, struct guest *who,
                               const struct haft_call *call, const void *in,
                               void *out)
{
    const struct haft_slots_set_in *set = in;
    struct process *p = ctx;
    struct slots *s = p->slots;

    (void)call;
    (void)out;
    if (set->slots == 0) {
        return -HAFT_INVALID;
    }
    while (s && s->guest != who) {
        s = s->next;
    }
    if (!s) {
        s = mem_new(1, sizeof(*s));
        s->guest = who;
        s->next = p->slots;
        p->slots = s;
    }
    s->count = set->slots;
    if (p->keeper) {
        keeper_slots(p->keeper, count_slots(p));
    }
    return HAFT_OK;
}

static const guest_serve methods[] = {
    [HAFT_PROCESS_START] = serve_start, [HAFT_PROCESS_SIGNAL] = serve_signal,
    [HAFT_PROCESS_FIND] = serve_find,   [HAFT_PROCESS_RELEASE] = serve_release,
    [HAFT_PROCESS_SLOTS] = serve_slots,
};

/* ---- life ---- */

struct process *process_create(struct loop *loop, struct guests *guests,
                               const struct process_options *options)
{
    struct process *p = mem_new(1, sizeof(*p));

    p->loop = loop;
    p->guests = guests;
    p->options = *options;
    p->state_fd = -1;
    process_words_init(&p->words);
    str_init(&p->why, STR_WHY_LIMIT);
    p->service = (struct guest_service){
        .interface = &haft_process_v1, .methods = methods, .ctx = p};
    guests_serve(guests, &p->service);
    return p;
}

void process_destroy(struct process *p)
{
    if (!p) {
        return;
    }
    if (p->keeper) {
        keeper_destroy(p->keeper);
    }
    if (p->has_launched) { /* and was not opened: it ends by itself */
        close(p->launch.fd);
        if (p->launch.guard_fd >= 0) {
            close(p->launch.guard_fd);
        }
    }
    cgroups_destroy(p->cgroups);
    if (p->state_fd >= 0) {
        close(p->state_fd);
    }
    for (size_t i = 0; i < BUCKETS; i++) {
        while (p->children[i]) {
            struct child *next = p->children[i]->next;

            mem_free(p->children[i]->input);
            mem_free(p->children[i]);
            p->children[i] = next;
        }
    }
    while (p->slots) {
        struct slots *next = p->slots->next;

        mem_free(p->slots);
        p->slots = next;
    }
    process_words_finish(&p->words);
    str_finish(&p->why);
    mem_free(p);
}

static bool open_state(struct process *p, struct str *why)
{
    if (p->state_fd < 0) {
        p->state_fd =
            open(p->options.state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    if (p->state_fd < 0) {
        str_addf(why, "%s: %s", p->options.state, strerror(errno));
    }
    return p->state_fd >= 0;
}

void process_prepare(struct process *p)
{
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    if (open_state(p, &why)) {
        p->has_launched = keeper_launch(p->state_fd, p->options.program,
                                        &p->launch, &why) == 0;
    }
    str_finish(&why);
}

void process_open(struct process *p, uint32_t epoch)
{
    struct keeper_options options = {
        .program = p->options.program,
        .epoch = epoch,
        .slots = count_slots(p),
        .launch = p->has_launched ? &p->launch : NULL,
        .calls = &keeper_calls,
        .ctx = p,
    };
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    p->epoch = epoch;
    if (open_state(p, &why)) {
        options.state_fd = p->state_fd;
        p->has_launched = false;
        p->cgroups = cgroups_create(p->loop, "", p->state_fd);
        p->first_epoch = boot_first_epoch(p->state_fd, epoch);
        p->keeper = keeper_create(p->loop, &options);
    }
    if (!p->keeper) {
        log_error("process", "no keeper why=\"%s\"", why.text);
        p->is_ready = true;
    }
    str_finish(&why);
}

bool process_is_ready(const struct process *p)
{
    return p->is_ready;
}

bool process_has_unreleased(const struct process *p,
                            bool (*is_kept)(const void *ctx, uint64_t id),
                            const void *ctx)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        for (const struct child *c = p->children[i]; c; c = c->next) {
            if (has_ended(c) && !is_kept(ctx, c->id)) {
                return true;
            }
        }
    }
    return false;
}

/* Started once more where it is known, the keeper says what became of it. */
bool process_start_worker(struct process *p, const char *name,
                          const char *const argv[], const char *const env[],
                          struct str *why)
{
    struct wire_job job = {
        .id = worker_id(name),
        .umask = 022,
        .cwd = "/",
        .argv = argv,
        .env = env,
    };

    if (!p->keeper) {
        str_add_text(why, "there is no keeper");
        return false;
    }
    if (find_child(p, job.id)) {
        return true;
    }
    add_child(p, job.id, 0);
    if (keeper_spawn(p->keeper, &job, why) != 0) {
        remove_child(p, find_child(p, job.id));
        return false;
    }
    return true;
}

/* The first worker from the `index`th executor on that is known and idle, with
 * `index` moved beyond it; NULL: there is none. */
static struct child *next_idle(const struct process *p, size_t *index,
                               const struct process_judge *judge)
{
    const char *name = guests_name(p->guests, "executor", *index);
    struct child *idle = NULL;

    while (name && !idle) {
        struct child *child = find_child(p, worker_id(name));

        idle = child && !judge->is_busy(judge->ctx, name) ? child : NULL;
        name = guests_name(p->guests, "executor", ++*index);
    }
    return idle;
}

void process_end_idle_workers(struct process *p,
                              const struct process_judge *judge)
{
    size_t index = 0;
    struct child *child = next_idle(p, &index, judge);

    while (child) {
        end_orphan(p, child);
        child = next_idle(p, &index, judge);
    }
}

bool process_has_idle_worker(const struct process *p,
                             const struct process_judge *judge)
{
    size_t index = 0;

    return next_idle(p, &index, judge) != NULL;
}

bool process_left_files(const struct process *p, uint64_t id)
{
    const struct child *child = find_child(p, id);

    return !child || !has_ended(child) || child->report.files;
}

static bool is_known(void *ctx, uint64_t id)
{
    return find_child(ctx, id);
}

void process_settle(struct process *p)
{
    p->is_settled = true;
    cgroups_settle(p->cgroups, is_known, p);
    for (size_t i = 0; i < BUCKETS; i++) {
        struct child *child = p->children[i];

        while (child) {
            struct child *next = child->next;

            if (!child->guest && !is_wanted(p, child)) {
                end_orphan(p, child);
            }
            child = next;
        }
    }
}
