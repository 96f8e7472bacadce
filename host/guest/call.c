#include <assert.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "host/base/log.h"
#include "host/guest/cage.h"
#include "host/guest/call_inside.h"
#include "host/guest/codec.h"
#include "host/guest/swap.h"
#include "host/plain/mem.h"

#define CHUNK 256 /* slots that are made at once; they never move */
#define CHUNKS ((1u << PLACE_BITS) / CHUNK)

static const char *const state_names[] = {
    [QUEUED] = "queued", [RUNNING] = "running", [WAITING] = "unanswered"};

struct calls {
    struct loop *loop;
    pthread_t thread; /* the loop's */
    struct queue queue;
    pthread_mutex_t lock; /* between asking and stopping */
    atomic_bool is_stopped;
    bool has_no_deadlines;
    struct slot *free;
    uint32_t count; /* of slots made */
    _Atomic(struct slot *) chunks[CHUNKS];
};

/* Which visit a thread is on is a fact of the thread, and plugins ask for
 * memory without saying which thread they ask on. */
static _Thread_local struct call_job *job_now;

struct call_job *call_now(void)
{
    return job_now;
}

struct call_job *call_enter(struct call_job *job)
{
    struct call_job *before = job_now;

    job_now = job;
    return before;
}

/* ---- slots ---- */

static struct slot *slot_at(struct calls *calls, uint64_t id)
{
    uint32_t place = (uint32_t)(id & ((1u << PLACE_BITS) - 1));
    struct slot *chunk = atomic_load_explicit(&calls->chunks[place / CHUNK],
                                              memory_order_acquire);

    return chunk ? &chunk[place % CHUNK] : NULL;
}

static void on_overdue(void *ctx);
static void deliver(struct queue_item *item);

static void add_chunk(struct calls *calls)
{
    struct slot *chunk = mem_new(CHUNK, sizeof(*chunk));

    assert(calls->count / CHUNK < CHUNKS);
    for (uint32_t i = CHUNK; i-- > 0;) {
        struct slot *s = &chunk[i];

        s->place = calls->count + i;
        s->calls = calls;
        s->item.handle = deliver;
        loop_timer_init(&s->timer, on_overdue, s);
        s->next_free = calls->free;
        calls->free = s;
    }
    atomic_store_explicit(&calls->chunks[calls->count / CHUNK], chunk,
                          memory_order_release);
    calls->count += CHUNK;
}

static uint64_t id_of(const struct slot *s, uint64_t generation)
{
    return generation << GENERATION_SHIFT |
           (uint64_t)s->guest->number << PLACE_BITS | s->place;
}

/* A slot in state QUEUED; `*id` is its new id. */
static struct slot *take_slot(struct calls *calls, struct guest *guest,
                              uint64_t *id)
{
    if (!calls->free) {
        add_chunk(calls);
    }

    struct slot *s = calls->free;
    uint64_t generation =
        (atomic_load_explicit(&s->word, memory_order_relaxed) >> STATE_BITS) +
        1;

    calls->free = s->next_free;
    s->guest = guest;
    s->method = NULL;
    s->is_begun = false;
    s->out = NULL;
    s->fault = NULL;
    *id = id_of(s, generation);
    atomic_store_explicit(&s->word, generation << STATE_BITS | QUEUED,
                          memory_order_release);
    return s;
}

static void free_slot(struct slot *s)
{
    uint64_t word = atomic_load_explicit(&s->word, memory_order_relaxed);

    if (s->mem) {
        scratch_finish(s->mem);
    }
    atomic_store_explicit(&s->word, word & ~(uint64_t)STATES,
                          memory_order_release);
    if (word >> STATE_BITS < GENERATION_LIMIT) {
        s->next_free = s->calls->free;
        s->calls->free = s;
    }
}

/* Moves an open call on, if it still is the one that `id` names; the state
 * that it had, or FREE if it is not. */
static int move(struct slot *s, uint64_t id, int to)
{
    uint64_t generation = id >> GENERATION_SHIFT;
    uint64_t word = atomic_load_explicit(&s->word, memory_order_acquire);
    int state;

    do {
        state = (int)(word & STATES);
        if (word >> STATE_BITS != generation || state == FREE ||
            state == ENDED || state >= to) {
            return FREE;
        }
    } while (!atomic_compare_exchange_weak_explicit(
        &s->word, &word, generation << STATE_BITS | (unsigned)to,
        memory_order_acq_rel, memory_order_acquire));
    return state;
}

/* ---- answers ---- */

