#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "host/base/log.h"
#include "host/carry/cgroup.h"
#include "host/carry/cgroup_find.h"
#include "tests/check_main.h"

#define FIRST "sys/fs/cgroup/"
#define OLD_LINES "9:name=systemd:/\n8:pids:/\n4:memory:/us\n0::/\n"

/* A machine in a folder: its cgroups are plain directories, so what the kernel
 * puts into a new one is put there first. */
struct machine {
    char root[64];
    char path[512];
    char text[4096];
    int state_fd;
    int log_fd;
    struct loop *loop;
    struct cgroups *cgroups;
};

static const char *path_of(struct machine *m, const char *name)
{
    ck_assert_int_lt(snprintf(m->path, sizeof(m->path), "%s/%s", m->root, name),
                     (int)sizeof(m->path));
    return m->path;
}

static void make_folders(struct machine *m, const char *name)
{
    path_of(m, name);
    for (char *at = m->path + 1; *at; at++) {
        if (*at == '/') {
            *at = '\0';
            mkdir(m->path, 0700);
            *at = '/';
        }
    }
}

static void put(struct machine *m, const char *name, const char *text)
{
    int fd;

    make_folders(m, name);
    fd = open(m->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (int)strlen(text));
    close(fd);
}

static const char *get(struct machine *m, const char *name)
{
    int fd = open(path_of(m, name), O_RDONLY | O_CLOEXEC);
    ssize_t n;

    ck_assert_msg(fd >= 0, "%s: %s", m->path, strerror(errno));
    n = read(fd, m->text, sizeof(m->text) - 1);
    ck_assert_int_ge(n, 0);
    m->text[n] = '\0';
    close(fd);
    return m->text;
}

static bool is_there(struct machine *m, const char *name)
{
    return access(path_of(m, name), F_OK) == 0;
}

static void drop(struct machine *m, const char *name)
{
    ck_assert_int_eq(unlink(path_of(m, name)), 0);
}

/* "sys/fs/cgroup/BELOW/haft-...-0000000000000007/NAME" */
static const char *name_in(struct machine *m, const char *below,
                           const char *name)
{
    static char text[256];
    struct stat s;

    ck_assert_int_eq(fstat(m->state_fd, &s), 0);
    snprintf(text, sizeof(text), FIRST "%s/haft-%llx.%llx-0000000000000007%s%s",
             below, (unsigned long long)s.st_dev, (unsigned long long)s.st_ino,
             *name ? "/" : "", name);
    return text;
}

static void open_cgroups(struct machine *m)
{
    m->cgroups = cgroups_create(m->loop, m->root, m->state_fd);
}

static void reopen(struct machine *m)
{
    cgroups_destroy(m->cgroups);
    open_cgroups(m);
}

