#include <string.h>
#include <unistd.h>

#include <haft/executor.h>
#include <haft/host.h>

#include "host/base/log.h"
#include "host/guest/wire.h"
#include "host/guest/worker_inside.h"
#include "host/plain/mem.h"

/* Those that a worker has not itself; what it does not know it cannot pass on,
 * and to a plugin that is a host that lacks it. */
static const struct haft_interface *const forwarded[] = {
    &haft_attempt_v1,
    &haft_process_v1,
};

_Static_assert(sizeof(forwarded) / sizeof(forwarded[0]) == WORKER_FORWARDS,
               "each has its place");

/* A call of the host's that is open. */
struct open_call {
    struct worker *worker;
    uint32_t session; /* of who asked */
    uint64_t id;
    const struct haft_record *answer;
};

/* ---- hosts ---- */

void worker_arm(struct worker *w)
{
    loop_timer_set(w->loop, &w->look_timer,
                   loop_now_ms(w->loop) + WORKER_LOOK_PAUSE_MS);
}

static void forget_kept(struct worker *w)
{
    while (w->first) {
        struct kept *next = w->first->next;

        mem_free(w->first);
        w->first = next;
    }
    w->last = &w->first;
}

void worker_part(struct worker *w)
{
    if (w->link.fd >= 0) {
        loop_remove(w->loop, w->link.fd);
        link_finish(&w->link);
        link_init(&w->link, -1);
    }
    forget_kept(w);
    w->session++;
}

static void lose_host(struct worker *w, const char *why)
{
    struct log_room room = {0};

    if (why) {
        log_error("worker", "the host is left why=%s", log_quoted(&room, why));
    }
    if (!w->path) {
        _exit(WORKER_EXIT_HOST_GONE);
    }
    worker_part(w);
    worker_arm(w);
}

/* ---- answers to the host ---- */

static void send_done(struct worker *w, const struct frame_done *m)
{
    if (!link_put(&w->link, FRAME_DONE, &frame_done_record, m)) {
        lose_host(w, "it does not read");
    }
}

static void on_done(void *ctx, haft_status status, const void *out,
                    const struct haft_fault *fault)
{
    struct open_call *open = ctx;
    struct frame_done m = {.size = sizeof(m), .status = status, .id = open->id};
    struct str bytes;

    str_init(&bytes, MESSAGE_LIMIT);
    if (status == HAFT_OK && open->answer) {
        wire_encode(open->answer, out, &bytes);
        m.out = (struct haft_slice){bytes.text, bytes.size};
    } else if (status != HAFT_OK) {
        wire_encode(&haft_fault_record, fault, &bytes);
        m.fault = (struct haft_slice){bytes.text, bytes.size};
    }
    if (bytes.is_cut) { /* without a fault: the host has words for that */
        m = (struct frame_done){
            .size = sizeof(m), .status = -HAFT_RESOURCE, .id = open->id};
    }
    if (open->session == open->worker->session) {
        send_done(open->worker, &m);
    }
    str_finish(&bytes);
    mem_free(open);
}

/* ---- making the instance ---- */

static char *text_of(struct haft_slice s)
{
    return mem_text(s.n > 0 ? s.p : "", s.n);
}

static struct module *find_module(struct worker *w, const char *file,
                                  struct str *why)
{
    struct modules *ms = &w->guests->modules;

    return file[0] == '/' ? modules_add_open(ms, w->module_fd, file, why)
                          : modules_find(ms, file, why);
}

static bool create(struct worker *w, const struct frame_create *m,
                   struct module *module, struct str *why)
{
    char *kind = text_of(m->kind);
    char *name = text_of(m->name);
    char *plugin = text_of(m->plugin);
    struct guest_origin origin = {
        .kind = kind,
        .name = name,
        .module = module,
        .class = manifest_find(&module->manifest, kind, plugin)};

    if (origin.class) {
        w->guest = guests_make(w->guests, &origin, m->values, why);
    } else {
        str_addf(why, "module %s: wanted a class %s %s, found none",
                 module->file, kind, plugin);
    }
    mem_free(kind);
    mem_free(name);
    mem_free(plugin);
    return w->guest != NULL;
}

/* A trial is over once the module is loaded. */
static bool begin(struct worker *w, const struct frame_create *m,
                  struct str *why)
{
    char *file = text_of(m->module);
    struct module *module;

