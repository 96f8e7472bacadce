/* One way of being wrong for each name that the build defines. */
#include <stdlib.h>
#include <string.h>

#include <haft/retry.h>
#include <haft/sdk.h>

#ifndef BAD_MANIFEST
#    define BAD_MANIFEST "tests/guests/bad.json"
#endif

/* A retry plugin whose tables are its own. */
struct bad_decide_in {
    struct haft_retry_decide_in old;
    uint64_t more;
};

struct bad_decide_out {
    uint32_t size;
    uint32_t verdict;
    int64_t delay_ms;
    struct haft_slice reason;
    uint64_t poison;
};

static haft_status decide(void *self, const struct haft_call *call,
                          const struct bad_decide_in *in,
                          struct bad_decide_out *out)
{
    (void)self;
    (void)call;
    (void)in;
    out->verdict = HAFT_RETRY_AGAIN;
    out->delay_ms = 5;
#ifdef BAD_GROWN
    /* What an older host cannot know reads as zero; what it does not ask for
     * is left out. */
    if (in->old.size != sizeof(*in) || in->more != 0 ||
        out->size != sizeof(*out) || out->poison != 0) {
        return -HAFT_CORRUPT;
    }
    out->poison = 0xaaaaaaaaaaaaaaaau;
#endif
    return HAFT_OK;
}
HAFT_METHOD(decide, void, struct bad_decide_in, struct bad_decide_out);

#if defined(BAD_GROWN)
static const struct haft_field in_fields[] = {
    HAFT_ROW_SIZE(haft_retry_decide_in),
    HAFT_ROW_U32(haft_retry_decide_in, fault_class),
    HAFT_ROW_U32(haft_retry_decide_in, effect),
    HAFT_ROW_U32(haft_retry_decide_in, origin),
    HAFT_ROW_U32(haft_retry_decide_in, retry_hint),
    HAFT_ROW_I32(haft_retry_decide_in, exit_code),
    HAFT_ROW_I32(haft_retry_decide_in, signal),
    HAFT_ROW_U32(haft_retry_decide_in, tries),
    HAFT_ROW_U32(haft_retry_decide_in, losses),
    HAFT_ROW_U32(haft_retry_decide_in, is_idempotent),
    HAFT_ROW_U64(haft_retry_decide_in, seed),
    HAFT_ROW_I64(haft_retry_decide_in, elapsed_ms),
    HAFT_ROW_I64(haft_retry_decide_in, previous_delay_ms),
    HAFT_ROW_I64(haft_retry_decide_in, retry_after_ms),
    HAFT_ROW_I64(haft_retry_decide_in, left_ms),
    HAFT_ROW_TEXT(haft_retry_decide_in, code),
    HAFT_ROW_I32(haft_retry_decide_in, max),
    HAFT_ROW_U32(haft_retry_decide_in, classes),
    HAFT_ROW_I64(haft_retry_decide_in, base_ms),
    HAFT_ROW_I64(haft_retry_decide_in, cap_ms),
    HAFT_ROW_I64(haft_retry_decide_in, limit_ms),
    HAFT_ROW_TEXT(haft_retry_decide_in, strategy),
    HAFT_ROW_TEXT(haft_retry_decide_in, jitter),
    HAFT_ROW_ARRAY(haft_retry_decide_in, steps, &haft_retry_step_record),
    HAFT_ROW_ARRAY(haft_retry_decide_in, exits, &haft_retry_exit_record),
    HAFT_ROW_U64(bad_decide_in, more),
};
static const struct haft_record in_record = {"haft_retry_decide_in",
                                             sizeof(struct bad_decide_in),
                                             192,
                                             sizeof(in_fields) /
                                                 sizeof(in_fields[0]),
                                             sizeof(in_fields[0]),
                                             in_fields};
#    define IN_RECORD &in_record
#else
#    define IN_RECORD &haft_retry_decide_in_record
#endif

#ifdef BAD_KIND
#    define VERDICT HAFT_ROW_I32(bad_decide_out, verdict)
#else
#    define VERDICT HAFT_ROW_U32(bad_decide_out, verdict)
#endif
#ifdef BAD_SHRUNK
#    define OUT_SIZE 16
#else
#    define OUT_SIZE sizeof(struct bad_decide_out)
#endif
#if defined(BAD_SHRUNK)
#    define OUT_ROWS 3
#elif defined(BAD_GAP)
#    define OUT_ROWS 4
#else
#    define OUT_ROWS 5
#endif
#ifdef BAD_FLAGS
#    define FLAGS HAFT_POST
#else
#    define FLAGS (HAFT_SYNC | HAFT_REPEAT)
#endif

