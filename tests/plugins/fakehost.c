#include "tests/plugins/fakehost.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <check.h>

#include "host/plain/json.h"
#include "host/plain/units.h"
#include "tests/plugins/fakehost_inside.h"
#include "tests/plugins/message.h"

/* ---- calls ---- */

static struct fake_call *find_call(struct fakehost *h, uint64_t id)
{
    struct fake_call *call = h->calls;

    while (call && call->id != id) {
        call = call->next;
    }
    return call;
}

static void set_fault(struct fakehost *h, struct haft_fault **place,
                      const struct haft_fault *fault)
{
    (void)h;
    message_free(&haft_fault_record, *place);
    *place = fault ? message_copy(&haft_fault_record, fault, "fault") : NULL;
}

static void *host_alloc(void *self, uint64_t id, uint64_t size)
{
    struct fakehost *h = self;
    struct fake_call *call = find_call(h, id);
    struct memory *memory;

    ck_assert_msg(call && call->is_inside, "alloc outside of the method");
    memory = malloc(sizeof(*memory));
    ck_assert_ptr_nonnull(memory);
    memory->room = calloc(1, size > 0 ? size : 1);
    memory->next = call->memory;
    call->memory = memory;
    return memory->room;
}

static haft_status host_fault(void *self, uint64_t id,
                              const struct haft_fault *fault)
{
    struct fakehost *h = self;
    struct fake_call *call = find_call(h, id);

    ck_assert_msg(id == 0 || (call && call->is_inside),
                  "fault outside of the method");
    set_fault(h, call ? &call->fault : &h->fault, fault);
    return HAFT_OK;
}

static haft_status host_complete(void *self, uint64_t id, haft_status status,
                                 const void *out,
                                 const struct haft_fault *fault)
{
    struct fakehost *h = self;
    struct fake_call *call;
    haft_status answer = HAFT_STALE;

    pthread_mutex_lock(&h->lock);
    call = find_call(h, id);
    if (call && !call->is_done) {
        call->status = status;
        if (out && call->signature->out) {
            call->out = message_copy(call->signature->out, out, "complete");
        }
        set_fault(h, &call->fault, fault);
        call->is_done = true;
        answer = HAFT_OK;
        pthread_cond_broadcast(&h->done);
    }
    pthread_mutex_unlock(&h->lock);
    return answer;
}

static int32_t host_cancelled(void *self, uint64_t id)
{
    struct fakehost *h = self;
    struct fake_call *call;
    int32_t is_cancelled;

    pthread_mutex_lock(&h->lock);
    call = find_call(h, id);
    is_cancelled = call && call->is_cancelled;
    pthread_mutex_unlock(&h->lock);
    return is_cancelled;
}

static const struct haft_object *find_object(const struct fakehost *h,
                                             const char *interface)
{
    for (size_t i = 0; h->instance && h->instance->objects[i]; i++) {
        if (strcmp(h->instance->objects[i]->interface->id, interface) == 0) {
            return h->instance->objects[i];
        }
    }
    return NULL;
}

static void free_memory(struct fake_call *call)
{
    while (call->memory) {
        struct memory *next = call->memory->next;

        free(call->memory->room);
        free(call->memory);
        call->memory = next;
    }
}

static struct fake_call *add_call(struct fakehost *h,
                                  const struct haft_signature *signature)
{
    struct fake_call *call = calloc(1, sizeof(*call));

    ck_assert_ptr_nonnull(call);
    pthread_mutex_lock(&h->lock);
    call->id = ++h->last_id;
    call->signature = signature;
    call->is_inside = true;
    call->next = h->calls;
    h->calls = call;
    pthread_mutex_unlock(&h->lock);
    return call;
}

