#include "host/door/peer.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <haft/auth.h>

#include "host/base/log.h"
#include "host/door/access.h"
#include "host/door/line.h"
#include "host/door/socket.h"
#include "host/plain/json.h"
#include "host/plain/mem.h"

#define READ_PIECE (64u * 1024)
#define AUTH_LIMIT_MS 10000

/* One open question of a peer. */
struct question {
    struct peer *peer;
    int64_t wire_id;
    uint64_t id; /* for ops_drop */
    struct question *next;
};

struct peer {
    struct peers *peers;
    int fd;
    size_t asked;        /* auth instances that were asked so far */
    struct guest *judge; /* the one that is being asked */
    uint32_t losses;     /* of its process, before */
    struct ucred who;
    char *principal; /* NULL: not yet known */
    struct haft_slice *roles;
    uint32_t roles_count;
    struct str in;
    struct str out;
    size_t sent; /* bytes of `out` */
    struct question *questions;
    size_t questions_count;
    bool is_waiting; /* for an auth plugin */
    bool is_ending;  /* once `out` is sent */
    bool is_removed; /* freed once nobody waits for it */
    struct peer *next, *previous;
};

static void release(struct peer *peer)
{
    for (uint32_t i = 0; i < peer->roles_count; i++) {
        mem_free((void *)(uintptr_t)peer->roles[i].p);
    }
    mem_free(peer->roles);
    mem_free(peer->principal);
    str_finish(&peer->in);
    str_finish(&peer->out);
    mem_free(peer);
}

void peer_remove(struct peer *peer)
{
    struct peers *peers = peer->peers;
    struct question *q = peer->questions;

    while (q) {
        struct question *next = q->next;

        ops_drop(peers->ops, q->id); /* no answer comes any more */
        mem_free(q);
        q = next;
    }
    loop_remove(peers->loop, peer->fd);
    close(peer->fd);
    if (peer->previous) {
        peer->previous->next = peer->next;
    } else {
        peers->first = peer->next;
    }
    if (peer->next) {
        peer->next->previous = peer->previous;
    }
    peers->count--;
    peer->is_removed = true;
    if (!peer->is_waiting) {
        release(peer);
    }
}

/* ---- writing ---- */

static void watch(struct peer *peer)
{
    bool has_out = peer->out.size > peer->sent;
    bool may_read = peer->principal && !peer->is_ending &&
                    peer->questions_count < SOCKET_CALLS_LIMIT;

    loop_change(peer->peers->loop, peer->fd,
                (has_out ? LOOP_WRITE : 0u) | (may_read ? LOOP_READ : 0u));
}

/* False: the peer is gone. */
static bool flush(struct peer *peer)
{
    while (peer->sent < peer->out.size) {
        ssize_t n =
            send(peer->fd, peer->out.text + peer->sent,
                 peer->out.size - peer->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && errno == EAGAIN) {
            break;
        }
        if (n < 0) {
            peer_remove(peer);
            return false;
        }
        peer->sent += (size_t)n;
    }
    str_shed(&peer->out, &peer->sent);
    if (peer->out.size == 0 && peer->is_ending) {
        peer_remove(peer);
        return false;
    }
    watch(peer);
    return true;
}

static void open_line(struct peer *peer, int64_t id)
{
    json_open(&peer->out, '{');
    json_put_int(&peer->out, "id", id);
}

/* Ends a line that was begun. What a peer never reads must not fill the host:
 * over the limit it is cut off, and may ask again after the last seq it saw. */
static bool close_line(struct peer *peer)
{
    json_close(&peer->out, '}');
    str_add_char(&peer->out, '\n');
    if (peer->out.is_cut) {
        log_warn("socket", "peer reads too slowly, cut off principal=%s",
                 peer->principal ? peer->principal : "");
        peer_remove(peer);
        return false;
    }
    return flush(peer);
}