static struct scratch *memory_of(struct slot *s)
{
    if (!s->mem) {
        s->mem = mem_new(1, sizeof(*s->mem));
        scratch_init(s->mem);
    }
    return s->mem;
}

/* A fault of the host's own making; `message` is copied. */
static void set_fault(struct slot *s, uint32_t fault_class, uint32_t effect,
                      const char *code, const char *message)
{
    struct haft_fault f = {
        .size = sizeof(f),
        .fault_class = fault_class,
        .effect = effect,
        .code = {code, strlen(code)},
        .message = {message, strlen(message)},
    };

    s->status = -(haft_status)fault_class;
    s->out = NULL;
    s->fault =
        codec_copy(memory_of(s), &haft_fault_record, &haft_fault_record, &f);
}

/* What the host itself says of a call: class, effect, code, and a sentence
 * behind the plugin's and the method's names. */
struct refusal {
    uint32_t fault_class;
    uint32_t effect;
    const char *code;
    const char *sentence;
};

static const struct refusal bad_answer = {
    HAFT_PLUGIN_CRASH, HAFT_EFFECT_MAYBE, "host.bad_answer",
    "gave an answer that breaks the rules"};
static const struct refusal hung = {HAFT_PLUGIN_CRASH, HAFT_EFFECT_MAYBE,
                                    "host.plugin_hung",
                                    "was not answered in time"};
static const struct refusal hung_before = {
    HAFT_PLUGIN_CRASH, HAFT_EFFECT_NOT_STARTED, "host.plugin_hung",
    "was not begun in time"};
static const struct refusal quarantined = {
    HAFT_PLUGIN_CRASH, HAFT_EFFECT_NOT_STARTED, "host.plugin_quarantined",
    "was not asked: earlier calls were never answered"};
static const struct refusal unimplemented = {
    HAFT_UNIMPLEMENTED, HAFT_EFFECT_NOT_STARTED, "host.unimplemented",
    "is not offered"};
static const struct refusal worker_lost = {
    HAFT_PLUGIN_CRASH, HAFT_EFFECT_MAYBE, "host.worker_lost",
    "was not answered before its process ended"};
static const struct refusal stopping = {HAFT_CANCELLED, HAFT_EFFECT_NOT_STARTED,
                                        "host.stopping",
                                        "was not asked: the host is stopping"};
static const struct refusal gone = {
    HAFT_PLUGIN_CRASH, HAFT_EFFECT_NOT_STARTED, "host.plugin_gone",
    "was not asked: its instance could not be made anew"};
static const struct refusal stopped = {HAFT_CANCELLED, HAFT_EFFECT_MAYBE,
                                       "host.stopping",
                                       "was ended: the host is stopping"};

static void refuse(struct slot *s, const struct refusal *r, const char *more)
{
    const struct guest *g = s->guest;
    struct str message;

    str_init(&message, STR_WHY_LIMIT);
    str_addf(&message, "%s %s: %s %s%s%s", g->kind, g->name,
             s->method ? s->method->ours->name : "the method", r->sentence,
             *more ? ": " : "", more);
    set_fault(s, r->fault_class, r->effect, r->code, message.text);
    str_finish(&message);
}

static void count_fault(struct guest *guest, const char *what,
                        _Atomic uint64_t *count)
{
    uint64_t n = atomic_fetch_add(count, 1) + 1;

    /* One line at 1, 2, 4, 8 ...: a bad plugin must not fill the log. */
    if ((n & (n - 1)) == 0) {
        log_warn("guest", "%s kind=%s name=%s times=%llu", what, guest->kind,
                 guest->name, (unsigned long long)n);
    }
}

static void set_broken(struct slot *s, const char *more)
{
    count_fault(s->guest, "answer breaks the rules", &s->guest->faulty);
    refuse(s, &bad_answer, more);
}

static void set_given_fault(struct slot *s, haft_status status,
                            const struct haft_fault *fault)
{
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    if (!fault) {
        const struct refusal mute = {(uint32_t)-status, HAFT_EFFECT_MAYBE,
                                     "host.no_details",
                                     "failed and did not say why"};

        refuse(s, &mute, "");
    } else if (!codec_check(&haft_fault_record, fault, &why)) {
        set_broken(s, why.text);
    } else {
        struct haft_fault *f = codec_copy(memory_of(s), &haft_fault_record,
                                          &haft_fault_record, fault);

        f->fault_class = (uint32_t)-status;
        s->fault = f;
        s->status = status;
    }
    str_finish(&why);
}

