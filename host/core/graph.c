#include "host/core/graph.h"

#include "host/plain/mem.h"

/* `starts` is one ahead while it is filled: starts[t + 1] is where the next
 * child of t goes, and so ends as where those of t + 1 begin. */
void graph_init(struct graph *g, const struct workflow *w)
{
    g->starts = mem_new((size_t)w->tasks_count + 2, sizeof(*g->starts));
    g->children = mem_new(w->needs_count, sizeof(*g->children));
    for (uint32_t i = 0; i < w->needs_count; i++) {
        g->starts[w->needs[i] + 2]++;
    }
    for (uint32_t t = 0; t < w->tasks_count; t++) {
        g->starts[t + 2] += g->starts[t + 1];
    }
    for (uint32_t t = 0; t < w->tasks_count; t++) {
        const struct workflow_task *row = &w->tasks[t];

        for (uint32_t i = 0; i < row->needs_count; i++) {
            g->children[g->starts[w->needs[row->needs + i] + 1]++] = t;
        }
    }
}

void graph_finish(struct graph *g)
{
    mem_free(g->starts);
    mem_free(g->children);
    *g = (struct graph){0};
}