    log_set_level((enum log_level)m->log_level);
    log_set_format((enum log_format)m->log_format);
    w->fences = w->fence ? w->fence(m->values) : 0;
    module = find_module(w, file, why);
    mem_free(file);
    if (!module) {
        return false;
    }
    return m->is_trial ? module_load(module, why) : create(w, m, module, why);
}

static void tell_created(struct worker *w, bool is_good, const struct str *why)
{
    struct frame_object objects[GUEST_OBJECTS_LIMIT];
    struct frame_created m = {
        .size = sizeof(m),
        .status = is_good ? HAFT_OK : -HAFT_INVALID,
        .reason = {why->text, why->size},
        .fences = w->fences,
    };
    uint32_t count = w->guest ? (uint32_t)w->guest->faces_count : 0;

    for (uint32_t i = 0; i < count; i++) {
        const struct face *f = &w->guest->faces[i];

        objects[i] = (struct frame_object){
            .interface = {face_id(f), strlen(face_id(f))},
            .count = f->object->count,
        };
    }
    m.objects = (struct haft_array){objects, count, sizeof(objects[0])};
    link_put(&w->link, FRAME_CREATED, &frame_created_record, &m);
}

/* One that survives is told so again by each host, and keeps what it has. */
static void on_create(struct worker *w, const struct frame_create *m)
{
    bool is_good = true;
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    if (!w->guest) {
        is_good = begin(w, m, &why);
        w->has_failed = !is_good;
        w->is_over = !is_good || m->is_trial;
    }
    tell_created(w, is_good, &why);
    str_finish(&why);
}

/* ---- what outlives a host ---- */

/* As the plugin posted it. */
static void post_again(struct worker *w, uint32_t method,
                       const struct str *bytes)
{
    const struct frame_call m = {
        .size = sizeof(m),
        .method = method,
        .deadline_ms = INT64_MAX,
        .interface = {HAFT_ATTEMPT_V1, strlen(HAFT_ATTEMPT_V1)},
        .in = {bytes->text, bytes->size},
    };

    if (bytes->size > 0 &&
        !link_put(&w->link, FRAME_ASK, &frame_call_record, &m)) {
        lose_host(w, "it does not read");
    }
}

/* What has ended is told without asking the plugin. True if that is all. */
static bool recover(struct worker *w, uint64_t call,
                    const struct haft_executor_recover_in *in)
{
    struct report *r = reports_find(&w->reports, in->attempt, in->fence);
    const struct haft_executor_recover_out out = {.size = sizeof(out),
                                                  .state = HAFT_RECOVER_ENDED};
    struct frame_done m = {.size = sizeof(m), .status = HAFT_OK, .id = call};
    struct str bytes;

    if (!r) {
        return false;
    }
    r->session = w->session;
    post_again(w, HAFT_ATTEMPT_STARTED, &r->started);
    if (r->ended.size == 0) {
        return false;
    }
    post_again(w, HAFT_ATTEMPT_ENDED, &r->ended);
    str_init(&bytes, MESSAGE_LIMIT);
    wire_encode(&haft_executor_recover_out_record, &out, &bytes);
    m.out = (struct haft_slice){bytes.text, bytes.size};
    send_done(w, &m);
    str_finish(&bytes);
    return true;
}

static bool is_kept_answer(struct worker *w, const struct frame_call *m,
                           const struct haft_interface *i, const void *in)
{
    if (!w->path || strcmp(i->id, HAFT_EXECUTOR_V1) != 0) {
        return false;
    }
    if (m->method == HAFT_EXECUTOR_RELEASE) {
        const struct haft_executor_release_in *release = in;

        reports_drop(&w->reports, release->attempt);
    }
    return m->method == HAFT_EXECUTOR_RECOVER && recover(w, m->id, in);
}

static void keep_report(struct worker *w, uint32_t method, const void *in,
                        const struct str *bytes)
{
    if (method == HAFT_ATTEMPT_STARTED) {
        const struct haft_attempt_started_in *m = in;
        struct report *r = reports_of(&w->reports, m->attempt, m->fence);

        r->session = w->link.fd >= 0 ? w->session : r->session;
        str_reset(&r->started);
        str_add(&r->started, bytes->text, bytes->size);
    } else if (method == HAFT_ATTEMPT_ENDED) {
        const struct haft_attempt_ended_in *m = in;
        struct report *r = reports_of(&w->reports, m->attempt, m->fence);

        str_reset(&r->ended);
        str_add(&r->ended, bytes->text, bytes->size);
    }
}