static void set_given_out(struct slot *s, const void *out)
{
    const struct haft_record *ours = s->method->ours->out;
    struct str why;

    s->status = HAFT_OK;
    if (!ours) {
        return;
    }
    if (!out) {
        void *empty = scratch_take(memory_of(s), ours->size);

        memcpy(empty, &ours->size, sizeof(ours->size));
        s->out = empty;
        return;
    }
    str_init(&why, STR_WHY_LIMIT);
    if (codec_check(s->method->out, out, &why)) {
        s->out = codec_copy(memory_of(s), s->method->out, ours, out);
    } else {
        set_broken(s, why.text);
    }
    str_finish(&why);
}

/* What a plugin said, into the slot that it has just ended. */
static void set_answer(struct slot *s, haft_status status, const void *out,
                       const struct haft_fault *fault)
{
    if (status == HAFT_OK) {
        set_given_out(s, out);
    } else if (status < 0 && status > -HAFT_CLASSES) {
        set_given_fault(s, status, fault);
    } else {
        struct str number;

        str_init(&number, STR_WHY_LIMIT);
        str_addf(&number, "status: wanted 0 or minus a class, found %d",
                 status);
        set_broken(s, number.text);
        str_finish(&number);
    }
}

static void deliver(struct queue_item *item)
{
    struct slot *s =
        (struct slot *)((char *)item - offsetof(struct slot, item));

    if (s->timer.place) {
        loop_timer_clear(s->calls->loop, &s->timer);
    }
    if (s->done) {
        s->done(s->ctx, s->status, s->out, s->fault);
    }
    if (s->is_begun && --s->guest->open == 0 && s->guest->swap) {
        swap_on_idle(s->guest->swap);
    }
    free_slot(s);
}

/* An ended slot's way home. One that nobody waits for ends here. */
static void send(struct slot *s)
{
    if (!s->done && calls_on_loop(s->calls)) {
        deliver(&s->item);
    } else {
        queue_add(&s->calls->queue, &s->item);
    }
}

static haft_status answer(struct guest *guest, uint64_t id, haft_status status,
                          const void *out, const struct haft_fault *fault)
{
    struct slot *s = slot_at(guest->calls, id);
    uint64_t number = id >> PLACE_BITS & ((1u << GUEST_BITS) - 1);

    /* Late or not, somebody is there. */
    atomic_store_explicit(&guest->unanswered, 0, memory_order_relaxed);

    if (!s || number != guest->number || move(s, id, ENDED) == FREE) {
        count_fault(guest, "answer to a call that had ended", &guest->stale);
        return HAFT_STALE;
    }
    set_answer(s, status, out, fault);
    send(s);
    return HAFT_OK;
}

haft_status call_complete(struct guest *guest, uint64_t id, haft_status status,
                          const void *out, const struct haft_fault *fault)
{
    return answer(guest, id, status, out, fault);
}

bool call_is_cancelled(struct guest *guest, uint64_t id)
{
    struct slot *s = slot_at(guest->calls, id);

    return !s || calls_are_stopped(guest->calls) ||
           atomic_load(&s->cancelled) == id ||
           atomic_load(&s->word) >> STATE_BITS != id >> GENERATION_SHIFT ||
           (atomic_load(&s->word) & STATES) == ENDED;
}

const struct haft_record *call_answer(const struct guest *guest, uint64_t id)
{
    const struct slot *s = slot_at(guest->calls, id);
    uint64_t word = s ? atomic_load(&s->word) : 0;
    bool is_open = word >> STATE_BITS == id >> GENERATION_SHIFT &&
                   (word & STATES) == WAITING && s->guest == guest;

    return is_open && s->method ? s->method->out : NULL;
}

/* ---- visits ---- */

/* The deadline has passed. */
static void on_overdue(void *ctx)
{
    struct slot *s = ctx;
    struct guest *g = s->guest;
    uint64_t generation = atomic_load(&s->word) >> STATE_BITS;
    uint64_t id = id_of(s, generation);
    int state = move(s, id, ENDED);

    if (state == FREE) {
        return; /* the answer is under way */
    }
    if (state == RUNNING) {
        atomic_store(&g->stuck, id);
    }
    if (state == WAITING &&
        atomic_fetch_add(&g->unanswered, 1) + 1 >= CALL_UNANSWERED_LIMIT) {
        g->shut_until_ms = loop_now_ms(s->calls->loop) + CALL_SHUT_MS;
    }
    log_warn("guest", "call overdue kind=%s name=%s method=%s state=%s",
             g->kind, g->name, s->method ? s->method->ours->name : "(held)",
             state_names[state]);
    refuse(s, state == QUEUED ? &hung_before : &hung, "");
    send(s);
    if (g->cage && state == WAITING) {
        cage_hangs(g->cage);
    }
}

