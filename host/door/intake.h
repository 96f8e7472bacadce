/* Intake: how a run comes in. A text becomes a checked workflow with complete
 * parameters, the executors it names are there, its idempotency key is new:
 * then it is asked of the core. Private to host/door. */
#ifndef HOST_DOOR_INTAKE_H
#define HOST_DOOR_INTAKE_H

#include "host/door/call.h"

#define INTAKE_WHY_LIMIT (256u * 1024) /* every error of a file at once */

/* The parameters that name a document: document, file, directory, name. */
extern const struct op_param intake_document_params[];

/* Reads the document that the parameters give; owned, or NULL with `why`. */
struct workflow *intake_read(const cJSON *params, struct str *why);

/* run.submit. */
void intake_submit(struct op_call *call);

#endif
