/* From the codes of others to faults: exit status, signal, errno, libcurl, HTTP
 * and SQLSTATE. A plugin passes the native code and what it knows besides; the
 * tables say class, effect and origin, the same for every plugin.
 *
 *     struct haft_native n = haft_from_errno(errno);
 *     struct haft_fault f = haft_native_fault(n, "mine.open", strerror(errno));
 *     return haft_fail_with(host, call, &f); */
#ifndef HAFT_FAULTS_H
#define HAFT_FAULTS_H

#include <errno.h>
#include <signal.h>
#include <string.h>

#include <haft/sdk.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the code alone does not tell. */
#define HAFT_KNOWN_SYSEXITS 1u     /* the task says that it uses 64 to 78 */
#define HAFT_KNOWN_OOM 2u          /* its group ran out of memory */
#define HAFT_KNOWN_TIMED_OUT 4u    /* we ended it at its run limit */
#define HAFT_KNOWN_CANCELLED 8u    /* we ended it because we were told to */
#define HAFT_KNOWN_SENT 16u        /* some of the request had left */
#define HAFT_KNOWN_REPEATABLE 32u  /* asking twice does no harm */
#define HAFT_KNOWN_RETRY_AFTER 64u /* the answer said when to come again */
#define HAFT_KNOWN_COMMIT 128u     /* the statement was COMMIT */

/* What a native code means; a class of 0 is success. */
struct haft_native {
    uint32_t fault_class;
    uint32_t effect;
    uint32_t origin;
};

struct haft_native_row {
    int32_t code;
    uint8_t fault_class;
    uint8_t effect;
};

struct haft_native_pair {
    uint8_t fault_class;
    uint8_t effect;
};

struct haft_native_state {
    char prefix[6];
    uint8_t fault_class;
    uint8_t effect;
};

/* A table that lost or gained a row does not compile. */
#define HAFT_ROWS_(table, n)                                                   \
    typedef char                                                               \
        table##_is_whole[sizeof(table) / sizeof((table)[0]) == (n) ? 1 : -1]

/* sysexits.h */
HAFT_TABLE struct haft_native_row haft_sysexits[] = {
    {64, HAFT_INVALID, HAFT_EFFECT_STARTED},      /* usage */
    {65, HAFT_INVALID, HAFT_EFFECT_STARTED},      /* data */
    {66, HAFT_NOT_FOUND, HAFT_EFFECT_STARTED},    /* input */
    {67, HAFT_NOT_FOUND, HAFT_EFFECT_STARTED},    /* user */
    {68, HAFT_NOT_FOUND, HAFT_EFFECT_STARTED},    /* host */
    {69, HAFT_BACKEND_DOWN, HAFT_EFFECT_STARTED}, /* unavailable */
    {70, HAFT_INTERNAL, HAFT_EFFECT_STARTED},     /* software */
    {71, HAFT_RESOURCE, HAFT_EFFECT_STARTED},     /* system */
    {72, HAFT_RESOURCE, HAFT_EFFECT_STARTED},     /* system file */
    {73, HAFT_RESOURCE, HAFT_EFFECT_STARTED},     /* cannot create */
    {74, HAFT_RESOURCE, HAFT_EFFECT_STARTED},     /* input or output */
    {75, HAFT_TRANSIENT, HAFT_EFFECT_STARTED},    /* temporary */
    {76, HAFT_CORRUPT, HAFT_EFFECT_STARTED},      /* protocol */
    {77, HAFT_DENIED, HAFT_EFFECT_STARTED},       /* permission */
    {78, HAFT_INVALID, HAFT_EFFECT_STARTED},      /* configuration */
};
HAFT_ROWS_(haft_sysexits, 78 - 64 + 1);

