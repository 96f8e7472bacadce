#include <string.h>

#include "host/base/log.h"
#include "host/guest/cage_inside.h"
#include "host/guest/wire.h"

/* ---- writing ---- */

/* A socket that fails is noticed where it is read. */
void cage_write(void *ctx)
{
    struct cage *cage = ctx;
    bool is_left = cage->link.fd >= 0 && link_write(&cage->link) == 0;

    if (cage->is_watched && cage->is_to_write != is_left) {
        cage->is_to_write = is_left;
        loop_change(cage_loop(cage), cage->link.fd,
                    LOOP_READ | (is_left ? LOOP_WRITE : 0));
    }
}

/* All that is said in a turn goes out together, in the next one. */
static void schedule(struct cage *cage)
{
    struct loop *loop = cage_loop(cage);

    if (cage->write_timer.place == 0 && !cage->is_to_write) {
        loop_timer_set(loop, &cage->write_timer, loop_now_ms(loop));
    }
}

/* ---- calls ---- */

static haft_status refuse(struct cage *cage, const struct haft_call *call,
                          uint32_t fault_class, const char *code,
                          const char *message)
{
    const struct haft_fault fault = {
        .size = sizeof(fault),
        .fault_class = fault_class,
        .effect = HAFT_EFFECT_NOT_STARTED,
        .code = cage_slice(code),
        .message = cage_slice(message),
    };
    const struct haft_host *host = &cage->guest->host;

    host->fault(host->self, call->id, &fault);
    return -(haft_status)fault_class;
}

/* A method of the instance is called: it is the worker's to answer. */
static haft_status enter(struct entry *self, uint32_t method,
                         const struct haft_call *call, const void *in,
                         void *out)
{
    struct gate *gate = (struct gate *)self;
    struct cage *cage = gate->cage;
    const struct haft_interface *i = gate->object.interface;
    const struct haft_signature *s = &i->methods[method];
    struct frame_call m = {
        .size = sizeof(m),
        .method = method,
        .id = call->id,
        .deadline_ms = call->deadline_ms,
        .trace_hi = call->trace_hi,
        .trace_lo = call->trace_lo,
        .interface = cage_slice(i->id),
    };
    struct str bytes;
    bool is_put;

    (void)out;
    if (cage->is_given_up) {
        return refuse(cage, call, HAFT_PLUGIN_CRASH, "host.plugin_quarantined",
                      cage->why.text);
    }
    str_init(&bytes, MESSAGE_LIMIT);
    wire_encode(s->in, in, &bytes);
    m.in = (struct haft_slice){bytes.text, bytes.size};
    is_put = !bytes.is_cut &&
             link_put(&cage->link, FRAME_CALL, &frame_call_record, &m);
    str_finish(&bytes);
    if (!is_put) {
        return refuse(cage, call, HAFT_RESOURCE, "host.worker_slow",
                      "too much waits for the plugin's process");
    }
    schedule(cage);
    return s->flags & HAFT_POST ? HAFT_OK : HAFT_PENDING;
}

static bool on_done(struct cage *cage, const struct frame_done *m,
                    struct scratch *mem, struct str *why)
{
    const struct haft_record *record = call_answer(cage->guest, m->id);
    const void *out = NULL;
    const void *fault = NULL;

    if (m->status == HAFT_OK && record) {
        out = wire_decode(mem, record, m->out.p, m->out.n, why);
    } else if (m->status != HAFT_OK && m->fault.n > 0) {
        fault =
            wire_decode(mem, &haft_fault_record, m->fault.p, m->fault.n, why);
    }
    if (why->size == 0) {
        call_complete(cage->guest, m->id, m->status, out, fault);
    }
    return why->size == 0;
}

/* ---- what the plugin asks ---- */

/* Asks as the instance would, in a visit of its own: what the answer points at
 * is the visit's. */
static haft_status ask(struct cage *cage, const struct frame_call *m,
                       const struct haft_object *object, struct call_job *job,
                       struct str *why)
{
    const struct haft_signature *s = &object->interface->methods[m->method];
    const void *in = wire_decode(&job->mem, s->in, m->in.p, m->in.n, why);
    haft_status status = -HAFT_INVALID;

    job->call = (struct haft_call){
        .size = sizeof(job->call),
        .deadline_ms = m->deadline_ms,
        .trace_hi = m->trace_hi,
        .trace_lo = m->trace_lo,
    };
    job->guest = cage->guest;
    if (s->out) {
        job->out = scratch_take(&job->mem, s->out->size);
        memcpy(job->out, &s->out->size, sizeof(s->out->size));
    }
    if (in) {
        struct call_job *before = call_enter(job);

        status =
            object->methods[m->method](object->self, &job->call, in, job->out);
        call_enter(before);
    }
    return status;
}

/* The service of a question; NULL with the reason. */
static const struct haft_object *
asked(const struct cage *cage, const struct frame_call *m, struct str *why)
{
    const struct haft_host *host = &cage->guest->host;
    const struct haft_object *object;
    struct str id;

    str_init(&id, STR_WHY_LIMIT);
    str_add(&id, m->interface.p, m->interface.n);
    object = host->query(host->self, id.text);
    if (object && m->method >= object->count) {
        object = NULL;
    }
    if (!object) {
        str_addf(why, "service: wanted one that its manifest needs, found ");
        str_add_quoted(why, id.text, id.size);
    }
    str_finish(&id);
    return object;
}

