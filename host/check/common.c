#include "host/check/common.h"

#include <malloc.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "host/check/bare.h"
#include "host/check/subject.h"
#include "host/check/trap.h"
#include "host/guest/face.h"
#include "host/guest/wire.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- the module and its manifest ---- */

/* Its objects can be looked at, no two of them alike, and what the kind asks is
 * among them and agrees. */
static void check_objects(struct kit *kit, const struct bare *b)
{
    const struct haft_object *const *objects = b->instance->objects;
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    for (size_t i = 0; objects[i] && kit_is_well(kit); i++) {
        struct face face;
        bool is_good = face_init(&face, objects[i], &why);

        if (is_good && objects[i] == b->object) {
            is_good = face_bind(&face, kit->target->kind->interface, &why);
        }
        for (size_t k = 0; k < i && is_good; k++) {
            if (strcmp(objects[k]->interface->id, objects[i]->interface->id) ==
                0) {
                kit_fail(kit, "wanted each interface once, found two of %s",
                         objects[i]->interface->id);
            }
        }
        if (is_good) {
            face_finish(&face);
        } else {
            kit_fail(kit, "%s", why.text);
        }
    }
    str_finish(&why);
}

void common_manifest(struct kit *kit)
{
    struct bare b;
    const char *wanted = kit->target->kind->interface->id;

    if (strcmp(kit->target->class->kind, wanted) != 0) {
        kit_fail(kit, "wanted kind %s, found %s", wanted,
                 kit->target->class->kind);
    }
    if (bare_load(&b, kit)) { /* which compares module and manifest */
        struct scratch mem;
        haft_status status;

        scratch_init(&mem);
        status = bare_create(&b, "check", bare_values(kit, "check", &mem));
        scratch_finish(&mem);
        if (status == HAFT_OK && (!b.instance || !b.instance->objects)) {
            kit_fail(kit, "wanted an instance with objects, found none");
        } else if (status == HAFT_OK && !b.object) {
            kit_fail(kit,
                     "wanted an instance that offers %s, found none of "
                     "that id",
                     wanted);
        } else if (status == HAFT_OK) {
            check_objects(kit, &b);
        }
        bare_close(&b);
    }
}

/* ---- options ---- */

void common_defaults(struct kit *kit)
{
    struct subject s;

    if (subject_open(&s, kit)) {
        subject_close(&s);
    }
}

/* An instance, or a refusal that says why. */
static void try_value(struct kit *kit, const char *key, const char *value)
{
    const char *const pair[2] = {key, value};
    struct subject s;
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    if (subject_make(&s, kit, "check", pair, &why)) {
        kit_say(kit, "%s = %s: taken", key, value);
        subject_close(&s);
    } else {
        kit_say(kit, "%s = %s: refused", key, value);
    }
    str_finish(&why);
}

static void try_number(struct kit *kit, const struct manifest_option *option,
                       int64_t number)
{
    struct str value;

    str_init(&value, 64);
    str_add_int(&value, number);
    if (option->type == HAFT_VALUE_DURATION) {
        str_add_text(&value, "ms");
    }
    try_value(kit, option->row.key, value.text);
    str_finish(&value);
}

void common_ranges(struct kit *kit)
{
    const struct manifest_class *class = kit->target->class;

    for (size_t i = 0; i < class->options_count && kit_is_well(kit); i++) {
        const struct manifest_option *option = &class->options[i];
        const struct setting *row = &option->row;
        const char *const *choice = row->choices;

        for (; choice && *choice; choice++) {
            try_value(kit, row->key, *choice);
        }
        if (option->type == HAFT_VALUE_BOOL) {
            try_value(kit, row->key, "yes");
            try_value(kit, row->key, "no");
        } else if (row->least != row->most) {
            try_number(kit, option, row->least);
            try_number(kit, option, row->most);
        } else if (option->type == HAFT_VALUE_TEXT && !choice) {
            try_value(kit, row->key, "?");
        }
    }
    if (class->options_count == 0) {
        kit_skip(kit, "it has no options");
    }
}

/* A row as a manifest would not give it. */
static void spoil(struct haft_value *value, unsigned way)
{
    switch (way) {
    case 0: /* a number where there is a text, and the other way round */
        value->type =
            value->type == HAFT_VALUE_TEXT ? HAFT_VALUE_INT : HAFT_VALUE_TEXT;
        value->number = INT64_MAX;
        value->text = (struct haft_slice){NULL, 0};
        break;
    case 1: /* a key that nobody knows */
        value->key = (struct haft_slice){"no_such_option", 14};
        break;
    default: /* a type that nobody knows */
        value->type = 1000;
        value->number = INT64_MIN;
        value->text = (struct haft_slice){NULL, 0};
    }
}

