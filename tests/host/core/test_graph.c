#include "host/core/graph.h"
#include "tests/check_main.h"

START_TEST(children_are_the_needs_turned_round_in_order)
{
    struct workflow_build *b = workflow_build_create("g");
    uint32_t all[] = {0, 1, 2};
    struct workflow *w;
    struct graph g;
    const uint32_t *children;
    uint32_t count;

    workflow_build_policy(b, &(struct workflow_policy){0});
    workflow_build_job(b, &(struct workflow_job){.script = "x"});
    workflow_build_task(b, "a", NULL, 0, 0, 0, 0);
    workflow_build_task(b, "b", all, 1, 0, 0, 0);
    workflow_build_task(b, "c", NULL, 0, 0, 0, 0);
    workflow_build_task(b, "d", all, 3, 0, 0, 0);
    w = workflow_build_take(b);

    graph_init(&g, w);

    children = graph_children(&g, 0, &count);
    ck_assert_uint_eq(count, 2);
    ck_assert_uint_eq(children[0], 1);
    ck_assert_uint_eq(children[1], 3);
    children = graph_children(&g, 2, &count);
    ck_assert_uint_eq(count, 1);
    ck_assert_uint_eq(children[0], 3);
    graph_children(&g, 3, &count);
    ck_assert_uint_eq(count, 0);
    graph_finish(&g);
    workflow_destroy(w);
}
END_TEST

START_TEST(a_graph_of_nothing_is_a_graph)
{
    struct workflow *w = workflow_build_take(workflow_build_create("none"));
    struct graph g;

    graph_init(&g, w);

    ck_assert_uint_eq(g.starts[0], 0);
    graph_finish(&g);
    workflow_destroy(w);
}
END_TEST

TEST_MAIN("graph", children_are_the_needs_turned_round_in_order,
          a_graph_of_nothing_is_a_graph)
