/* Bytes that are read as a message of any interface must be written as the same
 * message, and so must a copy of it. The first byte chooses the table. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <haft/auth.h>
#include <haft/executor.h>
#include <haft/host.h>
#include <haft/notify.h>
#include <haft/retry.h>
#include <haft/storage.h>

#include "host/guest/codec.h"
#include "host/guest/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const struct haft_record *const records[] = {
    &haft_fault_record,
    &haft_storage_commit_in_record,
    &haft_storage_get_out_record,
    &haft_storage_scan_out_record,
    &haft_executor_start_in_record,
    &haft_executor_recover_in_record,
    &haft_retry_decide_in_record,
    &haft_retry_decide_out_record,
    &haft_auth_authenticate_out_record,
    &haft_notify_deliver_in_record,
    &haft_log_write_in_record,
    &haft_attempt_output_in_record,
    &haft_attempt_ended_in_record,
    &haft_process_start_in_record,
    &haft_child_ended_in_record,
    &haft_empty_record,
};

/* The message as bytes; it must read back as itself. */
static void write_down(const struct haft_record *r, const void *message,
                       struct str *out)
{
    str_reset(out);
    wire_encode(r, message, out);
    if (out->is_cut) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const struct haft_record *r;
    struct scratch mem;
    struct str why;
    struct str first;
    struct str second;

    if (size == 0) {
        return 0;
    }
    r = records[bytes[0] % (sizeof(records) / sizeof(records[0]))];
    scratch_init(&mem);
    str_init(&why, STR_WHY_LIMIT);
    str_init(&first, (size_t)64 << 20);
    str_init(&second, (size_t)64 << 20);

    const void *read = wire_decode(&mem, r, bytes + 1, size - 1, &why);

    if (read) {
        write_down(r, read, &first);
        write_down(r, codec_copy(&mem, r, r, read), &second);
        if (first.size != second.size ||
            memcmp(first.text, second.text, first.size) != 0 ||
            !wire_decode(&mem, r, first.text, first.size, &why)) {
            abort();
        }
    } else if (why.size == 0) {
        abort(); /* refused without a reason */
    }
    scratch_finish(&mem);
    str_finish(&why);
    str_finish(&first);
    str_finish(&second);
    return 0;
}
