/* The rows of the table of operations, each in the file of its noun. */
#ifndef HOST_DOOR_HANDLERS_H
#define HOST_DOOR_HANDLERS_H

#include "host/door/call.h"

extern const struct op op_run_submit, op_run_get, op_run_list, op_run_cancel,
    op_run_events;
extern const struct op op_task_get, op_task_log, op_task_resolve;
extern const struct op op_workflow_check, op_workflow_schema;
extern const struct op op_plugin_list, op_plugin_describe, op_plugin_pardon,
    op_plugin_reload;
extern const struct op op_host_status;

extern const struct op *const handlers[]; /* ends with NULL */

#endif
