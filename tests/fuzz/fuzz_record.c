/* Records: whatever the store holds, a run comes back whole or is refused with
 * a reason, and what came back can be decided, shown and written.
 *
 * The first line is the record of a run, then lines in pairs: the name of a
 * task and its record; all without their version byte, but for those that
 * begin with an exclamation mark, which are taken as they are. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/carry/record.h"
#include "host/plain/json.h"
#include "host/plain/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const char document[] =
    "\x01{\"version\":1,\"name\":\"w\",\"params\":{\"p\":{\"type\":\"string\","
    "\"default\":\"x\"}},\"tasks\":{"
    "\"a\":{\"run\":\"true\",\"retry\":3,\"timeout\":{\"total\":\"9s\"}},"
    "\"b\":{\"run\":\"true\",\"needs\":[\"a\"],\"each\":{\"x\":[1,2,3]}},"
    "\"c\":{\"run\":\"true\",\"needs\":[\"b\"],\"if\":\"always()\"}},"
    "\"finally\":{\"z\":{\"run\":\"true\"}}}";

struct line {
    char *text; /* a record, with its version byte; owned */
    size_t size;
};

static bool take_line(const char **at, const char *end, bool is_record,
                      struct line *line)
{
    const char *stop;
    size_t size;

    if (*at >= end) {
        return false;
    }
    stop = memchr(*at, '\n', (size_t)(end - *at));
    size = (size_t)((stop ? stop : end) - *at);
    if (is_record && size && **at == '!') {
        *line = (struct line){mem_text(*at + 1, size - 1), size - 1};
    } else if (is_record) {
        line->text = mem_new(size + 2, 1);
        line->text[0] = RECORD_VERSION;
        memcpy(line->text + 1, *at, size);
        line->size = size + 1;
    } else {
        *line = (struct line){mem_text(*at, size), size};
    }
    *at += size + 1;
    return true;
}

static uint32_t find_executor(void *ctx, const char *name)
{
    (void)ctx;
    return strcmp(name, "local") == 0 ? 0 : CORE_NONE;
}

static bool restore_run(const struct record_target *target,
                        const struct line *line, uint32_t *run)
{
    const struct record_run record = {
        .value = line->text,
        .size = line->size,
        .document = document,
        .document_size = sizeof(document) - 1,
    };
    struct str why;
    char hash[65];
    bool is_good;

    str_init(&why, STR_WHY_LIMIT);
    is_good = record_restore_run(target, &record, run, &why);
    if (is_good != (why.size == 0)) {
        abort();
    }
    str_reset(&why);
    is_good = record_find_hash(line->text, line->size, hash, &why) && is_good;
    str_finish(&why);
    return is_good;
}

static bool restore_task(const struct record_target *target, uint32_t run,
                         const char *name, const struct line *line)
{
    const struct haft_slice value = {line->text, line->size};
    struct str why;
    bool is_good;

    str_init(&why, STR_WHY_LIMIT);
    is_good = record_restore_task(target, run, name, &value, &why);
    if (is_good != (why.size == 0)) {
        abort();
    }
    str_finish(&why);
    return is_good;
}

static void read_back(const char *json, size_t size)
{
    struct str why;
    cJSON *tree;

    str_init(&why, STR_WHY_LIMIT);
    tree = json_read(json, size, &why);
    if (!tree) {
        abort();
    }
    cJSON_Delete(tree);
    str_finish(&why);
}

static void look(const struct core *core, uint32_t run)
{
    struct str out;

    str_init(&out, SIZE_MAX / 2);
    record_add_run(&out, core, run);
    read_back(out.text + 1, out.size - 1);
    for (uint32_t t = 0; t < core_tasks_count(core, run); t++) {
        str_reset(&out);
        record_add_task(&out, core, run, t);
        read_back(out.text + 1, out.size - 1);
    }
    str_finish(&out);
}

static void resume(struct core *core, uint32_t run)
{
    const struct event *events;
    struct str out;
    size_t count;

    core_resume(core);
    core_decide(core, 5000000);
    look(core, run);
    str_init(&out, SIZE_MAX / 2);
    str_add_char(&out, '[');
    events = core_events(core, &count);
    for (size_t i = 0; i < count; i++) {
        record_add_event(&out, core, &events[i], i + 1, 5000000);
    }
    str_add_char(&out, ']');
    read_back(out.text, out.size);
    str_finish(&out);
    core_clear(core);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const struct core_options options = {.epoch = 7, .seed = 1};
    const char *at = (const char *)bytes;
    const char *end = at + size;
    struct record_target target = {.executor = find_executor};
    struct line line;
    struct line name;
    bool is_good;
    uint32_t run = CORE_NONE;

    if (!take_line(&at, end, true, &line)) {
        return 0;
    }
    target.core = core_create(&options);
    core_add_executor(target.core, "local", 2, true);
    is_good = restore_run(&target, &line, &run);
    mem_free(line.text);
    while (is_good && take_line(&at, end, false, &name)) {
        if (take_line(&at, end, true, &line)) {
            is_good = restore_task(&target, run, name.text, &line);
            mem_free(line.text);
        }
        mem_free(name.text);
    }
    if (is_good) {
        resume(target.core, run);
    } else if (run != CORE_NONE) {
        core_withdraw(target.core, run);
    }
    core_destroy(target.core);
    return 0;
}