/* Where docs/faults.md says more of a class. */
static void add_anchor(struct str *out, const char *name)
{
    char anchor[64];
    int size = snprintf(anchor, sizeof(anchor), "docs/faults.md#%s", name);

    for (char *p = strchr(anchor, '#'); *p; p++) {
        *p = (char)tolower((unsigned char)*p);
    }
    json_text(out, anchor, (size_t)size);
}

/* A code begins with its component: "host.run_unknown". */
static void add_fault(struct str *out, const struct fault *fault)
{
    const char *name = fault_row(fault->fault_class)->name;

    json_key(out, "error");
    json_open(out, '{');
    json_put_text(out, "class", name);
    json_put_text(out, "effect", fault_effect_name(fault->effect));
    json_put_text(out, "origin", fault_origin_name(fault->origin));
    json_put_text(out, "code", fault->code);
    json_key(out, "component");
    json_text(out, fault->code, strcspn(fault->code, "."));
    json_put_text(out, "message", fault->message);
    json_put_int(out, "time_ms", loop_clock_ms());
    json_key(out, "see");
    add_anchor(out, name);
    json_close(out, '}');
}

static bool say_fault(struct peer *peer, int64_t id, uint32_t fault_class,
                      const char *code, const char *message)
{
    const struct fault fault = {.fault_class = fault_class,
                                .effect = HAFT_EFFECT_NOT_STARTED,
                                .code = code,
                                .message = message};

    open_line(peer, id);
    add_fault(&peer->out, &fault);
    return close_line(peer);
}

/* ---- answers ---- */

static void on_event(void *ctx, const char *json, size_t size)
{
    struct question *q = ctx;

    open_line(q->peer, q->wire_id);
    json_key(&q->peer->out, "event");
    json_raw(&q->peer->out, json, size);
    close_line(q->peer);
}

static void unlink_question(struct question *q)
{
    struct question **at = &q->peer->questions;

    while (*at != q) {
        at = &(*at)->next;
    }
    *at = q->next;
    q->peer->questions_count--;
}

static void on_result(void *ctx, const char *json, size_t size)
{
    struct question *q = ctx;
    struct peer *peer = q->peer;

    unlink_question(q);
    open_line(peer, q->wire_id);
    mem_free(q);
    json_key(&peer->out, "result");
    json_raw(&peer->out, json, size);
    close_line(peer);
}

static void on_error(void *ctx, const struct fault *fault)
{
    struct question *q = ctx;
    struct peer *peer = q->peer;

    unlink_question(q);
    open_line(peer, q->wire_id);
    mem_free(q);
    add_fault(&peer->out, fault);
    close_line(peer);
}

/* ---- questions ---- */

static void drop(struct peer *peer, int64_t wire_id)
{
    for (struct question *q = peer->questions; q; q = q->next) {
        if (q->wire_id == wire_id) {
            ops_drop(peer->peers->ops, q->id);
            unlink_question(q);
            mem_free(q);
            return;
        }
    }
}

static void ask(struct peer *peer, int64_t wire_id, const char *name,
                cJSON *params)
{
    struct question *q = mem_new(1, sizeof(*q));
    const struct op_answer answer = {on_event, on_result, on_error, q};
    uint64_t id;

    q->peer = peer;
    q->wire_id = wire_id;
    q->next = peer->questions;
    peer->questions = q;
    peer->questions_count++;
    id = ops_call(peer->peers->ops, name, peer->principal, params, &answer);
    if (id) {
        q->id = id; /* else it is answered, and gone */
    }
}

static bool may(const struct peer *peer, const char *name)
{
    const struct haft_array roles = {peer->roles, peer->roles_count,
                                     sizeof(*peer->roles)};
    const struct op *op = ops_find(name);

    return !op || access_allows(&roles, op); /* ops_call says "no such" */
}

