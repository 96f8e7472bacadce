#include "tests/plugins/storage/proxy.h"

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <check.h>

#define SOCKET "/.s.PGSQL.5432"
#define PAIRS 8
#define LOOK_MS 10

struct proxy {
    char folder[80];
    struct sockaddr_un server;
    int listener;
    int pairs[PAIRS][2]; /* client, server; -1: none */
    int born[PAIRS];     /* the how-manieth connection */
    pthread_t thread;
    atomic_long left[PROXY_WAYS]; /* bytes until the cut; LONG_MAX: none */
    atomic_int cuts;
    atomic_int connections;
    atomic_int held; /* nothing goes over those that are older */
    atomic_int seen; /* what the thread knows of it */
    atomic_bool is_over;
};

static struct sockaddr_un address_of(const char *folder)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(address.sun_path, sizeof(address.sun_path), "%s" SOCKET, folder);
    return address;
}

static void close_pair(int *pair)
{
    for (int i = 0; i < 2; i++) {
        if (pair[i] >= 0) {
            close(pair[i]);
        }
        pair[i] = -1;
    }
}

static void close_pairs(struct proxy *proxy)
{
    for (int i = 0; i < PAIRS; i++) {
        close_pair(proxy->pairs[i]);
    }
}

/* A client that finds no server is left at once, as by a server that is down. */
static void take_client(struct proxy *proxy)
{
    int client = accept4(proxy->listener, NULL, NULL, SOCK_CLOEXEC);
    int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int at = 0;

    while (at < PAIRS && proxy->pairs[at][0] >= 0) {
        at++;
    }
    if (client < 0 || server < 0 || at == PAIRS ||
        connect(server, (const struct sockaddr *)&proxy->server,
                sizeof(proxy->server)) != 0) {
        close(client);
        close(server);
        return;
    }
    proxy->pairs[at][0] = client;
    proxy->pairs[at][1] = server;
    proxy->born[at] = atomic_fetch_add(&proxy->connections, 1);
}

/* How many of `size` bytes may go; then it is time to cut. */
static size_t allow(struct proxy *proxy, enum proxy_way way, size_t size,
                    bool *is_cut)
{
    long left = atomic_load(&proxy->left[way]);

    *is_cut = left != LONG_MAX && (size_t)left < size;
    if (*is_cut) {
        atomic_store(&proxy->left[way], LONG_MAX);
        atomic_fetch_add(&proxy->cuts, 1);
        return (size_t)left;
    }
    if (left != LONG_MAX) {
        atomic_store(&proxy->left[way], left - (long)size);
    }
    return size;
}

static void pass_on(struct proxy *proxy, int *pair, enum proxy_way way)
{
    char bytes[16384];
    int from = pair[way == PROXY_TO_SERVER ? 0 : 1];
    int to = pair[way == PROXY_TO_SERVER ? 1 : 0];
    ssize_t size = read(from, bytes, sizeof(bytes));
    bool is_cut = false;
    size_t sent = 0;

    if (size > 0) {
        size_t allowed = allow(proxy, way, (size_t)size, &is_cut);

        while (sent < allowed) {
            ssize_t n = send(to, bytes + sent, allowed - sent, MSG_NOSIGNAL);

            if (n <= 0) {
                size = 0;
                break;
            }
            sent += (size_t)n;
        }
    }
    if (is_cut) {
        close_pairs(proxy);
    } else if (size <= 0) {
        close_pair(pair);
    }
}

static void *run(void *arg)
{
    struct proxy *proxy = arg;

    while (!atomic_load(&proxy->is_over)) {
        int held = atomic_load(&proxy->held);
        struct pollfd ready[1 + 2 * PAIRS];

        atomic_store(&proxy->seen, held);
        ready[0] = (struct pollfd){proxy->listener, POLLIN, 0};
        for (int i = 0; i < 2 * PAIRS; i++) {
            ready[1 + i] = (struct pollfd){
                proxy->born[i / 2] < held ? -1 : proxy->pairs[i / 2][i % 2],
                POLLIN, 0};
        }
        poll(ready, 1 + 2 * PAIRS, LOOK_MS);
        for (int i = 0; i < 2 * PAIRS; i++) {
            int *pair = proxy->pairs[i / 2];

            if (ready[1 + i].revents && ready[1 + i].fd == pair[i % 2]) {
                pass_on(proxy, pair,
                        i % 2 == 0 ? PROXY_TO_SERVER : PROXY_TO_CLIENT);
            }
        }
        if (ready[0].revents) {
            take_client(proxy);
        }
    }
    close_pairs(proxy);
    return NULL;
}

struct proxy *proxy_start(const char *server_folder)
{
    struct proxy *proxy = calloc(1, sizeof(*proxy));
    struct sockaddr_un own;

    ck_assert_ptr_nonnull(proxy);
    snprintf(proxy->folder, sizeof(proxy->folder), "%s/proxy-XXXXXX",
             server_folder);
    ck_assert_ptr_nonnull(mkdtemp(proxy->folder));
    own = address_of(proxy->folder);
    memset(proxy->pairs, -1, sizeof(proxy->pairs));
    for (int i = 0; i < PROXY_WAYS; i++) {
        atomic_init(&proxy->left[i], LONG_MAX);
    }
    proxy->server = address_of(server_folder);
    proxy->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(
        bind(proxy->listener, (const struct sockaddr *)&own, sizeof(own)), 0);
    ck_assert_int_eq(listen(proxy->listener, 16), 0);
    ck_assert_int_eq(pthread_create(&proxy->thread, NULL, run, proxy), 0);
    return proxy;
}

const char *proxy_folder(const struct proxy *proxy)
{
    return proxy->folder;
}

void proxy_stop(struct proxy *proxy)
{
    atomic_store(&proxy->is_over, true);
    pthread_join(proxy->thread, NULL);
    close(proxy->listener);
    free(proxy);
}

void proxy_cut(struct proxy *proxy, enum proxy_way way, long bytes)
{
    atomic_store(&proxy->left[way], bytes);
}

int proxy_cuts(const struct proxy *proxy)
{
    return atomic_load(&proxy->cuts);
}

void proxy_hold(struct proxy *proxy, enum proxy_hold hold)
{
    int held = hold == PROXY_HOLD_ALL ? INT_MAX : 0;

    if (hold == PROXY_HOLD_OLD) {
        held = atomic_load(&proxy->connections);
    }
    atomic_store(&proxy->held, held);
    while (atomic_load(&proxy->seen) != held) {
        poll(NULL, 0, 1);
    }
}
