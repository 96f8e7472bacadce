#include "host/core/detail.h"

#include "host/plain/mem.h"

static uint32_t take_id(struct details *all)
{
    uint32_t id;

    if (all->free_count) {
        return all->free[--all->free_count];
    }
    id = all->count++;
    if (id % DETAILS_CHUNK == 0) {
        all->chunks =
            mem_grow(all->chunks, &all->chunks_room, id / DETAILS_CHUNK + 1,
                     sizeof(struct task_detail *));
        all->chunks[id / DETAILS_CHUNK] =
            mem_new(DETAILS_CHUNK, sizeof(struct task_detail));
    }
    return id;
}

struct task_detail *detail_need(struct core *c, struct run_row *r,
                                uint32_t task)
{
    struct task_detail *d = detail_of(c, r, task);
    uint32_t id;

    if (d) {
        return d;
    }
    assert(!task_state_is_ended(r->cells[task].state));
    id = take_id(&c->details);
    r->cells[task].detail = id + 1;
    d = detail_at(c, id);
    *d = (struct task_detail){
        .run = r->index,
        .task = task,
        .executor = CORE_NONE,
        .fault = {.code = "", .message = ""},
        .ready_ms = r->briefs[task].at_ms,
    };
    return d;
}

void detail_drop(struct core *c, struct run_row *r, uint32_t task)
{
    struct task_detail *d = detail_of(c, r, task);
    struct details *all = &c->details;
    uint32_t id = r->cells[task].detail;

    if (!d) {
        return;
    }
    timer_set(&c->timer, id - 1, TIMER_NEVER);
    turn_leave(&c->turn, d->texts);
    cJSON_Delete(d->outputs);
    *d = (struct task_detail){.run = CORE_NONE, .task = CORE_NONE};
    r->cells[task].detail = 0;
    all->free = mem_grow(all->free, &all->free_room, all->free_count + 1,
                         sizeof(*all->free));
    all->free[all->free_count++] = id - 1;
}

void details_finish(struct core *c)
{
    struct details *all = &c->details;

    for (uint32_t i = 0; i < all->count; i++) {
        mem_free(detail_at(c, i)->texts);
        cJSON_Delete(detail_at(c, i)->outputs);
    }
    for (uint32_t i = 0; i < all->count; i += DETAILS_CHUNK) {
        mem_free(all->chunks[i / DETAILS_CHUNK]);
    }
    mem_free(all->chunks);
    mem_free(all->free);
    *all = (struct details){0};
}

void detail_set_fault(struct core *c, struct task_detail *d,
                      const struct fault *fault)
{
    struct fault copy;
    char *texts = fault_copy(&copy, fault);

    turn_leave(&c->turn, d->texts);
    d->texts = texts;
    d->fault = copy;
}