/* Signals that nobody explained; whoever sent one knows better. */
HAFT_TABLE struct haft_native_row haft_signals[] = {
    {SIGHUP, HAFT_INFRA_LOST, HAFT_EFFECT_STARTED},
    {SIGINT, HAFT_CANCELLED, HAFT_EFFECT_STARTED},
    {SIGQUIT, HAFT_USER_FAILURE, HAFT_EFFECT_STARTED},
    {SIGILL, HAFT_USER_FAILURE, HAFT_EFFECT_STARTED},
    {SIGTRAP, HAFT_USER_FAILURE, HAFT_EFFECT_STARTED},
    {SIGABRT, HAFT_USER_FAILURE, HAFT_EFFECT_STARTED},
    {SIGBUS, HAFT_USER_FAILURE, HAFT_EFFECT_STARTED},
    {SIGFPE, HAFT_USER_FAILURE, HAFT_EFFECT_STARTED},
    {SIGKILL, HAFT_INFRA_LOST, HAFT_EFFECT_STARTED},
    {SIGUSR1, HAFT_USER_FAILURE, HAFT_EFFECT_STARTED},
    {SIGSEGV, HAFT_USER_FAILURE, HAFT_EFFECT_STARTED},
    {SIGUSR2, HAFT_USER_FAILURE, HAFT_EFFECT_STARTED},
    {SIGPIPE, HAFT_USER_FAILURE, HAFT_EFFECT_STARTED},
    {SIGALRM, HAFT_USER_FAILURE, HAFT_EFFECT_STARTED},
    {SIGTERM, HAFT_INFRA_LOST, HAFT_EFFECT_STARTED},
    {SIGCHLD, HAFT_USER_FAILURE, HAFT_EFFECT_STARTED},
    {SIGCONT, HAFT_USER_FAILURE, HAFT_EFFECT_STARTED},
    {SIGSTOP, HAFT_USER_FAILURE, HAFT_EFFECT_STARTED},
    {SIGTSTP, HAFT_USER_FAILURE, HAFT_EFFECT_STARTED},
    {SIGTTIN, HAFT_USER_FAILURE, HAFT_EFFECT_STARTED},
    {SIGTTOU, HAFT_USER_FAILURE, HAFT_EFFECT_STARTED},
    {SIGURG, HAFT_USER_FAILURE, HAFT_EFFECT_STARTED},
    {SIGXCPU, HAFT_TIMEOUT_RUN, HAFT_EFFECT_STARTED},
    {SIGXFSZ, HAFT_RESOURCE, HAFT_EFFECT_STARTED},
    {SIGVTALRM, HAFT_USER_FAILURE, HAFT_EFFECT_STARTED},
    {SIGPROF, HAFT_USER_FAILURE, HAFT_EFFECT_STARTED},
    {SIGWINCH, HAFT_USER_FAILURE, HAFT_EFFECT_STARTED},
    {SIGIO, HAFT_USER_FAILURE, HAFT_EFFECT_STARTED},
    {SIGSYS, HAFT_USER_FAILURE, HAFT_EFFECT_STARTED},
};
HAFT_ROWS_(haft_signals, 29);

