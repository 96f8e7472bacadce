/* How a process of haft.process/1 ended, in the words of faults: the tables of
 * <haft/faults.h> say what an errno, a signal or an exit status means; here is
 * which of them applies, a stable word for it, and a sentence.
 *
 *     struct haft_child_end end = haft_from_child(in, 0, message);
 *     snprintf(code, sizeof(code), "mine.%s", end.word);
 *     report.fault_class = end.native.fault_class;
 *
 * And the other way: a limit of a process, as people write it in an option. */
#ifndef HAFT_CHILD_H
#define HAFT_CHILD_H

#include <haft/executor.h>
#include <haft/faults.h>

#ifdef __cplusplus
extern "C" {
#endif

/* `word` is a constant: "exit", "not_found" ...; empty for success. */
struct haft_child_end {
    struct haft_native native;
    const char *word;
};

/* The words of one way to end, by class; the last one is for all others. */
struct haft_child_word {
    uint32_t fault_class;
    const char *word;
};

HAFT_TABLE struct haft_child_word haft_child_errors[] = {
    {HAFT_NOT_FOUND, "not_found"}, {HAFT_DENIED, "denied"},
    {HAFT_INVALID, "refused"},     {HAFT_BACKEND_DOWN, "keeper"},
    {HAFT_CLASSES, "no_process"},
};
HAFT_TABLE struct haft_child_word haft_child_signals[] = {
    {HAFT_CANCELLED, "cancelled"},   {HAFT_INFRA_LOST, "killed"},
    {HAFT_TIMEOUT_RUN, "cpu_limit"}, {HAFT_RESOURCE, "file_size_limit"},
    {HAFT_CLASSES, "signal"},
};
HAFT_TABLE struct haft_child_word haft_child_exits[] = {
    {0, ""},
    {HAFT_CANCELLED, "cancelled"},
    {HAFT_INVALID, "not_executable"},
    {HAFT_NOT_FOUND, "command_not_found"},
    {HAFT_CLASSES, "exit"},
};

struct haft_signal_row {
    int32_t number;
    const char *name;
};

/* Names of signals, of the common numbers alone: strsignal is not C99. */
#define HAFT_SIGNAL_(name)                                                     \
    {                                                                          \
        name, #name                                                            \
    }
HAFT_TABLE struct haft_signal_row haft_signal_names[] = {
    HAFT_SIGNAL_(SIGHUP),  HAFT_SIGNAL_(SIGINT),  HAFT_SIGNAL_(SIGQUIT),
    HAFT_SIGNAL_(SIGILL),  HAFT_SIGNAL_(SIGTRAP), HAFT_SIGNAL_(SIGABRT),
    HAFT_SIGNAL_(SIGBUS),  HAFT_SIGNAL_(SIGFPE),  HAFT_SIGNAL_(SIGKILL),
    HAFT_SIGNAL_(SIGUSR1), HAFT_SIGNAL_(SIGSEGV), HAFT_SIGNAL_(SIGUSR2),
    HAFT_SIGNAL_(SIGPIPE), HAFT_SIGNAL_(SIGALRM), HAFT_SIGNAL_(SIGTERM),
    HAFT_SIGNAL_(SIGXCPU), HAFT_SIGNAL_(SIGXFSZ), HAFT_SIGNAL_(SIGSYS),
};

/* "SIGKILL", or "unnamed"; a constant. [any-thread] */
static inline const char *haft_signal_name(int32_t number)
{
    uint32_t i;

    for (i = 0; i < HAFT_COUNT_(haft_signal_names); i++) {
        if (haft_signal_names[i].number == number) {
            return haft_signal_names[i].name;
        }
    }
    return "unnamed";
}

/* What a class is called in one of the tables above. [any-thread] */
static inline struct haft_child_end
haft_child_named(struct haft_native native, const struct haft_child_word *row)
{
    struct haft_child_end end;

    while (row->fault_class != native.fault_class &&
           row->fault_class != HAFT_CLASSES) {
        row++;
    }
    end.native = native;
    end.word = row->word;
    return end;
}

/* The program was never executed, for the reason `error`, an errno. ECHILD is
 * the host's own word for a keeper that could not be had; `step` says why.
 * [any-thread] */
static inline struct haft_child_end haft_from_child_error(int32_t error)
{
    struct haft_native n = haft_from_errno(error);

    if (error == ECHILD) {
        n.fault_class = HAFT_BACKEND_DOWN;
    }
    n.effect = HAFT_EFFECT_NOT_STARTED;
    if (n.fault_class == HAFT_NOT_FOUND || n.fault_class == HAFT_DENIED ||
        n.fault_class == HAFT_INVALID) {
        n.origin = HAFT_ORIGIN_USER;
    }
    return haft_child_named(n, haft_child_errors);
}

/* What an end means. `known` is of HAFT_KNOWN_*; `room` gets one sentence, the
 * empty one for success. Never fails. [any-thread] */
static inline struct haft_child_end
haft_from_child(const struct haft_child_ended_in *in, uint32_t known,
                char room[HAFT_MESSAGE_LIMIT])
{
    struct haft_child_end end;

    known |= in->is_out_of_memory ? HAFT_KNOWN_OOM : 0;
    room[0] = '\0';
    if (in->is_withdrawn) {
        snprintf(room, HAFT_MESSAGE_LIMIT, "cancelled before it was started");
        end.native = haft_native_of(HAFT_CANCELLED, HAFT_EFFECT_NOT_STARTED,
                                    HAFT_ORIGIN_LOCAL);
        end.word = "withdrawn";
    } else if (in->is_lost) {
        snprintf(room, HAFT_MESSAGE_LIMIT, "the keeper was lost with it");
        end.native = haft_native_of(HAFT_INFRA_LOST, HAFT_EFFECT_STARTED,
                                    HAFT_ORIGIN_LOCAL);
        end.word = "lost";
    } else if (in->error) {
        const char *reason = in->error != ECHILD ? strerror(in->error)
                             : in->step.n == 0   ? "there is no keeper"
                                                 : "";

        snprintf(room, HAFT_MESSAGE_LIMIT, "could not be started: %.*s%s%s",
                 (int)in->step.n, in->step.n ? (const char *)in->step.p : "",
                 in->step.n > 0 && reason[0] ? ": " : "", reason);
        end = haft_from_child_error(in->error);
    } else if (in->signal) {
        snprintf(room, HAFT_MESSAGE_LIMIT, "ended by signal %d (%s)",
                 in->signal, haft_signal_name(in->signal));
        end = haft_child_named(haft_from_signal(in->signal, known),
                               haft_child_signals);
    } else {
        if (in->exit_code) {
            snprintf(room, HAFT_MESSAGE_LIMIT, "exited with %d", in->exit_code);
        }
        end = haft_child_named(haft_from_exit(in->exit_code, known),
                               haft_child_exits);
    }
    if (in->is_out_of_memory && end.native.fault_class == HAFT_RESOURCE) {
        snprintf(room, HAFT_MESSAGE_LIMIT,
                 "killed by the kernel: its memory limit, or the machine's, "
                 "was reached");
        end.word = "out_of_memory";
    }
    return end;
}

/* ---- limits ---- */

/* The names that struct haft_limit may have. */
HAFT_TABLE char haft_limit_names[][8] = {"cpu",    "as",   "fsize", "nofile",
                                         "nproc",  "core", "stack", "memlock",
                                         "memory", "pids"};

/* A number, one with a unit of 1024, or "unlimited"; 0 if it is none of them,
 * else 1. [any-thread] */
static inline int haft_amount_read(const char *text, uint64_t *amount)
{
    static const char *const units[] = {"", "KiB", "MiB", "GiB"};
    unsigned long long number;
    char *end;
    unsigned i;

    if (strcmp(text, "unlimited") == 0) {
        *amount = UINT64_MAX;
        return 1;
    }
    errno = 0;
    number = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || errno != 0) {
        return 0;
    }
    for (i = 0; i < 4; i++) {
        if (strcmp(end, units[i]) == 0 && number <= UINT64_MAX >> (10 * i)) {
            *amount = (uint64_t)number << (10 * i);
            return 1;
        }
    }
    return 0;
}

/* "nofile=1024", "as=2GiB" or "cpu=unlimited" as a limit, whose name is a
 * constant. 1, or 0 for any other text: then `limit` is as it was.
 * [any-thread] */
static inline int haft_limit_read(struct haft_slice text,
                                  struct haft_limit *limit)
{
    char room[64];
    char *amount;
    uint64_t value;
    unsigned i;

    if (text.n >= sizeof(room)) {
        return 0;
    }
    snprintf(room, sizeof(room), "%.*s", (int)text.n, (const char *)text.p);
    amount = strchr(room, '=');
    if (!amount || !haft_amount_read(amount + 1, &value)) {
        return 0;
    }
    *amount = '\0';
    for (i = 0; i < HAFT_COUNT_(haft_limit_names); i++) {
        if (strcmp(haft_limit_names[i], room) == 0) {
            limit->name = haft_text(haft_limit_names[i]);
            limit->value = value;
            return 1;
        }
    }
    return 0;
}

#ifdef __cplusplus
}
#endif

#endif
