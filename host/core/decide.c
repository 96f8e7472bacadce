#include "host/core/core.h"
#include "host/core/due.h"
#include "host/core/hand.h"
#include "host/core/ready.h"
#include "host/core/resume.h"
#include "host/core/run.h"

/* One turn: what was asked, in order; what is due; then what there is room
 * for. An answer that arrived beats a limit that passed meanwhile. */

void core_decide(struct core *c, int64_t now_ms)
{
    struct ask *ask;
    uint32_t id;

    if (now_ms > c->now_ms) {
        c->now_ms = now_ms;
    }
    c->counts.turns++;
    if (c->is_resuming) {
        c->is_resuming = false;
        resume_runs(c);
    }
    for (ask = asks_next(&c->asks); ask; ask = asks_next(&c->asks)) {
        ask_decide(c, ask);
        ready_settle(c);
    }
    while (timer_take(&c->timer, c->now_ms, &id)) {
        due_act(c, id);
        ready_settle(c);
    }
    hand_over(c);
    run_free_slots(c);
}

int64_t core_next_ms(const struct core *c)
{
    return c->is_resuming ? c->now_ms : timer_next(&c->timer);
}

void core_clear(struct core *c)
{
    for (size_t i = 0; i < c->turn.changes_count; i++) {
        const struct change *change = &c->turn.changes[i];
        struct run_row *r = run_of(c, change->run);

        if (!r) {
            continue;
        }
        if (change->kind == CHANGE_TASK) {
            r->cells[change->task].flags &= (uint16_t)~CELL_DIRTY;
        } else {
            r->is_new = false;
            r->change = 0;
        }
    }
    turn_clear(&c->turn);
}
