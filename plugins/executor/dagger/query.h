/* The GraphQL documents. What comes from a task goes into variables alone,
 * never into the text of a document. */
#ifndef PLUGINS_EXECUTOR_DAGGER_QUERY_H
#define PLUGINS_EXECUTOR_DAGGER_QUERY_H

#include <haft/executor.h>

#include "plugins/executor/dagger/dialect.h"

/* An image that is a folder of the session's machine: rootfs:DIR. */
#define QUERY_ROOTFS "rootfs:"

/* A job, kept until the engine's dialect is known. */
struct query;

/* Copies what is needed of a job. NULL without memory. */
struct query *query_create(const struct haft_executor_start_in *in);
void query_destroy(struct query *q); /* or NULL */

/* The folder whose id query_exec must be given, or NULL. */
const char *query_rootfs(const struct query *q);

/* Bodies of requests, the caller's to free(); NULL without memory. The answer
 * of query_exec holds exitCode, stdout and stderr, that of the directory id. */
char *query_version(void);
char *query_directory(const struct query *q);
char *query_exec(const struct query *q, const struct dialect *dialect,
                 const char *directory);

#endif