/* A host that has not asked for the attempt yet does not keep its output. */
static bool is_early(const struct worker *w, uint32_t method, const void *in)
{
    const struct haft_attempt_output_in *m = in;
    const struct report *r =
        w->path && method == HAFT_ATTEMPT_OUTPUT
            ? reports_find(&w->reports, m->attempt, m->fence)
            : NULL;

    return r && r->session != w->session;
}

/* ---- calls ---- */

static void on_call(struct worker *w, const struct frame_call *m,
                    struct scratch *mem, struct str *why)
{
    const struct haft_interface *i =
        guest_known(m->interface.p, m->interface.n);
    const struct haft_signature *s =
        i && m->method < i->count ? &i->methods[m->method] : NULL;
    const void *in = s ? wire_decode(mem, s->in, m->in.p, m->in.n, why) : NULL;
    struct open_call *open;

    if (!in || !w->guest) {
        str_add_text(why, s ? "" : "it asks for a method that there is not");
        str_add_text(why, w->guest ? "" : "it calls before it creates");
        return;
    }
    if (is_kept_answer(w, m, i, in)) {
        return;
    }
    if (s->flags & HAFT_POST) {
        guest_call(w->guest, i, m->method, in, INT64_MAX, NULL, NULL);
        return;
    }
    open = mem_new(1, sizeof(*open));
    *open = (struct open_call){w, w->session, m->id, s->out};
    guest_call(w->guest, i, m->method, in, m->deadline_ms, on_done, open);
}

static void handle(struct worker *w, uint32_t type, const void *bytes,
                   size_t size)
{
    struct scratch mem;
    struct str why;

    scratch_init(&mem);
    str_init(&why, STR_WHY_LIMIT);
    if (type == FRAME_CREATE) {
        const void *m =
            wire_decode(&mem, &frame_create_record, bytes, size, &why);

        if (m) {
            on_create(w, m);
        }
    } else if (type == FRAME_CALL) {
        const void *m =
            wire_decode(&mem, &frame_call_record, bytes, size, &why);

        if (m) {
            on_call(w, m, &mem, &why);
        }
    } else if (type == FRAME_DESTROY) {
        w->is_over = true;
    } else {
        str_addf(&why, "a frame of type %u", type);
    }
    if (why.size > 0) {
        lose_host(w, why.text);
    }
    str_finish(&why);
    scratch_finish(&mem);
}

/* A frame may make the plugin ask, and the next one is then read into the link:
 * so each is taken out of it before it is looked at. */
static void keep(struct worker *w, const struct frame *frame)
{
    struct kept *kept = mem_raw(sizeof(*kept) + frame->size);

    kept->next = NULL;
    kept->type = frame->type;
    kept->size = frame->size;
    memcpy(kept->bytes, frame->body, frame->size);
    *w->last = kept;
    w->last = &kept->next;
}

static void keep_all(struct worker *w)
{
    struct frame frame;

    while (link_take(&w->link, &frame) > 0) {
        keep(w, &frame);
    }
}

/* All that has come, and what comes with answers meanwhile. */
static void handle_all(struct worker *w)
{
    keep_all(w);
    while (w->first && !w->is_over) {
        struct kept *kept = w->first;

        w->first = kept->next;
        if (!w->first) {
            w->last = &w->first;
        }
        handle(w, kept->type, kept->bytes, kept->size);
        mem_free(kept);
        keep_all(w);
    }
}

static void on_ready(void *ctx, int fd, uint32_t ready)
{
    struct worker *w = ctx;

    (void)fd;
    (void)ready;
    if (link_read(&w->link) < 0) {
        lose_host(w, NULL);
    }
}

/* ---- what the plugin asks of the host ---- */

static bool is_answer(const struct frame *frame)
{
    return frame->type == FRAME_ANSWER;
}

/* Waits for the answer to the only question that is open; NULL: the host died
 * meanwhile. */
static const struct frame_done *wait_answer(struct worker *w)
{
    for (;;) {
        struct frame frame;

        while (link_take(&w->link, &frame) > 0) {
            struct str why;
            const struct frame_done *m;

            if (!is_answer(&frame)) {
                keep(w, &frame);
                continue;
            }
            str_init(&why, STR_WHY_LIMIT);
            m = wire_decode(&w->answer, &frame_done_record, frame.body,
                            frame.size, &why);
            str_finish(&why);
            if (m && m->id == w->asks) {
                return m;
            }
        }
        if (link_wait(&w->link, INT64_MAX) < 0) {
            lose_host(w, NULL);
            return NULL;
        }
    }
}

