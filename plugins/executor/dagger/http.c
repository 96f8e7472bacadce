#include "plugins/executor/dagger/http.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include <haft/faults.h>

/* Timer tokens have no descriptor. */
#define TIMER_TOKEN (HTTP_TOKEN | UINT64_C(1) << 62)

struct http {
    const struct haft_host *host;
    CURLM *multi;
    struct http_request *first; /* on their way, in no order */
};

struct http_request {
    struct http *http;
    struct http_request *next;
    struct http_request **link; /* what points here */
    CURL *easy;
    struct curl_slist *headers;
    char *body; /* of the answer, with a NUL */
    size_t size;
    void (*done)(void *ctx, const struct answer *answer);
    void *ctx;
};

/* ---- libcurl asks the loop ---- */

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx,
                     void *socket)
{
    struct http *h = ctx;
    struct haft_loop_watch_in in = {
        .size = sizeof(in), .fd = fd, .token = HTTP_TOKEN | (uint64_t)fd};

    (void)easy;
    (void)socket;
    if (what != CURL_POLL_REMOVE) {
        in.events = (what & CURL_POLL_IN ? HAFT_LOOP_READ : 0) |
                    (what & CURL_POLL_OUT ? HAFT_LOOP_WRITE : 0);
    }
    haft_ask_host(h->host, HAFT_LOOP_V1, HAFT_LOOP_WATCH, &in, NULL);
    return 0;
}

/* -1 clears. A time that has come is still told by the loop, not from here. */
static int on_timer(CURLM *multi, long timeout_ms, void *ctx)
{
    struct http *h = ctx;
    struct haft_loop_timer_in in = {.size = sizeof(in), .token = TIMER_TOKEN};

    (void)multi;
    if (timeout_ms >= 0) {
        in.at_ms = haft_now(h->host).monotonic_ms + timeout_ms;
    }
    haft_ask_host(h->host, HAFT_LOOP_V1, HAFT_LOOP_TIMER, &in, NULL);
    return 0;
}

/* ---- requests ---- */

static size_t on_body(char *bytes, size_t one, size_t n, void *ctx)
{
    struct http_request *r = ctx;
    char *more;

    (void)one; /* is 1 */
    if (n > HTTP_ANSWER_LIMIT - r->size) {
        return 0;
    }
    more = realloc(r->body, r->size + n + 1);
    if (!more) {
        return 0;
    }
    memcpy(more + r->size, bytes, n);
    r->body = more;
    r->size += n;
    r->body[r->size] = '\0';
    return n;
}

static void request_destroy(struct http_request *r)
{
    *r->link = r->next;
    if (r->next) {
        r->next->link = r->link;
    }
    if (r->easy) {
        curl_multi_remove_handle(r->http->multi, r->easy);
        curl_easy_cleanup(r->easy);
    }
    curl_slist_free_all(r->headers);
    free(r->body);
    free(r);
}

/* Nothing of the environment is heeded: no proxy stands before 127.0.0.1. A
 * connection is not used twice, so that dropping it ends one request alone. */
static bool set_options(struct http_request *r, const struct http_post *post)
{
    char url[64];

    snprintf(url, sizeof(url), "http://127.0.0.1:%u/query", post->port);
    r->headers = curl_slist_append(NULL, "Content-Type: application/json");
    return r->headers && !curl_easy_setopt(r->easy, CURLOPT_URL, url) &&
           !curl_easy_setopt(r->easy, CURLOPT_PROXY, "") &&
           !curl_easy_setopt(r->easy, CURLOPT_NOSIGNAL, 1L) &&
           !curl_easy_setopt(r->easy, CURLOPT_FORBID_REUSE, 1L) &&
           !curl_easy_setopt(r->easy, CURLOPT_USERNAME, post->token) &&
           !curl_easy_setopt(r->easy, CURLOPT_PASSWORD, "") &&
           !curl_easy_setopt(r->easy, CURLOPT_HTTPHEADER, r->headers) &&
           !curl_easy_setopt(r->easy, CURLOPT_COPYPOSTFIELDS, post->body) &&
           !curl_easy_setopt(r->easy, CURLOPT_TIMEOUT_MS,
                             (long)post->timeout_ms) &&
           !curl_easy_setopt(r->easy, CURLOPT_WRITEFUNCTION, on_body) &&
           !curl_easy_setopt(r->easy, CURLOPT_WRITEDATA, r) &&
           !curl_easy_setopt(r->easy, CURLOPT_PRIVATE, r);
}

struct http_request *http_send(struct http *h, const struct http_post *post)
{
    struct http_request *r = calloc(1, sizeof(*r));

    if (!r) {
        return NULL;
    }
    r->http = h;
    r->done = post->done;
    r->ctx = post->ctx;
    r->next = h->first;
    r->link = &h->first;
    if (r->next) {
        r->next->link = &r->next;
    }
    h->first = r;
    r->easy = curl_easy_init();
    if (!r->easy || !set_options(r, post) ||
        curl_multi_add_handle(h->multi, r->easy) != CURLM_OK) {
        request_destroy(r);
        return NULL;
    }
    return r;
}

void http_drop(struct http_request *r)
{
    request_destroy(r);
}

/* `done` may send and drop others, so the request is out of the list first. */
static void finish(struct http_request *r, CURLcode code)
{
    struct answer answer = {.curl = code};
    void (*done)(void *ctx, const struct answer *answer) = r->done;
    void *ctx = r->ctx;
    char *body = r->body;

    curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &answer.status);
    answer.body = body ? body : "";
    r->body = NULL;
    request_destroy(r);
    done(ctx, &answer);
    free(body);
}

void http_on_ready(struct http *h, const struct haft_ready_on_in *in)
{
    bool is_timer = in->token == TIMER_TOKEN;
    int fd = is_timer ? CURL_SOCKET_TIMEOUT : (int)(in->token & INT32_MAX);
    int events = (in->events & HAFT_LOOP_READ ? CURL_CSELECT_IN : 0) |
                 (in->events & HAFT_LOOP_WRITE ? CURL_CSELECT_OUT : 0) |
                 (in->events & HAFT_LOOP_ERROR ? CURL_CSELECT_ERR : 0);
    CURLMsg *message;
    int left;

    curl_multi_socket_action(h->multi, fd, events, &left);
    for (;;) {
        char *r = NULL;

        message = curl_multi_info_read(h->multi, &left);
        if (!message) {
            return;
        }
        if (message->msg == CURLMSG_DONE) {
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &r);
            finish((struct http_request *)(void *)r, message->data.result);
        }
    }
}

/* ---- the whole ---- */

struct http *http_create(const struct haft_host *host)
{
    struct http *h = calloc(1, sizeof(*h));

    if (!h) {
        return NULL;
    }
    h->host = host;
    h->multi = curl_multi_init();
    if (!h->multi) {
        free(h);
        return NULL;
    }
    curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
    curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
    return h;
}

void http_destroy(struct http *h)
{
    struct http_request *r = h ? h->first : NULL;

    if (!h) {
        return;
    }
    while (r) {
        struct http_request *next = r->next;

        request_destroy(r);
        r = next;
    }
    curl_multi_cleanup(h->multi);
    free(h);
}
