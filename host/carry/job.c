#include "host/carry/job.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/flow/template.h"
#include "host/plain/json.h"
#include "host/plain/mem.h"

/* A longer script than this would not fit into one argument. */
#define ARGUMENT_LIMIT (100 * 1024)

/* Bytes of all texts of one job; a message to the keeper holds fewer. */
#define TEXTS_LIMIT (16u << 20)

/* Every text lies in `texts`, one behind the other, and is a place there until
 * the message is made: the text may move while it grows. */
struct place {
    size_t at;
    size_t size;
};

struct job {
    struct haft_executor_start_in in;
    struct str texts;
    struct place *argv;
    size_t argv_count, argv_room;
    struct place (*env)[2];
    size_t env_count, env_room;
    struct haft_slice *slices;
    size_t slices_room;
    struct haft_pair *pairs;
    size_t pairs_room;

    /* Of the one being made. */
    const struct core *core;
    const struct logs *logs;
    const struct effect *effect;
    const struct run *run;
    const struct workflow *workflow;
    const struct workflow_job *row;
    struct expr_scope scope;
    char name[96];
    bool has_script; /* a file */
    struct str *why;
};

struct job *job_create(void)
{
    struct job *job = mem_new(1, sizeof(*job));

    str_init(&job->texts, TEXTS_LIMIT);
    return job;
}

void job_destroy(struct job *job)
{
    if (!job) {
        return;
    }
    str_finish(&job->texts);
    mem_free(job->argv);
    mem_free(job->env);
    mem_free(job->slices);
    mem_free(job->pairs);
    mem_free(job);
}

bool job_has_script(const struct job *job)
{
    return job->has_script;
}

/* ---- texts ---- */

static struct place begin(const struct job *job)
{
    return (struct place){.at = job->texts.size};
}

static void end(const struct job *job, struct place *place)
{
    place->size = job->texts.size - place->at;
}

static struct place text(struct job *job, const char *p)
{
    struct place place = begin(job);

    str_add_text(&job->texts, p);
    end(job, &place);
    return place;
}

static struct haft_slice slice(const struct job *job, struct place place)
{
    return (struct haft_slice){job->texts.text + place.at, place.size};
}

/* What an expression stands in, with where it stands for the message. */
static bool render(struct job *job, const char *where, const char *p,
                   struct place *place)
{
    struct str why;
    bool is_good;

    *place = begin(job);
    if (template_is_plain(p)) {
        str_add_text(&job->texts, p);
        end(job, place);
        return true;
    }
    str_init(&why, STR_WHY_LIMIT);
    is_good = template_render(p, &job->scope, &job->texts, &why);
    end(job, place);
    if (!is_good) {
        str_addf(job->why, "%s: %s", where, why.text);
    } else if (memchr(job->texts.text + place->at, '\0', place->size)) {
        str_addf(job->why, "%s: its value holds a NUL byte", where);
        is_good = false;
    }
    str_finish(&why);
    return is_good;
}

/* ---- the environment ---- */

/* A name that comes again replaces. */
static void put(struct job *job, struct place name, struct place value)
{
    const char *texts = job->texts.text;
    size_t i = 0;

    while (i < job->env_count && (job->env[i][0].size != name.size ||
                                  memcmp(texts + job->env[i][0].at,
                                         texts + name.at, name.size) != 0)) {
        i++;
    }
    if (i == job->env_count) {
        job->env = mem_grow(job->env, &job->env_room, job->env_count + 1,
                            sizeof(*job->env));
        job->env_count++;
    }
    job->env[i][0] = name;
    job->env[i][1] = value;
}

static void put_text(struct job *job, const char *name, const char *value)
{
    struct place key = text(job, name);

    put(job, key, text(job, value));
}

static void put_number(struct job *job, const char *name, uint64_t value)
{
    char digits[24];

    snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
    put_text(job, name, digits);
}

static struct place capitals(struct job *job, const char *prefix,
                             const char *name)
{
    struct place place = text(job, prefix);

    for (const char *p = name; *p; p++) {
        bool is_small = *p >= 'a' && *p <= 'z';

        str_add_char(&job->texts, *p == '-'  ? '_'
                                  : is_small ? (char)(*p - 'a' + 'A')
                                             : *p);
    }
    end(job, &place);
    return place;
}

/* Lists, objects and null have no form that a shell could use. */
static void put_scalar(struct job *job, const char *prefix, const char *name,
                       const cJSON *value)
{
    struct place key;
    struct place place;

    if (!cJSON_IsString(value) && !cJSON_IsNumber(value) &&
        !cJSON_IsBool(value)) {
        return;
    }
    key = capitals(job, prefix, name);
    if (cJSON_IsString(value)) {
        place = text(job, value->valuestring);
    } else {
        struct str json;

        str_init(&json, 64);
        json_value(&json, value);
        place = text(job, json.text);
        str_finish(&json);
    }
    put(job, key, place);
}