/* Of system calls that start something or talk to somebody. */
HAFT_TABLE struct haft_native_row haft_errnos[] = {
    {ENOENT, HAFT_NOT_FOUND, HAFT_EFFECT_NOT_STARTED},
    {ENOTDIR, HAFT_NOT_FOUND, HAFT_EFFECT_NOT_STARTED},
    {ENODEV, HAFT_NOT_FOUND, HAFT_EFFECT_NOT_STARTED},
    {ENXIO, HAFT_NOT_FOUND, HAFT_EFFECT_NOT_STARTED},
    {ESRCH, HAFT_NOT_FOUND, HAFT_EFFECT_NOT_STARTED},
    {EACCES, HAFT_DENIED, HAFT_EFFECT_NOT_STARTED},
    {EPERM, HAFT_DENIED, HAFT_EFFECT_NOT_STARTED},
    {EROFS, HAFT_DENIED, HAFT_EFFECT_NOT_STARTED},
    {ENOEXEC, HAFT_INVALID, HAFT_EFFECT_NOT_STARTED},
    {E2BIG, HAFT_INVALID, HAFT_EFFECT_NOT_STARTED},
    {EINVAL, HAFT_INVALID, HAFT_EFFECT_NOT_STARTED},
    {ELOOP, HAFT_INVALID, HAFT_EFFECT_NOT_STARTED},
    {ENAMETOOLONG, HAFT_INVALID, HAFT_EFFECT_NOT_STARTED},
    {EISDIR, HAFT_INVALID, HAFT_EFFECT_NOT_STARTED},
    {EBADF, HAFT_INVALID, HAFT_EFFECT_NOT_STARTED},
    {EDOM, HAFT_INVALID, HAFT_EFFECT_NOT_STARTED},
    {ERANGE, HAFT_INVALID, HAFT_EFFECT_NOT_STARTED},
    {EAGAIN, HAFT_RESOURCE, HAFT_EFFECT_NOT_STARTED},
    {ENOMEM, HAFT_RESOURCE, HAFT_EFFECT_NOT_STARTED},
    {EMFILE, HAFT_RESOURCE, HAFT_EFFECT_NOT_STARTED},
    {ENFILE, HAFT_RESOURCE, HAFT_EFFECT_NOT_STARTED},
    {EUSERS, HAFT_RESOURCE, HAFT_EFFECT_NOT_STARTED},
    {ENOSPC, HAFT_RESOURCE, HAFT_EFFECT_MAYBE},
    {EDQUOT, HAFT_RESOURCE, HAFT_EFFECT_MAYBE},
    {EFBIG, HAFT_RESOURCE, HAFT_EFFECT_MAYBE},
    {ENOBUFS, HAFT_RESOURCE, HAFT_EFFECT_MAYBE},
    {EEXIST, HAFT_CONFLICT, HAFT_EFFECT_NOT_STARTED},
    {EBUSY, HAFT_CONFLICT, HAFT_EFFECT_NOT_STARTED},
    {ETXTBSY, HAFT_CONFLICT, HAFT_EFFECT_NOT_STARTED},
    {ENOTEMPTY, HAFT_CONFLICT, HAFT_EFFECT_NOT_STARTED},
    {EADDRINUSE, HAFT_CONFLICT, HAFT_EFFECT_NOT_STARTED},
    {ECONNREFUSED, HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED},
    {EINTR, HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED},
    {EINPROGRESS, HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED},
    {EALREADY, HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED},
    {EHOSTUNREACH, HAFT_BACKEND_DOWN, HAFT_EFFECT_NOT_STARTED},
    {ENETUNREACH, HAFT_BACKEND_DOWN, HAFT_EFFECT_NOT_STARTED},
    {ENETDOWN, HAFT_BACKEND_DOWN, HAFT_EFFECT_NOT_STARTED},
    {EHOSTDOWN, HAFT_BACKEND_DOWN, HAFT_EFFECT_NOT_STARTED},
    {EADDRNOTAVAIL, HAFT_BACKEND_DOWN, HAFT_EFFECT_NOT_STARTED},
    {ECONNRESET, HAFT_UNKNOWN_OUTCOME, HAFT_EFFECT_MAYBE},
    {ECONNABORTED, HAFT_UNKNOWN_OUTCOME, HAFT_EFFECT_MAYBE},
    {EPIPE, HAFT_UNKNOWN_OUTCOME, HAFT_EFFECT_MAYBE},
    {ETIMEDOUT, HAFT_UNKNOWN_OUTCOME, HAFT_EFFECT_MAYBE},
    {ENETRESET, HAFT_UNKNOWN_OUTCOME, HAFT_EFFECT_MAYBE},
    {ESTALE, HAFT_UNKNOWN_OUTCOME, HAFT_EFFECT_MAYBE},
    {EIO, HAFT_INFRA_LOST, HAFT_EFFECT_MAYBE},
    {EILSEQ, HAFT_CORRUPT, HAFT_EFFECT_MAYBE},
    {EBADMSG, HAFT_CORRUPT, HAFT_EFFECT_MAYBE},
    {EPROTO, HAFT_CORRUPT, HAFT_EFFECT_MAYBE},
    {EOVERFLOW, HAFT_CORRUPT, HAFT_EFFECT_MAYBE},
    {ENOSYS, HAFT_UNIMPLEMENTED, HAFT_EFFECT_NOT_STARTED},
    {EOPNOTSUPP, HAFT_UNIMPLEMENTED, HAFT_EFFECT_NOT_STARTED},
    {EPROTONOSUPPORT, HAFT_UNIMPLEMENTED, HAFT_EFFECT_NOT_STARTED},
    {EAFNOSUPPORT, HAFT_UNIMPLEMENTED, HAFT_EFFECT_NOT_STARTED},
    {ECANCELED, HAFT_CANCELLED, HAFT_EFFECT_MAYBE},
};
HAFT_ROWS_(haft_errnos, 56);