/* The method has returned: what it answered is read and its memory freed. */
static void take_answer(struct fakehost *h, struct fake_call *call,
                        haft_status status, const void *out)
{
    const struct haft_signature *signature = call->signature;

    pthread_mutex_lock(&h->lock);
    call->is_inside = false;
    if (status == HAFT_PENDING) {
        ck_assert_msg(!(signature->flags & (HAFT_SYNC | HAFT_POST)),
                      "%s: may not be pending", signature->name);
    } else {
        ck_assert_msg(!call->is_done, "%s: answered twice", signature->name);
        ck_assert_msg(status <= 0 && status > -HAFT_CLASSES, "%s: answered %d",
                      signature->name, status);
        call->status = status;
        if (status == HAFT_OK && signature->out) {
            call->out = message_copy(signature->out, out, signature->name);
        }
        call->is_done = true;
    }
    free_memory(call);
    pthread_mutex_unlock(&h->lock);
}

uint64_t fakehost_begin(struct fakehost *h,
                        const struct haft_interface *interface, uint32_t method,
                        const void *in)
{
    const struct haft_object *object = find_object(h, interface->id);
    const struct haft_signature *signature = &interface->methods[method];
    struct fake_call *call = add_call(h, signature);
    struct haft_call told = {
        .size = sizeof(told), .id = call->id, .deadline_ms = INT64_MAX};
    void *message = message_copy(signature->in, in, signature->name);
    uint32_t *out = NULL;
    uint64_t id = call->id;

    ck_assert_msg(object != NULL, "no interface %s", interface->id);
    if (signature->out) {
        out = calloc(1, signature->out->size);
        ck_assert_ptr_nonnull(out);
        *out = signature->out->size;
    }
    take_answer(h, call, haft_ask(object, method, &told, message, out), out);
    message_free(signature->in, message);
    free(out);
    return id;
}

static void wait_for(struct fakehost *h, struct fake_call *call)
{
    struct timespec limit;
    int error = 0;

    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 10;
    pthread_mutex_lock(&h->lock);
    while (!call->is_done && error == 0) {
        error = pthread_cond_timedwait(&h->done, &h->lock, &limit);
    }
    pthread_mutex_unlock(&h->lock);
    ck_assert_msg(call->is_done, "%s: no answer", call->signature->name);
}

static void remove_call(struct fakehost *h, struct fake_call *call)
{
    struct fake_call **at = &h->calls;

    while (*at != call) {
        at = &(*at)->next;
    }
    *at = call->next;
    free_memory(call);
    message_free(&haft_fault_record, call->fault);
    if (call->out) {
        message_free(call->signature->out, call->out);
    }
    free(call);
}

bool fakehost_is_done(struct fakehost *h, uint64_t id)
{
    bool is_done;

    pthread_mutex_lock(&h->lock);
    is_done = find_call(h, id)->is_done;
    pthread_mutex_unlock(&h->lock);
    return is_done;
}

void fakehost_cancel(struct fakehost *h, uint64_t id)
{
    pthread_mutex_lock(&h->lock);
    find_call(h, id)->is_cancelled = true;
    pthread_mutex_unlock(&h->lock);
}

haft_status fakehost_end(struct fakehost *h, uint64_t id, void *out)
{
    struct fake_call *call = find_call(h, id);
    haft_status status;

    ck_assert_ptr_nonnull(call);
    wait_for(h, call);
    pthread_mutex_lock(&h->lock);
    status = call->status;
    if (h->answer) {
        message_free(h->answer_record, h->answer);
    }
    h->answer = call->out;
    h->answer_record = call->signature->out;
    call->out = NULL;
    if (out && h->answer) {
        memcpy(out, h->answer, h->answer_record->size);
    }
    message_free(&haft_fault_record, h->fault);
    h->fault = call->fault;
    call->fault = NULL;
    if (h->fault && status < 0) {
        ck_assert_uint_eq(h->fault->fault_class, (uint32_t)-status);
    }
    remove_call(h, call);
    pthread_mutex_unlock(&h->lock);
    return status;
}

haft_status fakehost_ask(struct fakehost *h,
                         const struct haft_interface *interface,
                         uint32_t method, const void *in, void *out)
{
    return fakehost_end(h, fakehost_begin(h, interface, method, in), out);
}

const struct haft_fault *fakehost_fault(const struct fakehost *h)
{
    static const struct haft_fault none = {.size = sizeof(none)};

    return h->fault ? h->fault : &none;
}

/* ---- the module and its instance ---- */

static const char *folder(const char *variable, const char *fallback)
{
    const char *value = getenv(variable);

    return value ? value : fallback;
}