static void begin(struct machine *m, const char *lines)
{
    *m = (struct machine){.loop = loop_create()};
    snprintf(m->root, sizeof(m->root), "/tmp/haft-cgroup-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(m->root));
    make_folders(m, "state/");
    make_folders(m, FIRST);
    m->state_fd = open(path_of(m, "state"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    m->log_fd = open(path_of(m, "log"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    log_set_fd(m->log_fd);
    put(m, "proc/self/cgroup", lines);
    open_cgroups(m);
}

static int remove_one(const char *path, const struct stat *s, int type,
                      struct FTW *at)
{
    (void)s;
    (void)type;
    (void)at;
    return remove(path);
}

static void end(struct machine *m)
{
    cgroups_destroy(m->cgroups);
    loop_destroy(m->loop);
    log_set_fd(STDERR_FILENO);
    close(m->log_fd);
    close(m->state_fd);
    ck_assert_int_eq(nftw(m->root, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* The directories, without the root. */
static const char *add(struct machine *m, const char *name, uint64_t value)
{
    struct haft_limit limit = {{name, strlen(name)}, value};
    struct haft_array limits = {&limit, 1, sizeof(limit)};

    return cgroups_add(m->cgroups, 7, &limits);
}

static int count_lines(struct machine *m, const char *what)
{
    int count = 0;

    for (const char *at = strstr(get(m, "log"), what); at;
         at = strstr(at + 1, what)) {
        count++;
    }
    return count;
}

static void put_old(struct machine *m)
{
    put(m, name_in(m, "memory/us", "memory.limit_in_bytes"), "");
    put(m, name_in(m, "memory/us", "memory.memsw.limit_in_bytes"), "");
    put(m, name_in(m, "pids", "pids.max"), "");
}

START_TEST(version_1_has_a_directory_for_each_controller)
{
    struct haft_limit limits[] = {
        {{"memory", 6}, 67108864}, {{"nofile", 6}, 99}, {{"pids", 4}, 20}};
    struct haft_array array = {limits, 3, sizeof(limits[0])};
    char wanted[512];
    struct machine m;
    int size;

    begin(&m, OLD_LINES);
    put_old(&m);
    size = snprintf(wanted, sizeof(wanted), "%s/%s", m.root,
                    name_in(&m, "memory/us", ""));
    snprintf(wanted + size, sizeof(wanted) - (size_t)size, ":%s/%s", m.root,
             name_in(&m, "pids", ""));

    ck_assert_str_eq(cgroups_add(m.cgroups, 7, &array), wanted);

    ck_assert_str_eq(get(&m, name_in(&m, "memory/us", "memory.limit_in_bytes")),
                     "67108864");
    ck_assert_str_eq(
        get(&m, name_in(&m, "memory/us", "memory.memsw.limit_in_bytes")),
        "67108864");
    ck_assert_str_eq(get(&m, name_in(&m, "pids", "pids.max")), "20");
    ck_assert_int_eq(count_lines(&m, "warn"), 0);
    end(&m);
}
END_TEST

static void put_new(struct machine *m, const char *place)
{
    put(m, name_in(m, place, "memory.max"), "");
    put(m, name_in(m, place, "memory.swap.max"), "");
    put(m, name_in(m, place, "pids.max"), "");
}

START_TEST(version_2_has_one_directory_for_all)
{
    struct machine m;

    begin(&m, "0::/us\n");
    put(&m, FIRST "cgroup.controllers", "cpu memory pids\n");
    put(&m, FIRST "us/cgroup.subtree_control", "cpu memory pids\n");
    put_new(&m, "us");

    add(&m, "memory", 4096);

    ck_assert_ptr_null(strchr(add(&m, "pids", 20), ':'));
    ck_assert_str_eq(get(&m, name_in(&m, "us", "memory.max")), "4096");
    ck_assert_str_eq(get(&m, name_in(&m, "us", "memory.swap.max")), "0");
    ck_assert_str_eq(get(&m, name_in(&m, "us", "pids.max")), "20");
    end(&m);
}
END_TEST

START_TEST(version_2_may_be_mounted_beside_version_1)
{
    struct machine m;

    begin(&m, "8:pids:/\n0::/us\n");
    put(&m, FIRST "unified/us/cgroup.subtree_control", "memory\n");
    put_new(&m, "unified/us");

    ck_assert_str_ne(add(&m, "memory", 4096), "");

    ck_assert_str_eq(get(&m, name_in(&m, "unified/us", "memory.max")), "4096");
    end(&m);
}
END_TEST

/* Our own place has processes, us, and so no controllers for others. */
START_TEST(what_was_delegated_is_used_and_nothing_else_above)
{
    struct machine m;

    begin(&m, "0::/service/us\n");
    put(&m, FIRST "cgroup.controllers", "memory\n");
    put(&m, FIRST "service/cgroup.subtree_control", "memory\n");
    put(&m, FIRST "service/us/cgroup.subtree_control", "\n");
    put_new(&m, "service");
    ck_assert_str_eq(add(&m, "memory", 4096), "");
    ck_assert_int_eq(count_lines(&m, "limit not enforced limit=memory"), 1);

    if (setxattr(path_of(&m, FIRST "service"), "user.delegate", "1", 1, 0) ==
        0) {
        reopen(&m);
        ck_assert_str_ne(add(&m, "memory", 4096), "");
        ck_assert_str_eq(get(&m, name_in(&m, "service", "memory.max")), "4096");
    }
    end(&m);
}
END_TEST

START_TEST(a_limit_that_cannot_be_enforced_is_told_once)
{
    static const char *const lines[] = {"",
                                        "nonsense\n",
                                        "0::/\n",
                                        "4:memory:/away\n",
                                        "4:memory:/../us\n",
                                        "4:memory:/a:b\n",
                                        "4:memory\n"};
    struct machine m;

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        begin(&m, lines[i]);

        ck_assert_str_eq(add(&m, "memory", 4096), "");
        ck_assert_str_eq(add(&m, "memory", 4096), "");

        ck_assert_int_eq(count_lines(&m, "limit not enforced limit=memory "
                                         "why="),
                         1);
        ck_assert(!is_there(&m, "state/cgroups"));
        end(&m);
    }
}
END_TEST

START_TEST(nothing_is_looked_for_without_a_limit_of_ours)
{
    struct machine m;

    begin(&m, "");

    ck_assert_str_eq(add(&m, "nofile", 99), "");
    ck_assert_str_eq(add(&m, "memory", UINT64_MAX), "");
    ck_assert_str_eq(add(&m, "pids", UINT64_MAX), "");
    ck_assert(!cgroups_ran_out(m.cgroups, 7));
    cgroups_remove(m.cgroups, 7);

    ck_assert_str_eq(get(&m, "log"), "");
    end(&m);
}
END_TEST

/* Here the files of a limit are not there: the kernel has none. */
START_TEST(a_limit_that_is_refused_is_told_with_its_attempt)
{
    struct machine m;

    begin(&m, OLD_LINES);
    make_folders(&m, FIRST "pids/");

    add(&m, "pids", 20);

    ck_assert_int_eq(count_lines(&m, "limit not enforced id=7 limit=pids"), 1);
    cgroups_remove(m.cgroups, 7);
    ck_assert(!is_there(&m, name_in(&m, "pids", "")));
    end(&m);
}
END_TEST

START_TEST(a_kill_for_want_of_memory_is_seen_in_both_versions)
{
    struct machine m;

    begin(&m, OLD_LINES);
    put_old(&m);
    add(&m, "memory", 4096);
    ck_assert(!cgroups_ran_out(m.cgroups, 7));
    put(&m, name_in(&m, "memory/us", "memory.oom_control"),
        "oom_kill_disable 1\nunder_oom 1\noom_kill 0\n");
    ck_assert(!cgroups_ran_out(m.cgroups, 7));
    put(&m, name_in(&m, "memory/us", "memory.oom_control"),
        "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n");
    ck_assert(cgroups_ran_out(m.cgroups, 7));
    drop(&m, name_in(&m, "memory/us", "memory.oom_control"));
    put(&m, name_in(&m, "memory/us", "memory.events"),
        "low 0\noom 4\noom_kill 0\noom_group_kill 3\n");
    ck_assert(!cgroups_ran_out(m.cgroups, 7));
    put(&m, name_in(&m, "memory/us", "memory.events"),
        "low 0\noom 4\noom_kill 3\n");
    ck_assert(cgroups_ran_out(m.cgroups, 7));
    ck_assert(!cgroups_ran_out(m.cgroups, 8));
    end(&m);
}
END_TEST

START_TEST(what_is_busy_is_removed_later)
{
    struct machine m;

    begin(&m, OLD_LINES);
    put(&m, name_in(&m, "pids", "pids.max"), "");
    add(&m, "pids", 20);

    cgroups_remove(m.cgroups, 7);
    ck_assert(is_there(&m, name_in(&m, "pids", "")));
    loop_wait(m.loop);
    ck_assert(is_there(&m, name_in(&m, "pids", "")));
    drop(&m, name_in(&m, "pids", "pids.max"));
    loop_wait(m.loop);

    ck_assert(!is_there(&m, name_in(&m, "pids", "")));
    end(&m);
}
END_TEST

static bool is_even(void *ctx, uint64_t id)
{
    (void)ctx;
    return id % 2 == 0;
}

static bool is_odd(void *ctx, uint64_t id)
{
    return !is_even(ctx, id);
}

/* That it lives elsewhere now changes nothing. */
START_TEST(the_next_owner_finds_what_was_left)
{
    struct machine m;

    begin(&m, OLD_LINES);
    put_old(&m);
    add(&m, "memory", 4096);
    put(&m, "proc/self/cgroup", "4:memory:/other\n");
    make_folders(&m, FIRST "memory/other/");
    put(&m, name_in(&m, "memory/us", "memory.oom_control"), "oom_kill 1\n");
    reopen(&m);

    ck_assert(cgroups_ran_out(m.cgroups, 7));
    cgroups_settle(m.cgroups, is_odd, NULL);
    ck_assert(is_there(&m, name_in(&m, "memory/us", "")));
    drop(&m, name_in(&m, "memory/us", "memory.limit_in_bytes"));
    drop(&m, name_in(&m, "memory/us", "memory.memsw.limit_in_bytes"));
    drop(&m, name_in(&m, "memory/us", "memory.oom_control"));
    make_folders(&m, FIRST "memory/us/haft-of-another/");
    cgroups_settle(m.cgroups, is_even, NULL);

    ck_assert(!is_there(&m, name_in(&m, "memory/us", "")));
    ck_assert(is_there(&m, FIRST "memory/us/haft-of-another"));
    end(&m);
}
END_TEST

START_TEST(the_file_of_places_holds_those_in_use)
{
    char wanted[256];
    struct machine m;

    begin(&m, OLD_LINES);
    make_folders(&m, FIRST "pids/");
    put(&m, "state/cgroups", "/nowhere\nnot a path\n\n");
    reopen(&m);

    add(&m, "pids", 20);

    snprintf(wanted, sizeof(wanted), "%s/" FIRST "pids\n", m.root);
    ck_assert_str_eq(get(&m, "state/cgroups"), wanted);
    end(&m);
}
END_TEST

START_TEST(a_word_is_found_whole)
{
    ck_assert(cgroup_has_word("a b", 3, " ", "b"));
    ck_assert(cgroup_has_word("", 0, " ", ""));
    ck_assert(!cgroup_has_word("ab", 2, " ", "b"));
    ck_assert(!cgroup_has_word("ab", 2, " ", "a"));
    ck_assert(!cgroup_has_word("a b", 2, " ", "b"));
    ck_assert(!cgroup_has_word("a", 1, " ", ""));
}
END_TEST

TEST_MAIN("cgroup", version_1_has_a_directory_for_each_controller,
          version_2_has_one_directory_for_all,
          version_2_may_be_mounted_beside_version_1,
          what_was_delegated_is_used_and_nothing_else_above,
          a_limit_that_cannot_be_enforced_is_told_once,
          nothing_is_looked_for_without_a_limit_of_ours,
          a_limit_that_is_refused_is_told_with_its_attempt,
          a_kill_for_want_of_memory_is_seen_in_both_versions,
          what_is_busy_is_removed_later, the_next_owner_finds_what_was_left,
          the_file_of_places_holds_those_in_use, a_word_is_found_whole)
