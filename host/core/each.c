#include "host/core/each.h"

#include "host/core/detail.h"
#include "host/core/halt.h"
#include "host/core/ready.h"
#include "host/core/run.h"
#include "host/core/scope.h"
#include "host/core/task.h"
#include "host/plain/mem.h"

/* The values: the workflow's own array, or one that is evaluated and then
 * `*owned`. NULL with the reason in `why`. */
static const cJSON *find_values(const struct core *c, const struct run_row *r,
                                uint32_t task, cJSON **owned, struct str *why)
{
    const struct workflow_each *row =
        &r->workflow->eaches[task_row(r, task)->each];
    struct scope_place place = {.core = c, .run = r, .task = task};
    struct expr_scope scope = scope_of(&place);

    *owned = NULL;
    if (row->items) {
        return row->items;
    }
    *owned = expr_eval(row->over, &scope, why);
    if (*owned && !cJSON_IsArray(*owned)) {
        str_add_text(why, "the value of `each` is not an array");
    } else if (*owned && cJSON_GetArraySize(*owned) > (int)EACH_ITEMS_LIMIT) {
        str_addf(why, "`each` has more than %u items", EACH_ITEMS_LIMIT);
    } else {
        return *owned;
    }
    cJSON_Delete(*owned);
    *owned = NULL;
    return NULL;
}

static void refuse(struct core *c, struct run_row *r, uint32_t task,
                   const struct str *why)
{
    halt_refuse(c, r, task,
                &(struct fault){
                    .fault_class = HAFT_INVALID,
                    .effect = HAFT_EFFECT_NOT_STARTED,
                    .origin = HAFT_ORIGIN_USER,
                    .code = "host.expression",
                    .message = why->text,
                });
}

static struct run_each *add(struct core *c, struct run_row *r, uint32_t task,
                            uint32_t count)
{
    uint32_t index = r->eaches_count++;

    r->eaches = mem_grow(r->eaches, &r->eaches_room, r->eaches_count,
                         sizeof(*r->eaches));
    r->eaches[index] = (struct run_each){
        .owner = task,
        .first = run_add_items(c, r, index, count),
        .count = count,
    };
    r->cells[task].left = index;
    return &r->eaches[index];
}

/* A list is a chain: an array of its links makes each value one step away. */
static void set_values(struct run_each *each, const cJSON *values, cJSON *owned)
{
    const cJSON *value;
    uint32_t i = 0;

    each->array = owned;
    each->values = mem_new(each->count, sizeof(cJSON *));
    cJSON_ArrayForEach(value, values)
    {
        each->values[i++] = (cJSON *)value;
    }
}

void each_expand(struct core *c, struct run_row *r, uint32_t task)
{
    struct str why;
    cJSON *owned;
    const cJSON *values;
    uint32_t count;

    str_init(&why, STR_WHY_LIMIT);
    values = find_values(c, r, task, &owned, &why);
    count = values ? (uint32_t)cJSON_GetArraySize(values) : 0;
    if (!values) {
        refuse(c, r, task, &why);
    } else if (!count) {
        cJSON_Delete(owned);
        task_end(c, r, task, TASK_SKIPPED, REASON_EMPTY_EACH);
    } else {
        struct run_each *each = add(c, r, task, count);
        struct task_detail *d = detail_need(c, r, task);

        set_values(each, values, owned);
        d->ready_ms = c->now_ms;
        d->started_ms = c->now_ms;
        task_move(c, r, task, TASK_RUNNING);
        task_event(c, r, task, EVENT_TASK_EXPANDED);
        each_review(c, r, each);
    }
    str_finish(&why);
}

static void feed(struct core *c, struct run_row *r, struct run_each *each)
{
    uint32_t limit = task_policy(r, each->owner)->max_parallel;

    while (each->next < each->count && (!limit || each->open < limit)) {
        uint32_t item = each->first + each->next++;

        if (task_state(r, item) == TASK_WAITING) {
            r->cells[item].flags |= CELL_FED;
            each->open++;
            ready_make(c, r, item);
        }
    }
}

