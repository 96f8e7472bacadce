#include "host/door/ops.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/loop.h"
#include "host/door/call.h"
#include "host/door/handlers.h"
#include "host/plain/json.h"
#include "host/plain/mem.h"

#define INTEGER_LIMIT 9007199254740992.0 /* doubles count no further */

/* An ask on its way through the core. The number carries the place and a
 * count, so that a number is never used twice. */
struct ask {
    uint64_t number; /* 0: free */
    struct op_call *call;
    void (*then)(struct op_call *call, int status);
};

struct ops {
    struct ops_options options;
    char *executor;
    char *state;
    struct core *core;
    struct op_call *calls;
    uint64_t last_id;
    struct ask *asks;
    size_t asks_count, asks_room;
    uint64_t last_ask;
};

/* ---- the rows ---- */

const struct op *ops_row(size_t index)
{
    size_t count = 0;

    while (handlers[count]) {
        if (count == index) {
            return handlers[count];
        }
        count++;
    }
    return NULL;
}

const struct op *ops_find(const char *name)
{
    for (size_t i = 0; handlers[i]; i++) {
        if (strcmp(handlers[i]->name, name) == 0) {
            return handlers[i];
        }
    }
    return NULL;
}

struct ops *ops_create(const struct ops_options *options)
{
    struct ops *o = mem_new(1, sizeof(*o));

    o->options = *options;
    o->executor = mem_text(options->executor, strlen(options->executor));
    o->state = mem_text(options->state, strlen(options->state));
    o->options.executor = o->executor;
    o->options.state = o->state;
    return o;
}

void ops_attach(struct ops *o, struct core *core)
{
    o->core = core;
}

/* ---- one call ---- */

static void forget_asks(struct ops *o, const struct op_call *call)
{
    for (size_t i = 0; i < o->asks_count; i++) {
        if (o->asks[i].call == call) {
            o->asks[i].call = NULL;
        }
    }
}

/* A call ends here and nowhere else. */
static void end(struct op_call *call)
{
    struct ops *o = call->ops;

    if (call->follower) {
        bus_unfollow(o->options.bus, call->follower);
    }
    if (call->is_timed) {
        loop_timer_clear(o->options.loop, &call->timer);
    }
    forget_asks(o, call);
    if (call->previous) {
        call->previous->next = call->next;
    } else {
        o->calls = call->next;
    }
    if (call->next) {
        call->next->previous = call->previous;
    }
    cJSON_Delete(call->tree);
    cJSON_Delete(call->params);
    workflow_destroy(call->workflow);
    mem_free(call->principal);
    mem_free(call);
}

void call_result(struct op_call *call, const char *json, size_t size)
{
    if (!call->is_dropped) {
        call->answer.result(call->answer.ctx, json, size);
    }
    end(call);
}

void call_tree(struct op_call *call, const cJSON *tree)
{
    struct str out;

    str_init(&out, CALL_ANSWER_LIMIT);
    json_value(&out, tree);
    if (out.is_cut) {
        call_fail(call, HAFT_RESOURCE, "host.answer_too_large",
                  "the answer is over %u bytes", CALL_ANSWER_LIMIT);
    } else {
        call_result(call, out.text, out.size);
    }
    str_finish(&out);
}

void call_fail(struct op_call *call, uint32_t fault_class, const char *code,
               const char *format, ...)
{
    struct str message;
    va_list args;

    str_init(&message, 64 * 1024);
    va_start(args, format);
    str_addv(&message, format, args);
    va_end(args);
    if (!call->is_dropped) {
        const struct fault fault = {.fault_class = fault_class,
                                    .effect = HAFT_EFFECT_NOT_STARTED,
                                    .code = code,
                                    .message = message.text};

        call->answer.error(call->answer.ctx, &fault);
    }
    str_finish(&message);
    end(call);
}

void call_event(struct op_call *call, const char *json, size_t size)
{
    if (!call->is_dropped) {
        call->answer.event(call->answer.ctx, json, size);
    }
}

struct core *call_core(const struct op_call *call)
{
    return call->ops->core;
}

const struct ops_options *call_host(const struct op_call *call)
{
    return &call->ops->options;
}

