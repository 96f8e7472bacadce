/* A host for the unit tests of a plugin: it makes an instance as haft would,
 * asks it, and writes down what that asks of its host, a line a call with the
 * fields that are not zero:
 *
 *     haft.attempt/1 ended attempt=7 fence=3 ended_ms=1000000
 *
 * Every service of <haft/host.h> answers HAFT_OK and zeros, the clock what
 * `now_ms` says, unless haft_fake_answer has said otherwise. The functions are
 * for the test's own thread; the instance's may call the host as ever. haft
 * itself checks far more: run a workflow, too. */
#ifndef HAFT_FAKEHOST_H
#define HAFT_FAKEHOST_H

#include <pthread.h>
#include <time.h>

#include <haft/sdk.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HAFT_FAKE_LIMIT 32 /* options; and answers to come */
#define HAFT_FAKE_WAIT_S 10

/* The one function of a module; a test is linked with it. */
extern const struct haft_module *haft_module_v1(void);

struct haft_fake;

struct haft_fake_service {
    struct haft_fake *fake;
    struct haft_object object;
};

struct haft_fake_answer {
    const char *service; /* NULL: given */
    uint32_t method;
    haft_status status;
    const void *out;
};

struct haft_fake {
    struct haft_host host;
    struct haft_instance *instance;
    int64_t now_ms;       /* what both clocks say */
    int32_t is_cancelled; /* what the instance hears of every call */
    char heard[16384];    /* by the host; cut there */
    /* The rest is its own. */
    size_t heard_size;
    struct haft_fake_service services[5];
    struct haft_value options[HAFT_FAKE_LIMIT];
    uint32_t options_count;
    struct haft_fake_answer answers[HAFT_FAKE_LIMIT];
    uint32_t answers_count;
    void **blocks; /* of alloc, each begins with the next; till the next ask */
    pthread_mutex_t lock;
    pthread_cond_t done;
    uint64_t call;
    int is_done;
    haft_status status;
    const struct haft_record *record;
    void *out;
};

