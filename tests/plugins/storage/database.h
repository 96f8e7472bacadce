/* A PostgreSQL of the test program's own: in a folder of its own, on a unix
 * socket there, without a network. A guardian process ends it and removes the
 * folder when the test program is gone, however it went. */
#ifndef TESTS_PLUGINS_STORAGE_DATABASE_H
#define TESTS_PLUGINS_STORAGE_DATABASE_H

#include <libpq-fe.h>
#include <stdint.h>

#include "tests/plugins/fakehost.h"

/* Starts it, runs the tests, ends it. The exit status of the program: 77 with
 * the reason, so that the tests are skipped, where there is no server. */
int database_run(int (*tests)(void));

/* Its folder, which has the socket. [any-thread] */
const char *database_folder(void);

/* From any process or thread. A stop is immediate: as if the power failed, as
 * far as the server is concerned. */
void database_stop(void);
void database_start(void);
void database_restart(void);

/* A connection of the test's own, as the superuser, beside the plugin's. */
PGconn *database_connect(void);

/* One or more statements; fails the test if the server refuses. The first
 * column of the first row, if there is one, goes to `room`. */
void database_ask(PGconn *conn, const char *sql, char *room, size_t size);

/* The same on a connection for it alone, without an answer. */
void database_do(const char *sql);

/* Asks until the answer is "t". */
void database_wait(PGconn *conn, const char *sql);

/* An instance whose tables are in that schema; "key=value" texts ended by NULL
 * are further options. `database_open_at`: by the socket in another folder. */
struct fakehost *database_open(const char *schema, ...);
struct fakehost *database_open_at(const char *folder, const char *schema);

#endif
