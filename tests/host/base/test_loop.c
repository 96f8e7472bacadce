#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/base/loop.h"
#include "tests/check_main.h"

/* What callbacks write down: one letter each. */
struct diary {
    struct loop *loop;
    char text[64];
    size_t size;
    int fds[2];
    struct loop_timer *timers;
    bool is_inside;
};

static void note(struct diary *diary, char c)
{
    ck_assert_uint_lt(diary->size, sizeof(diary->text) - 1);
    diary->text[diary->size++] = c;
    diary->text[diary->size] = '\0';
}

static struct diary begin(void)
{
    struct diary diary = {.loop = loop_create()};

    ck_assert_ptr_nonnull(diary.loop);
    ck_assert_int_eq(
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, diary.fds), 0);
    return diary;
}

static void end(struct diary *diary)
{
    loop_destroy(diary->loop);
    close(diary->fds[0]);
    close(diary->fds[1]);
}

static void note_post(void *ctx)
{
    note(ctx, 'p');
}

static void note_ready(void *ctx, int fd, uint32_t ready)
{
    (void)fd;
    note(ctx, ready & LOOP_READ ? 'r' : '-');
    note(ctx, ready & LOOP_WRITE ? 'w' : '-');
    note(ctx, ready & LOOP_HANGUP ? 'h' : '-');
}

static void read_byte(void *ctx, int fd, uint32_t ready)
{
    char c;

    (void)ready;
    ck_assert_int_eq(read(fd, &c, 1), 1);
    note(ctx, c);
}

/* ---- descriptors ---- */

START_TEST(a_readable_descriptor_is_handed_out)
{
    struct diary d = begin();

    ck_assert_int_eq(loop_add(d.loop, d.fds[0], LOOP_READ, read_byte, &d), 0);
    ck_assert_int_eq(write(d.fds[1], "x", 1), 1);
    loop_wait(d.loop);

    ck_assert_str_eq(d.text, "x");
    end(&d);
}
END_TEST

START_TEST(only_watched_flags_are_reported)
{
    struct diary d = begin();

    loop_add(d.loop, d.fds[0], LOOP_WRITE, note_ready, &d);
    ck_assert_int_eq(write(d.fds[1], "x", 1), 1);
    loop_wait(d.loop);
    loop_change(d.loop, d.fds[0], LOOP_READ | LOOP_WRITE);
    loop_wait(d.loop);

    ck_assert_str_eq(d.text, "-w-rw-");
    end(&d);
}
END_TEST

START_TEST(a_closed_peer_is_a_hangup_with_the_watched_flags)
{
    struct diary d = begin();

    loop_add(d.loop, d.fds[0], LOOP_READ, note_ready, &d);
    shutdown(d.fds[1], SHUT_RDWR);
    loop_wait(d.loop);

    ck_assert_str_eq(d.text, "r-h");
    end(&d);
}
END_TEST

START_TEST(a_paused_watch_wakes_nobody_even_at_a_hangup)
{
    struct diary d = begin();

    loop_add(d.loop, d.fds[0], LOOP_READ, note_ready, &d);
    loop_change(d.loop, d.fds[0], 0);
    shutdown(d.fds[1], SHUT_RDWR);
    loop_post(d.loop, note_post, &d);
    loop_wait(d.loop);
    ck_assert_str_eq(d.text, "p");

    loop_change(d.loop, d.fds[0], LOOP_READ);
    loop_wait(d.loop);
    ck_assert_str_eq(d.text, "pr-h");
    end(&d);
}
END_TEST

START_TEST(a_regular_file_cannot_be_watched)
{
    struct diary d = begin();
    FILE *file = tmpfile();

    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(loop_add(d.loop, fileno(file), LOOP_READ, note_ready, &d),
                     -EPERM);
    ck_assert_int_eq(loop_add(d.loop, d.fds[0], LOOP_READ, note_ready, &d), 0);
    fclose(file);
    end(&d);
}
END_TEST

