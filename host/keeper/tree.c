#include "host/keeper/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PID_LIMIT 100000000 /* no kernel has more, and no int overflows */
#define CHILDREN 1024       /* looked at in one go; the rest comes next time */
#define TREE_LIMIT 65536    /* processes of one tree */
#define ROUNDS 16           /* looks for what forked while it was stopped */
#define GONE_WAIT_MS 5000   /* for a killed process to be gone */
#define YOUNG_MS 600000     /* latest birth when it was not recorded */

struct stat_line {
    pid_t parent;
    pid_t session;
    int64_t start_ms; /* since boot, in steps of a clock tick */
};

struct node {
    pid_t pid;
    int64_t start_ms;
};

struct tree {
    struct node *nodes;
    int count;
    int room;
};

static ssize_t read_file(const char *path, char *text, size_t room)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    size_t size = 0;
    while (size < room - 1) {
        ssize_t more = read(fd, text + size, room - 1 - size);
        if (more <= 0) {
            break;
        }
        size += (size_t)more;
    }
    close(fd);
    text[size] = 0;
    return (ssize_t)size;
}

/* Fields of /proc/PID/stat, counted as in proc(5); the name (2) may hold
 * anything, so that counting begins behind its last bracket. */
static bool read_stat(pid_t pid, struct stat_line *line)
{
    char path[64];
    char text[1024];
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    if (read_file(path, text, sizeof(text)) <= 0) {
        return false;
    }
    char *at = strrchr(text, ')');
    long long fields[23] = {0};
    if (at == NULL || strlen(at) < 5) {
        return false;
    }
    at += 3; /* past the bracket, a space and the state letter */
    for (int i = 4; i <= 22; i++) {
        char *end = at;
        fields[i] = strtoll(at, &end, 10);
        if (end == at) {
            return false;
        }
        at = end;
    }
    line->parent = (pid_t)fields[4];
    line->session = (pid_t)fields[6];
    line->start_ms = fields[22] * 1000 / sysconf(_SC_CLK_TCK);
    return true;
}

/* 0: it is no number. */
static pid_t number_of(const char *name)
{
    pid_t number = 0;
    for (; *name >= '0' && *name <= '9' && number < PID_LIMIT; name++) {
        number = number * 10 + (*name - '0');
    }
    return *name == 0 ? number : 0;
}

/* Calls `fn` for each number among the names of a directory. */
static void each_number(const char *path, void (*fn)(void *ctx, pid_t number),
                        void *ctx)
{
    DIR *dir = opendir(path);
    if (dir == NULL) {
        return;
    }
    for (struct dirent *item = readdir(dir); item != NULL;
         item = readdir(dir)) {
        pid_t number = number_of(item->d_name);
        if (number > 0) {
            fn(ctx, number);
        }
    }
    closedir(dir);
}

struct search {
    pid_t parent;
    pid_t *pids;
    int count;
    int room;
    bool has_file; /* the kernel lists children */
};

static void add_children_of(void *ctx, pid_t thread)
{
    struct search *search = ctx;
    char path[96];
    char text[8192];
    snprintf(path, sizeof(path), "/proc/%d/task/%d/children",
             (int)search->parent, (int)thread);
    ssize_t size = read_file(path, text, sizeof(text));
    if (size < 0) {
        return;
    }
    search->has_file = true;
    char *at = text;
    /* A number that was cut off at the end lacks its space. */
    for (char *end = strchr(at, ' '); end != NULL; end = strchr(at, ' ')) {
        *end = 0;
        pid_t pid = number_of(at);
        if (pid > 0 && search->count < search->room) {
            search->pids[search->count] = pid;
            search->count++;
        }
        at = end + 1;
    }
}

static void add_if_child(void *ctx, pid_t pid)
{
    struct search *search = ctx;
    struct stat_line line;
    if (search->count < search->room && read_stat(pid, &line) &&
        line.parent == search->parent) {
        search->pids[search->count] = pid;
        search->count++;
    }
}

/* NOLINTNEXTLINE(readability-non-const-parameter): written by way of search */
int tree_children(pid_t pid, pid_t *pids, int room)
{
    struct search search = {.parent = pid, .pids = pids, .room = room};
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    each_number(path, add_children_of, &search);
    if (!search.has_file) {
        each_number("/proc", add_if_child, &search);
    }
    return search.count;
}

