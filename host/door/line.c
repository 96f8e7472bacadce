#include "host/door/line.h"

#include "host/plain/json.h"

#define LINE_VERSION 1

static bool is_line(const cJSON *tree, const cJSON *params)
{
    bool has_op = cJSON_IsString(json_get(tree, "op"));

    return cJSON_IsObject(tree) &&
           json_get_int(tree, "v", LINE_VERSION) == LINE_VERSION &&
           json_get_int(tree, "id", 0) > 0 &&
           (!params || cJSON_IsObject(params)) &&
           (has_op || json_get_bool(tree, "drop", false));
}

bool line_read(struct line *line, const char *text, size_t size,
               struct str *why)
{
    cJSON *tree = json_read(text, size, why);

    if (!tree) {
        return false;
    }
    if (!is_line(tree, json_get(tree, "params"))) {
        str_add_text(why, "a line is {\"v\":1,\"id\":N,\"op\":NAME,"
                          "\"params\":{}} or {\"v\":1,\"id\":N,\"drop\":true}");
        cJSON_Delete(tree);
        return false;
    }
    line->tree = tree;
    line->id = json_get_int(tree, "id", 0);
    line->op = json_get_text(tree, "op", NULL);
    line->params = cJSON_DetachItemFromObjectCaseSensitive(tree, "params");
    return true;
}

void line_finish(struct line *line)
{
    cJSON_Delete(line->params);
    cJSON_Delete(line->tree);
}