const char *call_text(const struct op_call *call, const char *name)
{
    return json_get_text(call->params, name, NULL);
}

int64_t call_int(const struct op_call *call, const char *name, int64_t fallback)
{
    return json_get_int(call->params, name, fallback);
}

bool call_bool(const struct op_call *call, const char *name)
{
    return json_get_bool(call->params, name, false);
}

/* ---- asking the core ---- */

uint64_t call_ask(struct op_call *call,
                  void (*then)(struct op_call *call, int status))
{
    struct ops *o = call->ops;
    size_t place = 0;

    while (place < o->asks_count && o->asks[place].number) {
        place++;
    }
    if (place == o->asks_count) {
        o->asks = mem_grow(o->asks, &o->asks_room, place + 1, sizeof(*o->asks));
        o->asks_count++;
    }
    o->asks[place] = (struct ask){++o->last_ask, call, then};
    return o->last_ask;
}

void ops_act(struct ops *o, const struct effect *effect)
{
    for (size_t i = 0; i < o->asks_count; i++) {
        if (o->asks[i].number == effect->ask && effect->ask) {
            struct ask ask = o->asks[i];

            o->asks[i].number = 0;
            while (o->asks_count && !o->asks[o->asks_count - 1].number) {
                o->asks_count--;
            }
            if (ask.call) {
                ask.then(ask.call, effect->status);
            }
            return;
        }
    }
}

/* ---- reading the store ---- */

static bool answered(struct op_call *call, haft_status status,
                     const struct haft_fault *fault)
{
    if (status == HAFT_OK) {
        return true;
    }
    call_fail(call, (uint32_t)-status, "host.storage",
              "the store cannot be read: %.*s",
              fault ? (int)fault->message.n : 0,
              fault ? (const char *)fault->message.p : "");
    return false;
}

static void on_get(void *ctx, haft_status status, const void *out,
                   const struct haft_fault *fault)
{
    struct op_call *call = ctx;
    const struct haft_storage_get_out *got = out;

    if (!answered(call, status, fault)) {
        return;
    }
    cJSON_Delete(call->tree);
    call->tree = NULL;
    if (got->is_found && got->value.n > 1) {
        struct str why;

        str_init(&why, STR_WHY_LIMIT);
        call->tree =
            json_read((const char *)got->value.p + 1, got->value.n - 1, &why);
        str_finish(&why);
    }
    call->then(call);
}

void call_get(struct op_call *call, const char *key, call_step then)
{
    call->then = then;
    journal_get(call->ops->options.journal, key, on_get, call);
}

static void ask_scan(struct op_call *call);

static void on_scan(void *ctx, haft_status status, const void *out,
                    const struct haft_fault *fault)
{
    struct op_call *call = ctx;
    const struct haft_storage_scan_out *got = out;
    size_t skip = strlen(call->prefix);
    bool goes_on = true;

    if (!answered(call, status, fault)) {
        return;
    }
    for (uint32_t i = 0; i < got->records.count && goes_on; i++) {
        const struct haft_storage_record *r =
            (const void *)((const char *)got->records.p +
                           (size_t)i * got->records.stride);

        if (r->key.n < skip || r->key.n >= sizeof(call->after)) {
            continue; /* no key of ours is that long */
        }
        memcpy(call->after, r->key.p, r->key.n);
        call->after[r->key.n] = '\0';
        call->left--;
        goes_on =
            call->record(call, call->after + skip, r->value.p, r->value.n) &&
            call->left > 0;
    }
    if (goes_on && got->has_more) {
        ask_scan(call);
    } else {
        call->then(call);
    }
}

static void ask_scan(struct op_call *call)
{
    const struct haft_storage_scan_in in = {
        .size = sizeof(in),
        .flags = call->scan_flags,
        .limit = call->left < 1000 ? call->left : 1000,
        .prefix = {call->prefix, strlen(call->prefix)},
        .after = {call->after, strlen(call->after)},
    };

    journal_scan(call->ops->options.journal, &in, on_scan, call);
}

