/* What most plugins would otherwise write themselves: slices, options, logs,
 * faults. Everything is inline, so a module still imports nothing, and nothing
 * here allocates but haft_copy_text and haft_base_create. Maps from native codes
 * (errno, signals, HTTP ...) to faults are in <haft/faults.h>.
 *
 * All are [any-thread], since they touch nothing but what they are given, but
 * for those that say [instance]. None keeps what it is given. */
#ifndef HAFT_SDK_H
#define HAFT_SDK_H

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <haft/host.h>
#include <haft/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#    define HAFT_PRINTF_(f, a) __attribute__((unused, format(printf, f, a)))
#else
#    define HAFT_PRINTF_(f, a)
#endif

#define HAFT_MESSAGE_LIMIT 512 /* bytes of a message made by haft_fail */

/* ---- slices and arrays ---- */

/* `n` bytes at `p`; borrowed. */
static inline struct haft_slice haft_bytes(const void *p, uint64_t n)
{
    struct haft_slice s;

    s.p = p;
    s.n = n;
    return s;
}

/* A NUL-terminated text; borrowed. NULL is the empty slice. */
static inline struct haft_slice haft_text(const char *text)
{
    return haft_bytes(text, text ? strlen(text) : 0);
}

/* 1 if both have the same bytes, else 0; two empty ones do. */
static inline int haft_slice_equal(struct haft_slice a, struct haft_slice b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, (size_t)a.n) == 0);
}

/* 1 if it is this NUL-terminated text, else 0. */
static inline int haft_slice_is(struct haft_slice s, const char *text)
{
    return haft_slice_equal(s, haft_text(text));
}

/* 1 if it begins with this NUL-terminated text, else 0. */
static inline int haft_slice_begins(struct haft_slice s, const char *prefix)
{
    size_t n = strlen(prefix);

    return s.n >= n && (n == 0 || memcmp(s.p, prefix, n) == 0);
}

/* A NUL-terminated copy, the caller's to free(); NULL without memory. */
static inline char *haft_copy_text(struct haft_slice s)
{
    char *text = (char *)malloc((size_t)s.n + 1);

    if (text && s.n > 0) {
        memcpy(text, s.p, (size_t)s.n);
    }
    if (text) {
        text[s.n] = '\0';
    }
    return text;
}

/* `count` items that lie `stride` bytes apart; borrowed. */
static inline struct haft_array haft_items(const void *p, uint32_t count,
                                           uint32_t stride)
{
    struct haft_array a;

    a.p = p;
    a.count = count;
    a.stride = stride;
    return a;
}

/* Item `i` of an array; steps by the sender's stride. */
static inline const void *haft_item(struct haft_array a, uint32_t i)
{
    return (const char *)a.p + (size_t)i * a.stride;
}

/* ---- an instance, embedded first in a struct of the author ---- */

#define HAFT_OFFERS_LIMIT 8

struct haft_base {
    struct haft_instance instance; /* what create gives out */
    const struct haft_host *host;
    struct haft_object objects[HAFT_OFFERS_LIMIT];
    const struct haft_object *list[HAFT_OFFERS_LIMIT + 1];
    uint32_t count;
};

/* Zeroes it; it offers nothing yet. */
static inline void haft_base_init(struct haft_base *base,
                                  const struct haft_host *host,
                                  void (*destroy)(struct haft_instance *))
{
    memset(base, 0, sizeof(*base));
    base->instance.size = (uint32_t)sizeof(base->instance);
    base->instance.objects = base->list;
    base->instance.destroy = destroy;
    base->host = host;
}

/* A destroy for instances that hold nothing but memory of one piece. */
static inline void haft_base_free(struct haft_instance *instance)
{
    free(instance);
}

/* Room of `size` bytes that begins with a base, for free() in `destroy` (NULL:
 * haft_base_free); NULL without memory. */
static inline void *haft_base_create(size_t size, const struct haft_host *host,
                                     void (*destroy)(struct haft_instance *))
{
    void *room = calloc(1, size);

    if (room) {
        haft_base_init((struct haft_base *)room, host,
                       destroy ? destroy : haft_base_free);
    }
    return room;
}

