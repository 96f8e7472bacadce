#include "host/cli/tails.h"

#include <stdio.h>
#include <string.h>

#include "host/plain/json.h"

#define TAIL_LINES 10
#define TAILS_LIMIT 10           /* tasks */
#define TAIL_BYTES (256u * 1024) /* of the log that is kept to look at */

static void keep(void *ctx, const char *json, size_t size)
{
    struct str *kept = ctx;
    struct str why;
    cJSON *piece;
    const char *text;

    str_init(&why, STR_WHY_LIMIT);
    piece = json_read(json, size, &why);
    text = json_get_text(piece, "text", "");
    if (kept->size + strlen(text) > TAIL_BYTES) {
        str_reset(kept);
    }
    str_add_text(kept, text);
    cJSON_Delete(piece);
    str_finish(&why);
}

static void read_stream(struct client *client, const cJSON *run,
                        const char *task, int stream, struct str *kept)
{
    const struct client_listener listener = {keep, kept};
    cJSON *params = cJSON_CreateObject();
    struct fault fault;
    cJSON *result;

    cJSON_AddStringToObject(params, "run", json_get_text(run, "id", ""));
    cJSON_AddStringToObject(params, "task", task);
    cJSON_AddNumberToObject(params, "stream", stream);
    result = client_call(client, "task.log", params, &listener, &fault);
    cJSON_Delete(result); /* a task that never began has no log: nothing */
}

static void print_last_lines(const char *task, const struct str *kept)
{
    const char *from = kept->text + kept->size;
    int lines = 0;

    if (kept->size && from[-1] == '\n') {
        from--;
    }
    while (from > kept->text && (from[-1] != '\n' || ++lines < TAIL_LINES)) {
        from--;
    }
    printf("\n%s, last lines:\n", task);
    while (*from) {
        size_t size = strcspn(from, "\n");

        printf("  | %.*s\n", (int)size, from);
        from += size + (from[size] == '\n');
    }
}

void tails_print(struct client *client, const cJSON *run)
{
    const cJSON *task;
    struct str kept;
    int shown = 0;

    str_init(&kept, TAIL_BYTES);
    cJSON_ArrayForEach(task, json_get(run, "tasks_list"))
    {
        const char *state = json_get_text(task, "state", "");
        const char *name = json_get_text(task, "name", "");

        if (strcmp(state, "failed") != 0 || shown++ >= TAILS_LIMIT) {
            continue;
        }
        str_reset(&kept);
        read_stream(client, run, name, 2, &kept);
        if (kept.size == 0) {
            read_stream(client, run, name, 1, &kept);
        }
        if (kept.size) {
            print_last_lines(name, &kept);
        }
    }
    str_finish(&kept);
}
