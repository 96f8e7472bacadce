/* A plugin, from the outside in: a module (one .so) has classes; a class makes
 * an instance for each section of the config that names it; an instance offers
 * objects, each an interface with its methods. The host is asked in the same
 * way, through objects that it offers to the instance.
 *
 * The module imports no symbol of the host and exports one function, which
 * HAFT_MODULE defines. What it is and wants is said once, in a JSON manifest
 * that the same macro puts into the file as an ELF note, where the host reads
 * it without running a byte of the module. docs/plugin-guide.md has the
 * manifest's keys.
 *
 * [instance] means: called on the thread that the class's manifest names, one
 * call at a time unless that is "concurrent". [any-thread] means just that. */
#ifndef HAFT_PLUGIN_H
#define HAFT_PLUGIN_H

#include <haft/fault.h>
#include <haft/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a method is told about being called. Valid until the method returns;
 * after that only `id` is, until it is completed. */
struct haft_call {
    uint32_t size;
    uint32_t flags;      /* none yet */
    uint64_t id;         /* never 0, never used twice by one host */
    int64_t deadline_ms; /* CLOCK_MONOTONIC; INT64_MAX: none */
    uint64_t trace_hi;
    uint64_t trace_lo;
};

/* Every method, in both directions. `in` and `out` are the messages that the
 * interface's table names; `out` arrives zeroed but for its size, and may point
 * at constants, at `in`, or at memory from haft_host.alloc. Returns HAFT_OK,
 * HAFT_PENDING, or minus a fault class, whose details haft_host.fault gave.
 * [instance] or [any-thread], as the interface says. */
typedef haft_status (*haft_method)(void *self, const struct haft_call *call,
                                   const void *in, void *out);

/* One interface, and who implements it. Constant while the instance lives. */
struct haft_object {
    uint32_t size;
    uint32_t count; /* of methods; an older object has fewer than its table */
    const struct haft_interface *interface;
    const haft_method *methods;
    void *self;
};

/* What the host gives to one instance; valid until its destroy returns. */
struct haft_host {
    uint32_t size;
    uint32_t abi; /* HAFT_ABI of the host */
    void *self;

    /* A service by id, such as HAFT_LOG_V1 of host.h, or NULL if this host
     * lacks it. Valid as long as the host is. [any-thread] */
    const struct haft_object *(*query)(void *self, const char *id);

    /* Memory for the answer, zeroed, aligned for anything; NULL if there is
     * none. Only inside the method that `call` is for; the host frees it once
     * the answer is read. [instance] */
    void *(*alloc)(void *self, uint64_t call, uint64_t size_bytes);

    /* Details of the fault whose class the method is about to return; copied.
     * Only inside the method. [instance] */
    haft_status (*fault)(void *self, uint64_t call,
                         const struct haft_fault *fault);

    /* Ends a call that answered HAFT_PENDING, exactly once, possibly before
     * the method has returned that. `out` is the method's answer message, or
     * NULL; both are copied. HAFT_STALE if the call had ended: cancelled,
     * abandoned at its deadline, or completed before. [any-thread] */
    haft_status (*complete)(void *self, uint64_t call, haft_status status,
                            const void *out, const struct haft_fault *fault);

    /* 1 if the call is no longer wanted: end it with -HAFT_CANCELLED as soon
     * as may be. [any-thread] */
    int32_t (*cancelled)(void *self, uint64_t call);
};

/* Types of a config value, as the manifest declares them. */
#define HAFT_VALUE_TEXT 1
#define HAFT_VALUE_INT 2
#define HAFT_VALUE_BOOL 3     /* number 0 or 1 */
#define HAFT_VALUE_DURATION 4 /* number of milliseconds */
#define HAFT_VALUE_SIZE 5     /* number of bytes */
#define HAFT_VALUE_PATH 6     /* text: absolute */

/* One value of the instance's config section. A list gives one row an item;
 * an option without a default that nobody set gives none. */
struct haft_value {
    struct haft_slice key;
    uint32_t type;          /* HAFT_VALUE_* */
    uint32_t is_set;        /* 1: by the config; 0: the manifest's default */
    int64_t number;         /* of the numeric types */
    struct haft_slice text; /* as written; of the textual types the value */
};

/* All that an instance is made from: nothing else may be looked at, neither
 * environment nor working directory. Borrowed until create returns. */
struct haft_create {
    uint32_t size;
    uint32_t _0;
    struct haft_slice name;   /* of the instance: the section's */
    struct haft_array values; /* of struct haft_value, in manifest order */
};

/* A plugin embeds this in its own struct. */
struct haft_instance {
    uint32_t size;
    uint32_t _0;
    const struct haft_object *const *objects; /* ends with NULL; constant */

