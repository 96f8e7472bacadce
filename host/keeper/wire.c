#include "host/keeper/wire.h"

#include <assert.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A SPAWN as it travels: this, then limit_count limits, then the texts, each
 * ended by a NUL: cwd, input, output, errors, cgroup, argv, env; then zeros
 * up to a multiple of eight. */
struct spawn {
    struct wire_head head;
    uint64_t id;
    uint64_t fence;
    uint32_t flags;
    uint32_t lane;
    uint32_t weight;
    int32_t nice;
    uint32_t umask;
    uint32_t limit_count;
    uint32_t argv_count;
    uint32_t env_count;
};

#define PATHS 5 /* cwd .. cgroup */

static_assert(sizeof(struct wire_head) == 8, "heads keep bodies aligned");
static_assert(sizeof(struct spawn) % 8 == 0, "limits follow aligned");
static_assert(offsetof(struct spawn, id) == offsetof(struct wire_id, id),
              "a SPAWN begins like the messages about an id");
static_assert(sizeof(struct wire_limit) == 24, "no hidden padding");
static_assert(sizeof(struct wire_report) == 80, "no hidden padding");

/* Sizes of the messages that have one. */
static const uint32_t fixed[] = {
    [WIRE_HELLO] = sizeof(struct wire_hello),
    [WIRE_WITHDRAW] = sizeof(struct wire_id),
    [WIRE_KILL] = sizeof(struct wire_kill),
    [WIRE_RELEASE] = sizeof(struct wire_id),
    [WIRE_SLOTS] = sizeof(struct wire_slots),
    [WIRE_READY] = sizeof(struct wire_ready),
    [WIRE_REPORT] = sizeof(struct wire_report),
    [WIRE_REFUSED] = sizeof(struct wire_refused),
};

#define TYPES (sizeof(fixed) / sizeof(fixed[0]))

static const char *const states[WIRE_STATES] = {
    [WIRE_UNKNOWN] = "UNKNOWN",     [WIRE_QUEUED] = "QUEUED",
    [WIRE_STARTING] = "STARTING",   [WIRE_RUNNING] = "RUNNING",
    [WIRE_ENDED] = "ENDED",         [WIRE_NOEXEC] = "NOEXEC",
    [WIRE_WITHDRAWN] = "WITHDRAWN", [WIRE_LOST] = "LOST",
};

static const char *const steps[WIRE_STEPS] = {
    [WIRE_STEP_EXEC] = "starting the program",
    [WIRE_STEP_FORK] = "making a process",
    [WIRE_STEP_CGROUP] = "joining the cgroup",
    [WIRE_STEP_LIMIT] = "setting resource limits",
    [WIRE_STEP_NICE] = "setting the priority",
    [WIRE_STEP_INPUT] = "opening standard input",
    [WIRE_STEP_OUTPUT] = "opening standard output",
    [WIRE_STEP_ERRORS] = "opening standard error",
    [WIRE_STEP_CWD] = "entering the directory",
};

static int hex_value(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c == 0 ? NULL : strchr(digits, c);
    return at == NULL ? -1 : (int)(at - digits);
}

/* Whether `size` bytes are exactly `count` texts and then zeros to fill up. */
static bool is_texts(const char *text, size_t size, uint64_t count)
{
    const char *end = text + size;
    for (; count > 0; count--) {
        const char *nul = text == end ? NULL : memchr(text, 0, end - text);
        if (nul == NULL) {
            return false;
        }
        text = nul + 1;
    }
    if (end - text >= 8) {
        return false;
    }
    for (; text < end; text++) {
        if (*text != 0) {
            return false;
        }
    }
    return true;
}

static bool is_spawn(const void *body, size_t size)
{
    struct spawn spawn;
    if (size < sizeof(spawn)) {
        return false;
    }
    memcpy(&spawn, body, sizeof(spawn));
    if (spawn.id == 0 || spawn.argv_count == 0 ||
        spawn.limit_count > WIRE_LIMITS || spawn.lane >= WIRE_LANES ||
        (spawn.flags & ~(uint32_t)WIRE_FLAGS_ALL) != 0) {
        return false;
    }
    size_t fore = sizeof(spawn) + spawn.limit_count * sizeof(struct wire_limit);
    return fore <= size &&
           is_texts((const char *)body + fore, size - fore,
                    (uint64_t)PATHS + spawn.argv_count + spawn.env_count);
}