/* Offers an interface, HAFT_OFFERS_LIMIT at most; methods get `base` as self. */
static inline void haft_base_offer(struct haft_base *base,
                                   const struct haft_interface *interface,
                                   const haft_method *methods)
{
    struct haft_object *object = &base->objects[base->count];

    object->size = (uint32_t)sizeof(*object);
    object->count = interface->count;
    object->interface = interface;
    object->methods = methods;
    object->self = base;
    base->list[base->count++] = object;
}

/* The last words of a create that went well. */
static inline haft_status haft_base_give(struct haft_base *base,
                                         struct haft_instance **out)
{
    *out = &base->instance;
    return HAFT_OK;
}

/* A module of one class, whose name and manifest are given; the rest is as in
 * HAFT_MODULE. */
#define HAFT_MODULE_OF_ONE(ID, VERSION, KIND, NAME, CREATE, FILE)              \
    static const struct haft_class ID##_class = {                              \
        (uint32_t)sizeof(struct haft_class), 0, KIND, NAME, CREATE};           \
    static const struct haft_class *const ID##_classes[] = {&ID##_class,       \
                                                            NULL};             \
    HAFT_MODULE(ID, VERSION, ID##_classes, FILE)

/* Asks a service of the host; -HAFT_UNIMPLEMENTED if it is not there, or not
 * under "needs" of the manifest. On the thread that the service says. */
static inline haft_status haft_ask_host(const struct haft_host *host,
                                        const char *id, uint32_t method,
                                        const void *in, void *out)
{
    return haft_ask(host->query(host->self, id), method, NULL, in, out);
}

/* Wraps a function as HAFT_METHOD does, where neither the call nor the answer
 * is of interest: posts, and methods that answer by their status alone.
 *     static haft_status NAME(SELF *, const IN *); */
#define HAFT_METHOD_IN(NAME, SELF, IN)                                         \
    static haft_status NAME##_method(void *self, const struct haft_call *call, \
                                     const void *in, void *out)                \
    {                                                                          \
        (void)call;                                                            \
        (void)out;                                                             \
        return NAME((SELF *)self, (const IN *)in);                             \
    }                                                                          \
    struct haft_module /* a ; must follow HAFT_METHOD_IN(...) */

/* ---- options: the values of the instance's section ---- */

/* The index-th value of an option (a list has several), or NULL. */
static inline const struct haft_value *
haft_option(const struct haft_create *with, const char *key, uint32_t index)
{
    uint32_t i;

    for (i = 0; i < with->values.count; i++) {
        const struct haft_value *v =
            (const struct haft_value *)haft_item(with->values, i);
        if (haft_slice_is(v->key, key) && index-- == 0) {
            return v;
        }
    }
    return NULL;
}

/* Its text, or the empty slice; borrowed until create returns. */
static inline struct haft_slice haft_option_text(const struct haft_create *with,
                                                 const char *key)
{
    const struct haft_value *v = haft_option(with, key, 0);

    return v ? v->text : haft_bytes(NULL, 0);
}

/* Its number (milliseconds, bytes, 0 or 1), or 0. */
static inline int64_t haft_option_number(const struct haft_create *with,
                                         const char *key)
{
    const struct haft_value *v = haft_option(with, key, 0);

    return v ? v->number : 0;
}

/* How many values an option has; 0 if nobody set it. */
static inline uint32_t haft_option_count(const struct haft_create *with,
                                         const char *key)
{
    uint32_t n = 0;

    while (haft_option(with, key, n)) {
        n++;
    }
    return n;
}

/* ---- faults ---- */

/* Bytes of the letter at `p`, which ends in a NUL; 0 if it is no UTF-8. */
static inline size_t haft_utf8_size(const unsigned char *p)
{
    size_t n = 1;
    size_t i;

    if (p[0] >= 0x80) {
        n = 2 + (p[0] >= 0xe0) + (p[0] >= 0xf0);
    }
    if ((p[0] >= 0x80 && p[0] < 0xc2) || p[0] > 0xf4) {
        return 0;
    }
    for (i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
        (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f)) {
        return 0;
    }
    return n;
}

/* Makes a NUL-terminated text fit for a message: what is no UTF-8, such as a
 * letter that was cut in two or a file's odd name, becomes ?. */
