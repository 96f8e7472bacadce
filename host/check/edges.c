/* Cases of messages that end where memory ends, or are odd; and of a host that
 * refuses, has no memory, or wants no answer any more. */
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "host/check/bare.h"
#include "host/check/common.h"
#include "host/check/edge.h"

#define DISK_ROOM 10          /* bytes, in which no event and no store fits */
#define SERVICE_CALLS_MOST 64 /* refusals tried, one after the other */

static const char *name_of(const struct kit *kit, const struct kit_question *q)
{
    return kit->target->kind->interface->methods[q->method].name;
}

/* Asks one of the questions in a way of its own. */
static void ask_in_way(struct bare *b, const struct kit_question *q,
                       enum edge_way way, struct bare_reply *r)
{
    const struct haft_record *record =
        b->kit->target->kind->interface->methods[q->method].in;
    struct edge edge;

    edge_init(&edge);
    bare_ask(b, q->method, edge_message(&edge, record, q->in, way), r);
    edge_finish(&edge);
}

/* The first of two replies is to the plain question. */
static void compare(struct kit *kit, const struct kit_question *q,
                    const struct bare_reply *plain, const struct bare_reply *r)
{
    if (plain->status != r->status) {
        kit_fail(kit, "%s: wanted status %d as for the plain message, found %d",
                 name_of(kit, q), plain->status, r->status);
    }
}

static void ask_edges(struct bare *plain, struct bare *b, enum edge_way way)
{
    struct kit_question questions[KIT_QUESTIONS];
    struct kit *kit = b->kit;
    size_t count = kit->target->kind->questions(questions, kit->folder);

    for (size_t i = 0; i < count && kit_is_well(kit); i++) {
        struct bare_reply wanted;
        struct bare_reply r;

        bare_ask(plain, questions[i].method, questions[i].in, &wanted);
        ask_in_way(b, &questions[i], way, &r);
        if (way == EDGE_PLAIN || way == EDGE_GROWN) {
            compare(kit, &questions[i], &wanted, &r);
        } else if (!bare_is_status(r.status)) {
            kit_fail(kit, "%s: wanted an answer, found status %d",
                     name_of(kit, &questions[i]), r.status);
        }
        bare_reply_finish(&wanted);
        bare_reply_finish(&r);
    }
}

void common_edges(struct kit *kit)
{
    struct bare plain;
    struct bare b;

    if (!bare_open(&plain, kit, "plain")) {
        return;
    }
    if (bare_open(&b, kit, "check")) {
        ask_edges(&plain, &b, (enum edge_way)kit->which->variant);
        bare_close(&b);
    }
    bare_close(&plain);
}

/* ---- a host that is difficult ---- */

/* Asks everything once; `judge` looks at each reply. */
static void ask_each(struct bare *b,
                     void (*judge)(struct bare *b, const struct kit_question *q,
                                   const struct bare_reply *r))
{
    struct kit_question questions[KIT_QUESTIONS];
    size_t count = b->kit->target->kind->questions(questions, b->kit->folder);

    for (size_t i = 0; i < count && kit_is_well(b->kit); i++) {
        struct bare_reply r;

        bare_ask(b, questions[i].method, questions[i].in, &r);
        judge(b, &questions[i], &r);
        bare_reply_finish(&r);
    }
}

static void judge_words(struct bare *b, const struct kit_question *q,
                        const struct bare_reply *r)
{
    if (r->wrong.size > 0) {
        kit_fail(b->kit, "%s: wanted what its table says, found %s",
                 name_of(b->kit, q), r->wrong.text);
    }
}

void common_words(struct kit *kit)
{
    struct bare b;

    if (bare_open(&b, kit, "check")) {
        ask_each(&b, judge_words);
        if (b.stage.wrong.size > 0) {
            kit_fail(kit, "wanted what the host's table says, found %s",
                     b.stage.wrong.text);
        }
        bare_close(&b);
    }
}

