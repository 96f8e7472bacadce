#include "host/check/subject.h"

#include <stdio.h>
#include <string.h>

#include "host/guest/codec.h"

#define ANSWER_LIMIT_MS 5000 /* of one question */
#define REPORT_LIMIT_MS 5000
#define CONFIG_LIMIT 65536

/* ---- making one ---- */

static haft_status serve(struct played *played, uint32_t method, const void *in,
                         void *out)
{
    return stage_serve(played->stage, played->service.interface, method, in,
                       out);
}

static haft_status serve_any(void *ctx, uint32_t method,
                             const struct haft_call *call, const void *in,
                             void *out)
{
    (void)call;
    return serve(ctx, method, in, out);
}

/* Log, clock and loop are the host's own. */
static void play(struct subject *s)
{
    for (size_t i = 0; i < STAGE_SERVICES; i++) {
        const struct haft_interface *service = stage_services[i];
        struct played *played = &s->played[i];

        if (strcmp(service->id, HAFT_ATTEMPT_V1) == 0 ||
            strcmp(service->id, HAFT_PROCESS_V1) == 0) {
            played->stage = &s->stage;
            played->service.interface = service;
            played->service.ctx = played;
            played->service.any = serve_any;
            guests_serve(s->guests, &played->service);
        }
    }
}

static void add_config(const struct kit *kit, const char *name,
                       const char *const pair[2], struct str *out)
{
    str_addf(out, "[host]\nstate = %s\nisolation = %s\n", kit->folder,
             kit->is_caged ? "process" : "none");
    kit_add_section(kit, name, pair ? pair[0] : NULL, pair ? pair[1] : NULL,
                    out);
}

static bool make(struct subject *s, const char *name, const char *const pair[2],
                 struct str *why)
{
    struct str text;

    str_init(&text, CONFIG_LIMIT);
    add_config(s->kit, name, pair, &text);
    s->config = config_read(text.text, text.size, "check.conf", true, why);
    str_finish(&text);
    if (!s->config) {
        return false;
    }
    s->loop = loop_create();
    s->guests = guests_create(s->loop, s->config);
    play(s);
    s->guest = guests_find(s->guests, s->kit->target->kind->name, name, why);
    while (!s->guest &&
           guests_is_starting(s->guests, s->kit->target->kind->name, name)) {
        loop_wait(s->loop);
        str_reset(why);
        s->guest =
            guests_find(s->guests, s->kit->target->kind->name, name, why);
    }
    return s->guest != NULL;
}

bool subject_make(struct subject *s, struct kit *kit, const char *name,
                  const char *const pair[2], struct str *why)
{
    *s = (struct subject){.kit = kit};
    stage_init(&s->stage);
    if (make(s, name, pair, why)) {
        return true;
    }
    subject_close(s);
    return false;
}

/* The instance, and the host around it. */
static void end(struct subject *s)
{
    if (s->guests) {
        guests_destroy(s->guests);
        loop_destroy(s->loop);
    }
    config_destroy(s->config);
    s->guests = NULL;
    s->config = NULL;
}

bool subject_restart(struct subject *s)
{
    struct str why;
    bool is_made;

    end(s);
    str_init(&why, STR_WHY_LIMIT);
    is_made = make(s, "check", NULL, &why);
    if (!is_made) {
        kit_fail(s->kit, "wanted the instance again, found: %s", why.text);
    }
    str_finish(&why);
    return is_made;
}

bool subject_open(struct subject *s, struct kit *kit)
{
    struct str why;
    bool is_made;

    str_init(&why, STR_WHY_LIMIT);
    is_made = subject_make(s, kit, "check", NULL, &why);
    if (!is_made) {
        kit_fail(kit, "wanted an instance, found: %s", why.text);
    }
    str_finish(&why);
    return is_made;
}

void subject_close(struct subject *s)
{
    end(s);
    stage_finish(&s->stage);
}

/* ---- asking it ---- */

struct asked {
    struct reply *reply;
    const struct haft_signature *method;
    bool is_done;
};

static void copy_text(char *to, size_t room, struct haft_slice text)
{
    snprintf(to, room, "%.*s", (int)(text.n < room ? text.n : room),
             text.n > 0 ? (const char *)text.p : "");
}

static void on_done(void *ctx, haft_status status, const void *out,
                    const struct haft_fault *fault)
{
    struct asked *asked = ctx;
    struct reply *r = asked->reply;

    asked->is_done = true;
    r->status = status;
    if (out) {
        r->out =
            codec_copy(&r->mem, asked->method->out, asked->method->out, out);
    }
    if (fault) {
        r->effect = fault->effect;
        copy_text(r->code, sizeof(r->code), fault->code);
        copy_text(r->message, sizeof(r->message), fault->message);
    }
}

/* What is posted wakes nobody who waits for it: a timer does. */
static void on_time(void *ctx)
{
    *(bool *)ctx = true;
}

static void tell_news(struct subject *s)
{
    struct stage_news news;

    while (stage_take(&s->stage, &news)) {
        if (guest_offers(s->guest, news.interface->id)) {
            guest_call(s->guest, news.interface, news.method, &news.in,
                       INT64_MAX, NULL, NULL);
        }
    }
}

haft_status subject_ask(struct subject *s, uint32_t method, const void *in,
                        struct reply *r)
{
    const struct haft_interface *interface = s->kit->target->kind->interface;
    struct asked asked = {.reply = r, .method = &interface->methods[method]};

    *r = (struct reply){0};
    scratch_init(&r->mem);
    if (asked.method->flags & HAFT_POST) {
        guest_call(s->guest, interface, method, in, INT64_MAX, NULL, NULL);
        tell_news(s);
        return HAFT_OK;
    }
    guest_call(s->guest, interface, method, in,
               loop_tick_ms(s->loop) + ANSWER_LIMIT_MS, on_done, &asked);
    while (!asked.is_done) {
        tell_news(s);
        loop_wait(s->loop);
    }
    tell_news(s);
    kit_say(s->kit, "%s: %d %u %s", asked.method->name, r->status, r->effect,
            r->code);
    return r->status;
}

void reply_finish(struct reply *r)
{
    scratch_finish(&r->mem);
}

haft_status subject_tell(struct subject *s, uint32_t method, const void *in)
{
    struct reply r;
    haft_status status = subject_ask(s, method, in, &r);

    reply_finish(&r);
    return status;
}

bool subject_wait(struct subject *s, uint32_t method, uint64_t attempt,
                  unsigned times)
{
    struct loop_timer timer;
    bool is_late = false;

    loop_timer_init(&timer, on_time, &is_late);
    loop_timer_set(s->loop, &timer, loop_tick_ms(s->loop) + REPORT_LIMIT_MS);
    tell_news(s);
    while (!is_late && stage_count(&s->stage, method, attempt) < times) {
        loop_wait(s->loop);
        tell_news(s);
    }
    loop_timer_clear(s->loop, &timer);
    return !is_late;
}

bool subject_is_out_of_reach(struct kit *kit, const struct reply *r)
{
    bool is_out =
        r->status == -HAFT_BACKEND_DOWN || r->status == -HAFT_TRANSIENT ||
        r->status == -HAFT_UNAUTHENTICATED || r->status == -HAFT_TIMEOUT_RUN;

    if (is_out) {
        kit_skip(kit,
                 "what is behind it cannot be had: %s: %s (--option says "
                 "where it is)",
                 r->code, r->message);
    }
    return is_out;
}