/* The method has returned. */
static void leave(struct call_job *job, haft_status status)
{
    struct guest *g = job->guest;
    uint64_t id = job->call.id;
    uint32_t flags = job->method->ours->flags;
    bool may_wait = g->cage || !(flags & (HAFT_LEAF | HAFT_SYNC));

    if (status == HAFT_PENDING && may_wait && !(flags & HAFT_POST)) {
        move(slot_at(g->calls, id), id, WAITING);
    } else {
        answer(g, id, status, job->out, job->fault);
    }

    uint64_t stuck = id;

    if (atomic_load(&g->stuck) == id &&
        atomic_compare_exchange_strong(&g->stuck, &stuck, 0)) {
        log_warn("guest", "came back kind=%s name=%s", g->kind, g->name);
    }
}

static void visit(struct call_job *job)
{
    const struct face_method *m = job->method;

    if (m->out) {
        job->out = scratch_take(&job->mem, m->out->size);
        memcpy(job->out, &m->out->size, sizeof(m->out->size));
    }

    struct call_job *before = call_enter(job);
    haft_status status = m->fn(m->self, &job->call, job->in, job->out);

    call_enter(before);
    leave(job, status);
}

static void init_job(struct call_job *job, struct slot *s, uint64_t id,
                     int64_t deadline_ms)
{
    job->guest = s->guest;
    job->method = s->method;
    job->out = NULL;
    job->fault = NULL;
    job->call = (struct haft_call){
        .size = sizeof(job->call), .id = id, .deadline_ms = deadline_ms};
    scratch_init(&job->mem);
}

/* Visits with a job of its own, unless the call has ended meanwhile. */
static void visit_later(struct call_job *job)
{
    uint64_t id = job->call.id;

    if (move(slot_at(job->guest->calls, id), id, RUNNING) == QUEUED) {
        visit(job);
    }
    scratch_finish(&job->mem);
    mem_free(job);
}

static void on_lane(struct lane_work *work)
{
    visit_later((struct call_job *)work);
}

static void on_next_turn(struct queue_item *item)
{
    struct call_job *job =
        (struct call_job *)((char *)item - offsetof(struct call_job, item));

    job->guest->deferred--;
    visit_later(job);
}

void call_set_timer(struct slot *s, int64_t deadline_ms)
{
    if (deadline_ms != INT64_MAX && !s->calls->has_no_deadlines) {
        loop_timer_set(s->calls->loop, &s->timer, deadline_ms);
    }
}

static void start_later(struct slot *s, uint64_t id, const void *in,
                        int64_t deadline_ms)
{
    struct guest *g = s->guest;
    struct call_job *job = mem_new(1, sizeof(*job));

    init_job(job, s, id, deadline_ms);
    job->in = codec_copy(&job->mem, s->method->ours->in, s->method->in, in);
    call_set_timer(s, deadline_ms);
    if (g->lane) {
        job->work.run = on_lane;
        lane_add(g->lane, &job->work);
        return;
    }
    job->item.handle = on_next_turn;
    g->deferred++;
    queue_add(&g->calls->queue, &job->item);
}

static void start_now(struct slot *s, uint64_t id, const void *in,
                      int64_t deadline_ms)
{
    struct call_job job;

    init_job(&job, s, id, deadline_ms);
    job.in = s->method->is_same_in ? in
                                   : codec_adapt(&job.mem, s->method->ours->in,
                                                 s->method->in, in);
    move(s, id, RUNNING);
    visit(&job);
    scratch_finish(&job.mem);

    uint64_t open = id >> GENERATION_SHIFT << STATE_BITS | WAITING;

    if (atomic_load(&s->word) == open) {
        call_set_timer(s, deadline_ms);
    }
}

bool call_is_shut_off(const struct guest *guest)
{
    return atomic_load(&guest->stuck) != 0 ||
           (atomic_load(&guest->unanswered) >= CALL_UNANSWERED_LIMIT &&
            loop_now_ms(guest->calls->loop) < guest->shut_until_ms);
}

/* Whether the call can be made at all; if not, it is answered. */
static bool admit(struct slot *s, uint64_t id)
{
    const struct guest *g = s->guest;

    if (calls_are_stopped(s->calls)) {
        refuse(s, &stopping, "");
    } else if (!g->instance) {
        refuse(s, &gone, "");
    } else if (!s->method || !s->method->fn) {
        refuse(s, &unimplemented, "");
    } else if (call_is_shut_off(g)) {
        refuse(s, &quarantined, "");
    } else {
        return true;
    }
    move(s, id, ENDED);
    send(s);
    return false;
}

