#include <string.h>

#include "host/flow/reader.h"
#include "host/flow/workflow.h"
#include "host/plain/json.h"

/* The schema is made of the tables that the reader reads by: a key that is
 * carried out is in it, another is not. */

static void put_raw(struct str *out, const char *key, const char *json)
{
    json_key(out, key);
    json_raw(out, json, strlen(json));
}

/* Puts the description into the key's own schema. */
static void put_key(struct str *out, const struct reader_key *key)
{
    json_key(out, key->name);
    json_open(out, '{');
    json_put_text(out, "description", key->help);
    str_add_char(out, ',');
    str_add(out, key->schema + 1, strlen(key->schema) - 1);
}

static void put_members(struct str *out, const struct reader_table *table)
{
    json_put_text(out, "type", "object");
    json_put_bool(out, "additionalProperties", false);
    json_key(out, "properties");
    json_open(out, '{');
    for (size_t i = 0; i < table->keys_count; i++) {
        if (table->keys[i].schema) {
            put_key(out, &table->keys[i]);
        }
    }
    json_close(out, '}');
}

static void put_table(struct str *out, const char *name,
                      const struct reader_table *table)
{
    json_key(out, name);
    json_open(out, '{');
    put_members(out, table);
    json_close(out, '}');
}

/* A map, or what stands for one of its keys. */
static void put_short(struct str *out, const char *name,
                      const struct reader_table *table, const char *other)
{
    json_key(out, name);
    json_open(out, '{');
    json_key(out, "anyOf");
    json_open(out, '[');
    json_raw(out, other, strlen(other));
    json_open(out, '{');
    put_members(out, table);
    json_close(out, '}');
    json_close(out, ']');
    json_close(out, '}');
}

static void put_task(struct str *out)
{
    json_key(out, "task");
    json_open(out, '{');
    put_members(out, &reader_task_table);
    put_raw(out, "oneOf",
            "[{\"required\":[\"run\"]},{\"required\":[\"command\"]}]");
    put_raw(out, "dependentRequired",
            "{\"shell\":[\"run\"],\"max_parallel\":[\"each\"]}");
    json_close(out, '}');
}

static void put_faults(struct str *out)
{
    json_key(out, "fault");
    json_open(out, '{');
    json_key(out, "enum");
    json_open(out, '[');
    for (size_t i = 1; i < HAFT_CLASSES; i++) {
        json_text(out, reader_classes[i], strlen(reader_classes[i]));
    }
    json_close(out, ']');
    json_close(out, '}');
}

void workflow_schema(struct str *out)
{
    json_open(out, '{');
    json_put_text(out, "$schema",
                  "https://json-schema.org/draft/2020-12/schema");
    json_put_text(out, "title", "A haft workflow");
    put_members(out, &reader_file_table);
    put_raw(out, "required", "[\"version\",\"tasks\"]");
    json_key(out, "$defs");
    json_open(out, '{');
    put_raw(out, "name",
            "{\"type\":\"string\",\"pattern\":\"^[a-z0-9][a-z0-9_-]{0,63}$\"}");
    put_raw(out, "duration",
            "{\"type\":\"string\","
            "\"pattern\":\"^[0-9]+([.][0-9]+)?(ms|s|m|h|d|w)$\"}");
    put_raw(out, "env",
            "{\"type\":\"object\",\"maxProperties\":256,\"propertyNames\":"
            "{\"pattern\":\"^(?!HAFT_)[A-Za-z_][A-Za-z0-9_]*$\"},"
            "\"additionalProperties\":{\"type\":\"string\"}}");
    put_faults(out);
    put_short(out, "timeout", &reader_timeout_table,
              "{\"$ref\":\"#/$defs/duration\"}");
    put_short(out, "retry", &reader_retry_table,
              "{\"type\":\"integer\",\"minimum\":0,\"maximum\":1000000}");
    put_short(out, "param", &reader_param_table, "{\"type\":\"null\"}");
    put_table(out, "defaults", &reader_defaults_table);
    put_task(out);
    json_close(out, '}');
    json_close(out, '}');
}
