/* Workflow files: whatever bytes come, either a reason with a place, or a
 * workflow whose canonical text reads back as an equal one. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/flow/workflow.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(bool is_right)
{
    if (!is_right) {
        abort();
    }
}

static void check_tables(const struct workflow *w)
{
    for (uint32_t i = 0; i < w->tasks_count; i++) {
        const struct workflow_task *t = &w->tasks[i];

        check(t->policy < w->policies_count && t->job < w->jobs_count);
        check(t->condition == WORKFLOW_NONE ||
              t->condition < w->conditions_count);
        check(t->each == WORKFLOW_NONE || t->each < w->eaches_count);
        check(strlen(workflow_task_name(w, i)) <= WORKFLOW_NAME_LIMIT);
        for (uint32_t k = 0; k < t->needs_count; k++) {
            check(w->needs[t->needs + k] < i);
        }
    }
}

static void check_again(const struct workflow *w)
{
    struct workflow_source source = {.name = "again"};
    struct workflow *again;
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    again = workflow_read(w->canonical, w->canonical_size, &source, &why);
    check(again && strcmp(w->canonical, again->canonical) == 0);
    check(strcmp(w->hash, again->hash) == 0);
    check(strcmp(w->name, again->name) == 0);
    check(w->tasks_count == again->tasks_count);
    check(memcmp(w->tasks, again->tasks, w->tasks_count * sizeof(*w->tasks)) ==
          0);
    workflow_destroy(again);
    str_finish(&why);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct workflow_source source = {.file = "f", .name = "fuzz"};
    struct workflow *w;
    struct str why;

    str_init(&why, 65536);
    w = workflow_read((const char *)bytes, size, &source, &why);
    if (w) {
        cJSON *bound = workflow_bind(w, NULL, &why);

        check((bound == NULL) == (why.size > 0));
        cJSON_Delete(bound);
        check_tables(w);
        check_again(w);
    } else {
        check(strncmp(why.text, "f:", 2) == 0);
    }
    workflow_destroy(w);
    str_finish(&why);
    return 0;
}