static const struct haft_field out_fields[] = {
    HAFT_ROW_SIZE(bad_decide_out),
    VERDICT,
    HAFT_ROW_I64(bad_decide_out, delay_ms),
    HAFT_ROW_TEXT(bad_decide_out, reason),
    HAFT_ROW_U64(bad_decide_out, poison),
};
static const struct haft_record out_record = {
    "haft_retry_decide_out", OUT_SIZE,  16, OUT_ROWS,
    sizeof(out_fields[0]),   out_fields};

static const struct haft_signature methods[] = {
    {"decide", FLAGS, 0, IN_RECORD, &out_record},
};
static const struct haft_interface interface = {
    HAFT_RETRY_V1, sizeof(interface), 1, sizeof(methods[0]), 0, methods};
static const haft_method functions[] = {decide_method};
static const struct haft_object object = {sizeof(object), 1, &interface,
                                          functions, NULL};
#ifdef BAD_OBJECTS
static const struct haft_object *const objects[] = {NULL};
#else
static const struct haft_object *const objects[] = {&object, NULL};
#endif

static void destroy(struct haft_instance *instance)
{
    free(instance);
}

#ifdef BAD_SYMBOL
void bad_symbol_that_nobody_has(void);
#endif

__attribute__((unused)) static haft_status
create(const struct haft_host *host, const struct haft_create *with,
       struct haft_instance **out)
{
    struct haft_instance *i = calloc(1, sizeof(*i));

    (void)host;
    (void)with;
    (void)object;
    if (!i) {
        return -HAFT_RESOURCE;
    }
#ifdef BAD_SYMBOL
    bad_symbol_that_nobody_has();
#endif
    i->size = sizeof(*i);
    i->objects = objects;
    i->destroy = destroy;
    *out = i;
    return HAFT_OK;
}

#ifdef BAD_CLASS
#    define CLASS "other"
#else
#    define CLASS "bad"
#endif
/* Says nothing of why, or hands out less than an instance. */
__attribute__((unused)) static haft_status
create_less(const struct haft_host *host, const struct haft_create *with,
            struct haft_instance **out)
{
    static struct haft_instance piece = {8, 0, objects, destroy};

    (void)host;
    (void)with;
    *out = &piece;
#ifdef BAD_MUTE
    return -HAFT_DENIED;
#else
    return HAFT_OK;
#endif
}

#if defined(BAD_CREATE)
#    define CREATE NULL
#elif defined(BAD_MUTE) || defined(BAD_INSTANCE)
#    define CREATE create_less
#else
#    define CREATE create
#endif
static const struct haft_class bad = {sizeof(bad), 0, HAFT_RETRY_V1, CLASS,
                                      CREATE};
#ifdef BAD_MORE
static const struct haft_class more = {sizeof(more), 0, HAFT_RETRY_V1, "more",
                                       create};
static const struct haft_class *const classes[] = {&bad, &more, NULL};
#else
static const struct haft_class *const classes[] = {&bad, NULL};
#endif

#if defined(BAD_NOTE)
HAFT_EXPORT const void *haft_module_v1(void);
const void *haft_module_v1(void)
{
    return classes;
}
#elif defined(BAD_ENTRY)
HAFT_MANIFEST_(guest_bad, BAD_MANIFEST);
HAFT_EXPORT const void *haft_module_v2(void);
const void *haft_module_v2(void)
{
    return classes;
}
#elif defined(BAD_ABI)
HAFT_MANIFEST_(guest_bad, BAD_MANIFEST);
HAFT_EXPORT const struct haft_module *haft_module_v1(void);
const struct haft_module *haft_module_v1(void)
{
    static const struct haft_module module = {sizeof(module), 7, "guest_bad",
                                              "1.0", classes};
    return &module;
}
#elif defined(BAD_NULL)
HAFT_MANIFEST_(guest_bad, BAD_MANIFEST);
HAFT_EXPORT const struct haft_module *haft_module_v1(void);
const struct haft_module *haft_module_v1(void)
{
    (void)classes;
    return NULL;
}
#elif defined(BAD_SIZE)
HAFT_MANIFEST_(guest_bad, BAD_MANIFEST);
HAFT_EXPORT const struct haft_module *haft_module_v1(void);
const struct haft_module *haft_module_v1(void)
{
    static const struct haft_module module = {8, 1, "guest_bad", "1.0",
                                              classes};
    return &module;
}
#elif defined(BAD_ID)
HAFT_MODULE(guest_other, "1.0", classes, BAD_MANIFEST);
#elif defined(BAD_VERSION)
HAFT_MODULE(guest_bad, "2.0", classes, BAD_MANIFEST);
#else
HAFT_MODULE(guest_bad, "1.0", classes, BAD_MANIFEST);
#endif