    /* Frees the instance. No call is open and none will come; threads of its
     * own are joined before this returns. [instance] */
    void (*destroy)(struct haft_instance *instance);
};

struct haft_class {
    uint32_t size;
    uint32_t _0;
    const char *kind; /* "haft.notify/1" */
    const char *name; /* "command" */

    /* Makes an instance in `*out`. It may call log and clock, no other
     * service, and must not wait for anything outside: what may be absent is
     * met at the first call that needs it. On failure minus a fault class,
     * with the reason by host->fault (call 0). [instance] */
    haft_status (*create)(const struct haft_host *host,
                          const struct haft_create *with,
                          struct haft_instance **out);
};

struct haft_module {
    uint32_t size;
    uint32_t abi;                            /* HAFT_ABI as compiled */
    const char *id;                          /* the manifest's */
    const char *version;                     /* the manifest's */
    const struct haft_class *const *classes; /* ends with NULL */
};

#if defined(__GNUC__)
#    define HAFT_EXPORT __attribute__((visibility("default")))
#else
#    define HAFT_EXPORT
#endif

#ifdef __cplusplus
#    define HAFT_LINKAGE extern "C"
#else
#    define HAFT_LINKAGE extern
#endif

/* The module `ID` ([a-z][a-z0-9_]*): its one exported function and its
 * manifest. `CLASSES` is the NULL-terminated array of its classes, `FILE` the
 * manifest's path as the assembler finds it (from the folder of the compile, or
 * a folder given by -Wa,-I). With HAFT_STATIC defined both get names of their
 * own, so that many modules fit into one program. A ; follows. */
#define HAFT_MODULE(ID, VERSION, CLASSES, FILE)                                \
    HAFT_MANIFEST_(ID, FILE);                                                  \
    HAFT_LINKAGE HAFT_EXPORT const struct haft_module *HAFT_ENTRY_(ID)(void);  \
    const struct haft_module *HAFT_ENTRY_(ID)(void)                            \
    {                                                                          \
        static const struct haft_module module = {                             \
            (uint32_t)sizeof(struct haft_module), HAFT_ABI, #ID, VERSION,      \
            CLASSES};                                                          \
        return &module;                                                        \
    }                                                                          \
    struct haft_module /* a ; must follow HAFT_MODULE(...) */

#ifdef HAFT_STATIC
#    define HAFT_ENTRY_(ID) ID##_LTX_haft_module_v1
#    define HAFT_MANIFEST_(ID, FILE)                                           \
        __asm__(".pushsection .rodata.haft,\"a\",%progbits\n"                  \
                ".globl " #ID "_LTX_haft_manifest\n" #ID                       \
                "_LTX_haft_manifest:\n.incbin \"" FILE "\"\n.byte 0\n"         \
                ".type " #ID "_LTX_haft_manifest, %object\n"                   \
                ".size " #ID "_LTX_haft_manifest, . - " #ID                    \
                "_LTX_haft_manifest\n.popsection\n")
#else
#    define HAFT_ENTRY_(ID) haft_module_v1
#    define HAFT_MANIFEST_(ID, FILE)                                           \
        __asm__(                                                               \
            ".pushsection .note.haft, \"aG\", %note, haft_manifest, comdat\n"  \
            ".balign 4\n.4byte 2f-1f\n.4byte 4f-3f\n.4byte 1\n"                \
            "1: .asciz \"haft\"\n2: .balign 4\n"                               \
            "3: .incbin \"" FILE "\"\n4: .balign 4\n.popsection\n")
#endif

/* Asks an object; -HAFT_UNIMPLEMENTED if it is NULL or lacks the method. */
static inline haft_status haft_ask(const struct haft_object *object,
                                   uint32_t method,
                                   const struct haft_call *call, const void *in,
                                   void *out)
{
    if (!object || method >= object->count || !object->methods[method]) {
        return -HAFT_UNIMPLEMENTED;
    }
    return object->methods[method](object->self, call, in, out);
}

/* Wraps a typed function as a method, under the name NAME##_method:
 *     static haft_status NAME(SELF *, const struct haft_call *,
 *                             const IN *, OUT *); */
#define HAFT_METHOD(NAME, SELF, IN, OUT)                                       \
    static haft_status NAME##_method(void *self, const struct haft_call *call, \
                                     const void *in, void *out)                \
    {                                                                          \
        return NAME((SELF *)self, call, (const IN *)in, (OUT *)out);           \
    }                                                                          \
    struct haft_module /* a ; must follow HAFT_METHOD(...) */

#ifdef __cplusplus
}
#endif

#endif