/* Ends the test unless the condition holds. */
#define HAFT_CHECK(f, condition)                                               \
    ((condition) ? (void)0 : haft_fake_die((f), #condition, __FILE__, __LINE__))

static inline void haft_fake_die(const struct haft_fake *f, const char *what,
                                 const char *file, int line)
{
    fprintf(stderr, "%s:%d: does not hold: %s\nthe host heard:\n%s", file, line,
            what, f->heard);
    exit(1);
}

/* ---- what the host hears ---- */

HAFT_PRINTF_(2, 3)
static void haft_fake_say(struct haft_fake *f, const char *format, ...)
{
    size_t room = sizeof(f->heard) - f->heard_size;
    va_list args;
    int size;

    va_start(args, format);
    size = vsnprintf(f->heard + f->heard_size, room, format, args);
    va_end(args);
    f->heard_size += size < 0 || (size_t)size < room ? (size_t)size : room - 1;
}

/* One field behind its name; nothing if it is zero. */
static inline void haft_fake_say_field(struct haft_fake *f, const char *name,
                                       const struct haft_field *field,
                                       const void *at)
{
    const struct haft_slice *text = (const struct haft_slice *)at;
    int32_t narrow;
    int64_t wide;

    memcpy(&narrow, at, sizeof(narrow));
    wide = narrow;
    if (field->kind == HAFT_U64 || field->kind == HAFT_I64) {
        memcpy(&wide, at, sizeof(wide));
    }
    if (field->kind != HAFT_BYTES && field->kind != HAFT_TEXT) {
        if (wide != 0 && field->kind != HAFT_SIZE) {
            haft_fake_say(f, " %s=%ld", name, (long)wide);
        }
    } else if (text->n > 0) {
        haft_fake_say(f, " %s=%.*s", name, (int)text->n, (const char *)text->p);
    }
}

/* A message; of an array the fields of each item. */
static inline void haft_fake_say_message(struct haft_fake *f,
                                         const struct haft_record *record,
                                         const char *message)
{
    uint32_t i;
    uint32_t k;

    for (i = 0; i < record->count; i++) {
        const struct haft_field *field = &record->fields[i];
        const void *at = message + field->offset;
        const struct haft_array *items = (const struct haft_array *)at;

        if (field->kind != HAFT_ARRAY) {
            haft_fake_say_field(f, field->name, field, at);
            continue;
        }
        for (k = 0; k < items->count * field->item->count; k++) {
            const struct haft_field *part =
                &field->item->fields[k % field->item->count];
            const void *item = haft_item(*items, k / field->item->count);
            haft_fake_say_field(f, part->name, part,
                                (const char *)item + part->offset);
        }
    }
    haft_fake_say(f, "\n");
}

/* How many lines hold the text. */
static inline int haft_fake_heard(const struct haft_fake *f, const char *text)
{
    const char *at = strstr(f->heard, text);
    int count = 0;

    for (; at; at = strstr(at + strcspn(at, "\n"), text)) {
        count++;
    }
    return count;
}

/* ---- what the host answers ---- */

/* The answer to the next call of the method that has none yet. `out` lasts
 * until then; NULL: zeros. */
static inline void haft_fake_answer(struct haft_fake *f, const char *service,
                                    uint32_t method, haft_status status,
                                    const void *out)
{
    const struct haft_fake_answer answer = {service, method, status, out};

    HAFT_CHECK(f, f->answers_count < HAFT_FAKE_LIMIT);
    f->answers[f->answers_count++] = answer;
}

/* Both begin with their size, which stays. */
static inline void haft_fake_fill(void *out, const void *with)
{
    uint32_t size;
    uint32_t has;

    memcpy(&size, out, sizeof(size));
    memcpy(&has, with, sizeof(has));
    memcpy((char *)out + sizeof(size), (const char *)with + sizeof(size),
           (size < has ? size : has) - sizeof(size));
}

static inline haft_status haft_fake_serve(void *self, uint32_t method,
                                          const void *in, void *out)
{
    const struct haft_fake_service *s = (struct haft_fake_service *)self;
    const struct haft_interface *service = s->object.interface;
    struct haft_fake *f = s->fake;
    haft_status status = HAFT_OK;
    uint32_t i = 0;

    HAFT_NEW(haft_clock_now_out, now);
    now.monotonic_ms = now.real_ms = f->now_ms;
    pthread_mutex_lock(&f->lock);
    if (strcmp(service->id, HAFT_CLOCK_V1) == 0) {
        haft_fake_fill(out, &now);
    } else {
        haft_fake_say(f, "%s %s", service->id, service->methods[method].name);
        haft_fake_say_message(f, service->methods[method].in, (const char *)in);
    }
    while (i < f->answers_count &&
           (!f->answers[i].service || f->answers[i].method != method ||
            strcmp(f->answers[i].service, service->id) != 0)) {
        i++;
    }
    if (i < f->answers_count) {
        f->answers[i].service = NULL;
        status = f->answers[i].status;
        if (out && f->answers[i].out) {
            haft_fake_fill(out, f->answers[i].out);
        }
    }
    pthread_mutex_unlock(&f->lock);
    return status;
}

#define HAFT_FAKE_METHOD_(n)                                                   \
    static inline haft_status haft_fake_serve_##n(                             \
        void *self, const struct haft_call *call, const void *in, void *out)   \
    {                                                                          \
        (void)call;                                                            \
        return haft_fake_serve(self, n, in, out);                              \
    }
HAFT_FAKE_METHOD_(0)
HAFT_FAKE_METHOD_(1)
HAFT_FAKE_METHOD_(2)
HAFT_FAKE_METHOD_(3)
HAFT_FAKE_METHOD_(4)

static inline const struct haft_object *haft_fake_query(void *self,
                                                        const char *id)
{
    struct haft_fake *f = (struct haft_fake *)self;
    size_t i = 0;

    while (i < 5 && strcmp(f->services[i].object.interface->id, id) != 0) {
        i++;
    }
    return i < 5 ? &f->services[i].object : NULL;
}

static inline void *haft_fake_alloc(void *self, uint64_t call, uint64_t size)
{
    struct haft_fake *f = (struct haft_fake *)self;
    void **block = (void **)calloc(1, 2 * sizeof(*block) + (size_t)size);

    (void)call;
    if (block) {
        *block = f->blocks;
        f->blocks = block;
    }
    return block ? block + 2 : NULL;
}

static inline haft_status haft_fake_fault(void *self, uint64_t call,
                                          const struct haft_fault *fault)
{
    struct haft_fake *f = (struct haft_fake *)self;

    (void)call;
    pthread_mutex_lock(&f->lock);
    haft_fake_say(f, "fault");
    haft_fake_say_message(f, &haft_fault_record, (const char *)fault);
    pthread_mutex_unlock(&f->lock);
    return HAFT_OK;
}

static inline haft_status haft_fake_complete(void *self, uint64_t call,
                                             haft_status status,
                                             const void *out,
                                             const struct haft_fault *fault)
{
    struct haft_fake *f = (struct haft_fake *)self;
    haft_status answer = HAFT_STALE;

    if (fault) {
        haft_fake_fault(self, call, fault);
    }
    pthread_mutex_lock(&f->lock);
    if (call == f->call && !f->is_done) {
        f->status = status;
        if (out && f->out) {
            haft_fake_say(f, "completed");
            haft_fake_say_message(f, f->record, (const char *)out);
            haft_fake_fill(f->out, out);
        }
        f->is_done = 1;
        answer = HAFT_OK;
        pthread_cond_signal(&f->done);
    }
    pthread_mutex_unlock(&f->lock);
    return answer;
}

static inline int32_t haft_fake_cancelled(void *self, uint64_t call)
{
    (void)call;
    return ((struct haft_fake *)self)->is_cancelled;
}

/* ---- an instance, and what it is asked ---- */

static inline void haft_fake_open(struct haft_fake *f)
{
    static const struct haft_interface *const known[] = {
        &haft_log_v1, &haft_clock_v1, &haft_loop_v1, &haft_attempt_v1,
        &haft_process_v1};
    static const haft_method methods[] = {haft_fake_serve_0, haft_fake_serve_1,
                                          haft_fake_serve_2, haft_fake_serve_3,
                                          haft_fake_serve_4};
    const struct haft_host host = {
        (uint32_t)sizeof(host), HAFT_ABI,           f,
        haft_fake_query,        haft_fake_alloc,    haft_fake_fault,
        haft_fake_complete,     haft_fake_cancelled};
    size_t i;

    memset(f, 0, sizeof(*f));
    f->host = host;
    f->now_ms = 1000000;
    for (i = 0; i < 5; i++) {
        const struct haft_object object = {(uint32_t)sizeof(object),
                                           known[i]->count, known[i], methods,
                                           &f->services[i]};
        f->services[i].fake = f;
        f->services[i].object = object;
    }
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->done, NULL);
}

