#include "host/guest/face.h"

#include <string.h>

#include "host/guest/codec.h"
#include "host/plain/mem.h"

#define METHODS_LIMIT 64

/* Flags on which both sides must agree; REPEAT is for the host's planning. */
#define FIRM_FLAGS (HAFT_POST | HAFT_LEAF | HAFT_SYNC)

bool face_init(struct face *f, const struct haft_object *object,
               struct str *why)
{
    const struct haft_interface *i = object->interface;

    if (object->size < sizeof(*object) || !object->methods || !i) {
        str_addf(why,
                 "object: size: wanted at least %zu with methods, found "
                 "%u",
                 sizeof(*object), object->size);
        return false;
    }
    if (i->size < sizeof(*i) || !i->id || !i->methods ||
        i->stride < sizeof(struct haft_signature) || i->count == 0 ||
        i->count > METHODS_LIMIT || object->count > i->count) {
        str_addf(why,
                 "interface %s: size %u, %u methods of %u bytes, %u "
                 "functions make no table",
                 i->size >= sizeof(*i) && i->id ? i->id : "without an id",
                 i->size, i->count, i->stride, object->count);
        return false;
    }
    *f = (struct face){.object = object};
    return true;
}

void face_finish(struct face *f)
{
    mem_free(f->methods);
    *f = (struct face){0};
}

const char *face_id(const struct face *f)
{
    return f->object->interface->id;
}

static bool bind_record(const struct haft_record *ours,
                        const struct haft_record *theirs, bool *is_same,
                        struct str *why)
{
    *is_same = true;
    if (!ours || !theirs) {
        if (ours != theirs) {
            str_addf(why, "wanted %s, found %s", ours ? ours->name : "none",
                     theirs ? "one" : "none");
        }
        return ours == theirs;
    }
    if (!codec_is_sane(theirs, why) || !codec_agrees(ours, theirs, why)) {
        return false;
    }
    *is_same = codec_is_same(ours, theirs);
    return true;
}

static bool bind_method(struct face_method *m,
                        const struct haft_signature *theirs, struct str *why)
{
    if (!theirs->name || strcmp(theirs->name, m->ours->name) != 0) {
        str_addf(why, "name: wanted %s, found %s", m->ours->name,
                 theirs->name ? theirs->name : "none");
        return false;
    }
    if ((theirs->flags & FIRM_FLAGS) != (m->ours->flags & FIRM_FLAGS)) {
        str_addf(why, "%s flags: wanted %u, found %u", m->ours->name,
                 m->ours->flags & FIRM_FLAGS, theirs->flags & FIRM_FLAGS);
        return false;
    }
    m->in = theirs->in;
    m->out = theirs->out;
    str_addf(why, "%s in: ", m->ours->name);
    if (!bind_record(m->ours->in, m->in, &m->is_same_in, why)) {
        return false;
    }
    str_reset(why);
    str_addf(why, "%s out: ", m->ours->name);
    if (!bind_record(m->ours->out, m->out, &m->is_same_out, why)) {
        return false;
    }
    str_reset(why);
    return true;
}

static bool bind_all(struct face *f, struct str *why)
{
    const struct haft_interface *ours = f->interface;
    const struct haft_interface *theirs = f->object->interface;

    for (uint32_t i = 0; i < ours->count; i++) {
        struct face_method *m = &f->methods[i];
        const void *row =
            (const char *)theirs->methods + (size_t)i * theirs->stride;

        m->ours = &ours->methods[i];
        if (i >= f->object->count) {
            continue;
        }
        if (!bind_method(m, row, why)) {
            return false;
        }
        m->fn = f->object->methods[i];
        m->self = f->object->self;
    }
    return true;
}

bool face_bind(struct face *f, const struct haft_interface *interface,
               struct str *why)
{
    struct str cause;

    if (f->interface) {
        return true;
    }
    str_init(&cause, STR_WHY_LIMIT);
    f->interface = interface;
    f->methods = mem_new(interface->count, sizeof(*f->methods));

    bool is_bound = bind_all(f, &cause);

    if (!is_bound) {
        str_addf(why, "interface %s: %s", interface->id, cause.text);
        mem_free(f->methods);
        f->methods = NULL;
        f->interface = NULL;
    }
    str_finish(&cause);
    return is_bound;
}