/* CURLcode 0 to 101, in order. UNKNOWN_OUTCOME is so once bytes have left. */
#define HAFT_CURL_CODES 102
HAFT_TABLE struct haft_native_pair haft_curls[] = {
    /* 0 */ {0, HAFT_EFFECT_DONE},
    {HAFT_INVALID, HAFT_EFFECT_NOT_STARTED},
    {HAFT_RESOURCE, HAFT_EFFECT_NOT_STARTED},
    /* 3 */ {HAFT_INVALID, HAFT_EFFECT_NOT_STARTED},
    {HAFT_UNIMPLEMENTED, HAFT_EFFECT_NOT_STARTED},
    {HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED},
    /* 6 */ {HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED},
    {HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED},
    {HAFT_CORRUPT, HAFT_EFFECT_MAYBE},
    /* 9 */ {HAFT_DENIED, HAFT_EFFECT_NOT_STARTED},
    {HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED},
    {HAFT_INVALID, HAFT_EFFECT_MAYBE},
    /* 12 */ {HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED},
    {HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED},
    {HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED},
    /* 15 */ {HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED},
    {HAFT_UNKNOWN_OUTCOME, HAFT_EFFECT_MAYBE},
    {HAFT_INVALID, HAFT_EFFECT_MAYBE},
    /* 18 */ {HAFT_UNKNOWN_OUTCOME, HAFT_EFFECT_MAYBE},
    {HAFT_INVALID, HAFT_EFFECT_MAYBE},
    {HAFT_INTERNAL, HAFT_EFFECT_MAYBE},
    /* 21 */ {HAFT_INVALID, HAFT_EFFECT_MAYBE},
    {HAFT_INVALID, HAFT_EFFECT_MAYBE},
    {HAFT_RESOURCE, HAFT_EFFECT_MAYBE},
    /* 24 */ {HAFT_INTERNAL, HAFT_EFFECT_MAYBE},
    {HAFT_UNKNOWN_OUTCOME, HAFT_EFFECT_MAYBE},
    {HAFT_RESOURCE, HAFT_EFFECT_MAYBE},
    /* 27 */ {HAFT_RESOURCE, HAFT_EFFECT_MAYBE},
    {HAFT_UNKNOWN_OUTCOME, HAFT_EFFECT_MAYBE},
    {HAFT_INTERNAL, HAFT_EFFECT_MAYBE},
    /* 30 */ {HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED},
    {HAFT_INVALID, HAFT_EFFECT_MAYBE},
    {HAFT_INTERNAL, HAFT_EFFECT_MAYBE},
    /* 33 */ {HAFT_INVALID, HAFT_EFFECT_MAYBE},
    {HAFT_INVALID, HAFT_EFFECT_MAYBE},
    {HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED},
    /* 36 */ {HAFT_INVALID, HAFT_EFFECT_MAYBE},
    {HAFT_NOT_FOUND, HAFT_EFFECT_NOT_STARTED},
    {HAFT_DENIED, HAFT_EFFECT_NOT_STARTED},
    /* 39 */ {HAFT_INVALID, HAFT_EFFECT_MAYBE},
    {HAFT_INTERNAL, HAFT_EFFECT_MAYBE},
    {HAFT_RESOURCE, HAFT_EFFECT_NOT_STARTED},
    /* 42 */ {HAFT_CANCELLED, HAFT_EFFECT_MAYBE},
    {HAFT_INVALID, HAFT_EFFECT_NOT_STARTED},
    {HAFT_INTERNAL, HAFT_EFFECT_MAYBE},
    /* 45 */ {HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED},
    {HAFT_INTERNAL, HAFT_EFFECT_MAYBE},
    {HAFT_INVALID, HAFT_EFFECT_MAYBE},
    /* 48 */ {HAFT_INVALID, HAFT_EFFECT_NOT_STARTED},
    {HAFT_INVALID, HAFT_EFFECT_NOT_STARTED},
    {HAFT_INTERNAL, HAFT_EFFECT_MAYBE},
    /* 51 */ {HAFT_DENIED, HAFT_EFFECT_NOT_STARTED},
    {HAFT_UNKNOWN_OUTCOME, HAFT_EFFECT_MAYBE},
    {HAFT_RESOURCE, HAFT_EFFECT_NOT_STARTED},
    /* 54 */ {HAFT_RESOURCE, HAFT_EFFECT_NOT_STARTED},
    {HAFT_UNKNOWN_OUTCOME, HAFT_EFFECT_MAYBE},
    {HAFT_UNKNOWN_OUTCOME, HAFT_EFFECT_MAYBE},
    /* 57 */ {HAFT_INTERNAL, HAFT_EFFECT_MAYBE},
    {HAFT_DENIED, HAFT_EFFECT_NOT_STARTED},
    {HAFT_DENIED, HAFT_EFFECT_NOT_STARTED},
    /* 60 */ {HAFT_DENIED, HAFT_EFFECT_NOT_STARTED},
    {HAFT_CORRUPT, HAFT_EFFECT_MAYBE},
    {HAFT_INTERNAL, HAFT_EFFECT_MAYBE},
    /* 63 */ {HAFT_RESOURCE, HAFT_EFFECT_MAYBE},
    {HAFT_DENIED, HAFT_EFFECT_NOT_STARTED},
    {HAFT_RESOURCE, HAFT_EFFECT_MAYBE},
    /* 66 */ {HAFT_RESOURCE, HAFT_EFFECT_NOT_STARTED},
    {HAFT_DENIED, HAFT_EFFECT_NOT_STARTED},
    {HAFT_NOT_FOUND, HAFT_EFFECT_NOT_STARTED},
    /* 69 */ {HAFT_DENIED, HAFT_EFFECT_NOT_STARTED},
    {HAFT_RESOURCE, HAFT_EFFECT_MAYBE},
    {HAFT_INVALID, HAFT_EFFECT_NOT_STARTED},
    /* 72 */ {HAFT_INVALID, HAFT_EFFECT_NOT_STARTED},
    {HAFT_CONFLICT, HAFT_EFFECT_NOT_STARTED},
    {HAFT_DENIED, HAFT_EFFECT_NOT_STARTED},
    /* 75 */ {HAFT_INTERNAL, HAFT_EFFECT_MAYBE},
    {HAFT_INTERNAL, HAFT_EFFECT_MAYBE},
    {HAFT_DENIED, HAFT_EFFECT_NOT_STARTED},
    /* 78 */ {HAFT_NOT_FOUND, HAFT_EFFECT_NOT_STARTED},
    {HAFT_UNKNOWN_OUTCOME, HAFT_EFFECT_MAYBE},
    {HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED},
    /* 81 */ {HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED},
    {HAFT_DENIED, HAFT_EFFECT_NOT_STARTED},
    {HAFT_DENIED, HAFT_EFFECT_NOT_STARTED},
    /* 84 */ {HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED},
    {HAFT_INVALID, HAFT_EFFECT_MAYBE},
    {HAFT_INVALID, HAFT_EFFECT_MAYBE},
    /* 87 */ {HAFT_INVALID, HAFT_EFFECT_MAYBE},
    {HAFT_INVALID, HAFT_EFFECT_MAYBE},
    {HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED},
    /* 90 */ {HAFT_DENIED, HAFT_EFFECT_NOT_STARTED},
    {HAFT_DENIED, HAFT_EFFECT_NOT_STARTED},
    {HAFT_UNKNOWN_OUTCOME, HAFT_EFFECT_MAYBE},
    /* 93 */ {HAFT_INTERNAL, HAFT_EFFECT_NOT_STARTED},
    {HAFT_DENIED, HAFT_EFFECT_NOT_STARTED},
    {HAFT_UNKNOWN_OUTCOME, HAFT_EFFECT_MAYBE},
    /* 96 */ {HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED},
    {HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED},
    {HAFT_DENIED, HAFT_EFFECT_NOT_STARTED},
    /* 99 */ {HAFT_RESOURCE, HAFT_EFFECT_MAYBE},
    {HAFT_RESOURCE, HAFT_EFFECT_MAYBE},
    {HAFT_DENIED, HAFT_EFFECT_NOT_STARTED},
};
HAFT_ROWS_(haft_curls, HAFT_CURL_CODES);