static struct haft_value *copy_rows(struct scratch *mem,
                                    struct haft_array values)
{
    struct haft_value *rows =
        scratch_take(mem, values.count * sizeof(*rows) + 1);

    if (values.count > 0) {
        memcpy(rows, values.p, values.count * sizeof(*rows));
    }
    return rows;
}

void common_types(struct kit *kit)
{
    struct bare b;
    struct scratch mem;

    if (!bare_load(&b, kit)) {
        return;
    }
    scratch_init(&mem);

    struct haft_array values = bare_values(kit, "check", &mem);

    for (uint32_t i = 0; i < 3 * values.count && kit_is_well(kit); i++) {
        struct haft_value *rows = copy_rows(&mem, values);
        haft_status status;

        spoil(&rows[i / 3], i % 3);
        status = bare_create(
            &b, "check",
            (struct haft_array){rows, values.count, sizeof(rows[0])});
        if (status > 0 || !bare_is_status(status) ||
            (status == HAFT_OK) != (b.instance != NULL)) {
            kit_fail(kit,
                     "wanted an instance or minus a fault class of "
                     "create, found status %d %s one",
                     status, b.instance ? "with" : "without");
        }
        bare_destroy(&b);
    }
    if (values.count == 0) {
        kit_skip(kit, "it has no options that are set");
    }
    scratch_finish(&mem);
    bare_close(&b);
}

/* ---- once and again ---- */

#define WARM_UP 50
#define CREATIONS 1000
#define MEMORY_ALLOWED 16384 /* bytes that a thousand of them may leave */
#define THREADS_WAIT_MS 1000 /* for the kernel to take back what has ended */

struct left {
    unsigned threads;
    unsigned descriptors;
    size_t memory;
};

static struct left look_at_left(unsigned threads_wanted)
{
    for (int i = 0; i < THREADS_WAIT_MS && trap_threads() > threads_wanted;
         i++) {
        poll(NULL, 0, 1);
    }
    return (struct left){.threads = trap_threads(),
                         .descriptors = trap_descriptors(),
                         .memory = mallinfo2().uordblks};
}

static void compare_left(struct kit *kit, struct left before, struct left after,
                         int times)
{
    if (after.threads > before.threads) {
        kit_fail(kit, "wanted no thread left by %d instances, found %u", times,
                 after.threads - before.threads);
    }
    if (after.descriptors > before.descriptors) {
        kit_fail(kit, "wanted no descriptor left by %d instances, found %u",
                 times, after.descriptors - before.descriptors);
    }
    if (after.memory > before.memory + MEMORY_ALLOWED) {
        kit_fail(kit, "wanted no memory left by %d instances, found %zu bytes",
                 times, after.memory - before.memory);
    }
}

static void create_many(struct bare *b, struct haft_array values, int times)
{
    for (int i = 0; i < times && kit_is_well(b->kit); i++) {
        haft_status status = bare_create(b, "check", values);

        if (status != HAFT_OK) {
            kit_fail(b->kit, "wanted another instance, found status %d",
                     status);
        }
        bare_destroy(b);
    }
}

void common_thousand(struct kit *kit)
{
    struct bare b;
    struct scratch mem;

    if (!bare_load(&b, kit)) {
        return;
    }
    scratch_init(&mem);

    struct haft_array values = bare_values(kit, "check", &mem);

    create_many(&b, values, 1);

    struct left before = look_at_left(trap_threads());

    create_many(&b, values, WARM_UP);
    compare_left(kit, before, look_at_left(before.threads), WARM_UP);
    before = look_at_left(before.threads);
    create_many(&b, values, CREATIONS - WARM_UP);
    compare_left(kit, before, look_at_left(before.threads),
                 CREATIONS - WARM_UP);
    scratch_finish(&mem);
    bare_close(&b);
}

/* Asks all that a kind can be asked, and says the first thing that is wrong. */
static void ask_all(struct bare *b, const char *who)
{
    struct kit_question questions[KIT_QUESTIONS];
    size_t count = b->kit->target->kind->questions(questions, b->kit->folder);

    for (size_t i = 0; i < count && kit_is_well(b->kit); i++) {
        struct bare_reply r;

        bare_ask(b, questions[i].method, questions[i].in, &r);
        if (!bare_is_status(r.status) || r.status == -HAFT_INTERNAL ||
            r.status == -HAFT_PLUGIN_CRASH) {
            kit_fail(
                b->kit, "%s: %s: wanted an answer, found status %d %s", who,
                b->kit->target->kind->interface->methods[questions[i].method]
                    .name,
                r.status, b->reason.text);
        }
        bare_reply_finish(&r);
    }
}

