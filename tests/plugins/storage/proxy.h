/* A server's unix socket once more, in another folder, through a thread that
 * can cut its connections at any byte. [any-thread] */
#ifndef TESTS_PLUGINS_STORAGE_PROXY_H
#define TESTS_PLUGINS_STORAGE_PROXY_H

enum proxy_way {
    PROXY_TO_SERVER,
    PROXY_TO_CLIENT,
    PROXY_WAYS
};

struct proxy;

/* Listens in a new folder below that of the server. */
struct proxy *proxy_start(const char *server_folder);
const char *proxy_folder(const struct proxy *proxy);
void proxy_stop(struct proxy *proxy);

/* Lets as many more bytes go that way, and then cuts all connections, once. */
void proxy_cut(struct proxy *proxy, enum proxy_way way, long bytes);
int proxy_cuts(const struct proxy *proxy); /* how often it has */

/* Lets bytes go over no connection, over none but those that come from now on, or
 * over all again. */
enum proxy_hold {
    PROXY_HOLD_ALL,
    PROXY_HOLD_OLD,
    PROXY_HOLD_NONE
};
void proxy_hold(struct proxy *proxy, enum proxy_hold hold);

#endif