static bool is_size_right(const struct wire_head *head, const void *body)
{
    if (head->type == WIRE_SPAWN) {
        return is_spawn(body, head->size);
    }
    return head->type < TYPES && fixed[head->type] != 0 &&
           fixed[head->type] == head->size;
}

static bool is_known_value(const union wire_message *message)
{
    const struct wire_report *report = &message->report;
    switch (message->head.type) {
    case WIRE_REPORT:
        return report->state < WIRE_STATES &&
               (report->state != WIRE_NOEXEC ||
                (report->status >= 0 && report->status < WIRE_STEPS));
    case WIRE_WITHDRAW:
    case WIRE_RELEASE:
        return message->id.id != 0;
    case WIRE_KILL:
        return message->kill.id != 0 && message->kill.signal > 0 &&
               message->kill.signal <= 64;
    default:
        return true;
    }
}

int wire_next(const void *packet, size_t size, size_t *at,
              union wire_message *message, const void **body)
{
    const char *here = (const char *)packet + *at;
    size_t left = size - *at;
    if (left == 0) {
        return 0;
    }
    struct wire_head head;
    if (left < sizeof(head)) {
        return -1;
    }
    memcpy(&head, here, sizeof(head));
    if (head.size > left || head.size % 8 != 0 || head.zero != 0 ||
        !is_size_right(&head, here)) {
        return -1;
    }
    memset(message, 0, sizeof(*message));
    memcpy(message, here,
           head.type == WIRE_SPAWN ? sizeof(struct wire_id)
                                   : (size_t)head.size);
    if (!is_known_value(message)) {
        return -1;
    }
    *body = here;
    *at += head.size;
    return 1;
}

static const char *take_text(const char **text)
{
    const char *taken = *text;
    *text += strlen(taken) + 1;
    return taken;
}

static const char **take_list(const char **text, const char **list,
                              uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        list[i] = take_text(text);
    }
    list[count] = NULL;
    return list + count + 1;
}

/* The block: the job, its limits, its two lists, then the texts. */
struct wire_job *wire_get_job(const void *body)
{
    struct spawn spawn;
    memcpy(&spawn, body, sizeof(spawn));
    size_t limits_size = spawn.limit_count * sizeof(struct wire_limit);
    size_t lists_size =
        ((size_t)spawn.argv_count + spawn.env_count + 2) * sizeof(char *);
    size_t texts_size = spawn.head.size - sizeof(spawn) - limits_size;
    struct wire_job *job =
        malloc(sizeof(*job) + limits_size + lists_size + texts_size);
    if (job == NULL) {
        return NULL;
    }
    struct wire_limit *limits = (struct wire_limit *)(job + 1);
    const char **lists = (const char **)(limits + spawn.limit_count);
    char *texts = (char *)lists + lists_size;
    const char *fore = (const char *)body + sizeof(spawn);
    memcpy(limits, fore, limits_size);
    memcpy(texts, fore + limits_size, texts_size);

    const char *text = texts;
    *job = (struct wire_job){
        .id = spawn.id,
        .fence = spawn.fence,
        .flags = spawn.flags,
        .lane = spawn.lane,
        .weight = spawn.weight,
        .nice = spawn.nice,
        .umask = spawn.umask,
        .limit_count = spawn.limit_count,
        .limits = limits,
        .argv = lists,
        .env = lists + spawn.argv_count + 1,
    };
    job->cwd = take_text(&text);
    job->input = take_text(&text);
    job->output = take_text(&text);
    job->errors = take_text(&text);
    job->cgroup = take_text(&text);
    lists = take_list(&text, lists, spawn.argv_count);
    take_list(&text, lists, spawn.env_count);
    return job;
}