static void judge_status(struct bare *b, const struct kit_question *q,
                         const struct bare_reply *r)
{
    if (!bare_is_status(r->status)) {
        kit_fail(b->kit, "%s: wanted an answer, found status %d",
                 name_of(b->kit, q), r->status);
    }
}

/* Whether it asked so often that the refusal was met. */
static bool is_met(struct kit *kit, unsigned refused)
{
    struct bare b;
    struct scratch mem;
    bool is_good = false;

    if (!bare_load(&b, kit)) {
        return false;
    }
    b.stage.hides = refused == 0;
    b.stage.refused = refused;
    scratch_init(&mem);
    /* A create that cannot do without may say so. */
    if (bare_create(&b, "check", bare_values(kit, "check", &mem)) == HAFT_OK) {
        ask_each(&b, judge_status);
    }
    is_good = b.stage.asked >= refused;
    scratch_finish(&mem);
    bare_close(&b);
    return is_good;
}

void common_services(struct kit *kit)
{
    unsigned refused = 0; /* none is there at all */

    while (refused < SERVICE_CALLS_MOST && is_met(kit, refused)) {
        refused++;
    }
}

void common_memory(struct kit *kit)
{
    struct bare b;

    if (bare_open(&b, kit, "check")) {
        b.has_no_memory = true;
        ask_each(&b, judge_status);
        bare_close(&b);
    }
}

/* No file may grow beyond a few bytes from here on. */
void common_disk(struct kit *kit)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct rlimit limit;
    struct bare b;

    if (!bare_open(&b, kit, "check")) {
        return;
    }
    sigaction(SIGXFSZ, &ignore, NULL);
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0) {
        limit.rlim_cur = DISK_ROOM;
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    ask_each(&b, judge_status);
    bare_close(&b);
}

/* Done all the same, or what the matter itself brings, or CANCELLED. */
static void judge_cancelled(struct bare *b, const struct kit_question *q,
                            const struct bare_reply *r)
{
    if (!bare_is_status(r->status) || r->status == -HAFT_INTERNAL ||
        r->status == -HAFT_PLUGIN_CRASH) {
        kit_fail(b->kit,
                 "%s: wanted an end that is well or -HAFT_CANCELLED, "
                 "found status %d",
                 name_of(b->kit, q), r->status);
    }
}

/* The same questions of two, one of whom has had calls that were cancelled. */
static void ask_after_cancel(struct bare *plain, struct bare *b)
{
    struct kit_question questions[KIT_QUESTIONS];
    struct kit *kit = b->kit;
    size_t count = kit->target->kind->questions(questions, kit->folder);

    for (size_t i = 0; i < count && kit_is_well(kit); i++) {
        struct bare_reply wanted;
        struct bare_reply r;

        bare_ask(plain, questions[i].method, questions[i].in, &wanted);
        bare_ask(b, questions[i].method, questions[i].in, &r);
        if (r.status != wanted.status) {
            kit_fail(kit,
                     "%s, after calls that were cancelled: wanted status %d "
                     "as without them, found %d",
                     name_of(kit, &questions[i]), wanted.status, r.status);
        }
        bare_reply_finish(&wanted);
        bare_reply_finish(&r);
    }
}

void common_cancelled(struct kit *kit)
{
    struct bare plain;
    struct bare b;

    if (!bare_open(&plain, kit, "plain")) {
        return;
    }
    if (bare_open(&b, kit, "check")) {
        ask_each(&plain, judge_status);
        b.is_cancelled = true;
        ask_each(&b, judge_cancelled);
        b.is_cancelled = false;
        ask_after_cancel(&plain, &b);
        bare_close(&b);
    }
    bare_close(&plain);
}

/* Deadlines that have passed, are now, and are about to come. */
void common_deadline(struct kit *kit)
{
    static const int64_t from_now_ms[] = {-1000000, 0, 1};
    struct bare b;

    for (size_t i = 0; i < sizeof(from_now_ms) / sizeof(from_now_ms[0]); i++) {
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        if (bare_open(&b, kit, "check")) {
            b.deadline_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 +
                            from_now_ms[i];
            ask_each(&b, judge_status);
            bare_close(&b);
        }
    }
}
