/* The asker's end of the owner's socket (host/door/socket.h has the lines). */
#ifndef HOST_CLI_WIRE_H
#define HOST_CLI_WIRE_H

#include "host/base/loop.h"
#include "host/door/ops.h"

struct wire_client;

/* Takes the connected descriptor. */
struct wire_client *wire_client_create(struct loop *loop, int fd);
void wire_client_destroy(struct wire_client *w);

/* As client_ask. Nothing is answered any more once the link is down. */
void wire_client_ask(struct wire_client *w, const char *op, cJSON *params,
                     const struct op_answer *answer);

/* NULL, or why the link is down. */
const char *wire_client_why(const struct wire_client *w);

#endif