static void read_manifest(struct fakehost *h, const char *name)
{
    char path[4096];
    struct str why;
    char *text = calloc(1, 65536);
    FILE *file;
    size_t size;

    str_init(&why, STR_WHY_LIMIT);
    snprintf(path, sizeof(path), "%s/%s", folder("HAFT_SRCDIR", "."), name);
    file = fopen(path, "r");
    ck_assert_msg(file && text, "%s: cannot be read", path);
    size = fread(text, 1, 65536, file);
    fclose(file);
    h->manifest = json_read(text, size, &why);
    ck_assert_msg(h->manifest != NULL, "%s: %s", path, why.text);
    h->about = cJSON_GetArrayItem(json_get(h->manifest, "classes"), 0);
    free(text);
    str_finish(&why);
}

static const struct haft_module *load(struct fakehost *h, const char *name)
{
    char path[4096];
    const struct haft_module *(*entry)(void);
    void *symbol;

    snprintf(path, sizeof(path), "%s/%s.so",
             folder("HAFT_TEST_MODULES", ".libs"), name);
    h->file = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    ck_assert_msg(h->file != NULL, "%s", dlerror());
    symbol = dlsym(h->file, "haft_module_v1");
    if (!symbol) { /* one that could be linked in as well */
        snprintf(path, sizeof(path), "%s_LTX_haft_module_v1",
                 json_get_text(h->manifest, "id", ""));
        symbol = dlsym(h->file, path);
    }
    ck_assert_msg(symbol != NULL, "%s: no haft_module_v1", name);
    memcpy(&entry, &symbol, sizeof(entry));
    return entry();
}

static void check_module(const struct fakehost *h,
                         const struct haft_module *module)
{
    ck_assert_uint_eq(module->abi, HAFT_ABI);
    ck_assert_str_eq(module->id, json_get_text(h->manifest, "id", ""));
    ck_assert_str_eq(module->version,
                     json_get_text(h->manifest, "version", ""));
    ck_assert_str_eq(h->class->kind, json_get_text(h->about, "kind", ""));
    ck_assert_str_eq(h->class->name, json_get_text(h->about, "name", ""));
}

struct fakehost *fakehost_create(const char *module, const char *manifest)
{
    struct fakehost *h = calloc(1, sizeof(*h));
    const struct haft_module *loaded;

    ck_assert_ptr_nonnull(h);
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->done, NULL);
    h->now_ms = 1000000;
    h->last_process = 1u << 20;
    str_init(&h->log, 1 << 20);
    h->host = (struct haft_host){.size = sizeof(h->host),
                                 .abi = HAFT_ABI,
                                 .self = h,
                                 .query = fakeserve_query,
                                 .alloc = host_alloc,
                                 .fault = host_fault,
                                 .complete = host_complete,
                                 .cancelled = host_cancelled};
    fakeserve_init(h);
    read_manifest(h, manifest);
    loaded = load(h, module);
    h->class = loaded->classes[0];
    check_module(h, loaded);
    return h;
}

