/* $HAFT_OUTPUT and the rows of the story: whatever a task or a store gives,
 * an object of texts or a reason; events that lie in the row, in order. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/carry/outputs.h"
#include "host/carry/story.h"
#include "host/plain/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check_object(const cJSON *object)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, object)
    {
        size_t size = cJSON_IsString(item) ? strlen(item->valuestring) : 0;

        if (!cJSON_IsString(item) || size > OUTPUTS_VALUE_LIMIT ||
            !utf8_is_valid(item->valuestring, size)) {
            abort();
        }
    }
}

static void check_story(const char *row, size_t size)
{
    struct story_event event;
    struct story story;
    const char *last = row;

    story_start(&story, row, size);
    while (story_next(&story, &event)) {
        const char *begin = event.json.p;

        if (begin < last || begin + event.json.n > row + size) {
            abort();
        }
        last = begin + event.json.n;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct str why;
    cJSON *object;

    str_init(&why, STR_WHY_LIMIT);
    object = outputs_read((const char *)bytes, size, &why);
    if ((object != NULL) != (why.size == 0)) {
        abort();
    }
    check_object(object);
    cJSON_Delete(object);
    str_finish(&why);
    check_story((const char *)bytes, size);
    return 0;
}
