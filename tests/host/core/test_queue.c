#include "host/core/queue.h"
#include "tests/check_main.h"

static void push(struct queue *q, int32_t priority, uint32_t task)
{
    queue_push(q, priority, (struct queue_entry){.task = task});
}

static void ck_pop(struct queue *q, uint32_t task)
{
    struct queue_entry entry;

    ck_assert(queue_pop(q, &entry));
    ck_assert_uint_eq(entry.task, task);
}

START_TEST(an_empty_queue_gives_nothing)
{
    struct queue q = {0};
    struct queue_entry entry;

    ck_assert(!queue_pop(&q, &entry));
    queue_finish(&q);
}
END_TEST

START_TEST(a_higher_priority_comes_first)
{
    struct queue q = {0};

    push(&q, 0, 1);
    push(&q, -100, 2);
    push(&q, 200, 3);
    push(&q, 100, 4);

    ck_pop(&q, 3);
    ck_pop(&q, 4);
    ck_pop(&q, 1);
    ck_pop(&q, 2);
    queue_finish(&q);
}
END_TEST

START_TEST(of_one_priority_the_first_comes_first_whatever_the_ring_does)
{
    struct queue q = {0};
    uint32_t next = 0;
    uint32_t last = 0;

    for (int round = 0; round < 200; round++) {
        for (int i = 0; i < 7; i++) {
            push(&q, 5, last++);
        }
        for (int i = 0; i < 6; i++) {
            ck_pop(&q, next++);
        }
    }
    while (next < last) {
        ck_pop(&q, next++);
    }
    queue_finish(&q);
}
END_TEST

START_TEST(many_priorities_are_kept_apart_and_dropped_when_empty)
{
    struct queue q = {0};

    for (uint32_t i = 0; i < 1000; i++) {
        push(&q, (int32_t)((i * 7919) % 1000), (i * 7919) % 1000);
    }
    for (uint32_t i = 1000; i > 0; i--) {
        ck_pop(&q, i - 1);
    }

    ck_assert_uint_le(q.levels_count, 4);
    queue_finish(&q);
}
END_TEST

TEST_MAIN("queue", an_empty_queue_gives_nothing, a_higher_priority_comes_first,
          of_one_priority_the_first_comes_first_whatever_the_ring_does,
          many_priorities_are_kept_apart_and_dropped_when_empty)