/* Whichever of the pair comes first removes both. */
static void remove_both(void *ctx, int fd, uint32_t ready)
{
    struct diary *d = ctx;

    (void)fd;
    (void)ready;
    note(d, 'x');
    loop_remove(d->loop, d->fds[0]);
    loop_remove(d->loop, d->fds[1]);
}

START_TEST(what_was_removed_in_a_callback_is_not_called_again)
{
    struct diary d = begin();

    loop_add(d.loop, d.fds[0], LOOP_WRITE, remove_both, &d);
    loop_add(d.loop, d.fds[1], LOOP_WRITE, remove_both, &d);
    loop_wait(d.loop);
    loop_post(d.loop, note_post, &d);
    loop_wait(d.loop);

    ck_assert_str_eq(d.text, "xp");
    end(&d);
}
END_TEST

/* Closes the other descriptor and opens another one of the same number. */
static void replace_other(void *ctx, int fd, uint32_t ready)
{
    struct diary *d = ctx;
    int other = fd == d->fds[0] ? d->fds[1] : d->fds[0];
    int fresh[2];

    (void)ready;
    note(d, 'x');
    loop_remove(d->loop, fd);
    loop_remove(d->loop, other);
    close(other);
    ck_assert_int_eq(pipe2(fresh, O_CLOEXEC), 0);
    ck_assert_int_eq(fresh[0], other);
    close(fresh[1]);
    loop_add(d->loop, other, LOOP_READ, note_ready, d);
}

START_TEST(a_reused_descriptor_number_does_not_get_the_old_events)
{
    struct diary d = begin();

    loop_add(d.loop, d.fds[0], LOOP_WRITE, replace_other, &d);
    loop_add(d.loop, d.fds[1], LOOP_WRITE, replace_other, &d);
    loop_wait(d.loop);

    ck_assert_str_eq(d.text, "x");
    end(&d);
}
END_TEST

/* ---- timers ---- */

struct alarm {
    struct loop_timer timer;
    struct diary *diary;
    char letter;
};

static void note_alarm(void *ctx)
{
    struct alarm *alarm = ctx;

    note(alarm->diary, alarm->letter);
}

static void init_alarm(struct alarm *alarm, struct diary *diary, char letter)
{
    loop_timer_init(&alarm->timer, note_alarm, alarm);
    alarm->diary = diary;
    alarm->letter = letter;
}

static void wait_for(struct diary *d, size_t size)
{
    while (d->size < size) {
        loop_wait(d->loop);
    }
}

START_TEST(timers_go_off_by_time_and_then_in_the_order_of_setting)
{
    struct diary d = begin();
    struct alarm alarms[5];
    static const int delays[] = {6, 2, 4, 2, 0};
    int64_t now = loop_now_ms(d.loop);

    for (int i = 0; i < 5; i++) {
        init_alarm(&alarms[i], &d, (char)('a' + i));
        loop_timer_set(d.loop, &alarms[i].timer, now + delays[i]);
    }
    wait_for(&d, 5);

    ck_assert_str_eq(d.text, "ebdca");
    ck_assert_int_ge(loop_now_ms(d.loop), now + 6);
    end(&d);
}
END_TEST

START_TEST(a_timer_may_be_moved_and_cleared)
{
    struct diary d = begin();
    struct alarm alarms[3];
    int64_t now = loop_now_ms(d.loop);

    for (int i = 0; i < 3; i++) {
        init_alarm(&alarms[i], &d, (char)('a' + i));
        loop_timer_set(d.loop, &alarms[i].timer, now + i);
    }
    loop_timer_set(d.loop, &alarms[0].timer, now + 5);
    loop_timer_clear(d.loop, &alarms[1].timer);
    loop_timer_clear(d.loop, &alarms[1].timer);
    wait_for(&d, 2);

    ck_assert_str_eq(d.text, "ca");
    end(&d);
}
END_TEST