/* False: the peer is gone. */
static bool take_line(struct peer *peer, const char *text, size_t size)
{
    struct line line;
    bool stays = true;
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    if (!line_read(&line, text, size, &why)) {
        peer->is_ending = true;
        stays = say_fault(peer, 0, HAFT_INVALID, "host.line_invalid", why.text);
        str_finish(&why);
        return stays;
    }
    if (!line.op) {
        drop(peer, line.id);
    } else if (!may(peer, line.op)) {
        stays = say_fault(peer, line.id, HAFT_DENIED, "host.denied",
                          "your roles do not allow this operation");
    } else {
        cJSON *params = line.params;

        line.params = NULL;
        ask(peer, line.id, line.op, params);
    }
    line_finish(&line);
    str_finish(&why);
    return stays;
}

static bool is_there(const struct peers *peers, const struct peer *peer)
{
    for (const struct peer *p = peers->first; p; p = p->next) {
        if (p == peer) {
            return true;
        }
    }
    return false;
}

/* Takes whole lines. An answer may come at once, find the peer gone and remove
 * it: so look whether it is still there after each. */
static void take_lines(struct peer *peer, size_t searched)
{
    struct peers *peers = peer->peers;
    size_t from = 0;

    for (;;) {
        char *start = peer->in.text + from;
        char *end =
            memchr(start + searched, '\n', peer->in.size - from - searched);

        if (!end || peer->is_ending) {
            break;
        }
        if (!take_line(peer, start, (size_t)(end - start)) ||
            !is_there(peers, peer)) {
            return;
        }
        from = (size_t)(end - peer->in.text) + 1;
        searched = 0;
    }
    memmove(peer->in.text, peer->in.text + from, peer->in.size - from);
    str_shorten(&peer->in, peer->in.size - from);
    watch(peer);
}

static void on_ready(void *ctx, int fd, uint32_t ready)
{
    struct peer *peer = ctx;
    char piece[READ_PIECE];
    ssize_t n;

    if ((ready & LOOP_WRITE) && !flush(peer)) {
        return;
    }
    if (!(ready & (LOOP_READ | LOOP_HANGUP))) {
        return;
    }
    n = recv(fd, piece, sizeof(piece), MSG_DONTWAIT);
    if (n > 0 && peer->principal) {
        size_t searched = peer->in.size;

        str_add(&peer->in, piece, (size_t)n);
        if (peer->in.is_cut) {
            peer->is_ending = true;
            say_fault(peer, 0, HAFT_INVALID, "host.line_too_long",
                      "a line is at most 80 MiB long");
            return;
        }
        take_lines(peer, searched);
    } else if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        peer_remove(peer);
    }
}

/* ---- who is it? ---- */

static void ask_who(struct peer *peer);

static void take_roles(struct peer *peer, const struct haft_array *roles)
{
    peer->roles = mem_new(roles->count, sizeof(*peer->roles));
    for (uint32_t i = 0; i < roles->count; i++) {
        const struct haft_slice *role =
            (const void *)((const char *)roles->p + (size_t)i * roles->stride);

        peer->roles[i] =
            (struct haft_slice){mem_text(role->p, role->n), role->n};
    }
    peer->roles_count = roles->count;
}

static void welcome(struct peer *peer,
                    const struct haft_auth_authenticate_out *who)
{
    peer->principal = mem_text(who->principal.p, who->principal.n);
    take_roles(peer, &who->roles);
    json_open(&peer->out, '{');
    json_put_int(&peer->out, "v", 1);
    json_put_text(&peer->out, "principal", peer->principal);
    close_line(peer);
}

static void refuse(struct peer *peer, uint32_t fault_class, const char *why)
{
    peer->is_ending = true;
    say_fault(peer, 0, fault_class, "host.unauthenticated", why);
}

/* An auth plugin is not there any more. What it would have said nobody knows, so
 * that the next one is not asked; but whoever runs the host could do to it as
 * he likes, and must be able to mend it. */
