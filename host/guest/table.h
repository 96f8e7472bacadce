/* Rows of a field table, read as the other side laid them out: a table may come
 * from a plugin whose rows are longer than ours. */
#ifndef HOST_GUEST_TABLE_H
#define HOST_GUEST_TABLE_H

#include <stdint.h>

#include <haft/types.h>

static inline const struct haft_field *table_field(const struct haft_record *r,
                                                   uint32_t i)
{
    return (const void *)((const char *)r->fields + (size_t)i * r->stride);
}

static inline uint32_t table_width(uint32_t kind)
{
    switch (kind) {
    case HAFT_SIZE:
    case HAFT_PAD:
    case HAFT_U32:
    case HAFT_I32:
        return 4;
    case HAFT_U64:
    case HAFT_I64:
        return 8;
    case HAFT_BYTES:
    case HAFT_TEXT:
    case HAFT_ARRAY:
        return 16;
    default:
        return 0;
    }
}

static inline uint32_t table_end(const struct haft_field *f)
{
    return f->offset + table_width(f->kind);
}

#endif