/* HTTP, where it is not the rule of its hundred. */
HAFT_TABLE struct haft_native_row haft_https[] = {
    {401, HAFT_UNAUTHENTICATED, HAFT_EFFECT_NOT_STARTED},
    {402, HAFT_DENIED, HAFT_EFFECT_NOT_STARTED},
    {403, HAFT_DENIED, HAFT_EFFECT_NOT_STARTED},
    {404, HAFT_NOT_FOUND, HAFT_EFFECT_NOT_STARTED},
    {405, HAFT_UNIMPLEMENTED, HAFT_EFFECT_NOT_STARTED},
    {407, HAFT_UNAUTHENTICATED, HAFT_EFFECT_NOT_STARTED},
    {408, HAFT_TRANSIENT, HAFT_EFFECT_MAYBE},
    {409, HAFT_CONFLICT, HAFT_EFFECT_NOT_STARTED},
    {410, HAFT_NOT_FOUND, HAFT_EFFECT_NOT_STARTED},
    {412, HAFT_CONFLICT, HAFT_EFFECT_NOT_STARTED},
    {413, HAFT_RESOURCE, HAFT_EFFECT_NOT_STARTED},
    {421, HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED},
    {423, HAFT_CONFLICT, HAFT_EFFECT_NOT_STARTED},
    {425, HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED},
    {429, HAFT_THROTTLED, HAFT_EFFECT_NOT_STARTED},
    {451, HAFT_DENIED, HAFT_EFFECT_NOT_STARTED},
    {501, HAFT_UNIMPLEMENTED, HAFT_EFFECT_NOT_STARTED},
    {502, HAFT_UNKNOWN_OUTCOME, HAFT_EFFECT_MAYBE},
    {503, HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED},
    {504, HAFT_UNKNOWN_OUTCOME, HAFT_EFFECT_MAYBE},
    {505, HAFT_UNIMPLEMENTED, HAFT_EFFECT_NOT_STARTED},
    {507, HAFT_RESOURCE, HAFT_EFFECT_MAYBE},
};
HAFT_ROWS_(haft_https, 22);

