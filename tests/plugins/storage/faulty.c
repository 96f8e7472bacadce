/* storage/faulty: a store that goes wrong as told, for tests. It stands before
 * an instance of storage/memory, which is linked into the same module, counts
 * the calls of each method, and spoils those that its script names.
 *
 * "after" is the fault that hosts get wrong: the batch is applied, and the
 * answer says that nobody knows. */
#include <stdbool.h>

#include <haft/sdk.h>
#include <haft/storage.h>

#define METHODS 4
#define SPOILS 64

const struct haft_module *storage_memory_LTX_haft_module_v1(void);

enum what {
    WHAT_NOTHING,
    WHAT_BEFORE,
    WHAT_AFTER,
    WHAT_FULL,
    WHAT_SLOW,
    WHATS
};

static const char *const what_names[WHATS] = {"nothing", "before", "after",
                                              "full", "slow"};
static const char *const method_names[METHODS] = {"commit", "last", "get",
                                                  "scan"};

struct spoil {
    uint32_t method;
    unsigned int first;
    unsigned int last;
    enum what what;
};

/* An answer that is on its way. */
struct late {
    struct late *next;
    uint64_t call;
    uint64_t token;
    haft_status status;
};

struct faulty {
    struct haft_instance instance;
    const struct haft_host *host;
    struct haft_instance *memory;
    const struct haft_object *store; /* of memory */
    struct haft_object storage;
    struct haft_object ready;
    const struct haft_object *objects[3];
    struct spoil spoils[SPOILS];
    uint32_t spoils_count;
    unsigned int calls[METHODS];
    int64_t slow_ms;
    struct late *late;
    uint64_t tokens;
};

static enum what next_fault(struct faulty *f, uint32_t method)
{
    unsigned int n = ++f->calls[method];

    for (uint32_t i = 0; i < f->spoils_count; i++) {
        const struct spoil *spoil = &f->spoils[i];

        if (spoil->method == method && n >= spoil->first && n <= spoil->last) {
            return spoil->what;
        }
    }
    return WHAT_NOTHING;
}

static haft_status fail(struct faulty *f, const struct haft_call *call,
                        uint32_t fault_class, uint32_t effect)
{
    struct haft_fault fault =
        haft_fault_of(fault_class, "faulty.script", "as the script says");

    fault.effect = effect;
    return haft_fail_with(f->host, call, &fault);
}

/* ---- slow answers: status alone; commit has no other ---- */

static haft_status answer_later(struct faulty *f, const struct haft_call *call,
                                haft_status status)
{
    struct late *late = calloc(1, sizeof(*late));
    HAFT_NEW(haft_loop_timer_in, in);

    if (!late) {
        return -HAFT_RESOURCE;
    }
    late->call = call->id;
    late->token = ++f->tokens;
    late->status = status;
    late->next = f->late;
    f->late = late;
    in.token = late->token;
    in.at_ms = haft_now(f->host).monotonic_ms + f->slow_ms;
    haft_ask(f->host->query(f->host->self, HAFT_LOOP_V1), HAFT_LOOP_TIMER, NULL,
             &in, NULL);
    return HAFT_PENDING;
}

static haft_status on_timer(struct faulty *f, const struct haft_call *call,
                            const struct haft_ready_on_in *in,
                            struct haft_empty *out)
{
    struct late **at = &f->late;
    struct late *late;

    (void)call;
    (void)out;
    while (*at && (*at)->token != in->token) {
        at = &(*at)->next;
    }
    late = *at;
    if (late) {
        struct haft_fault fault =
            haft_fault_of((uint32_t)-late->status, "faulty.late", "late");

        *at = late->next;
        f->host->complete(f->host->self, late->call, late->status, NULL,
                          late->status == HAFT_OK ? NULL : &fault);
        free(late);
    }
    return HAFT_OK;
}
HAFT_METHOD(on_timer, struct faulty, struct haft_ready_on_in,
            struct haft_empty);

/* ---- the methods ---- */

static haft_status ask(struct faulty *f, uint32_t method,
                       const struct haft_call *call, const void *in, void *out)
{
    enum what what = next_fault(f, method);
    haft_status status;

    switch (what) {
    case WHAT_BEFORE:
        return fail(f, call, HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED);
    case WHAT_FULL:
        return fail(f, call, HAFT_RESOURCE, HAFT_EFFECT_NOT_STARTED);
    default:
        break;
    }
    status = haft_ask(f->store, method, call, in, out);
    if (what == WHAT_AFTER) {
        return fail(f, call, HAFT_UNKNOWN_OUTCOME, HAFT_EFFECT_MAYBE);
    }
    return what == WHAT_SLOW ? answer_later(f, call, status) : status;
}

