#include "host/carry/batch.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "host/carry/record.h"
#include "host/plain/mem.h"

/* A turn of a million changes becomes a hundred batches: each is big enough
 * to cost little more than its bytes, and small enough to be held twice. */
#define OPS_LIMIT 10000
#define BYTES_LIMIT (8u << 20)

/* The room of one that was big is given back. */
#define ROOM_LIMIT (1u << 20)

struct batch_op {
    uint32_t op;
    uint32_t guard;
    uint64_t expected;
    size_t key, key_size;
    size_t value, value_size;
};

struct batch *batch_create(void)
{
    struct batch *b = mem_new(1, sizeof(*b));

    str_init(&b->bytes, SIZE_MAX / 2);
    str_init(&b->events, SIZE_MAX / 2);
    return b;
}

void batch_destroy(struct batch *b)
{
    if (!b) {
        return;
    }
    str_finish(&b->bytes);
    str_finish(&b->events);
    mem_free(b->ops);
    mem_free(b->message);
    mem_free(b->effects);
    mem_free(b);
}

static void empty(struct str *s)
{
    if (s->room > ROOM_LIMIT) {
        str_finish(s);
    }
    str_reset(s);
}

void batch_reset(struct batch *b)
{
    empty(&b->bytes);
    empty(&b->events);
    b->next = NULL;
    b->number = 0;
    b->ops_count = 0;
    b->effects_count = 0;
    b->events_count = 0;
    b->first_seq = 0;
}

static struct batch_op *add_op(struct batch *b, uint32_t op, const char *key)
{
    struct batch_op *o;

    b->ops = mem_grow(b->ops, &b->ops_room, b->ops_count + 1, sizeof(*b->ops));
    o = &b->ops[b->ops_count++];
    *o = (struct batch_op){.op = op, .key = b->bytes.size};
    str_add_text(&b->bytes, key);
    o->key_size = b->bytes.size - o->key;
    o->value = b->bytes.size;
    assert(o->key_size <= HAFT_STORAGE_KEY_LIMIT);
    return o;
}

struct str *batch_put_begin(struct batch *b, const char *key)
{
    add_op(b, HAFT_STORAGE_PUT, key);
    return &b->bytes;
}

void batch_put_end(struct batch *b)
{
    struct batch_op *o = &b->ops[b->ops_count - 1];

    o->value_size = b->bytes.size - o->value;
}

void batch_put(struct batch *b, const char *key, const void *value, size_t size)
{
    str_add(batch_put_begin(b, key), value, size);
    batch_put_end(b);
}

void batch_delete(struct batch *b, const char *key)
{
    add_op(b, HAFT_STORAGE_DELETE, key);
}

void batch_guard(struct batch *b, uint32_t guard, uint64_t expected)
{
    b->ops[b->ops_count - 1].guard = guard;
    b->ops[b->ops_count - 1].expected = expected;
}

void batch_check(struct batch *b, const char *key, uint64_t expected)
{
    add_op(b, HAFT_STORAGE_CHECK, key);
    batch_guard(b, HAFT_STORAGE_EQUAL, expected);
}

struct str *batch_event(struct batch *b, uint64_t seq)
{
    if (b->events_count++ == 0) {
        b->first_seq = seq;
        str_add_char(&b->events, RECORD_VERSION);
        str_add_char(&b->events, '[');
    }
    return &b->events;
}

void batch_add_effects(struct batch *b, const struct effect *effects,
                       size_t count)
{
    if (count == 0) {
        return;
    }
    b->effects = mem_grow(b->effects, &b->effects_room,
                          b->effects_count + count, sizeof(*effects));
    memcpy(b->effects + b->effects_count, effects, count * sizeof(*effects));
    b->effects_count += count;
}

bool batch_is_empty(const struct batch *b)
{
    return b->ops_count == 0 && b->events_count == 0 && b->effects_count == 0;
}

bool batch_is_full(const struct batch *b)
{
    return b->ops_count >= OPS_LIMIT || b->bytes.size >= BYTES_LIMIT ||
           b->events.size >= BYTES_LIMIT;
}

void batch_close(struct batch *b, uint64_t number)
{
    char key[32];

    assert(b->number == 0);
    b->number = number;
    if (b->events_count) {
        str_add_char(&b->events, ']');
        snprintf(key, sizeof(key), "e/%016llx", (unsigned long long)number);
        batch_put(b, key, b->events.text, b->events.size);
    }
}

void batch_message(struct batch *b, struct haft_storage_commit_in *in)
{
    b->message = mem_grow(b->message, &b->message_room, b->ops_count,
                          sizeof(*b->message));
    for (size_t i = 0; i < b->ops_count; i++) {
        const struct batch_op *o = &b->ops[i];

        b->message[i] = (struct haft_storage_op){
            .op = o->op,
            .guard = o->guard,
            .version = b->number,
            .expected = o->expected,
            .key = {b->bytes.text + o->key, o->key_size},
            .value = {b->bytes.text + o->value, o->value_size},
        };
    }
    *in = (struct haft_storage_commit_in){
        .size = sizeof(*in),
        .batch = b->number,
        .ops = {b->message, (uint32_t)b->ops_count, sizeof(*b->message)},
    };
}