/* A container has its image's own PATH and HOME. */
static bool add_env(struct job *job)
{
    static const char *const kept[] = {"PATH", "HOME", "LANG", "TZ", "USER"};

    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        const char *value = job->row->image ? NULL : getenv(kept[i]);

        if (value) {
            put_text(job, kept[i], value);
        }
    }
    for (size_t i = 0; i < job->row->env_count; i++) {
        const struct workflow_pair *pair = &job->row->env[i];
        struct place name = text(job, pair->name);
        struct place value;

        if (!render(job, pair->name, pair->value, &value)) {
            return false;
        }
        put(job, name, value);
    }
    return true;
}

static struct place add_file(struct job *job, enum logs_file file)
{
    struct logs_of of = {job->run->id, job->name, job->effect->fence};
    struct place place = begin(job);

    logs_add_path(job->logs, &job->texts, &of, file);
    end(job, &place);
    return place;
}

static void add_own_env(struct job *job, const struct task *t)
{
    uint32_t each =
        core_task_row(job->core, job->effect->run, job->effect->task)->each;
    struct place place;
    struct place key;
    const cJSON *param;

    put_text(job, "HAFT_RUN_ID", job->run->id);
    put_text(job, "HAFT_TASK", job->name);
    put_number(job, "HAFT_ATTEMPT", job->effect->attempt);
    put_number(job, "HAFT_FENCE", job->effect->fence);
    put_number(job, "HAFT_TRIES", (uint64_t)t->tries + 1);
    if (!job->row->image) { /* a container sees no file of the host */
        key = text(job, "HAFT_RUN_DIR");
        place = begin(job);
        logs_add_run_path(job->logs, &job->texts, job->run->id);
        end(job, &place);
        put(job, key, place);
        key = text(job, "HAFT_OUTPUT");
        put(job, key, add_file(job, LOGS_OUTPUTS));
    }
    cJSON_ArrayForEach(param, job->run->params)
    {
        put_scalar(job, "HAFT_PARAM_", param->string, param);
    }
    if (each != WORKFLOW_NONE && t->item != CORE_NONE && t->value) {
        put_scalar(job, "HAFT_EACH_", job->workflow->eaches[each].name,
                   t->value);
    }
}

/* ---- what is run ---- */

static void add_argument(struct job *job, struct place place)
{
    job->argv = mem_grow(job->argv, &job->argv_room, job->argv_count + 1,
                         sizeof(*job->argv));
    job->argv[job->argv_count++] = place;
}