/* A value of the section: a HAFT_VALUE_* and a number (milliseconds, bytes, 0
 * or 1), or a text, which lasts until create. */
static inline void haft_fake_option(struct haft_fake *f, const char *key,
                                    uint32_t type, int64_t number,
                                    const char *text)
{
    const struct haft_value value = {haft_text(key), type, 1, number,
                                     haft_text(text)};

    HAFT_CHECK(f, f->options_count < HAFT_FAKE_LIMIT);
    f->options[f->options_count++] = value;
}

/* Makes an instance of the module's first class. */
static inline haft_status haft_fake_create(struct haft_fake *f)
{
    HAFT_NEW(haft_create, with);
    with.name = haft_text("test");
    with.values = haft_items(f->options, f->options_count,
                             (uint32_t)sizeof(f->options[0]));
    return haft_module_v1()->classes[0]->create(&f->host, &with, &f->instance);
}

static inline void haft_fake_forget(struct haft_fake *f)
{
    while (f->blocks) {
        void **next = (void **)*f->blocks;

        free(f->blocks);
        f->blocks = next;
    }
}

/* Asks, and waits for what is answered later; -HAFT_UNIMPLEMENTED if it is not
 * offered. What `out` points at lasts until the next ask, or until the plugin
 * ends it: texts of a later answer are best looked for in what was heard. */
static inline haft_status haft_fake_ask(struct haft_fake *f,
                                        const struct haft_interface *interface,
                                        uint32_t method, const void *in,
                                        void *out)
{
    const struct haft_object *const *o = f->instance->objects;
    struct timespec limit;
    haft_status status;

    HAFT_NEW(haft_call, call);
    call.deadline_ms = INT64_MAX;
    memset(&limit, 0, sizeof(limit));
    limit.tv_sec = time(NULL) + HAFT_FAKE_WAIT_S;
    while (*o && strcmp((*o)->interface->id, interface->id) != 0) {
        o++;
    }
    haft_fake_forget(f);
    pthread_mutex_lock(&f->lock);
    call.id = ++f->call;
    f->is_done = 0;
    f->out = out;
    f->record = interface->methods[method].out;
    pthread_mutex_unlock(&f->lock);
    status = haft_ask(*o, method, &call, in, out);
    pthread_mutex_lock(&f->lock);
    while (status == HAFT_PENDING && !f->is_done) {
        HAFT_CHECK(f, pthread_cond_timedwait(&f->done, &f->lock, &limit) == 0);
    }
    f->is_done = 1;
    status = status == HAFT_PENDING ? f->status : status;
    pthread_mutex_unlock(&f->lock);
    return status;
}

/* Destroys the instance, if there is one. */
static inline void haft_fake_close(struct haft_fake *f)
{
    if (f->instance) {
        f->instance->destroy(f->instance);
    }
    haft_fake_forget(f);
    pthread_mutex_destroy(&f->lock);
    pthread_cond_destroy(&f->done);
}

#ifdef __cplusplus
}
#endif

#endif
