/* Bytes that are read as frames, of a host or of a worker, must be written as
 * frames that say the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/guest/frame.h"
#include "host/guest/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const struct haft_record *record_of(uint32_t type)
{
    switch (type) {
    case FRAME_CREATE:
        return &frame_create_record;
    case FRAME_CREATED:
        return &frame_created_record;
    case FRAME_CALL:
    case FRAME_ASK:
        return &frame_call_record;
    case FRAME_DONE:
    case FRAME_ANSWER:
        return &frame_done_record;
    default:
        return NULL;
    }
}

static void write_again(const struct frame *frame)
{
    const struct haft_record *record = record_of(frame->type);
    const void *message;
    const void *back;
    struct scratch mem;
    struct frame again;
    struct link first;
    struct link second;
    struct str why;

    if (!record) {
        return;
    }
    scratch_init(&mem);
    str_init(&why, STR_WHY_LIMIT);
    link_init(&first, -1);
    link_init(&second, -1);
    message = wire_decode(&mem, record, frame->body, frame->size, &why);
    if (!message && why.size == 0) {
        abort(); /* refused without a reason */
    }
    if (message) {
        if (!link_put(&first, frame->type, record, message)) {
            abort();
        }
        str_add(&first.in, first.out.text, first.out.size);
        if (link_take(&first, &again) != 1 || again.type != frame->type) {
            abort();
        }
        back = wire_decode(&mem, record, again.body, again.size, &why);
        if (!back || !link_put(&second, frame->type, record, back) ||
            second.out.size != first.out.size ||
            memcmp(second.out.text, first.out.text, first.out.size) != 0) {
            abort();
        }
    }
    link_finish(&first);
    link_finish(&second);
    str_finish(&why);
    scratch_finish(&mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct frame frame;
    struct link link;

    link_init(&link, -1);
    str_add(&link.in, (const char *)bytes, size);
    while (link_take(&link, &frame) > 0) {
        const uint8_t *end = (const uint8_t *)frame.body + frame.size;

        if (end > (const uint8_t *)link.in.text + link.in.size) {
            abort();
        }
        write_again(&frame);
    }
    link_finish(&link);
    return 0;
}
