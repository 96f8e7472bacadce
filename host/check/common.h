/* The cases of all kinds; what each shows stands in cases.c. */
#ifndef HOST_CHECK_COMMON_H
#define HOST_CHECK_COMMON_H

#include "host/check/kit.h"

void common_manifest(struct kit *kit);
void common_defaults(struct kit *kit);
void common_ranges(struct kit *kit);
void common_types(struct kit *kit);
void common_thousand(struct kit *kit);
void common_two(struct kit *kit);
void common_cages(struct kit *kit);
void common_orders(struct kit *kit);
void common_side_effect(struct kit *kit); /* the variant is a trap */

/* Of bare messages: edges.c. */
void common_edges(struct kit *kit); /* the variant is an edge_way */
void common_words(struct kit *kit);
void common_services(struct kit *kit);
void common_memory(struct kit *kit);
void common_disk(struct kit *kit);
void common_cancelled(struct kit *kit);
void common_deadline(struct kit *kit);

#endif