static int open_process(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

static void send_signal(int pidfd, int signal)
{
    syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

static bool has_node(const struct tree *tree, pid_t pid)
{
    for (int i = 0; i < tree->count; i++) {
        if (tree->nodes[i].pid == pid) {
            return true;
        }
    }
    return false;
}

static bool add_node(struct tree *tree, struct node node)
{
    if (tree->count == tree->room) {
        int room = tree->room == 0 ? 64 : tree->room * 2;
        struct node *nodes =
            room > TREE_LIMIT
                ? NULL
                : realloc(tree->nodes, (size_t)room * sizeof(*nodes));
        if (nodes == NULL) {
            return false;
        }
        tree->nodes = nodes;
        tree->room = room;
    }
    tree->nodes[tree->count] = node;
    tree->count++;
    return true;
}

/* Stops a child of `parent` and adds it; whether it was new. */
static bool stop_child(struct tree *tree, pid_t parent, pid_t pid)
{
    if (has_node(tree, pid)) {
        return false;
    }
    int pidfd = open_process(pid);
    if (pidfd < 0) {
        return false;
    }
    struct stat_line line;
    bool is_new = read_stat(pid, &line) && line.parent == parent &&
                  add_node(tree, (struct node){pid, line.start_ms});
    if (is_new) {
        send_signal(pidfd, SIGSTOP);
    }
    close(pidfd);
    return is_new;
}

/* One look at all that is in the tree; whether anything was new. */
static bool stop_children(struct tree *tree, pid_t *pids)
{
    bool is_grown = false;
    for (int i = 0; i < tree->count; i++) {
        pid_t parent = tree->nodes[i].pid;
        int count = tree_children(parent, pids, CHILDREN);
        for (int k = 0; k < count; k++) {
            is_grown |= stop_child(tree, parent, pids[k]);
        }
    }
    return is_grown;
}

static void kill_node(const struct node *node)
{
    int pidfd = open_process(node->pid);
    if (pidfd < 0) {
        return;
    }
    struct stat_line line;
    if (read_stat(node->pid, &line) && line.start_ms == node->start_ms) {
        send_signal(pidfd, SIGKILL);
    }
    close(pidfd);
}

void tree_kill_below(pid_t pid)
{
    struct tree tree = {0};
    struct node root = {.pid = pid};
    pid_t *pids = malloc(CHILDREN * sizeof(*pids));
    if (pids == NULL || !add_node(&tree, root)) {
        free(pids);
        return;
    }
    kill(pid, SIGSTOP);
    for (int i = 0; i < ROUNDS && stop_children(&tree, pids); i++) {
    }
    for (int i = 1; i < tree.count; i++) {
        kill_node(&tree.nodes[i]);
    }
    free(tree.nodes);
    free(pids);
}

struct hunt {
    pid_t session;
    int64_t from_ms;
    int64_t to_ms;
};

/* Whether a process is of the session that was begun between two times, and
 * not of a later one with the same number. */
static bool is_prey(const struct hunt *hunt, pid_t pid)
{
    struct stat_line line;
    if (!read_stat(pid, &line) || line.session != hunt->session ||
        line.start_ms < hunt->from_ms) {
        return false;
    }
    return pid != hunt->session || line.start_ms <= hunt->to_ms;
}

static void kill_prey(void *ctx, pid_t pid)
{
    const struct hunt *hunt = ctx;
    if (!is_prey(hunt, pid)) {
        return;
    }
    int pidfd = open_process(pid);
    if (pidfd < 0) {
        return;
    }
    if (is_prey(hunt, pid)) {
        send_signal(pidfd, SIGKILL);
        struct pollfd gone = {.fd = pidfd, .events = POLLIN};
        poll(&gone, 1, GONE_WAIT_MS);
    }
    close(pidfd);
}

void tree_kill_session(pid_t pid, int64_t from_ms, int64_t to_ms)
{
    const int64_t tick_ms = 1000 / sysconf(_SC_CLK_TCK);
    struct hunt hunt = {
        .session = pid,
        .from_ms = from_ms - tick_ms,
        .to_ms = (to_ms == 0 ? from_ms + YOUNG_MS : to_ms) + tick_ms,
    };
    struct stat_line line;
    if (read_stat(pid, &line) &&
        (line.start_ms < hunt.from_ms || line.start_ms > hunt.to_ms)) {
        return; /* the number is another's by now */
    }
    each_number("/proc", kill_prey, &hunt);
    each_number("/proc", kill_prey, &hunt); /* what forked meanwhile */
}

void tree_kill_all(void)
{
    static pid_t pids[CHILDREN];
    for (;;) {
        int count = tree_children(getpid(), pids, CHILDREN);
        for (int i = 0; i < count; i++) {
            kill(pids[i], SIGKILL);
        }
        siginfo_t info = {0};
        if (waitid(P_ALL, 0, &info, WEXITED) != 0 && errno == ECHILD) {
            return;
        }
        while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) == 0 &&
               info.si_pid != 0) {
            info.si_pid = 0;
        }
    }
}