void call_scan(struct op_call *call, const char *prefix, const char *after,
               uint32_t flags, uint32_t limit)
{
    assert(strlen(prefix) < sizeof(call->prefix) && limit > 0);
    assert(!after || strlen(after) < sizeof(call->after));
    snprintf(call->prefix, sizeof(call->prefix), "%s", prefix);
    snprintf(call->after, sizeof(call->after), "%s", after ? after : "");
    call->scan_flags = flags;
    call->left = limit;
    ask_scan(call);
}

/* ---- which run ---- */

static bool take_run(struct op_call *call, const char *rest, const char *value,
                     size_t size)
{
    const char *wanted = call_text(call, "run");

    (void)value;
    (void)size;
    if (strlen(rest) >= sizeof(call->run)) {
        return true;
    }
    if (call->run[0] && strcmp(rest, wanted) != 0) {
        call->offset = 1; /* more than one begins so */
        return false;
    }
    snprintf(call->run, sizeof(call->run), "%s", rest);
    call->offset = 0;
    return strcmp(rest, wanted) != 0;
}

static bool take_prefixed(struct op_call *call, const char *rest,
                          const char *value, size_t size)
{
    char id[sizeof(call->run)];

    snprintf(id, sizeof(id), "%s%s", call_text(call, "run"), rest);
    return take_run(call, id, value, size);
}

static void found_run(struct op_call *call)
{
    const char *wanted = call_text(call, "run");

    if (call->run[0] && !call->offset) {
        call->op->go(call);
    } else if (call->run[0]) {
        call_fail(call, HAFT_INVALID, "host.run_ambiguous",
                  "several runs begin with \"%.32s\"", wanted);
    } else {
        call_fail(call, HAFT_NOT_FOUND, "host.run_unknown",
                  "there is no run \"%.32s\"; `haft runs` lists them", wanted);
    }
}

static bool is_run_id(const char *text)
{
    size_t size = strlen(text);

    return size > 0 && size < sizeof(((struct op_call *)0)->run) &&
           strspn(text, "0123456789abcdefghijklmnopqrstuvwxyz") == size;
}

void call_find_run(struct op_call *call)
{
    const char *wanted = call_text(call, "run");
    char prefix[64];

    call->then = found_run;
    if (strcmp(wanted, "last") == 0) {
        call->record = take_run;
        call_scan(call, "r/", NULL,
                  HAFT_STORAGE_REVERSE | HAFT_STORAGE_KEYS_ONLY, 1);
    } else if (is_run_id(wanted)) {
        call->record = take_prefixed;
        snprintf(prefix, sizeof(prefix), "r/%s", wanted);
        call_scan(call, prefix, NULL, HAFT_STORAGE_KEYS_ONLY, 2);
    } else {
        call_fail(call, HAFT_INVALID, "host.run_invalid",
                  "a run is named by its id, its beginning, or \"last\"");
    }
}

/* ---- in and out ---- */

static bool fits(const cJSON *value, const char *type)
{
    if (strcmp(type, "string") == 0) {
        return cJSON_IsString(value);
    }
    if (strcmp(type, "integer") == 0) {
        return cJSON_IsNumber(value) && value->valuedouble >= 0 &&
               value->valuedouble <= INTEGER_LIMIT &&
               value->valuedouble == (double)(int64_t)value->valuedouble;
    }
    if (strcmp(type, "boolean") == 0) {
        return cJSON_IsBool(value);
    }
    return strcmp(type, "any") == 0 || cJSON_IsObject(value);
}

/* What a sentence calls it. */
static const char *a_type(const char *type)
{
    static const char *const types[][2] = {
        {"string", "a string"},
        {"integer", "a whole number, 0 or more"},
        {"boolean", "true or false"},
    };

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(types[i][0], type) == 0) {
            return types[i][1];
        }
    }
    return "an object";
}

static const struct op_param *find_param(const struct op *op, const char *name)
{
    for (const struct op_param *p = op->params; p->name; p++) {
        if (strcmp(p->name, name) == 0) {
            return p;
        }
    }
    return NULL;
}

/* A sentence about the first parameter that is not right, in `why`. */
static bool check_params(const struct op *op, const cJSON *params,
                         struct str *why)
{
    const cJSON *item;

