/* haft.metric/1: numbers of an instance. Each is described once and then named by
 * its index, so that counting costs no look-up and no format is the plugin's
 * business. The host adds kind and name of the instance as labels.
 *
 * A draft: it may change until a plugin that is used has tried it; the id will
 * not. */
#ifndef HAFT_DRAFT_METRIC_H
#define HAFT_DRAFT_METRIC_H

#include <haft/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HAFT_METRIC_V1 "haft.metric/1"

#define HAFT_METRIC_COUNTER 1u   /* only grows: `value` is added */
#define HAFT_METRIC_GAUGE 2u     /* `value` is what it is now */
#define HAFT_METRIC_HISTOGRAM 3u /* `value` is one observation */

#define HAFT_METRIC_LIMIT 64u /* of one instance */

struct haft_metric_row {
    uint32_t kind; /* HAFT_METRIC_* */
    uint32_t _0;
    struct haft_slice name; /* "requests", [a-z][a-z0-9_]* */
    struct haft_slice unit; /* "ms", "bytes", or empty */
    struct haft_slice help;
};

struct haft_metric_describe_in {
    uint32_t size;
    uint32_t _0;
    struct haft_array rows; /* of struct haft_metric_row */
};

struct haft_metric_sample {
    uint32_t index; /* of the row */
    uint32_t _0;
    int64_t value;
};

struct haft_metric_record_in {
    uint32_t size;
    uint32_t _0;
    struct haft_array samples; /* of struct haft_metric_sample */
};

HAFT_TABLE struct haft_field haft_metric_row_fields[] = {
    HAFT_ROW_U32(haft_metric_row, kind),  HAFT_ROW_PAD(haft_metric_row, _0),
    HAFT_ROW_TEXT(haft_metric_row, name), HAFT_ROW_TEXT(haft_metric_row, unit),
    HAFT_ROW_TEXT(haft_metric_row, help),
};
HAFT_RECORD(haft_metric_row, 56);

HAFT_TABLE struct haft_field haft_metric_describe_in_fields[] = {
    HAFT_ROW_SIZE(haft_metric_describe_in),
    HAFT_ROW_PAD(haft_metric_describe_in, _0),
    HAFT_ROW_ARRAY(haft_metric_describe_in, rows, &haft_metric_row_record),
};
HAFT_RECORD(haft_metric_describe_in, 24);

HAFT_TABLE struct haft_field haft_metric_sample_fields[] = {
    HAFT_ROW_U32(haft_metric_sample, index),
    HAFT_ROW_PAD(haft_metric_sample, _0),
    HAFT_ROW_I64(haft_metric_sample, value),
};
HAFT_RECORD(haft_metric_sample, 16);

HAFT_TABLE struct haft_field haft_metric_record_in_fields[] = {
    HAFT_ROW_SIZE(haft_metric_record_in),
    HAFT_ROW_PAD(haft_metric_record_in, _0),
    HAFT_ROW_ARRAY(haft_metric_record_in, samples, &haft_metric_sample_record),
};
HAFT_RECORD(haft_metric_record_in, 24);

/* describe: all rows at once, before the first record. [instance]
 * record: some samples; collect them and say them now and then. [any-thread] */
#define HAFT_METRIC_DESCRIBE 0
#define HAFT_METRIC_RECORD 1

HAFT_TABLE struct haft_signature haft_metric_v1_methods[] = {
    {"describe", HAFT_LEAF | HAFT_REPEAT, 0, &haft_metric_describe_in_record,
     NULL},
    {"record", HAFT_POST, 0, &haft_metric_record_in_record, NULL},
};
HAFT_INTERFACE(haft_metric_v1, HAFT_METRIC_V1);

#ifdef __cplusplus
}
#endif

#endif