static const char *path_at(const struct wire_job *job, int index)
{
    const char *paths[PATHS] = {job->cwd, job->input, job->output, job->errors,
                                job->cgroup};
    return paths[index] == NULL ? "" : paths[index];
}

/* Adds the sizes of a list to *size and its length to *count; stops beyond a
 * packet, so that nothing can overflow. */
static void measure(const char *const *list, size_t *size, uint32_t *count)
{
    *count = 0;
    while (list != NULL && list[*count] != NULL && *size <= WIRE_PACKET_LIMIT) {
        *size += strlen(list[*count]) + 1;
        (*count)++;
    }
}

static size_t measure_job(const struct wire_job *job, uint32_t *argv_count,
                          uint32_t *env_count)
{
    size_t size =
        sizeof(struct spawn) + job->limit_count * sizeof(struct wire_limit);
    for (int i = 0; i < PATHS; i++) {
        size += strlen(path_at(job, i)) + 1;
    }
    measure(job->argv, &size, argv_count);
    measure(job->env, &size, env_count);
    return (size + 7) & ~(size_t)7;
}

size_t wire_job_size(const struct wire_job *job)
{
    if (job->id == 0 || job->limit_count > WIRE_LIMITS ||
        job->lane >= WIRE_LANES ||
        (job->flags & ~(uint32_t)WIRE_FLAGS_ALL) != 0) {
        return 0;
    }
    uint32_t argv_count = 0;
    uint32_t env_count = 0;
    size_t size = measure_job(job, &argv_count, &env_count);
    return argv_count == 0 || size > WIRE_PACKET_LIMIT ? 0 : size;
}

static char *put_text(char *to, const char *text)
{
    size_t size = strlen(text) + 1;
    memcpy(to, text, size);
    return to + size;
}

void wire_put_job(void *room, size_t size, const struct wire_job *job)
{
    struct spawn spawn = {
        .head = {.size = (uint32_t)size, .type = WIRE_SPAWN},
        .id = job->id,
        .fence = job->fence,
        .flags = job->flags,
        .lane = job->lane,
        .weight = job->weight,
        .nice = job->nice,
        .umask = job->umask,
        .limit_count = job->limit_count,
    };
    size_t need = measure_job(job, &spawn.argv_count, &spawn.env_count);
    assert(need == size && size <= WIRE_PACKET_LIMIT);
    (void)need;

    char *to = room;
    memcpy(to, &spawn, sizeof(spawn));
    to += sizeof(spawn);
    if (job->limit_count > 0) {
        memcpy(to, job->limits, job->limit_count * sizeof(struct wire_limit));
        to += job->limit_count * sizeof(struct wire_limit);
    }
    for (int i = 0; i < PATHS; i++) {
        to = put_text(to, path_at(job, i));
    }
    for (uint32_t i = 0; i < spawn.argv_count; i++) {
        to = put_text(to, job->argv[i]);
    }
    for (uint32_t i = 0; i < spawn.env_count; i++) {
        to = put_text(to, job->env[i]);
    }
    memset(to, 0, (size_t)((char *)room + size - to));
}

struct wire_head wire_head(enum wire_type type)
{
    assert(type < TYPES && fixed[type] != 0);
    return (struct wire_head){.size = fixed[type], .type = (uint16_t)type};
}

/* "8c5d3a52-..." as 16 bytes */
void wire_read_boot(uint8_t boot[16])
{
    char text[64] = "";
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        ssize_t size = read(fd, text, sizeof(text) - 1);
        text[size > 0 ? size : 0] = 0;
        close(fd);
    }
    memset(boot, 0, 16);
    int nibbles = 0;
    for (const char *at = text; *at != 0 && nibbles < 32; at++) {
        int value = hex_value(*at);
        if (value >= 0) {
            boot[nibbles / 2] =
                (uint8_t)(boot[nibbles / 2] << 4 | (uint8_t)value);
            nibbles++;
        }
    }
}

const char *wire_state_name(uint32_t state)
{
    return state < WIRE_STATES ? states[state] : "?";
}

const char *wire_step_name(int32_t step)
{
    return step >= 0 && step < WIRE_STEPS ? steps[step] : "?";
}
