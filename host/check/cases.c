#include <stddef.h>

#include "host/check/common.h"
#include "host/check/edge.h"
#include "host/check/kinds.h"
#include "host/check/kit.h"
#include "host/check/trap.h"

/* Steps: the module, an instance of it, each promise, all of them at once. */
#define ALONE 2
#define EACH(name, cages, run, variant, shows)                                 \
    {                                                                          \
        name, NULL, shows, cages, ALONE, run, variant                          \
    }
#define STEP(step, name, cages, run, shows)                                    \
    {                                                                          \
        name, NULL, shows, cages, step, run, 0                                 \
    }
#define OF(kind, name, run, shows)                                             \
    {                                                                          \
        name, kind, shows, KIT_BOTH, ALONE, run, 0                             \
    }

const struct kit_case kit_cases[] = {
    STEP(0, "manifest", KIT_INSIDE, common_manifest,
         "module, classes and interfaces are as the manifest says"),
    STEP(1, "defaults", KIT_BOTH, common_defaults,
         "an instance is made of the defaults and what must be set"),
    EACH("ranges", KIT_BOTH, common_ranges, 0,
         "each option at its least, at its most, and at each choice"),
    EACH("types", KIT_INSIDE, common_types, 0,
         "options of a wrong type and of unknown names do no harm"),
    EACH("thousand", KIT_INSIDE, common_thousand, 0,
         "a thousand instances leave no memory, descriptor or thread"),
    EACH("two", KIT_INSIDE, common_two, 0,
         "two instances live side by side, and one after the other's end"),
    EACH("cages", KIT_BOTH, common_cages, 0,
         "the same answers in the host and in a process of its own"),
    EACH("orders", KIT_INSIDE, common_orders, 0,
         "methods in every order, repeated and left out, then the end"),
    EACH("edges", KIT_INSIDE, common_edges, EDGE_PLAIN,
         "nothing behind the end of a message or a text is read"),
    EACH("grown", KIT_INSIDE, common_edges, EDGE_GROWN,
         "longer messages and items of a newer host read as before"),
    EACH("nul", KIT_INSIDE, common_edges, EDGE_NUL,
         "bytes with a zero among them are borne"),
    EACH("oversized", KIT_INSIDE, common_edges, EDGE_LONG,
         "texts of a mebibyte are borne"),
    EACH("empty", KIT_INSIDE, common_edges, EDGE_EMPTY,
         "texts of no bytes are borne"),
    EACH("words", KIT_INSIDE, common_words, 0,
         "answers, faults and reports keep to their tables"),
    EACH("services", KIT_INSIDE, common_services, 0,
         "a host that lacks or refuses a service, at each question"),
    EACH("memory", KIT_INSIDE, common_memory, 0,
         "a host that has no memory for answers"),
    EACH("disk", KIT_INSIDE, common_disk, 0,
         "writes that are cut short, as on a full disk, are borne"),
    EACH("cancelled", KIT_INSIDE, common_cancelled, 0,
         "calls that nobody wants any more end, and spoil no later one"),
    EACH("deadline", KIT_INSIDE, common_deadline, 0,
         "calls whose deadline has passed end"),
    EACH("signals", KIT_INSIDE, common_side_effect, TRAP_SIGNALS,
         "no signal handler of the process is changed"),
    EACH("folder", KIT_INSIDE, common_side_effect, TRAP_FOLDER,
         "the working directory is not changed"),
    EACH("locale", KIT_INSIDE, common_side_effect, TRAP_LOCALE,
         "the locale is not changed"),
    EACH("umask", KIT_INSIDE, common_side_effect, TRAP_UMASK,
         "the mask of new files is not changed"),
    EACH("environment", KIT_INSIDE, common_side_effect, TRAP_ENVIRONMENT,
         "no variable of the environment is changed"),
    EACH("limits", KIT_INSIDE, common_side_effect, TRAP_LIMITS,
         "no resource limit is changed"),
    EACH("inherited", KIT_INSIDE, common_side_effect, TRAP_EXEC,
         "every descriptor is closed on exec"),

    OF("storage", "storage-numbers", storage_numbers,
       "batches are numbered; one that was applied changes nothing again"),
    OF("storage", "storage-guards", storage_guards,
       "a guard that fails stops all of its batch"),
    OF("storage", "storage-bytes", storage_bytes,
       "keys and values are bytes, and may be empty or gone"),
    OF("storage", "storage-scan", storage_scan,
       "keys come in order, from both ends, in parts"),
    OF("storage", "storage-reopen", storage_reopen,
       "after a restart all that was stored is there, or nothing"),
    {"storage-killed", "storage",
     "what was answered is stored when the process is killed", KIT_CAGED, ALONE,
     storage_killed, 0},
    {"storage-model", "storage",
     "a series of batches by chance leaves what a model says", KIT_BOTH,
     KIT_STEPS - 1, storage_model, 0},
    OF("executor", "executor-ends", executor_ends,
       "an attempt that was taken ends once, with its fence"),
    OF("executor", "executor-twice", executor_twice,
       "an attempt that is asked for twice starts once"),
    OF("executor", "executor-cancel", executor_cancel,
       "a cancelled attempt ends; an unknown one is no fault"),
    OF("executor", "executor-recover", executor_recover,
       "what is said of an attempt's end is said again until its release"),
    OF("executor", "executor-release", executor_release,
       "a released attempt is forgotten"),
    OF("retry", "retry-pure", retry_pure,
       "one question has one answer, whatever was asked before"),
    OF("retry", "retry-bounded", retry_bounded,
       "delays are within bounds, and tries within the task's"),
    OF("retry", "retry-monotone", retry_monotone,
       "what was given up is not begun again later"),
    OF("auth", "auth-foreign", auth_foreign,
       "a scheme of somebody else is left to others"),
    OF("auth", "auth-principal", auth_principal,
       "who is known has a name of his own"),
    OF("notify", "notify-batch", notify_batch,
       "events are taken one by one, in batches, and none"),
    OF("notify", "notify-again", notify_again,
       "events that come again do no harm"),
    {0},
};