/* SQLSTATE by its beginning; the longest that fits counts. */
HAFT_TABLE struct haft_native_state haft_sqlstates[] = {
    {"08", HAFT_BACKEND_DOWN, HAFT_EFFECT_MAYBE},
    {"0A", HAFT_UNIMPLEMENTED, HAFT_EFFECT_NOT_STARTED},
    {"22", HAFT_INVALID, HAFT_EFFECT_NOT_STARTED},
    {"23", HAFT_INVALID, HAFT_EFFECT_NOT_STARTED},
    {"23505", HAFT_CONFLICT, HAFT_EFFECT_NOT_STARTED},
    {"25006", HAFT_BACKEND_DOWN, HAFT_EFFECT_NOT_STARTED},
    {"28", HAFT_UNAUTHENTICATED, HAFT_EFFECT_NOT_STARTED},
    {"40001", HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED},
    {"40003", HAFT_UNKNOWN_OUTCOME, HAFT_EFFECT_MAYBE},
    {"40P01", HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED},
    {"42", HAFT_INVALID, HAFT_EFFECT_NOT_STARTED},
    {"42501", HAFT_DENIED, HAFT_EFFECT_NOT_STARTED},
    {"53", HAFT_RESOURCE, HAFT_EFFECT_NOT_STARTED},
    {"54", HAFT_RESOURCE, HAFT_EFFECT_NOT_STARTED},
    {"55P03", HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED},
    {"57014", HAFT_TIMEOUT_RUN, HAFT_EFFECT_NOT_STARTED},
    {"57P01", HAFT_BACKEND_DOWN, HAFT_EFFECT_MAYBE},
    {"57P02", HAFT_BACKEND_DOWN, HAFT_EFFECT_MAYBE},
    {"57P03", HAFT_BACKEND_DOWN, HAFT_EFFECT_NOT_STARTED},
    {"58", HAFT_BACKEND_DOWN, HAFT_EFFECT_MAYBE},
    {"XX001", HAFT_CORRUPT, HAFT_EFFECT_MAYBE},
    {"XX002", HAFT_CORRUPT, HAFT_EFFECT_MAYBE},
};
HAFT_ROWS_(haft_sqlstates, 22);

