/* Notify: takes events in batches, and the same ones again. */
#include <haft/notify.h>

#include "host/check/kinds.h"
#include "host/check/subject.h"

#define EVENTS 3

static const struct haft_notify_event events[EVENTS] = {
    {.seq = 1,
     .time_ms = 1700000000000,
     .kind = {"run.started", 11},
     .run = {"check", 5},
     .json = {"{\"seq\":1,\"kind\":\"run.started\"}", 30}},
    {.seq = 2,
     .time_ms = 1700000000001,
     .kind = {"task.ended", 10},
     .run = {"check", 5},
     .task = {"task", 4},
     .json = {"{\"seq\":2,\"kind\":\"task.ended\"}", 29}},
    {.seq = 3,
     .time_ms = 1700000000002,
     .kind = {"run.ended", 9},
     .run = {"check", 5},
     .json = {"{\"seq\":3,\"kind\":\"run.ended\"}", 28}},
};

static const struct haft_notify_deliver_in all = {
    .size = sizeof(all), .events = {events, EVENTS, sizeof(events[0])}};
static const struct haft_notify_deliver_in one = {
    .size = sizeof(one), .events = {events, 1, sizeof(events[0])}};

static size_t questions(struct kit_question *q, const char *folder)
{
    (void)folder;
    q[0] = (struct kit_question){HAFT_NOTIFY_DELIVER, &all};
    q[1] = (struct kit_question){HAFT_NOTIFY_DELIVER, &one};
    return 2;
}

const struct kit_kind kind_notify = {
    .name = "notify", .interface = &haft_notify_v1, .questions = questions};

static void deliver(struct subject *s, const char *what,
                    const struct haft_notify_deliver_in *in)
{
    struct reply r;

    if (!kit_is_well(s->kit)) {
        return;
    }
    if (subject_ask(s, HAFT_NOTIFY_DELIVER, in, &r) != HAFT_OK &&
        !subject_is_out_of_reach(s->kit, &r)) {
        kit_fail(s->kit, "%s: wanted them delivered, found %s: %s", what,
                 r.code, r.message);
    }
    reply_finish(&r);
}

void notify_batch(struct kit *kit)
{
    const struct haft_notify_deliver_in none = {.size = sizeof(none)};
    const struct haft_notify_deliver_in rest = {
        .size = sizeof(rest),
        .events = {events + 1, EVENTS - 1, sizeof(events[0])}};
    struct subject s;

    if (subject_open(&s, kit)) {
        deliver(&s, "one event", &one);
        deliver(&s, "a batch of events", &rest);
        deliver(&s, "a batch of none", &none);
        subject_close(&s);
    }
}

/* As after an answer that was lost. */
void notify_again(struct kit *kit)
{
    struct subject s;

    if (subject_open(&s, kit)) {
        deliver(&s, "an event", &one);
        deliver(&s, "the same event again", &one);
        subject_close(&s);
    }
}