static bool on_ask(struct cage *cage, const struct frame_call *m,
                   struct str *why)
{
    const struct haft_object *object = asked(cage, m, why);
    const struct haft_record *record;
    struct frame_done answer = {.size = sizeof(answer), .id = m->id};
    struct call_job job = {0};
    struct str out;

    if (!object) {
        return false;
    }
    scratch_init(&job.mem);
    str_init(&out, MESSAGE_LIMIT);
    record = object->interface->methods[m->method].out;
    answer.status = ask(cage, m, object, &job, why);
    if (answer.status == HAFT_OK && record) {
        wire_encode(record, job.out, &out);
        answer.out = (struct haft_slice){out.text, out.size};
    }
    if (out.is_cut) {
        answer.status = -HAFT_RESOURCE;
        answer.out = (struct haft_slice){NULL, 0};
    }
    if (m->id != 0) {
        if (!link_put(&cage->link, FRAME_ANSWER, &frame_done_record, &answer)) {
            str_add_text(why, "it reads no answers");
        }
        cage_write(cage); /* a thread waits for it */
    }
    str_finish(&out);
    scratch_finish(&job.mem);
    return why->size == 0;
}

/* ---- reading ---- */

static bool on_created(struct cage *cage, const struct frame_created *m,
                       struct str *why)
{
    if (cage->state != CAGE_MAKING) {
        str_add_text(why, "it was made twice");
    } else if (m->status != HAFT_OK) {
        str_add(why, m->reason.p, m->reason.n);
        if (why->size == 0) {
            str_addf(why, "create answered %d and did not say why", m->status);
        }
    }
    if (why->size == 0) {
        cage->state = CAGE_MADE;
        cage->fences = m->fences;
        loop_timer_clear(cage_loop(cage), &cage->timer);
    }
    return why->size == 0;
}

/* The objects as its first worker told them. */
static bool open_gates(struct cage *cage, const struct frame_created *m,
                       struct str *why)
{
    for (uint32_t i = 0; i < m->objects.count; i++) {
        const struct frame_object *o =
            (const struct frame_object *)m->objects.p + i;
        const struct haft_interface *known =
            guest_known(o->interface.p, o->interface.n);
        struct gate *gate = &cage->gates[cage->count];

        if (!known) {
            continue;
        }
        if (cage->count == GUEST_OBJECTS_LIMIT || o->count > known->count) {
            str_addf(why, "objects: %s: wanted at most %u methods, found %u",
                     known->id, known->count, o->count);
            return false;
        }
        *gate = (struct gate){
            .entry = {.enter = enter},
            .object = {.size = sizeof(gate->object),
                       .count = o->count,
                       .interface = known,
                       .methods = entries,
                       .self = gate},
            .cage = cage,
        };
        cage->objects[cage->count++] = &gate->object;
    }
    return true;
}

static bool handle(struct cage *cage, const struct frame *frame,
                   struct str *why)
{
    struct scratch mem;
    void *m = NULL;
    bool is_good = false;

    scratch_init(&mem);
    switch (frame->type) {
    case FRAME_CREATED:
        m = wire_decode(&mem, &frame_created_record, frame->body, frame->size,
                        why);
        is_good = m && on_created(cage, m, why) &&
                  (cage->count > 0 || open_gates(cage, m, why));
        break;
    case FRAME_DONE:
        m = wire_decode(&mem, &frame_done_record, frame->body, frame->size,
                        why);
        is_good = m && on_done(cage, m, &mem, why);
        break;
    case FRAME_ASK:
        m = wire_decode(&mem, &frame_call_record, frame->body, frame->size,
                        why);
        is_good = m && on_ask(cage, m, why);
        break;
    default:
        str_addf(why, "type of a frame: found %u", frame->type);
    }
    scratch_finish(&mem);
    return is_good;
}

/* Handles all that has come; false with the reason, "" at the end. */
bool cage_handle_all(struct cage *cage, struct str *why)
{
    struct frame frame;
    int got = 1;

    while (got > 0) {
        got = link_take(&cage->link, &frame);
        if (got > 0 && !handle(cage, &frame, why)) {
            return false;
        }
    }
    if (got < 0) {
        str_add_text(why, "length of a frame: too long");
    }
    return got == 0;
}

/* ---- birth ---- */

void cage_fill_create(struct cage *cage, const struct haft_create *with)
{
    const struct guest *g = cage->guest;
    const char *module =
        g->module->fd < 0 ? g->module->manifest.id : g->module->file;
    const struct frame_create m = {
        .size = sizeof(m),
        .abi = HAFT_ABI,
        .kind = cage_slice(g->kind),
        .plugin = cage_slice(g->class->name),
        .name = cage_slice(g->name),
        .module = cage_slice(module),
        .values = with->values,
        .log_level = (uint32_t)log_get_level(),
        .log_format = (uint32_t)log_get_format(),
    };
    struct link link;

    link_init(&link, -1);
    link_put(&link, FRAME_CREATE, &frame_create_record, &m);
    str_init(&cage->create, MESSAGE_LIMIT);
    str_add(&cage->create, link.out.text, link.out.size);
    link_finish(&link);
}