#define HAFT_COUNT_(table) ((uint32_t)(sizeof(table) / sizeof((table)[0])))

static inline struct haft_native
haft_native_of(uint32_t fault_class, uint32_t effect, uint32_t origin)
{
    struct haft_native n;

    n.fault_class = fault_class;
    n.effect = effect;
    n.origin = origin;
    return n;
}

/* The row of a code; the given class, effect maybe, where there is none. */
static inline struct haft_native
haft_native_find(const struct haft_native_row *rows, uint32_t count,
                 int32_t code, struct haft_native other)
{
    uint32_t i;

    for (i = 0; i < count; i++) {
        if (rows[i].code == code) {
            other.fault_class = rows[i].fault_class;
            other.effect = rows[i].effect;
        }
    }
    return other;
}

/* How a process exited. 126 and 127 are the shell's: cannot be executed, not
 * found. A shell's 128 + n is not signal n, unless it is known that something
 * was killed. */
static inline struct haft_native haft_from_exit(int32_t status, uint32_t known)
{
    struct haft_native n = haft_native_of(
        HAFT_USER_FAILURE, HAFT_EFFECT_STARTED, HAFT_ORIGIN_USER);

    if (status == 0) {
        n = haft_native_of(0, HAFT_EFFECT_DONE, HAFT_ORIGIN_USER);
    } else if (known & HAFT_KNOWN_TIMED_OUT) {
        n.fault_class = HAFT_TIMEOUT_RUN;
    } else if (known & HAFT_KNOWN_CANCELLED) {
        n.fault_class = HAFT_CANCELLED;
    } else if (known & HAFT_KNOWN_OOM && status == 128 + SIGKILL) {
        n.fault_class = HAFT_RESOURCE;
    } else if (status == 126) {
        n.fault_class = HAFT_INVALID;
    } else if (status == 127) {
        n.fault_class = HAFT_NOT_FOUND;
    } else if (known & HAFT_KNOWN_SYSEXITS) {
        n = haft_native_find(haft_sysexits, HAFT_COUNT_(haft_sysexits), status,
                             n);
    }
    return n;
}

/* Which signal ended a process. */
static inline struct haft_native haft_from_signal(int32_t number,
                                                  uint32_t known)
{
    struct haft_native n =
        haft_native_find(haft_signals, HAFT_COUNT_(haft_signals), number,
                         haft_native_of(HAFT_USER_FAILURE, HAFT_EFFECT_STARTED,
                                        HAFT_ORIGIN_USER));

    if (known & HAFT_KNOWN_TIMED_OUT) {
        n.fault_class = HAFT_TIMEOUT_RUN;
    } else if (known & HAFT_KNOWN_CANCELLED) {
        n.fault_class = HAFT_CANCELLED;
    } else if (known & HAFT_KNOWN_OOM) {
        n.fault_class = HAFT_RESOURCE;
    } else if (n.fault_class == HAFT_INFRA_LOST) {
        n.origin = HAFT_ORIGIN_LOCAL;
    }
    return n;
}

