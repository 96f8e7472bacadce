/* A loop, a config and guests, for tests that drive plugins of tests/guests. */
#ifndef TESTS_HOST_GUEST_FIXTURE_H
#define TESTS_HOST_GUEST_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

#include <haft/notify.h>

#include "host/base/config.h"
#include "host/guest/guest.h"

#define FIXTURE_LIMIT_MS 20000 /* a test that waits longer has failed */

struct fixture {
    char folder[64]; /* the state directory */
    struct loop *loop;
    struct config *config;
    struct guests *guests;
    struct str why;
};

/* What came of one call. */
struct answer {
    int count;
    int order; /* the how manieth of all answers it was */
    haft_status status;
    char code[64];
    char message[512];
    uint32_t effect;
};

static int fixture_answers; /* in all, for their order */

/* `host`: more lines of [host]. */
static inline void fixture_open_with(struct fixture *f, const char *host,
                                     const char *sections,
                                     const struct guest_service *service)
{
    const char *modules = getenv("HAFT_TEST_MODULES");
    struct str text;

    str_init(&text, 65536);
    *f = (struct fixture){.folder = "/tmp/haft-guests-XXXXXX"};
    ck_assert_ptr_nonnull(mkdtemp(f->folder));
    str_init(&f->why, STR_WHY_LIMIT);
    str_addf(&text, "[host]\nstate = %s\nmodules = %s\n%s%s", f->folder,
             modules ? modules : ".libs", host, sections);
    f->config = config_read(text.text, text.size, "test.conf", true, &f->why);
    ck_assert_msg(f->config != NULL, "%s", f->why.text);
    f->loop = loop_create();
    f->guests = guests_create(f->loop, f->config);
    if (service) {
        guests_serve(f->guests, service);
    }
    str_finish(&text);
    fixture_answers = 0;
}

/* Inside this process, or where $HAFT_TEST_ISOLATION says, unless a section
 * says otherwise. */
static inline void fixture_open(struct fixture *f, const char *sections,
                                const struct guest_service *service)
{
    const char *cage = getenv("HAFT_TEST_ISOLATION");
    char host[64];

    snprintf(host, sizeof(host), "isolation = %s\n", cage ? cage : "none");
    fixture_open_with(f, host, sections, service);
}

static inline void fixture_remove(const char *folder)
{
    pid_t pid = fork();

    if (pid == 0) {
        execlp("rm", "rm", "-rf", folder, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
}

static inline void fixture_close(struct fixture *f)
{
    guests_stop(f->guests);
    guests_destroy(f->guests);
    loop_destroy(f->loop);
    config_destroy(f->config);
    str_finish(&f->why);
    fixture_remove(f->folder);
}

static inline struct guest *fixture_find(struct fixture *f, const char *kind,
                                         const char *name)
{
    struct guest *guest = guests_find(f->guests, kind, name, &f->why);

    ck_assert_msg(guest != NULL, "%s", f->why.text);
    return guest;
}

static inline void fixture_done(void *ctx, haft_status status, const void *out,
                                const struct haft_fault *fault)
{
    struct answer *a = (struct answer *)ctx;

    (void)out;
    a->count++;
    a->order = ++fixture_answers;
    a->status = status;
    ck_assert((status == HAFT_OK) == (fault == NULL));
    if (fault) {
        ck_assert_uint_eq(fault->fault_class, (uint32_t)-status);
        snprintf(a->code, sizeof(a->code), "%.*s", (int)fault->code.n,
                 (const char *)fault->code.p);
        snprintf(a->message, sizeof(a->message), "%.*s", (int)fault->message.n,
                 (const char *)fault->message.p);
        a->effect = fault->effect;
    }
}

/* Delivers one event. */
static inline uint64_t fixture_tell(struct guest *guest, const char *kind,
                                    uint64_t seq, int64_t deadline_ms,
                                    struct answer *answer)
{
    const struct haft_notify_event event = {
        .seq = seq,
        .kind = {kind, strlen(kind)},
        .json = {"{}", 2},
    };
    const struct haft_notify_deliver_in in = {
        .size = sizeof(in),
        .events = {&event, 1, sizeof(event)},
    };

    memset(answer, 0, sizeof(*answer));
    return guest_call(guest, &haft_notify_v1, HAFT_NOTIFY_DELIVER, &in,
                      deadline_ms, fixture_done, answer);
}

static inline void fixture_late(void *ctx)
{
    (void)ctx;
    ck_abort_msg("nothing came");
}

/* Turns the loop until `*count` has reached `wanted`. */
static inline void fixture_wait(struct fixture *f, const int *count, int wanted)
{
    struct loop_timer guard;

    loop_timer_init(&guard, fixture_late, NULL);
    loop_timer_set(f->loop, &guard, loop_tick_ms(f->loop) + FIXTURE_LIMIT_MS);
    while (*count < wanted) {
        loop_wait(f->loop);
    }
    loop_timer_clear(f->loop, &guard);
}

#endif
