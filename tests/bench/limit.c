/* The limit that haft is held against: what a bare loop of this machine takes
 * to run the same graph of processes, with nothing written down, or with one
 * synced write after each.
 *
 *   limit spawn|vfork|sync SLOTS PROGRAM < GRAPH
 *
 * spawn: posix_spawn · vfork: vfork and exec · sync: vfork, and a record of 64
 * bytes is on disk (fdatasync) before what waits for it starts. GRAPH has a
 * line for each task: the numbers of the tasks it needs, all of them earlier. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/number.h"

extern char **environ;

struct node {
    unsigned waits;       /* needs not yet done */
    unsigned first_child; /* in `edges` of the children's lists, or NONE */
    pid_t pid;
};

struct edge {
    unsigned child;
    unsigned next;
};

#define NONE ~0u

static struct node *nodes;
static struct edge *edges;
static unsigned *ready; /* a queue; each task enters it once */
static unsigned nodes_count, edges_count, ready_first, ready_count;

static void die(const char *what)
{
    perror(what);
    exit(2);
}

static void *grow(void *items, size_t count, size_t size)
{
    if ((count & (count - 1)) == 0) {
        items = realloc(items, (count ? 2 * count : 1) * size);
        if (!items) {
            die("realloc");
        }
    }
    return items;
}

static void add_edge(unsigned parent, unsigned child)
{
    edges = grow(edges, edges_count, sizeof(*edges));
    edges[edges_count] = (struct edge){child, nodes[parent].first_child};
    nodes[parent].first_child = edges_count++;
    nodes[child].waits++;
}

static void read_graph(void)
{
    char line[4096];

    while (fgets(line, sizeof(line), stdin)) {
        char *at = line;
        char *end;

        nodes = grow(nodes, nodes_count, sizeof(*nodes));
        nodes[nodes_count] = (struct node){.first_child = NONE};
        for (;;) {
            unsigned long long parent = strtoull(at, &end, 10);

            if (end == at) {
                break;
            }
            if (parent >= nodes_count) {
                fprintf(stderr, "limit: line %u needs a later task\n",
                        nodes_count + 1);
                exit(2);
            }
            add_edge((unsigned)parent, nodes_count);
            at = end;
        }
        nodes_count++;
    }
    ready = calloc(nodes_count + 1, sizeof(*ready));
    for (unsigned i = 0; i < nodes_count; i++) {
        if (nodes[i].waits == 0) {
            ready[ready_count++] = i;
        }
    }
}

static pid_t start(const char *program, bool is_vfork)
{
    char *const argv[] = {(char *)program, NULL};
    pid_t pid;

    if (!is_vfork) {
        int error = posix_spawn(&pid, program, NULL, NULL, argv, environ);

        if (error) {
            errno = error;
            die("posix_spawn");
        }
        return pid;
    }
    pid = vfork();
    if (pid == 0) {
        execve(program, argv, environ);
        _exit(127);
    }
    if (pid < 0) {
        die("vfork");
    }
    return pid;
}

static unsigned find(pid_t pid)
{
    /* The running ones are the latest that left the queue. */
    for (unsigned i = ready_first; i-- > 0;) {
        if (nodes[ready[i]].pid == pid) {
            return ready[i];
        }
    }
    fprintf(stderr, "limit: a child that nobody started\n");
    exit(2);
}

static void finish(unsigned node)
{
    for (unsigned e = nodes[node].first_child; e != NONE; e = edges[e].next) {
        if (--nodes[edges[e].child].waits == 0) {
            ready[ready_count++] = edges[e].child;
        }
    }
}

/* A file of its final size, so that a sync writes no metadata. */
static int open_log(void)
{
    char path[] = "limit.XXXXXX";
    int fd = mkstemp(path);

    if (fd < 0 || posix_fallocate(fd, 0, 64L * (nodes_count + 1))) {
        die("log");
    }
    unlink(path);
    return fd;
}

int main(int argc, char **argv)
{
    unsigned slots = argc == 4 ? (unsigned)number_read(argv[2]) : 0;
    bool is_sync = slots && strcmp(argv[1], "sync") == 0;
    bool is_vfork = slots && (is_sync || strcmp(argv[1], "vfork") == 0);
    char record[64] = {0};
    unsigned running = 0;
    unsigned done = 0;
    int log = -1;

    if (!slots || (!is_vfork && strcmp(argv[1], "spawn") != 0)) {
        fprintf(stderr,
                "usage: limit spawn|vfork|sync SLOTS PROGRAM < GRAPH\n");
        return 2;
    }
    read_graph();
    if (is_sync) {
        log = open_log();
    }
    while (done < nodes_count) {
        int status;
        pid_t pid;

        while (running < slots && ready_first < ready_count) {
            unsigned node = ready[ready_first++];

            nodes[node].pid = start(argv[3], is_vfork);
            running++;
        }
        pid = waitpid(-1, &status, 0);
        if (pid < 0 || status != 0) {
            die("waitpid");
        }
        running--;
        if (is_sync &&
            (pwrite(log, record, 64, 64L * done) != 64 || fdatasync(log) < 0)) {
            die("log");
        }
        done++;
        finish(find(pid));
    }
    return 0;
}
