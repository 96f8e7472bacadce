#include <string.h>

#include <haft/executor.h>

#include "host/base/log.h"
#include "host/carry/runner_inside.h"
#include "host/plain/mem.h"

static void set_slots(const struct runner *r, struct guest *guest)
{
    const struct haft_slots_set_in in = {.size = sizeof(in), .slots = r->slots};

    if (guest_offers(guest, HAFT_SLOTS_V1)) {
        guest_call(guest, &haft_slots_v1, HAFT_SLOTS_SET, &in,
                   runner_deadline_ms(r), NULL, NULL);
    }
}

/* A row whose guest is another one than before: it knows nothing of what was
 * handed to it. One that is given up gets no slots, so that its tasks wait. */
static void renew(struct runner *r, uint32_t index)
{
    struct executor *row = &r->executors[index];
    bool is_given_up = guest_is_given_up(row->guest);

    if (!is_given_up) {
        set_slots(r, row->guest);
    }
    core_add_executor(r->core, row->name, is_given_up ? 0 : r->slots,
                      guest_offers(row->guest, HAFT_SLOTS_V1));
    r->recovering -= row->waiting;
    row->waiting = 0;
    core_ask_adrift(r->core, index);
    runner_wake(r);
}

bool runner_start_worker(void *ctx, const char *name, const char *const argv[],
                         const char *const env[], struct str *why)
{
    struct runner *r = ctx;

    return process_start_worker(r->process, name, argv, env, why);
}

struct search {
    const char *name; /* of an executor */
    bool is_found;
};

static void look_for(void *ctx, const struct attempt *a)
{
    struct search *s = ctx;

    s->is_found |=
        a->is_handed && a->guest && strcmp(guest_name(a->guest), s->name) == 0;
}

bool runner_is_busy(void *ctx, const char *name)
{
    const struct runner *r = ctx;
    struct search s = {.name = name};

    attempts_visit(&r->attempts, look_for, &s);
    return s.is_found;
}

bool runner_must_wait(const struct runner *r, uint32_t executor)
{
    const struct guest *guest = runner_guest(r, executor);

    return !guest || guest_is_given_up(guest);
}

/* CORE_NONE: it is not registered yet. */
static uint32_t find_row(const struct runner *r, const char *name)
{
    for (uint32_t i = 0; i < r->executors_count; i++) {
        if (strcmp(r->executors[i].name, name) == 0) {
            return i;
        }
    }
    return CORE_NONE;
}

static struct guest *find_guest(const struct runner *r, const char *name,
                                struct str *why)
{
    struct guest *guest = guests_find(r->guests, "executor", name, why);

    if (guest && (!guest_offers(guest, HAFT_EXECUTOR_V1) ||
                  !(guest_takes_sort(guest, HAFT_SORT_PROCESS) ||
                    guest_takes_sort(guest, HAFT_SORT_CONTAINER)))) {
        str_addf(why,
                 "executor %s takes no jobs: its manifest lists neither "
                 "process nor container under sorts",
                 name);
        guest = NULL;
    }
    return guest;
}

static uint32_t add_row(struct runner *r, const char *name, uint32_t slots,
                        bool is_ahead)
{
    uint32_t index = core_add_executor(r->core, name, slots, is_ahead);

    if (index == r->executors_count) {
        r->executors[index] =
            (struct executor){.name = mem_text(name, strlen(name))};
        r->executors_count++;
    }
    return index;
}

uint32_t runner_executor(struct runner *r, const char *name, struct str *why)
{
    uint32_t index = find_row(r, name);
    bool was_expected = index != CORE_NONE;
    struct guest *guest;

    if (was_expected && r->executors[index].guest) {
        return index;
    }
    guest = find_guest(r, name, why);
    if (!guest && !guests_is_starting(r->guests, "executor", name)) {
        return CORE_NONE;
    }
    if (!was_expected && r->executors_count == RUNNER_EXECUTORS_LIMIT) {
        str_addf(why, "more than %d executors", RUNNER_EXECUTORS_LIMIT);
        return CORE_NONE;
    }
    if (!guest) { /* its tasks wait until it has come */
        str_reset(why);
        return was_expected ? index : add_row(r, name, 0, false);
    }
    if (was_expected) {
        log_info("runner", "executor is there again name=%s", name);
        r->executors[index].guest = guest;
        renew(r, index);
        return index;
    }
    set_slots(r, guest);
    index = add_row(r, name, r->slots, guest_offers(guest, HAFT_SLOTS_V1));
    r->executors[index].guest = guest;
    return index;
}

/* Without slots it is handed nothing. */
uint32_t runner_expect(struct runner *r, const char *name, struct str *why)
{
    uint32_t index = runner_executor(r, name, why);

    if (index == CORE_NONE) {
        index = find_row(r, name);
    }
    if (index == CORE_NONE && r->executors_count < RUNNER_EXECUTORS_LIMIT) {
        index = add_row(r, name, 0, false);
    }
    return index;
}

void runner_look_again(struct runner *r)
{
    for (uint32_t i = 0; i < r->executors_count; i++) {
        struct str why;

        str_init(&why, 0);
        if (!r->executors[i].guest) {
            runner_executor(r, r->executors[i].name, &why);
        }
        str_finish(&why);
    }
    runner_ask_undecided(r);
}

void runner_on_restarted(void *ctx, struct guest *guest)
{
    struct runner *r = ctx;

    for (uint32_t i = 0; i < r->executors_count; i++) {
        if (r->executors[i].guest == guest) {
            renew(r, i);
        }
    }
    runner_look_again(r); /* it may be one that has come at last */
}

bool runner_takes(const struct runner *r, uint32_t executor, const char *sort,
                  struct str *why)
{
    const struct guest *guest = runner_guest(r, executor);

    if (guest && !guest_takes_sort(guest, sort)) {
        str_addf(why,
                 "executor %s takes no %s jobs: its manifest does not list %s "
                 "under sorts",
                 r->executors[executor].name, sort, sort);
        return false;
    }
    return true;
}

uint64_t runner_waiting(const struct runner *r)
{
    uint64_t count = 0;

    for (uint32_t i = 0; i < r->executors_count; i++) {
        count += r->executors[i].waiting;
    }
    return count;
}

struct guest *runner_guest(const struct runner *r, uint32_t executor)
{
    return executor < r->executors_count ? r->executors[executor].guest : NULL;
}
