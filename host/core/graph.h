/* Who waits for whom, seen from above: the children of each task of one
 * workflow. The workflow itself holds the needs; this is the same edges turned
 * round, in two flat arrays. */
#ifndef HOST_CORE_GRAPH_H
#define HOST_CORE_GRAPH_H

#include <stdint.h>

#include "host/flow/workflow.h"

struct graph {
    uint32_t *starts; /* of each task's children in `children`; one more */
    uint32_t *children;
};

void graph_init(struct graph *g, const struct workflow *w);
void graph_finish(struct graph *g);

/* The children of a task, in order of the tasks. */
static inline const uint32_t *graph_children(const struct graph *g,
                                             uint32_t task, uint32_t *count)
{
    *count = g->starts[task + 1] - g->starts[task];
    return g->children + g->starts[task];
}

#endif