static bool write_script(struct job *job, struct place *path)
{
    const char *script = job->row->script;
    size_t size = strlen(script);
    size_t done = 0;
    int fd;

    *path = add_file(job, LOGS_SCRIPT);
    job->has_script = true;
    /* What is there, if anything, is an earlier host's, or a task's trap. */
    unlink(job->texts.text + path->at);
    fd = open(job->texts.text + path->at,
              O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    while (fd >= 0 && done < size) {
        ssize_t n = write(fd, script + done, size - done);

        if (n < 0 && errno != EINTR) {
            break;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    if (fd < 0 || done < size) {
        str_addf(job->why, "its script cannot be written: %s", strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0 && done == size;
}

static bool add_script(struct job *job)
{
    static const char *const usual[] = {"/bin/sh", "-e"};
    const char *const *shell = job->row->shell_count ? job->row->shell : usual;
    size_t count = job->row->shell_count ? job->row->shell_count : 2;
    struct place path;

    for (size_t i = 0; i < count; i++) {
        add_argument(job, text(job, shell[i]));
    }
    if (strlen(job->row->script) < ARGUMENT_LIMIT) {
        add_argument(job, text(job, "-c"));
        add_argument(job, text(job, job->row->script));
        return true;
    }
    if (job->row->image) {
        str_addf(job->why,
                 "its script is longer than the %d KiB that go into a "
                 "container",
                 ARGUMENT_LIMIT / 1024);
        return false;
    }
    if (!write_script(job, &path)) {
        return false;
    }
    add_argument(job, path);
    return true;
}

static bool add_argv(struct job *job)
{
    struct place place;

    if (job->row->script) {
        return add_script(job);
    }
    for (size_t i = 0; i < job->row->command_count; i++) {
        if (!render(job, "command", job->row->command[i], &place)) {
            return false;
        }
        add_argument(job, place);
    }
    if (job->argv_count == 0) {
        str_add_text(job->why, "the task has neither run nor command");
    }
    return job->argv_count > 0;
}

/* Relative to where the workflow lies, else to the run's own folder; in a
 * container to the image's folder, which the executor knows. */
static bool add_workdir(struct job *job, struct place *workdir)
{
    const char *base = job->workflow->directory;
    struct place said = begin(job);

    if (job->row->workdir &&
        !render(job, "workdir", job->row->workdir, &said)) {
        return false;
    }
    if (job->row->image || (said.size && job->texts.text[said.at] == '/')) {
        *workdir = said;
        return true;
    }
    *workdir = begin(job);
    if (base) {
        str_add_text(&job->texts, base);
    } else {
        logs_add_run_path(job->logs, &job->texts, job->run->id);
    }
    if (said.size) {
        /* `texts` may move, so what it holds is copied by way of a text. */
        char *copy = mem_text(job->texts.text + said.at, said.size);

        str_add_char(&job->texts, '/');
        str_add_text(&job->texts, copy);
        mem_free(copy);
    }
    end(job, workdir);
    return true;
}

/* ---- the message ---- */

static void add_arrays(struct job *job)
{
    job->slices = mem_grow(job->slices, &job->slices_room, job->argv_count,
                           sizeof(*job->slices));
    job->pairs = mem_grow(job->pairs, &job->pairs_room, job->env_count,
                          sizeof(*job->pairs));
    for (size_t i = 0; i < job->argv_count; i++) {
        job->slices[i] = slice(job, job->argv[i]);
    }
    for (size_t i = 0; i < job->env_count; i++) {
        job->pairs[i].name = slice(job, job->env[i][0]);
        job->pairs[i].value = slice(job, job->env[i][1]);
    }
    job->in.argv = (struct haft_array){job->slices, (uint32_t)job->argv_count,
                                       sizeof(*job->slices)};
    job->in.env = (struct haft_array){job->pairs, (uint32_t)job->env_count,
                                      sizeof(*job->pairs)};
}

static void look(struct job *job)
{
    uint32_t run = job->effect->run;
    uint32_t task = job->effect->task;

    job->run = core_run(job->core, run);
    job->workflow = job->run->workflow;
    job->row = &job->workflow->jobs[core_task_row(job->core, run, task)->job];
    job->scope = core_scope(job->core, run, task);
    core_task_name(job->core, run, task, job->name);
    str_reset(&job->texts);
    job->argv_count = 0;
    job->env_count = 0;
    job->has_script = false;
}

/* All texts are there: from here on nothing moves. */
static void fill(struct job *job, const struct task *t,
                 const struct workflow_policy *policy)
{
    const char *sort =
        job->row->image ? HAFT_SORT_CONTAINER : HAFT_SORT_PROCESS;
    struct haft_executor_start_in *in = &job->in;

    in->size = sizeof(*in);
    in->tries = t->tries + 1;
    in->attempt = job->effect->attempt;
    in->fence = job->effect->fence;
    in->run_limit_ms = policy->run_ms;
    in->sort = (struct haft_slice){sort, strlen(sort)};
    in->run = (struct haft_slice){job->run->id, strlen(job->run->id)};
    in->task = (struct haft_slice){job->name, strlen(job->name)};
    add_arrays(job);
}

const struct haft_executor_start_in *
job_make(struct job *job, const struct logs *logs, const struct core *core,
         const struct effect *effect, struct str *why)
{
    struct task room;
    const struct task *t = core_task(core, effect->run, effect->task, &room);
    const struct workflow_policy *policy;
    struct place places[3];
    struct place image = {0, 0};
    struct place idempotency_key = {0, 0};

    job->core = core;
    job->logs = logs;
    job->effect = effect;
    job->why = why;
    look(job);
    policy =
        &job->workflow
             ->policies[core_task_row(core, effect->run, effect->task)->policy];
    if (!add_env(job) || !add_argv(job)) {
        return NULL;
    }
    add_own_env(job, t);
    if ((job->row->image && !render(job, "image", job->row->image, &image)) ||
        !add_workdir(job, &places[0]) ||
        (policy->idempotency_key &&
         !render(job, "idempotent", policy->idempotency_key,
                 &idempotency_key))) {
        return NULL;
    }
    places[1] = add_file(job, LOGS_OUT);
    places[2] = add_file(job, LOGS_ERR);
    if (job->texts.is_cut) {
        str_add_text(why, "its command and environment are longer than 16 MiB");
        return NULL;
    }
    memset(&job->in, 0, sizeof(job->in));
    fill(job, t, policy);
    job->in.image = slice(job, image);
    job->in.workdir = slice(job, places[0]);
    job->in.stdout_path = slice(job, places[1]);
    job->in.stderr_path = slice(job, places[2]);
    job->in.idempotency_key = slice(job, idempotency_key);
    return &job->in;
}
