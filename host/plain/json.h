/* JSON written into a text, and read with limits.
 *
 * Writing needs no state: whether a comma is due follows from the last byte
 * written. Reading is cJSON's, fenced: depth, size, bytes after the value,
 * duplicate keys and invalid UTF-8 are refused with a sentence. */
#ifndef HOST_PLAIN_JSON_H
#define HOST_PLAIN_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "host/plain/str.h"

#define JSON_DEPTH_LIMIT 64

/* Writers. json_key begins a member; the next call writes its value. */
void json_open(struct str *out, char bracket);  /* '{' or '[' */
void json_close(struct str *out, char bracket); /* '}' or ']' */
void json_key(struct str *out, const char *key);
void json_text(struct str *out, const void *bytes, size_t size);
void json_int(struct str *out, int64_t value);
void json_number(struct str *out, double value);
void json_bool(struct str *out, bool value);
void json_null(struct str *out);
void json_raw(struct str *out, const char *json, size_t size); /* JSON text */

/* A key and its value in one call; a NULL text writes nothing at all. */
void json_put_text(struct str *out, const char *key, const char *text);
void json_put_int(struct str *out, const char *key, int64_t value);
void json_put_bool(struct str *out, const char *key, bool value);

/* A whole cJSON value, without spaces. */
void json_value(struct str *out, const cJSON *value);

/* The tree of one JSON text, or NULL with the reason in `why`; owned, ended
 * by cJSON_Delete. */
cJSON *json_read(const char *text, size_t size, struct str *why);

/* Members of an object, by exact name; the default where it is absent or of
 * another type. Texts are borrowed from the tree. */
const char *json_get_text(const cJSON *object, const char *key,
                          const char *fallback);
int64_t json_get_int(const cJSON *object, const char *key, int64_t fallback);
bool json_get_bool(const cJSON *object, const char *key, bool fallback);
const cJSON *json_get(const cJSON *object, const char *key);

#endif