/* As what the first item that failed says. */
static void fail_owner(struct core *c, struct run_row *r,
                       const struct run_each *each)
{
    struct task_detail *owner = detail_of(c, r, each->owner);
    uint32_t item = each->first;
    struct fault fault;
    struct str message;

    while (task_state(r, item) != TASK_FAILED) {
        item++;
    }
    fault = detail_of(c, r, item)
                ? detail_of(c, r, item)->fault
                : (struct fault){.fault_class = HAFT_INTERNAL, .code = ""};
    str_init(&message, STR_WHY_LIMIT);
    str_addf(&message, "%u of %u items failed", each->failed, each->count);
    fault.message = message.text;
    detail_set_fault(c, owner, &fault);
    str_finish(&message);
    halt_fail(c, r, each->owner, REASON_NONE);
}

static void end_owner(struct core *c, struct run_row *r,
                      const struct run_each *each)
{
    uint32_t owner = each->owner;

    if (each->failed) {
        fail_owner(c, r, each);
    } else if (each->cancelled) {
        task_end(c, r, owner, TASK_CANCELLED,
                 r->run.state == RUN_CANCELLING ? REASON_RUN_CANCELLED
                                                : REASON_NONE);
    } else if (each->skipped) {
        task_end(c, r, owner, TASK_SKIPPED, REASON_RUN_STOPPED);
    } else {
        task_end(c, r, owner, TASK_SUCCEEDED, REASON_NONE);
    }
}

void each_review(struct core *c, struct run_row *r, struct run_each *each)
{
    if (each->ended == each->count) {
        end_owner(c, r, each);
    } else {
        feed(c, r, each);
    }
}

static void count_item(const struct run_row *r, struct run_each *each,
                       uint32_t item)
{
    enum task_state state = task_state(r, item);

    each->ended++;
    each->failed += state == TASK_FAILED;
    each->cancelled += state == TASK_CANCELLED;
    each->skipped +=
        state == TASK_SKIPPED && r->cells[item].reason == REASON_RUN_STOPPED;
}

void each_item_ended(struct core *c, struct run_row *r, uint32_t item)
{
    struct run_each *each = task_each(r, item);

    count_item(r, each, item);
    if (r->cells[item].flags & CELL_FED) {
        r->cells[item].flags &= (uint16_t)~CELL_FED;
        each->open--;
    }
    if (!task_state_is_ended(task_state(r, each->owner))) {
        each_review(c, r, each);
    }
}

void each_stop(struct core *c, struct run_row *r, struct run_each *each)
{
    if (each->is_stopped) {
        return;
    }
    each->is_stopped = true;
    for (uint32_t i = 0; i < each->count; i++) {
        uint32_t item = each->first + i;
        enum task_state state = task_state(r, item);
        const struct task_detail *d = detail_of(c, r, item);

        if (state == TASK_WAITING ||
            (state == TASK_READY && !(d && d->fence))) {
            task_end(c, r, item, TASK_SKIPPED, REASON_RUN_STOPPED);
        }
    }
}

void each_restore(struct core *c, struct run_row *r, uint32_t task,
                  uint32_t count)
{
    add(c, r, task, count);
}

void each_resume(struct core *c, struct run_row *r, struct run_each *each)
{
    struct str why;
    cJSON *owned;
    const cJSON *values;

    str_init(&why, STR_WHY_LIMIT);
    values = find_values(c, r, each->owner, &owned, &why);
    if (values && (uint32_t)cJSON_GetArraySize(values) == each->count) {
        set_values(each, values, owned);
    } else {
        cJSON_Delete(owned);
    }
    str_finish(&why);
    for (uint32_t i = 0; i < each->count; i++) {
        uint32_t item = each->first + i;

        if (task_state_is_ended(task_state(r, item))) {
            count_item(r, each, item);
        } else if (task_state(r, item) != TASK_WAITING) {
            r->cells[item].flags |= CELL_FED;
            each->open++;
        }
    }
}

cJSON *each_collect(const struct core *c, const struct run_row *r,
                    uint32_t task, const char *name)
{
    const struct run_each *each = task_each(r, task);
    cJSON *array = cJSON_CreateArray();

    for (uint32_t i = 0; each && i < each->count; i++) {
        const struct task_detail *d = detail_of(c, r, each->first + i);
        cJSON *value = d && d->outputs
                           ? cJSON_GetObjectItemCaseSensitive(d->outputs, name)
                           : NULL;

        cJSON_AddItemToArray(array, value ? cJSON_Duplicate(value, 1)
                                          : cJSON_CreateNull());
    }
    return array;
}
