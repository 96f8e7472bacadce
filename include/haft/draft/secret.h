/* haft.secret/1: secrets by name. A provider offers it to the host, and the host
 * offers it to instances whose manifest needs it; the host asks the providers
 * in order and hands on nothing that the asker may not have.
 *
 * A draft: it may change until a plugin that is used has tried it; the id will
 * not. */
#ifndef HAFT_DRAFT_SECRET_H
#define HAFT_DRAFT_SECRET_H

#include <haft/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HAFT_SECRET_V1 "haft.secret/1"

struct haft_secret_get_in {
    uint32_t size;
    uint32_t _0;
    struct haft_slice name;  /* "db-password" */
    struct haft_slice scope; /* whose: "run/ID", "instance/KIND/NAME" */
};

struct haft_secret_get_out {
    uint32_t size;
    uint32_t _0;
    int64_t expires_ms;      /* since 1970; 0: does not expire */
    struct haft_slice value; /* bytes; the host wipes its copy after use */
};

HAFT_TABLE struct haft_field haft_secret_get_in_fields[] = {
    HAFT_ROW_SIZE(haft_secret_get_in),
    HAFT_ROW_PAD(haft_secret_get_in, _0),
    HAFT_ROW_TEXT(haft_secret_get_in, name),
    HAFT_ROW_TEXT(haft_secret_get_in, scope),
};
HAFT_RECORD(haft_secret_get_in, 40);

HAFT_TABLE struct haft_field haft_secret_get_out_fields[] = {
    HAFT_ROW_SIZE(haft_secret_get_out),
    HAFT_ROW_PAD(haft_secret_get_out, _0),
    HAFT_ROW_I64(haft_secret_get_out, expires_ms),
    HAFT_ROW_BYTES(haft_secret_get_out, value),
};
HAFT_RECORD(haft_secret_get_out, 32);

/* get: the value; -HAFT_NOT_FOUND lets the next provider be asked, any other
 * fault ends the search. Neither name nor value goes into a log. [instance] */
#define HAFT_SECRET_GET 0

HAFT_TABLE struct haft_signature haft_secret_v1_methods[] = {
    {"get", HAFT_REPEAT, 0, &haft_secret_get_in_record,
     &haft_secret_get_out_record},
};
HAFT_INTERFACE(haft_secret_v1, HAFT_SECRET_V1);

#ifdef __cplusplus
}
#endif

#endif
