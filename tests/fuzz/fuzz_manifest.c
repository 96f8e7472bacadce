/* Whatever a module says of itself is read or refused with a reason, and what
 * was read can make options. */
#include <stdint.h>
#include <stdlib.h>

#include "host/guest/manifest.h"
#include "host/guest/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void use(const struct manifest_class *class, struct str *why)
{
    struct options options;
    struct scratch mem;

    scratch_init(&mem);
    if (options_read(&options, class, NULL, why)) {
        options_give(&options, "/state", &mem);
        options_finish(&options);
    }
    scratch_finish(&mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct manifest m;
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    if (manifest_read(&m, (const char *)bytes, size, &why)) {
        for (size_t i = 0; i < m.classes_count; i++) {
            use(&m.classes[i], &why);
        }
        manifest_finish(&m);
    } else if (why.size == 0) {
        abort(); /* refused without a reason */
    }
    str_finish(&why);
    return 0;
}