static void judge_alone(struct peer *peer)
{
    static const struct haft_slice admin = {"admin", 5};
    char name[32];
    struct haft_auth_authenticate_out who = {
        .size = sizeof(who),
        .verdict = HAFT_AUTH_KNOWN,
        .principal = {name, 0},
        .roles = {&admin, 1, sizeof(admin)},
    };

    if (peer->who.uid != geteuid() && peer->who.uid != 0) {
        refuse(peer, HAFT_UNAUTHENTICATED, "the auth plugin is not there");
        return;
    }
    log_warn("socket", "no auth plugin can be asked: let in uid=%u",
             peer->who.uid);
    who.principal.n =
        (uint64_t)snprintf(name, sizeof(name), "uid:%u", peer->who.uid);
    welcome(peer, &who);
}

/* It died of this question, or of another. */
static bool is_lost(const struct peer *peer, haft_status status)
{
    return status == -HAFT_PLUGIN_CRASH &&
           (guest_is_given_up(peer->judge) ||
            guest_losses(peer->judge) != peer->losses);
}

static void on_who(void *ctx, haft_status status, const void *out,
                   const struct haft_fault *fault)
{
    struct peer *peer = ctx;
    const struct haft_auth_authenticate_out *who = out;

    (void)fault;
    peer->is_waiting = false;
    if (peer->is_removed) {
        release(peer);
    } else if (status == HAFT_OK && who->verdict == HAFT_AUTH_KNOWN &&
               access_is_principal(&who->principal)) {
        welcome(peer, who);
    } else if (status == HAFT_OK && who->verdict == HAFT_AUTH_KNOWN) {
        log_error("socket", "no auth plugin may give such a name size=%llu",
                  (unsigned long long)who->principal.n);
        refuse(peer, HAFT_UNAUTHENTICATED,
               "your name is not 1 to 127 bytes of plain text");
    } else if (status == HAFT_OK) {
        ask_who(peer);
    } else if (is_lost(peer, status)) {
        peer->asked--; /* the same once more */
        ask_who(peer);
    } else {
        refuse(peer, (uint32_t)-status, "you are not known here");
    }
}

static void ask_who(struct peer *peer)
{
    struct peers *peers = peer->peers;
    const char *name = guests_name(peers->guests, "auth", peer->asked++);
    const struct haft_auth_authenticate_in in = {
        .size = sizeof(in),
        .uid = peer->who.uid,
        .gid = peer->who.gid,
        .pid = (uint32_t)peer->who.pid,
        .owner_uid = geteuid(),
        .scheme = {HAFT_SCHEME_PEER, strlen(HAFT_SCHEME_PEER)},
    };
    struct guest *guest = NULL;
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    if (name) {
        guest = guests_find(peers->guests, "auth", name, &why);
    }
    if (guest && !guest_is_given_up(guest)) {
        peer->is_waiting = true;
        peer->judge = guest;
        peer->losses = guest_losses(guest);
        guest_call(guest, &haft_auth_v1, HAFT_AUTH_AUTHENTICATE, &in,
                   loop_now_ms(peers->loop) + AUTH_LIMIT_MS, on_who, peer);
    } else if (name) {
        log_error("socket", "no auth plugin %s: %s", name, why.text);
        judge_alone(peer);
    } else {
        refuse(peer, HAFT_UNAUTHENTICATED, "no auth plugin knows you");
    }
    str_finish(&why);
}

void peer_add(struct peers *peers, int fd)
{
    struct peer *peer = mem_new(1, sizeof(*peer));
    socklen_t size = sizeof(peer->who);

    peer->peers = peers;
    peer->fd = fd;
    str_init(&peer->in, SOCKET_LINE_LIMIT);
    str_init(&peer->out, SOCKET_BACKLOG_LIMIT);
    peer->next = peers->first;
    if (peers->first) {
        peers->first->previous = peer;
    }
    peers->first = peer;
    peers->count++;
    loop_add(peers->loop, fd, 0, on_ready, peer);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer->who, &size) < 0) {
        peer_remove(peer);
        return;
    }
    ask_who(peer);
}