    if (params && !cJSON_IsObject(params)) {
        str_addf(why, "%s: params is an object", op->name);
        return false;
    }
    cJSON_ArrayForEach(item, params)
    {
        const struct op_param *p = find_param(op, item->string);

        if (!p) {
            str_addf(why, "%s has no parameter ", op->name);
            str_add_quoted(why, item->string, strlen(item->string));
            return false;
        }
        if (!fits(item, p->type)) {
            str_addf(why, "%s: %s is %s", op->name, p->name, a_type(p->type));
            return false;
        }
    }
    for (const struct op_param *p = op->params; p->name; p++) {
        if (p->is_required && !json_get(params, p->name)) {
            str_addf(why, "%s needs %s: %s", op->name, p->name, p->help);
            return false;
        }
    }
    return true;
}

static void refuse(const struct op_answer *answer, uint32_t fault_class,
                   const char *code, const char *message)
{
    const struct fault fault = {.fault_class = fault_class,
                                .effect = HAFT_EFFECT_NOT_STARTED,
                                .code = code,
                                .message = message};

    answer->error(answer->ctx, &fault);
}

/* Why this host cannot take the operation now, or NULL. */
static const char *closed_for(const struct ops *o, const struct op *op)
{
    if (op->access & (OP_READ | OP_STORELESS)) {
        return NULL;
    }
    if (!o->core) {
        return "no host is running on this state directory; start one with "
               "`haft serve`";
    }
    if (journal_is_stuck(o->options.journal)) {
        return "the store takes no writes at the moment; ask again later";
    }
    return NULL;
}

static bool is_open(const struct ops *o, uint64_t id)
{
    for (const struct op_call *call = o->calls; call; call = call->next) {
        if (call->id == id) {
            return true;
        }
    }
    return false;
}

static struct op_call *begin(struct ops *o, const struct op *op,
                             const char *principal, cJSON *params,
                             const struct op_answer *answer)
{
    struct op_call *call = mem_new(1, sizeof(*call));

    call->ops = o;
    call->op = op;
    call->id = ++o->last_id;
    call->principal = mem_text(principal, strlen(principal));
    call->params = params;
    call->answer = *answer;
    call->next = o->calls;
    if (o->calls) {
        o->calls->previous = call;
    }
    o->calls = call;
    return call;
}

uint64_t ops_call(struct ops *o, const char *name, const char *principal,
                  cJSON *params, const struct op_answer *answer)
{
    const struct op *op = ops_find(name);
    const char *closed = op ? closed_for(o, op) : NULL;
    uint64_t id = 0;
    struct str why;

    if (cJSON_IsNull(params)) {
        cJSON_Delete(params);
        params = NULL;
    }
    str_init(&why, STR_WHY_LIMIT);
    if (!op) {
        str_add_text(&why, "there is no operation ");
        str_add_quoted(&why, name, strlen(name));
        refuse(answer, HAFT_UNIMPLEMENTED, "host.operation_unknown", why.text);
    } else if (!check_params(op, params, &why)) {
        refuse(answer, HAFT_INVALID, "host.params_invalid", why.text);
    } else if (closed) {
        refuse(answer, o->core ? HAFT_RESOURCE : HAFT_BACKEND_DOWN,
               o->core ? "host.store_stuck" : "host.not_running", closed);
    } else {
        struct op_call *call = begin(o, op, principal, params, answer);

        params = NULL;
        id = call->id;
        if (find_param(op, "run") && call_text(call, "run") && op->go) {
            call_find_run(call);
        } else {
            op->handle(call);
        }
        id = is_open(o, id) ? id : 0;
    }
    cJSON_Delete(params);
    str_finish(&why);
    return id;
}

void ops_drop(struct ops *o, uint64_t id)
{
    for (struct op_call *call = o->calls; call; call = call->next) {
        if (call->id == id) {
            call->is_dropped = true;
            if (call->follower || call->timer.place) {
                end(call); /* it waits for nothing that must come */
            }
            return;
        }
    }
}

void ops_destroy(struct ops *o)
{
    if (!o) {
        return;
    }
    while (o->calls) {
        call_fail(o->calls, HAFT_CANCELLED, "host.stopping",
                  "the host is stopping");
    }
    mem_free(o->asks);
    mem_free(o->executor);
    mem_free(o->state);
    mem_free(o);
}