void fakehost_destroy(struct fakehost *h)
{
    fakehost_unmake(h);
    while (h->calls) {
        remove_call(h, h->calls);
    }
    if (h->answer) {
        message_free(h->answer_record, h->answer);
    }
    message_free(&haft_fault_record, h->fault);
    fakehost_forget(h);
    cJSON_Delete(h->manifest);
    str_finish(&h->log);
    pthread_cond_destroy(&h->done);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

/* The value of an option, from its text. */
static struct haft_value value_of(const cJSON *option, const char *text,
                                  bool is_set)
{
    const char *key = json_get_text(option, "key", "");
    const char *type = json_get_text(option, "type", "");
    struct haft_value value = {.key = {key, strlen(key)},
                               .is_set = is_set,
                               .text = {text, strlen(text)}};
    bool is_good = true;

    if (strcmp(type, "text") == 0) {
        value.type = HAFT_VALUE_TEXT;
    } else if (strcmp(type, "path") == 0) {
        value.type = HAFT_VALUE_PATH;
    } else if (strcmp(type, "int") == 0) {
        value.type = HAFT_VALUE_INT;
        is_good = units_int(text, &value.number);
    } else if (strcmp(type, "bool") == 0) {
        value.type = HAFT_VALUE_BOOL;
        value.number = strcmp(text, "true") == 0;
    } else if (strcmp(type, "duration") == 0) {
        value.type = HAFT_VALUE_DURATION;
        is_good = units_duration(text, &value.number);
    } else if (strcmp(type, "size") == 0) {
        value.type = HAFT_VALUE_SIZE;
        is_good = units_size(text, &value.number);
    } else {
        ck_abort_msg("%s: type %s", key, type);
    }
    ck_assert_msg(is_good, "%s: not a %s: %s", key, type, text);
    return value;
}

/* The default as text; NULL if there is none. */
static const char *default_of(const cJSON *option, char *room, size_t size)
{
    const cJSON *value = json_get(option, "default");

    if (cJSON_IsBool(value)) {
        return cJSON_IsTrue(value) ? "true" : "false";
    }
    if (cJSON_IsNumber(value)) {
        snprintf(room, size, "%.0f", value->valuedouble);
        return room;
    }
    return cJSON_IsString(value) ? value->valuestring : NULL;
}

static const char *setting_of(const char *setting, const char *key)
{
    size_t size = strlen(key);

    return strncmp(setting, key, size) == 0 && setting[size] == '='
               ? setting + size + 1
               : NULL;
}

#define VALUES_LIMIT 64

static uint32_t add_values(const cJSON *option, const char *const *settings,
                           struct haft_value *values, char *room)
{
    const char *key = json_get_text(option, "key", "");
    const char *text;
    uint32_t count = 0;

    for (size_t i = 0; settings[i]; i++) {
        text = setting_of(settings[i], key);
        if (text) {
            values[count++] = value_of(option, text, true);
        }
    }
    text = default_of(option, room, 32);
    if (count == 0 && text) {
        values[count++] = value_of(option, text, false);
    }
    return count;
}

static void check_settings(const struct fakehost *h,
                           const char *const *settings)
{
    for (size_t i = 0; settings[i]; i++) {
        const cJSON *option;
        bool is_known = false;

        cJSON_ArrayForEach(option, json_get(h->about, "options"))
        {
            is_known |= setting_of(settings[i],
                                   json_get_text(option, "key", "")) != NULL;
        }
        ck_assert_msg(is_known, "not in the manifest: %s", settings[i]);
    }
}

haft_status fakehost_make(struct fakehost *h, const char *const *settings)
{
    struct haft_value values[VALUES_LIMIT];
    char rooms[VALUES_LIMIT][32];
    void *keep[VALUES_LIMIT];
    struct haft_create with = {.size = sizeof(with), .name = {"tested", 6}};
    haft_status status;
    const cJSON *option;
    uint32_t count = 0;

    fakehost_unmake(h);
    check_settings(h, settings);
    cJSON_ArrayForEach(option, json_get(h->about, "options"))
    {
        count += add_values(option, settings, values + count, rooms[count]);
        ck_assert_uint_lt(count, VALUES_LIMIT - 16);
    }
    for (uint32_t i = 0; i < count; i++) {
        keep[i] = malloc(values[i].text.n + 1);
        ck_assert_ptr_nonnull(keep[i]);
        memcpy(keep[i], values[i].text.p, values[i].text.n);
        values[i].text.p = keep[i];
    }
    with.values = (struct haft_array){values, count, sizeof(values[0])};
    set_fault(h, &h->fault, NULL);
    status = h->class->create(&h->host, &with, &h->instance);
    for (uint32_t i = 0; i < count; i++) {
        free(keep[i]); /* whoever kept a pointer to it shall be seen */
    }
    ck_assert_int_le(status, 0);
    return status;
}

void fakehost_unmake(struct fakehost *h)
{
    if (h->instance) {
        h->instance->destroy(h->instance);
        h->instance = NULL;
    }
    memset(h->timers, 0, sizeof(h->timers));
    h->posts_count = 0;
}

bool fakehost_offers(const struct fakehost *h, const char *interface)
{
    return find_object(h, interface) != NULL;
}