/* Against a plain search: every pop is the least of what is set. */
START_TEST(a_thousand_timers_set_moved_and_cleared_keep_their_order)
{
    struct loop *loop = loop_create();
    static struct loop_timer timers[1000];
    uint32_t seed = 12345;
    int64_t now = loop_now_ms(loop);

    for (int i = 0; i < 20000; i++) {
        struct loop_timer *t = &timers[(seed >> 8) % 1000];

        seed = seed * 1664525u + 1013904223u;
        if (seed >> 30 == 0) {
            loop_timer_clear(loop, t);
        } else {
            loop_timer_set(loop, t, now + 1000000 + (seed >> 12) % 500);
        }
        seed = seed * 1664525u + 1013904223u;
    }
    for (int i = 0; i < 1000; i++) {
        size_t place = timers[i].place;

        for (int k = 0; place && k < 1000; k++) {
            bool is_child = timers[k].place / 2 == place;

            ck_assert(!is_child || timers[k].due_ms > timers[i].due_ms ||
                      (timers[k].due_ms == timers[i].due_ms &&
                       timers[k].order > timers[i].order));
        }
    }
    loop_destroy(loop);
    for (int i = 0; i < 1000; i++) {
        ck_assert_uint_eq(timers[i].place, 0);
    }
}
END_TEST

static void set_again(void *ctx)
{
    struct alarm *alarm = ctx;

    note(alarm->diary, alarm->letter);
    loop_timer_set(alarm->diary->loop, &alarm->timer, 0);
}

START_TEST(a_timer_that_is_always_due_goes_off_once_a_turn)
{
    struct diary d = begin();
    struct alarm again;
    struct alarm other;

    init_alarm(&again, &d, 'a');
    again.timer.fn = set_again;
    init_alarm(&other, &d, 'b');
    loop_timer_set(d.loop, &again.timer, 0);
    loop_timer_set(d.loop, &other.timer, 0);
    loop_wait(d.loop);
    ck_assert_str_eq(d.text, "ab");

    loop_wait(d.loop);
    ck_assert_str_eq(d.text, "aba");
    end(&d);
}
END_TEST

static void clear_other(void *ctx)
{
    struct alarm *alarm = ctx;

    note(alarm->diary, alarm->letter);
    loop_timer_clear(alarm->diary->loop, alarm->diary->timers);
}

START_TEST(a_timer_cleared_by_another_of_the_same_instant_stays_quiet)
{
    struct diary d = begin();
    struct alarm first;
    struct alarm second;

    init_alarm(&first, &d, 'a');
    first.timer.fn = clear_other;
    init_alarm(&second, &d, 'b');
    d.timers = &second.timer;
    loop_timer_set(d.loop, &first.timer, 0);
    loop_timer_set(d.loop, &second.timer, 0);
    loop_wait(d.loop);
    loop_post(d.loop, note_post, &d);
    loop_wait(d.loop);

    ck_assert_str_eq(d.text, "ap");
    end(&d);
}
END_TEST

/* ---- posts ---- */

static void post_again(void *ctx)
{
    struct diary *d = ctx;

    ck_assert(!d->is_inside);
    d->is_inside = true;
    note(d, 'a');
    loop_post(d->loop, note_post, d);
    note(d, 'b');
    d->is_inside = false;
}

START_TEST(posts_keep_their_order_and_never_nest)
{
    struct diary d = begin();

    loop_post(d.loop, post_again, &d);
    loop_post(d.loop, note_post, &d);
    loop_wait(d.loop);
    ck_assert_str_eq(d.text, "abp");

    loop_wait(d.loop);
    ck_assert_str_eq(d.text, "abpp");
    end(&d);
}
END_TEST

#define THREADS 4
#define POSTS 5000

struct counter {
    struct loop *loop;
    size_t count;
};

static void count_post(void *ctx)
{
    ((struct counter *)ctx)->count++;
}

static void *post_many(void *ctx)
{
    struct counter *counter = ctx;

    for (int i = 0; i < POSTS; i++) {
        loop_post(counter->loop, count_post, counter);
    }
    return NULL;
}

START_TEST(posts_of_many_threads_all_arrive)
{
    struct counter counter = {.loop = loop_create()};
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, post_many, &counter),
                         0);
    }
    while (counter.count < (size_t)THREADS * POSTS) {
        loop_wait(counter.loop);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }

    ck_assert_uint_eq(counter.count, (size_t)THREADS * POSTS);
    loop_destroy(counter.loop);
}
END_TEST