#define PASS(name, method)                                                     \
    static haft_status name(void *self, const struct haft_call *call,          \
                            const void *in, void *out)                         \
    {                                                                          \
        return ask(self, method, call, in, out);                               \
    }

PASS(commit, HAFT_STORAGE_COMMIT)
PASS(last, HAFT_STORAGE_LAST)
PASS(get, HAFT_STORAGE_GET)
PASS(scan, HAFT_STORAGE_SCAN)

static const haft_method storage_methods[] = {commit, last, get, scan};
static const haft_method ready_methods[] = {on_timer_method};

/* ---- the script ---- */

static int find_name(const char *text, size_t size, const char *const *names,
                     int count)
{
    for (int i = 0; i < count; i++) {
        if (strlen(names[i]) == size && memcmp(names[i], text, size) == 0) {
            return i;
        }
    }
    return -1;
}

/* "commit@3=after", "get@2+=before", "commit@4-6=full". */
static bool read_spoil(const char *text, struct spoil *spoil)
{
    const char *at = strchr(text, '@');
    const char *equals = strchr(text, '=');
    int method = -1;
    int what = -1;
    char rest[2] = "";
    int count = 0;

    if (at && equals && at < equals) {
        method = find_name(text, (size_t)(at - text), method_names, METHODS);
        what = find_name(equals + 1, strlen(equals + 1), what_names, WHATS);
        count = sscanf(at + 1, "%u-%u%1[=]", &spoil->first, &spoil->last, rest);
    }
    if (count == 1) {
        bool is_open = sscanf(at + 1, "%*u%1[+]", rest) == 1;

        spoil->last = is_open ? UINT32_MAX : spoil->first;
    }
    if (method < 0 || what < 0 || count < 1 || spoil->first == 0 ||
        (what == WHAT_SLOW && method != HAFT_STORAGE_COMMIT)) {
        return false; /* slow is for commit alone: it has no answer to keep */
    }
    spoil->method = (uint32_t)method;
    spoil->what = (enum what)what;
    return true;
}

static haft_status read_script(struct faulty *f, const struct haft_create *with)
{
    uint32_t count = haft_option_count(with, "script");

    for (uint32_t i = 0; i < count && i < SPOILS; i++) {
        char *text = haft_copy_text(haft_option(with, "script", i)->text);
        bool is_good = text && read_spoil(text, &f->spoils[i]);

        free(text);
        if (!is_good) {
            return haft_fail(f->host, NULL, HAFT_INVALID, "faulty.script",
                             "item %u of the script is not like "
                             "commit@3=after",
                             i + 1);
        }
        f->spoils_count++;
    }
    return HAFT_OK;
}

/* ---- the instance ---- */

static void destroy(struct haft_instance *instance)
{
    struct faulty *f = (struct faulty *)(void *)instance;

    while (f->late) {
        struct late *next = f->late->next;

        free(f->late);
        f->late = next;
    }
    if (f->memory) {
        f->memory->destroy(f->memory);
    }
    free(f);
}

static haft_status create(const struct haft_host *host,
                          const struct haft_create *with,
                          struct haft_instance **out)
{
    const struct haft_module *memory = storage_memory_LTX_haft_module_v1();
    struct faulty *f = calloc(1, sizeof(*f));
    haft_status status;

    if (!f) {
        return -HAFT_RESOURCE;
    }
    f->host = host;
    f->slow_ms = haft_option_number(with, "slow");
    f->storage = (struct haft_object){sizeof(f->storage), METHODS,
                                      &haft_storage_v1, storage_methods, f};
    f->ready = (struct haft_object){sizeof(f->ready), 1, &haft_ready_v1,
                                    ready_methods, f};
    f->objects[0] = &f->storage;
    f->objects[1] = &f->ready;
    f->instance =
        (struct haft_instance){sizeof(f->instance), 0, f->objects, destroy};
    status = memory->classes[0]->create(host, with, &f->memory);
    if (status == HAFT_OK) {
        f->store = f->memory->objects[0];
        status = read_script(f, with);
    }
    if (status != HAFT_OK) {
        destroy(&f->instance);
        return status;
    }
    *out = &f->instance;
    return HAFT_OK;
}

static const struct haft_class faulty_class = {
    sizeof(struct haft_class), 0, "haft.storage/1", "faulty", create};
static const struct haft_class *const classes[] = {&faulty_class, NULL};

HAFT_MODULE(storage_faulty, "0.1.0", classes,
            "tests/plugins/storage/faulty.json");
