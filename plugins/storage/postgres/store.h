/* The connection of storage/postgres: made and looked after, its prepared
 * statements, exchanges in pipeline mode, and what an error means as a fault.
 *
 * An exchange is any number of statements, all sent in one go, and then their
 * answers. Nothing here waits longer than the call may take. */
#ifndef PLUGINS_STORAGE_POSTGRES_STORE_H
#define PLUGINS_STORAGE_POSTGRES_STORE_H

#include <libpq-fe.h>
#include <stdbool.h>

#include <haft/sdk.h>
#include <haft/storage.h>

enum {
    STMT_BEGIN,
    STMT_COMMIT,
    STMT_ROLLBACK,
    STMT_CLAIM,
    STMT_RELEASE,
    STMT_STATE,
    STMT_BATCH,
    STMT_ABSENT,
    STMT_EQUAL,
    STMT_PUT,
    STMT_DELETE,
    STMT_LAST,
    STMT_GET,
    STMT_UP,
    STMT_DOWN,
    STMT_KEYS_UP,
    STMT_KEYS_DOWN,
    STMTS
};

#define PARAMS_LIMIT 5
#define HASH_SIZE 32

/* Values of a statement's parameters, in PostgreSQL's binary form. Those that
 * are bytes are borrowed until the statement is sent. */
struct params {
    int count;
    const char *values[PARAMS_LIMIT];
    int sizes[PARAMS_LIMIT];
    uint8_t numbers[PARAMS_LIMIT][8];
};

/* Items of one type, to be a parameter. */
#define ARRAY_BYTEA 17 /* the type's number in PostgreSQL's catalogue */
#define ARRAY_INT8 20
struct array {
    uint8_t *bytes;
    size_t size;
    size_t room;
    uint32_t count;
    bool is_broken; /* no memory */
};

enum exchange {
    EXCHANGE_DONE,
    EXCHANGE_REFUSED, /* the server has said why; the connection is good */
    EXCHANGE_LOST     /* no answer: nobody knows what became of it */
};

struct postgres {
    struct haft_instance instance;
    const struct haft_host *host;
    struct haft_object storage;
    const struct haft_object *objects[2];
    char *dsn;
    char *schema;
    int64_t lease_ms;
    int64_t timeout_ms;
    char holder[33]; /* who we are in the lease: random, of this instance */
    char who[96];    /* the same for a person */
    PGconn *conn;    /* NULL: not connected */
    bool is_ending;  /* the server has said that it ends the session */

    uint64_t epoch; /* of our lease; 0: never had one */
    bool is_fenced; /* it was ours, and somebody else has it now */
    uint64_t last;  /* batch; while connected and not fenced */
    uint64_t base;  /* the last batch of those before us */
    bool has_hash;
    uint8_t hash[HASH_SIZE]; /* of the content of `base`, if known */

    int64_t limit_ms; /* when the call that is being answered must end */
    uint64_t call;
    char sqlstate[6]; /* of the last trouble; "": not from the server */
    char trouble[HAFT_MESSAGE_LIMIT / 2];
};

/* Whether libpq can read it at all. What it says of one that it cannot read is
 * not passed on: it quotes what may be a password. */
bool postgres_may_connect(const char *dsn);

/* Connects if there is no connection that is good, makes the schema if it is
 * not there, and takes the lease over to the new connection if it is ours. The
 * first thing that a method does. */
haft_status postgres_open(struct postgres *p, const struct haft_call *call);
void postgres_close(struct postgres *p);

/* Of a lease that is given back when the instance ends; waits little. */
void postgres_release(struct postgres *p);

/* Asks for the lease: one that is ours stays so, one that is free is taken if
 * `may_take`. `epoch`, `last` and the rest say what came of it; epoch 0 or
 * is_fenced: it is somebody else's. */
enum exchange postgres_claim(struct postgres *p, bool may_take);

void params_add(struct params *params, struct haft_slice bytes);
void params_add_number(struct params *params, uint64_t number);
void params_add_array(struct params *params, struct array *a);

void array_start(struct array *a, uint32_t type); /* empties it */
void array_add_bytes(struct array *a, struct haft_slice bytes);
void array_add_number(struct array *a, uint64_t number);

/* Queues a statement. False: it cannot be; `trouble` says why. */
bool postgres_send(struct postgres *p, int which, const struct params *params);

/* Ends an exchange. `rows`: those of the last statement that has any, the
 * caller's to PQclear; NULL if there are none. */
enum exchange postgres_finish(struct postgres *p, PGresult **rows);

/* One statement. */
enum exchange postgres_ask(struct postgres *p, int which,
                           const struct params *params, PGresult **rows);

uint64_t postgres_number(const PGresult *rows, int row, int column);
struct haft_slice postgres_bytes(const PGresult *rows, int row, int column);

/* A fault with effect not_started. */
haft_status postgres_fail(struct postgres *p, const struct haft_call *call,
                          uint32_t fault_class, const char *code,
                          const char *message);

/* The same about the last trouble, while doing something. The connection is
 * closed if it is lost, or to a server that cannot be written to. */
haft_status postgres_fail_by(struct postgres *p, const struct haft_call *call,
                             const char *doing);

/* The answer to a COMMIT never came. Closes the connection; effect maybe. */
haft_status postgres_give_up(struct postgres *p, const struct haft_call *call);

#endif