void common_two(struct kit *kit)
{
    struct bare first;
    struct bare second;

    if (!bare_open(&first, kit, "first")) {
        return;
    }
    if (bare_open(&second, kit, "second")) {
        ask_all(&first, "the first of two");
        ask_all(&second, "the second of two");
        bare_close(&first);
        ask_all(&second, "the one that is left of two");
        bare_close(&second);
    } else {
        bare_close(&first);
    }
}

/* What is asked of an instance in this order, and then its end. */
static void ask_in_order(struct kit *kit, const size_t order[KIT_QUESTIONS],
                         size_t count)
{
    struct kit_question questions[KIT_QUESTIONS];
    struct bare b;

    if (!bare_open(&b, kit, "check")) {
        return;
    }
    kit->target->kind->questions(questions, kit->folder);
    for (size_t i = 0; i < count; i++) {
        struct bare_reply r;

        bare_ask(&b, questions[order[i]].method, questions[order[i]].in, &r);
        if (!bare_is_status(r.status)) {
            kit_fail(kit, "wanted a status, found %d", r.status);
        } else if (r.status == HAFT_PENDING) {
            kit_skip(kit, "a call waits for something that does not come");
        }
        bare_reply_finish(&r);
    }
    bare_close(&b);
}

/* Every order of up to four different questions, each twice in a row as well. */
void common_orders(struct kit *kit)
{
    struct kit_question questions[KIT_QUESTIONS];
    size_t count = kit->target->kind->questions(questions, kit->folder);
    size_t all = 1;

    for (size_t i = 0; i < count; i++) {
        all *= count;
    }
    for (size_t i = 0; i < all && kit_is_well(kit); i++) {
        size_t order[KIT_QUESTIONS];
        size_t rest = i;

        for (size_t k = 0; k < count; k++) {
            order[k] = rest % count;
            rest /= count;
        }
        ask_in_order(kit, order, count);
    }
}

/* ---- what belongs to the process ---- */

/* Tells the first line of the one that is not in the other. */
static void tell_change(struct kit *kit, const char *when, const char *before,
                        const char *after)
{
    const char *from = before;
    const char *to = after;

    while (*from && *from == *to) {
        if (*to == '\n') {
            before = from + 1;
            after = to + 1;
        }
        from++;
        to++;
    }
    kit_fail(kit, "%s: wanted \"%.*s\", found \"%.*s\"", when,
             (int)strcspn(before, "\n"), before, (int)strcspn(after, "\n"),
             after);
}

static void compare(struct kit *kit, const struct str *before, const char *when)
{
    struct str after;

    str_init(&after, TRAP_LIMIT);
    trap_look((enum trap)kit->which->variant, &after);
    if (strcmp(before->text, after.text) != 0) {
        tell_change(kit, when, before->text, after.text);
    }
    str_finish(&after);
}

void common_side_effect(struct kit *kit)
{
    struct bare b;
    struct str before;

    str_init(&before, TRAP_LIMIT);
    trap_look((enum trap)kit->which->variant, &before);
    if (bare_open(&b, kit, "check")) {
        compare(kit, &before, "after create");
        ask_all(&b, "asked");
        compare(kit, &before, "after all methods");
        bare_close(&b);
        compare(kit, &before, "after destroy");
    }
    str_finish(&before);
}

/* ---- both cages ---- */

static void say_answer(struct kit *kit, const struct haft_record *record,
                       const void *out)
{
    struct str wire;

    str_init(&wire, KIT_SAID_LIMIT);
    wire_encode(record, out, &wire);
    str_add(&kit->said, "  ", 2);
    for (size_t i = 0; i < wire.size; i++) {
        str_addf(&kit->said, "%02x", (unsigned char)wire.text[i]);
    }
    str_add_char(&kit->said, '\n');
    str_finish(&wire);
}

/* What comes of all questions; the runner compares it. */
void common_cages(struct kit *kit)
{
    struct kit_question questions[KIT_QUESTIONS];
    const struct haft_interface *interface = kit->target->kind->interface;
    size_t count = kit->target->kind->questions(questions, kit->folder);
    struct subject s;

    if (!subject_open(&s, kit)) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct reply r;

        subject_ask(&s, questions[i].method, questions[i].in, &r);
        if (r.out) {
            say_answer(kit, interface->methods[questions[i].method].out, r.out);
        }
        if (r.status == -HAFT_PLUGIN_CRASH) {
            kit_fail(kit, "%s: %s",
                     interface->methods[questions[i].method].name, r.message);
        }
        reply_finish(&r);
    }
    subject_close(&s);
}
