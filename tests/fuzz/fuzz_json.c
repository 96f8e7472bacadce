/* Whatever json_read accepts must survive being written and read again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/plain/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void write_again(const cJSON *tree, struct str *out)
{
    json_value(out, tree);
    if (out->is_cut) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct str why;
    struct str first;
    struct str second;
    cJSON *tree;

    str_init(&why, STR_WHY_LIMIT);
    str_init(&first, (size_t)64 << 20);
    str_init(&second, (size_t)64 << 20);
    tree = json_read((const char *)bytes, size, &why);
    if (tree) {
        cJSON *again;

        write_again(tree, &first);
        again = json_read(first.text, first.size, &why);
        if (!again) {
            abort();
        }
        write_again(again, &second);
        if (strcmp(first.text, second.text) != 0) {
            abort();
        }
        cJSON_Delete(again);
    } else if (why.size == 0) {
        abort(); /* refused without a reason */
    }
    cJSON_Delete(tree);
    str_finish(&why);
    str_finish(&first);
    str_finish(&second);
    return 0;
}