void call_begin(struct slot *s, uint64_t id, const struct asked_call *asked)
{
    struct guest *g = s->guest;
    struct face *face =
        g->instance ? guest_bound_face(g, asked->interface) : NULL;

    s->method = face && asked->method < face->interface->count
                    ? &face->methods[asked->method]
                    : NULL;
    s->is_begun = true;
    g->open++;
    if (!admit(s, id)) {
        return;
    }
    if (g->lane || call_now() || g->deferred > 0) {
        start_later(s, id, asked->in, asked->deadline_ms);
    } else {
        start_now(s, id, asked->in, asked->deadline_ms);
    }
}

uint64_t guest_call(struct guest *guest, const struct haft_interface *interface,
                    uint32_t method, const void *in, int64_t deadline_ms,
                    guest_done done, void *ctx)
{
    const struct asked_call asked = {interface, method, in, deadline_ms};
    uint64_t id;
    struct slot *s;

    assert(calls_on_loop(guest->calls));
    s = take_slot(guest->calls, guest, &id);
    s->done = done;
    s->ctx = ctx;
    guest->asked++;
    if (guest->is_held && call_waits(guest, interface)) {
        call_hold(s, id, &asked);
    } else {
        call_begin(s, id, &asked);
    }
    return id;
}

void guest_cancel(struct guest *guest, uint64_t call)
{
    struct slot *s = slot_at(guest->calls, call);

    if (s) {
        atomic_store(&s->cancelled, call);
    }
}

/* ---- all of them ---- */

struct calls *calls_create(struct loop *loop)
{
    struct calls *calls = mem_new(1, sizeof(*calls));

    calls->loop = loop;
    calls->thread = pthread_self();
    queue_init(&calls->queue, loop);
    pthread_mutex_init(&calls->lock, NULL);
    return calls;
}

void calls_stop(struct calls *calls)
{
    pthread_mutex_lock(&calls->lock);
    atomic_store(&calls->is_stopped, true);
    pthread_mutex_unlock(&calls->lock);
    for (uint32_t place = 0; place < calls->count; place++) {
        struct slot *s = slot_at(calls, place);
        uint64_t word = atomic_load(&s->word);
        uint64_t id = (word >> STATE_BITS) << GENERATION_SHIFT;
        int state = move(s, id, ENDED);

        if (state != FREE) {
            refuse(s, state == QUEUED ? &stopping : &stopped, "");
            queue_add(&calls->queue, &s->item);
        }
    }
}

void calls_lose(struct guest *guest, const char *why)
{
    struct calls *calls = guest->calls;

    atomic_store(&guest->stuck, 0);
    atomic_store(&guest->unanswered, 0);
    for (uint32_t place = 0; place < calls->count; place++) {
        struct slot *s = slot_at(calls, place);
        uint64_t word = atomic_load(&s->word);

        if (s->guest == guest && (word & STATES) == WAITING &&
            move(s, (word >> STATE_BITS) << GENERATION_SHIFT, ENDED) != FREE) {
            refuse(s, &worker_lost, why);
            queue_add(&calls->queue, &s->item);
        }
    }
}

void calls_ignore_deadlines(struct calls *calls)
{
    calls->has_no_deadlines = true;
}

bool calls_are_stopped(const struct calls *calls)
{
    return atomic_load(&calls->is_stopped);
}

struct queue *calls_queue(struct calls *calls)
{
    return &calls->queue;
}

bool calls_add_wait(struct calls *calls, struct queue_item *item)
{
    bool is_stopped;

    pthread_mutex_lock(&calls->lock);
    is_stopped = atomic_load(&calls->is_stopped);
    if (!is_stopped) {
        queue_add(&calls->queue, item);
    }
    pthread_mutex_unlock(&calls->lock);
    return !is_stopped;
}

bool calls_on_loop(const struct calls *calls)
{
    return pthread_equal(calls->thread, pthread_self()) != 0;
}

struct loop *calls_loop(const struct calls *calls)
{
    return calls->loop;
}

void calls_destroy(struct calls *calls)
{
    for (uint32_t i = 0; i < CHUNKS; i++) {
        struct slot *chunk = atomic_load(&calls->chunks[i]);

        for (uint32_t k = 0; chunk && k < CHUNK; k++) {
            if (chunk[k].mem) {
                scratch_finish(chunk[k].mem);
                mem_free(chunk[k].mem);
            }
        }
        mem_free(chunk);
    }
    pthread_mutex_destroy(&calls->lock);
    mem_free(calls);
}