/* Why a system call failed; 0 is success. */
static inline struct haft_native haft_from_errno(int32_t error)
{
    struct haft_native other =
        haft_native_of(HAFT_INTERNAL, HAFT_EFFECT_MAYBE, HAFT_ORIGIN_LOCAL);

    if (error == 0) {
        return haft_native_of(0, HAFT_EFFECT_DONE, HAFT_ORIGIN_LOCAL);
    }
    return haft_native_find(haft_errnos, HAFT_COUNT_(haft_errnos), error,
                            other);
}

/* What is not known to have happened is transient if it did not leave, or if
 * it may be asked again. */
static inline struct haft_native haft_native_unsent(struct haft_native n,
                                                    uint32_t known)
{
    if (n.fault_class == HAFT_UNKNOWN_OUTCOME) {
        if (!(known & HAFT_KNOWN_SENT)) {
            n.fault_class = HAFT_TRANSIENT;
            n.effect = HAFT_EFFECT_NOT_STARTED;
        } else if (known & HAFT_KNOWN_REPEATABLE) {
            n.fault_class = HAFT_TRANSIENT;
        }
    }
    return n;
}

/* A CURLcode; 0 is success. `known`: SENT, REPEATABLE. */
static inline struct haft_native haft_from_curl(int32_t code, uint32_t known)
{
    struct haft_native n =
        haft_native_of(HAFT_INTERNAL, HAFT_EFFECT_MAYBE, HAFT_ORIGIN_REMOTE);

    if (code >= 0 && code < HAFT_CURL_CODES) {
        n.fault_class = haft_curls[code].fault_class;
        n.effect = haft_curls[code].effect;
    }
    return haft_native_unsent(n, known);
}

/* The answer to a request that was sent. */
static inline struct haft_native haft_from_http(int32_t status, uint32_t known)
{
    struct haft_native n =
        haft_native_of(HAFT_INTERNAL, HAFT_EFFECT_MAYBE, HAFT_ORIGIN_REMOTE);

    if (status >= 200 && status < 300) {
        return haft_native_of(0, HAFT_EFFECT_DONE, HAFT_ORIGIN_REMOTE);
    }
    if (status >= 300 && status < 500) {
        n.fault_class = HAFT_INVALID;
        n.effect = HAFT_EFFECT_NOT_STARTED;
    }
    n = haft_native_find(haft_https, HAFT_COUNT_(haft_https), status, n);
    if (status == 503 && (known & HAFT_KNOWN_RETRY_AFTER)) {
        n.fault_class = HAFT_THROTTLED;
    }
    return haft_native_unsent(n, known | HAFT_KNOWN_SENT);
}

/* `state` has five characters. */
static inline struct haft_native haft_from_sqlstate(const char *state,
                                                    uint32_t known)
{
    struct haft_native n =
        haft_native_of(HAFT_INTERNAL, HAFT_EFFECT_MAYBE, HAFT_ORIGIN_REMOTE);
    size_t best = 0;
    uint32_t i;

    if (strncmp(state, "00", 2) == 0 || strncmp(state, "01", 2) == 0 ||
        strncmp(state, "02", 2) == 0) {
        return haft_native_of(0, HAFT_EFFECT_DONE, HAFT_ORIGIN_REMOTE);
    }
    for (i = 0; i < HAFT_COUNT_(haft_sqlstates); i++) {
        size_t length = strlen(haft_sqlstates[i].prefix);

        if (length > best &&
            strncmp(state, haft_sqlstates[i].prefix, length) == 0) {
            best = length;
            n.fault_class = haft_sqlstates[i].fault_class;
            n.effect = haft_sqlstates[i].effect;
        }
    }
    if ((known & HAFT_KNOWN_COMMIT) && n.fault_class == HAFT_BACKEND_DOWN &&
        n.effect == HAFT_EFFECT_MAYBE) {
        n.fault_class = HAFT_UNKNOWN_OUTCOME;
    }
    return n;
}

/* The fault to report: what a native code means, the plugin's own code and a
 * sentence. Both texts are borrowed. */
static inline struct haft_fault
haft_native_fault(struct haft_native n, const char *code, const char *message)
{
    struct haft_fault f = haft_fault_of(n.fault_class, code, message);

    f.effect = n.effect;
    f.origin = n.origin;
    return f;
}

#ifdef __cplusplus
}
#endif

#endif
