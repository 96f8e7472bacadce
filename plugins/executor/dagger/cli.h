/* The Dagger CLI as a child of this process: `dagger session`. Its standard
 * input is a pipe that this process alone holds, so that it ends with whoever
 * it works for, however that ends; what it says on standard error is read all
 * the time, since it would otherwise stand still, and its last lines are kept.
 *
 * It is no child of haft.process/1: `survive` does not go with that, and its
 * children have no pipe as their input. */
#ifndef PLUGINS_EXECUTOR_DAGGER_CLI_H
#define PLUGINS_EXECUTOR_DAGGER_CLI_H

#include <stdbool.h>

#include <haft/sdk.h>

/* Tokens of haft.loop/1 with this bit are of CLIs; a descriptor is below. */
#define CLI_TOKEN (UINT64_C(1) << 61)

#define CLI_LINE_LIMIT 4096 /* bytes of its first line: a port and a token */
#define CLI_SAID_LIMIT 400  /* bytes of its last words */

struct cli;

/* Called from cli_on_ready alone. */
struct cli_client {
    void (*line)(void *ctx, const char *line); /* its first line, once */
    void (*ended)(void *ctx, int exit_code, const char *said);
    void *ctx;
};

/* `argv` ends with NULL and is looked up in PATH; `engine` is where the engine
 * is, or "". NULL with errno. */
struct cli *cli_start(const struct haft_host *host,
                      const struct cli_client *client, char *const *argv,
                      const char *engine, const char *folder);

/* A descriptor of `c` or of those that are on their way out. */
void cli_on_ready(struct cli *c, const struct haft_ready_on_in *in);
bool cli_has(const struct cli *c, uint64_t token);

/* Asks for its end; `ended` is not called any more. It is still to be told of
 * its descriptors until cli_is_over. */
void cli_stop(struct cli *c);
bool cli_is_over(const struct cli *c);

/* What it said last, NUL-terminated. */
const char *cli_said(const struct cli *c);

/* By force, if it is not over. */
void cli_destroy(struct cli *c); /* or NULL */

#endif