static inline void haft_clean(char *text)
{
    while (*text) {
        size_t n = haft_utf8_size((const unsigned char *)text);

        if (n == 0) {
            *text = '?';
            n = 1;
        }
        text += n;
    }
}

/* A fault of a class, a stable code ("mine.open") and a sentence; both texts are
 * borrowed for as long as the fault is used. The effect is MAYBE. */
static inline struct haft_fault
haft_fault_of(uint32_t fault_class, const char *code, const char *message)
{
    struct haft_fault f;

    memset(&f, 0, sizeof(f));
    f.size = (uint32_t)sizeof(f);
    f.fault_class = fault_class;
    f.code = haft_text(code);
    f.message = haft_text(message);
    return f;
}

/* `return haft_fail_with(host, call, &fault);` in a method, or in create with
 * call == NULL. Minus the fault's class. [instance] */
static inline haft_status haft_fail_with(const struct haft_host *host,
                                         const struct haft_call *call,
                                         const struct haft_fault *fault)
{
    host->fault(host->self, call ? call->id : 0, fault);
    return fault->fault_class ? -(haft_status)fault->fault_class
                              : -HAFT_INTERNAL;
}

/* The same with a formatted message, cut at HAFT_MESSAGE_LIMIT, and nothing
 * known of the effect. [instance] */
HAFT_PRINTF_(5, 6)
static haft_status haft_fail(const struct haft_host *host,
                             const struct haft_call *call, uint32_t fault_class,
                             const char *code, const char *format, ...)
{
    char message[HAFT_MESSAGE_LIMIT];
    struct haft_fault fault;
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    haft_clean(message);
    fault = haft_fault_of(fault_class, code, message);
    return haft_fail_with(host, call, &fault);
}

/* Ends a call that answered HAFT_PENDING, well or badly: once. `out` is the
 * method's answer, or NULL if it has none; copied. HAFT_STALE if the call had
 * ended before. */
static inline haft_status haft_end(const struct haft_host *host, uint64_t call,
                                   const void *out)
{
    return host->complete(host->self, call, HAFT_OK, out, NULL);
}

/* The same, badly; a class of 0 reads as INTERNAL. */
static inline haft_status haft_end_with(const struct haft_host *host,
                                        uint64_t call,
                                        const struct haft_fault *fault)
{
    haft_status status =
        fault->fault_class ? -(haft_status)fault->fault_class : -HAFT_INTERNAL;

    return host->complete(host->self, call, status, NULL, fault);
}

/* ---- log and clock, which every instance has ---- */

/* One line: an event in a few words, and one fact, or none with name NULL. */
static inline void haft_log(const struct haft_host *host, uint32_t level,
                            const char *event, const char *name,
                            struct haft_slice value)
{
    struct haft_log_write_in in;
    struct haft_pair fact;

    memset(&in, 0, sizeof(in));
    in.size = (uint32_t)sizeof(in);
    in.level = level;
    in.event = haft_text(event);
    fact.name = haft_text(name);
    fact.value = value;
    in.facts = haft_items(&fact, name ? 1 : 0, (uint32_t)sizeof(fact));
    haft_ask_host(host, HAFT_LOG_V1, HAFT_LOG_WRITE, &in, NULL);
}

/* Both clocks; zeros if the host has none. */
static inline struct haft_clock_now_out haft_now(const struct haft_host *host)
{
    struct haft_empty in;
    struct haft_clock_now_out out;

    memset(&in, 0, sizeof(in));
    in.size = (uint32_t)sizeof(in);
    memset(&out, 0, sizeof(out));
    out.size = (uint32_t)sizeof(out);
    haft_ask_host(host, HAFT_CLOCK_V1, HAFT_CLOCK_NOW, &in, &out);
    return out;
}

/* A fresh message of struct T, zeroed but for its size:
 *     HAFT_NEW(haft_attempt_started_in, report);
 *     report.attempt = ...; */
#define HAFT_NEW(T, name)                                                      \
    struct T name;                                                             \
    memset(&name, 0, sizeof(name));                                            \
    name.size = (uint32_t)sizeof(name)

#ifdef __cplusplus
}
#endif

#endif