START_TEST(a_post_before_the_wait_is_no_wakeup)
{
    struct diary d = begin();

    loop_post(d.loop, note_post, &d);
    loop_wait(d.loop);

    ck_assert_uint_eq(loop_wakeups(d.loop), 0);
    end(&d);
}
END_TEST

static void *post_later(void *ctx)
{
    struct diary *d = ctx;
    char c;

    ck_assert_int_eq(read(d->fds[0], &c, 1), 1);
    loop_post(d->loop, note_post, d);
    return NULL;
}

/* The loop can only be seen to sleep by its being woken, so it is let sleep
 * until something happens, and what happens is one post. */
START_TEST(an_idle_loop_sleeps_until_a_post_and_wakes_once)
{
    struct diary d = begin();
    pthread_t thread;

    ck_assert_int_eq(pthread_create(&thread, NULL, post_later, &d), 0);
    ck_assert_int_eq(write(d.fds[1], "x", 1), 1);
    while (d.size == 0) {
        loop_wait(d.loop);
    }
    pthread_join(thread, NULL);

    ck_assert_str_eq(d.text, "p");
    ck_assert_uint_le(loop_wakeups(d.loop), 1);
    end(&d);
}
END_TEST

/* ---- signals ---- */

static void note_signal(void *ctx, int signal)
{
    note(ctx, signal == SIGUSR1 ? '1' : '2');
}

START_TEST(signals_come_as_calls_on_the_loop)
{
    struct diary d = begin();

    ck_assert_int_eq(loop_signal_add(d.loop, SIGUSR1, note_signal, &d), 0);
    ck_assert_int_eq(loop_signal_add(d.loop, SIGUSR2, note_signal, &d), 0);
    kill(getpid(), SIGUSR2);
    wait_for(&d, 1);
    kill(getpid(), SIGUSR1);
    wait_for(&d, 2);

    ck_assert_str_eq(d.text, "21");
    loop_signal_remove(d.loop, SIGUSR1);
    loop_signal_remove(d.loop, SIGUSR2);
    end(&d);
}
END_TEST

START_TEST(a_removed_signal_is_no_longer_blocked)
{
    struct diary d = begin();
    sigset_t mask;

    loop_signal_add(d.loop, SIGUSR1, note_signal, &d);
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    ck_assert_int_eq(sigismember(&mask, SIGUSR1), 1);
    loop_signal_remove(d.loop, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, NULL, &mask);

    ck_assert_int_eq(sigismember(&mask, SIGUSR1), 0);
    end(&d);
}
END_TEST

START_TEST(clocks_are_read_in_milliseconds)
{
    struct loop *loop = loop_create();
    int64_t before = loop_now_ms(loop);

    ck_assert_int_ge(loop_tick_ms(loop), before);
    ck_assert_int_gt(loop_clock_ms(), INT64_C(1700000000000));
    loop_destroy(loop);
    loop_destroy(NULL);
}
END_TEST

TEST_MAIN("loop", a_readable_descriptor_is_handed_out,
          only_watched_flags_are_reported,
          a_closed_peer_is_a_hangup_with_the_watched_flags,
          a_paused_watch_wakes_nobody_even_at_a_hangup,
          a_regular_file_cannot_be_watched,
          what_was_removed_in_a_callback_is_not_called_again,
          a_reused_descriptor_number_does_not_get_the_old_events,
          timers_go_off_by_time_and_then_in_the_order_of_setting,
          a_timer_may_be_moved_and_cleared,
          a_thousand_timers_set_moved_and_cleared_keep_their_order,
          a_timer_that_is_always_due_goes_off_once_a_turn,
          a_timer_cleared_by_another_of_the_same_instant_stays_quiet,
          posts_keep_their_order_and_never_nest,
          posts_of_many_threads_all_arrive, a_post_before_the_wait_is_no_wakeup,
          an_idle_loop_sleeps_until_a_post_and_wakes_once,
          signals_come_as_calls_on_the_loop,
          a_removed_signal_is_no_longer_blocked,
          clocks_are_read_in_milliseconds)