/* Output is said again, from where the host has it. */
static haft_status without_host(const struct haft_interface *i, uint32_t method)
{
    return i == &haft_attempt_v1 && method == HAFT_ATTEMPT_OUTPUT
               ? HAFT_AGAIN
               : -HAFT_BACKEND_DOWN;
}

static haft_status take_answer(struct worker *w, const struct haft_interface *i,
                               uint32_t method, void *out)
{
    const struct haft_record *record = i->methods[method].out;
    const struct frame_done *m = wait_answer(w);
    haft_status status = m ? m->status : without_host(i, method);
    const void *message;
    struct str why;

    if (status != HAFT_OK || !record) {
        return status;
    }
    str_init(&why, STR_WHY_LIMIT);
    message = wire_decode(&w->answer, record, m->out.p, m->out.n, &why);
    if (message) {
        memcpy(out, message, record->size);
    } else {
        status = -HAFT_INTERNAL;
    }
    str_finish(&why);
    return status;
}

static haft_status pass_on(void *ctx, uint32_t method,
                           const struct haft_call *call, const void *in,
                           void *out)
{
    struct forward *forward = ctx;
    struct worker *w = forward->worker;
    const struct haft_interface *i = forward->service.interface;
    const struct haft_signature *s = &i->methods[method];
    bool is_post = s->flags & HAFT_POST;
    struct frame_call m = {
        .size = sizeof(m),
        .method = method,
        .id = is_post ? 0 : ++w->asks,
        .deadline_ms = call->deadline_ms,
        .trace_hi = call->trace_hi,
        .trace_lo = call->trace_lo,
        .interface = {i->id, strlen(i->id)},
    };
    struct str bytes;
    bool is_put;

    str_init(&bytes, MESSAGE_LIMIT);
    wire_encode(s->in, in, &bytes);
    m.in = (struct haft_slice){bytes.text, bytes.size};
    if (w->path && i == &haft_attempt_v1) {
        keep_report(w, method, in, &bytes);
    }
    if (w->link.fd < 0 || (i == &haft_attempt_v1 && is_early(w, method, in))) {
        str_finish(&bytes);
        return is_post ? HAFT_OK : without_host(i, method);
    }
    is_put =
        !bytes.is_cut && link_put(&w->link, FRAME_ASK, &frame_call_record, &m);
    str_finish(&bytes);
    if (!is_put && is_post) { /* the plugin never hears of it: it is lost */
        lose_host(w, "it does not read");
        return HAFT_OK;
    }
    if (!is_put) {
        return -HAFT_RESOURCE;
    }
    if (is_post) {
        return HAFT_OK;
    }
    scratch_finish(&w->answer);
    scratch_init(&w->answer);
    return take_answer(w, i, method, out);
}

/* ---- life ---- */

static void open_forwards(struct worker *w)
{
    for (size_t i = 0; i < WORKER_FORWARDS; i++) {
        struct forward *f = &w->forwards[i];

        *f = (struct forward){
            .worker = w,
            .service = {.interface = forwarded[i], .any = pass_on, .ctx = f},
        };
        guests_serve(w->guests, &f->service);
    }
}

void worker_begin(struct worker *w)
{
    link_init(&w->link, -1);
    scratch_init(&w->answer);
    w->last = &w->first;
    w->loop = loop_create();
    w->guests = guests_create(w->loop, NULL);
    calls_ignore_deadlines(w->guests->calls);
    open_forwards(w);
}

void worker_end(struct worker *w)
{
    if (w->link.fd >= 0) {
        link_write(&w->link);
    }
    guests_destroy(w->guests);
    worker_part(w);
    reports_finish(&w->reports);
    loop_destroy(w->loop);
    scratch_finish(&w->answer);
    link_finish(&w->link);
}

void worker_hear(struct worker *w, int fd)
{
    link_finish(&w->link);
    link_init(&w->link, fd);
    loop_add(w->loop, fd, LOOP_READ, on_ready, w);
}

/* All that is there to be done, then a turn of the loop. */
void worker_turn(struct worker *w)
{
    int written;

    handle_all(w);
    written = w->link.fd < 0 ? 1 : link_write(&w->link);
    if (written < 0) {
        lose_host(w, NULL);
    } else if (w->link.fd >= 0) {
        loop_change(w->loop, w->link.fd,
                    LOOP_READ | (written ? 0 : LOOP_WRITE));
    }
    if (!w->is_over) {
        loop_wait(w->loop);
    }
}
