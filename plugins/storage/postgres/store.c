/* See store.h, and the top of postgres.c for what an error means. */
#include "plugins/storage/postgres/store.h"

#include <inttypes.h>
#include <poll.h>
#include <time.h>

#include "plugins/storage/postgres/schema.h"

/* How often a wait looks whether its call is still wanted. */
#define LOOK_MS 100

/* How long the end of an instance may take, to give its lease back. */
#define RELEASE_MS 1500

/* The lease is free: its time is over, and the session that held it is gone.
 * An owner that is connected and has nothing to write stays the owner. What the
 * server does not show of another role's session counts as the same one. */
#define IS_FREE                                                                \
    "until <= clock_timestamp() AND NOT EXISTS"                                \
    " (SELECT FROM pg_stat_activity AS a WHERE a.pid = haft_state.pid"         \
    " AND coalesce(a.backend_start = haft_state.started, true))"

/* From now on, for as many milliseconds as the third parameter says. */
#define UNTIL "clock_timestamp() + $3::bigint * interval '1 ms'"

/* Records of a range, at most $3, and for as long as those before have less
 * than $4 bytes; each says whether another one follows. */
#define SCAN(value, bytes, order)                                              \
    "SELECT key, version, " value ", is_more FROM"                             \
    " (SELECT key, version, " value ", n,"                                     \
    " lead(n) OVER w IS NOT NULL AS is_more,"                                  \
    " sum(" bytes ") OVER w - " bytes " AS bytes_before FROM"                  \
    " (SELECT key, version, " value ","                                        \
    " row_number() OVER (ORDER BY key " order ") AS n FROM haft_record"        \
    " WHERE key >= $1::bytea AND key < $2::bytea"                              \
    " ORDER BY key " order " LIMIT $3::bigint + 1) AS r"                       \
    " WINDOW w AS (ORDER BY n)) AS s"                                          \
    " WHERE n <= $3::bigint AND bytes_before < $4::bigint ORDER BY n"

static const char *const stmt_sql[STMTS] = {
    [STMT_BEGIN] = "BEGIN",
    [STMT_COMMIT] = "COMMIT",
    [STMT_ROLLBACK] = "ROLLBACK",
    [STMT_CLAIM] =
        "UPDATE haft_state SET holder = $1::text, who = $2::text,"
        " epoch = epoch + 1, until = " UNTIL ", pid = pg_backend_pid(),"
        " started = (SELECT backend_start FROM pg_stat_activity"
        " WHERE pid = pg_backend_pid())"
        " WHERE holder = $1::text OR ($4::bigint = 1 AND " IS_FREE ")"
        " RETURNING epoch, last, hash",
    [STMT_RELEASE] = "UPDATE haft_state SET holder = NULL, pid = NULL,"
                     " until = '-infinity'"
                     " WHERE holder = $1::text AND epoch = $2::bigint",
    [STMT_STATE] =
        "SELECT last, hash, who, greatest(0, extract(epoch FROM"
        " greatest(until, '1970-01-01') - clock_timestamp()) * 1000)::bigint"
        " FROM haft_state",
    [STMT_BATCH] =
        "WITH own AS (UPDATE haft_state"
        " SET last = $1::bigint, hash = $2::bytea, until = " UNTIL
        " WHERE holder = $4::text AND epoch = $5::bigint"
        " AND last = $1::bigint - 1 RETURNING one)"
        " SELECT haft_expect(EXISTS (SELECT FROM own), '" SCHEMA_MOVED "')",
    [STMT_ABSENT] =
        "SELECT haft_expect(NOT EXISTS (SELECT FROM unnest($1::bytea[])"
        " AS g(key) JOIN haft_record USING (key)), '" SCHEMA_GUARD "')",
    [STMT_EQUAL] =
        "SELECT haft_expect(NOT EXISTS (SELECT FROM"
        " unnest($1::bytea[], $2::bigint[]) AS g(key, version)"
        " WHERE NOT EXISTS (SELECT FROM haft_record AS r"
        " WHERE r.key = g.key AND r.version = g.version)), '" SCHEMA_GUARD "')",
    [STMT_PUT] = "INSERT INTO haft_record (key, version, value) SELECT * FROM"
                 " unnest($1::bytea[], $2::bigint[], $3::bytea[])"
                 " ON CONFLICT (key) DO UPDATE"
                 " SET version = excluded.version, value = excluded.value",
    [STMT_DELETE] = "DELETE FROM haft_record WHERE key = ANY ($1::bytea[])",
    [STMT_LAST] = "SELECT last, pg_total_relation_size('haft_record')"
                  " FROM haft_state",
    [STMT_GET] = "SELECT version, value FROM haft_record WHERE key = $1::bytea",
    [STMT_UP] =
        SCAN("value", "(octet_length(key) + octet_length(value))", "ASC"),
    [STMT_DOWN] =
        SCAN("value", "(octet_length(key) + octet_length(value))", "DESC"),
    [STMT_KEYS_UP] = SCAN("NULL::bytea AS value", "octet_length(key)", "ASC"),
    [STMT_KEYS_DOWN] =
        SCAN("NULL::bytea AS value", "octet_length(key)", "DESC"),
};

/* ---- faults ---- */

struct meaning {
    const char *sqlstate; /* or how it begins; the first that fits */
    uint32_t fault_class;
    const char *name;
};

static const struct meaning meanings[] = {
    {"", HAFT_BACKEND_DOWN, "postgres.unreachable"}, /* no SQLSTATE at all */
    {"08", HAFT_BACKEND_DOWN, "postgres.unreachable"},
    {"25006", HAFT_BACKEND_DOWN, "postgres.readonly"},
    {"25P0", HAFT_TRANSIENT, "postgres.idle"},
    {"28", HAFT_DENIED, "postgres.denied"},
    {"3D000", HAFT_NOT_FOUND, "postgres.database"},
    {"40", HAFT_TRANSIENT, "postgres.serialization"},
    {"42501", HAFT_DENIED, "postgres.denied"},
    {"42", HAFT_INVALID, "postgres.schema"},
    {"3F000", HAFT_INVALID, "postgres.schema"},
    {"53", HAFT_RESOURCE, "postgres.resources"},
    {"54", HAFT_INVALID, "postgres.too_big"},
    {"55P03", HAFT_TRANSIENT, "postgres.locked"},
    {"55", HAFT_TRANSIENT, "postgres.busy"},
    {"57014", HAFT_TRANSIENT, "postgres.timeout"},
    {"57P", HAFT_BACKEND_DOWN, "postgres.shutdown"},
    {"58", HAFT_BACKEND_DOWN, "postgres.io"},
    {"XX001", HAFT_CORRUPT, "postgres.corrupt"},
    {"XX002", HAFT_CORRUPT, "postgres.corrupt"},
};

static const struct meaning *meaning_of(const char *sqlstate)
{
    static const struct meaning other = {"", HAFT_INTERNAL, "postgres.error"};

    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
        size_t size = strlen(meanings[i].sqlstate);

        if (size > 0 ? strncmp(sqlstate, meanings[i].sqlstate, size) == 0
                     : sqlstate[0] == '\0') {
            return &meanings[i];
        }
    }
    return &other;
}

haft_status postgres_fail(struct postgres *p, const struct haft_call *call,
                          uint32_t fault_class, const char *code,
                          const char *message)
{
    struct haft_fault fault = haft_fault_of(fault_class, code, message);

    fault.effect = HAFT_EFFECT_NOT_STARTED;
    fault.origin = HAFT_ORIGIN_REMOTE;
    return haft_fail_with(p->host, call, &fault);
}

haft_status postgres_fail_by(struct postgres *p, const struct haft_call *call,
                             const char *doing)
{
    const struct meaning *meaning = meaning_of(p->sqlstate);
    char message[HAFT_MESSAGE_LIMIT];

    snprintf(message, sizeof(message), "%s: %s%s%s%s", doing, p->trouble,
             p->sqlstate[0] ? " (SQLSTATE " : "", p->sqlstate,
             p->sqlstate[0] ? ")" : "");
    haft_clean(message);
    if (meaning->fault_class == HAFT_BACKEND_DOWN ||
        PQstatus(p->conn) != CONNECTION_OK) {
        postgres_close(p);
    }
    return postgres_fail(p, call, meaning->fault_class, meaning->name, message);
}

haft_status postgres_give_up(struct postgres *p, const struct haft_call *call)
{
    char message[HAFT_MESSAGE_LIMIT];
    struct haft_fault fault;

    snprintf(message, sizeof(message), "a commit was not answered: %s",
             p->trouble);
    haft_clean(message);
    fault = haft_fault_of(HAFT_UNKNOWN_OUTCOME, "postgres.commit", message);
    fault.origin = HAFT_ORIGIN_REMOTE;
    postgres_close(p);
    return haft_fail_with(p->host, call, &fault);
}

/* Keeps what libpq or the server says, as one line; `state` NULL: libpq. */
static void note_trouble(struct postgres *p, const char *state,
                         const char *text)
{
    size_t size;

    snprintf(p->sqlstate, sizeof(p->sqlstate), "%s", state ? state : "");
    snprintf(p->trouble, sizeof(p->trouble), "%s", text);
    size = strlen(p->trouble);
    while (size > 0 && p->trouble[size - 1] == '\n') {
        p->trouble[--size] = '\0';
    }
    for (char *c = p->trouble; *c; c++) {
        *c = (unsigned char)*c < ' ' ? ' ' : *c;
    }
}

static bool is_state(const char *text)
{
    for (int i = 0; i < 5; i++) {
        if (!(text[i] >= '0' && text[i] <= '9') &&
            !(text[i] >= 'A' && text[i] <= 'Z')) {
            return false;
        }
    }
    return text[5] == ':';
}

/* Why no connection came about. libpq hands out no SQLSTATE for that, but a
 * verbose message has it: "FATAL:  28P01: password ...". What has none did not
 * come from a server. The lines below say where in its source it was written. */
static void note_refusal(struct postgres *p)
{
    const char *text = PQerrorMessage(p->conn);
    const char *colon = strstr(text, ":  ");
    char state[6] = "";
    char line[sizeof(p->trouble)];

    while (colon && !is_state(colon + 3)) {
        colon = strstr(colon + 3, ":  ");
    }
    if (!colon) {
        note_trouble(p, NULL, text);
        return;
    }
    memcpy(state, colon + 3, 5);
    colon += 3 + sizeof("12345: ") - 1;
    snprintf(line, sizeof(line), "%.*s", (int)strcspn(colon, "\n"), colon);
    note_trouble(p, state, line);
}

/* ---- waiting ---- */

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until the socket is ready. False: the call has no time left, or nobody wants
 * its answer any more. */
static bool wait_socket(struct postgres *p, short events)
{
    struct pollfd ready = {PQsocket(p->conn), events, 0};

    if (ready.fd < 0) {
        note_trouble(p, NULL, "the connection is lost");
        return false;
    }
    while (p->call == 0 || !p->host->cancelled(p->host->self, p->call)) {
        int64_t left = p->limit_ms - now_ms();
        int count;

        if (left <= 0) {
            break;
        }
        count = poll(&ready, 1, left < LOOK_MS ? (int)left : LOOK_MS);
        if (count > 0) {
            return true;
        }
        if (count < 0 && errno != EINTR) {
            break;
        }
    }
    note_trouble(p, NULL, "no answer in the time that the question may take");
    return false;
}

/* Until a result can be taken without waiting. */
static bool wait_result(struct postgres *p)
{
    int unsent = PQflush(p->conn);

    while (PQisBusy(p->conn)) {
        if (!wait_socket(p, unsent == 1 ? POLLIN | POLLOUT : POLLIN)) {
            return false;
        }
        if (!PQconsumeInput(p->conn)) {
            note_trouble(p, NULL, PQerrorMessage(p->conn));
            return false;
        }
        unsent = PQflush(p->conn);
    }
    return true;
}

static void note_result(struct postgres *p, const PGresult *result,
                        bool *is_refused)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    if (!*is_refused) { /* what follows the first one is its consequence */
        note_trouble(p, state, text ? text : PQresultErrorMessage(result));
    }
    *is_refused = true;
}

/* All results up to the end of what was sent: in pipeline mode that is the
 * mark of a sync, else there being no more. */
static enum exchange read_results(struct postgres *p, PGresult **rows)
{
    bool is_pipeline = PQpipelineStatus(p->conn) != PQ_PIPELINE_OFF;
    bool is_refused = false;
    bool is_over = false;

    note_trouble(p, NULL, "the connection is lost"); /* if nothing is said */
    while (!is_over) {
        PGresult *result;
        ExecStatusType status;

        if (!wait_result(p)) {
            return EXCHANGE_LOST;
        }
        result = PQgetResult(p->conn);
        status = PQresultStatus(result);
        is_over = result ? status == PGRES_PIPELINE_SYNC : !is_pipeline;
        if (result && status == PGRES_TUPLES_OK) {
            PQclear(*rows);
            *rows = result;
            continue;
        }
        if (result && status == PGRES_FATAL_ERROR) {
            note_result(p, result, &is_refused);
        }
        PQclear(result);
        if (PQstatus(p->conn) != CONNECTION_OK) {
            return EXCHANGE_LOST;
        }
    }
    return is_refused ? EXCHANGE_REFUSED : EXCHANGE_DONE;
}

/* The same; rows only if all went well. */
static enum exchange finish(struct postgres *p, PGresult **rows)
{
    PGresult *found = NULL;
    enum exchange done = read_results(p, &found);

    if (rows && done == EXCHANGE_DONE) {
        *rows = found;
        return done;
    }
    PQclear(found);
    return done;
}

/* ---- parameters and arrays, in the binary form of PostgreSQL ---- */

void params_add(struct params *params, struct haft_slice bytes)
{
    params->values[params->count] = bytes.n > 0 ? bytes.p : "";
    params->sizes[params->count++] = (int)bytes.n;
}

void params_add_number(struct params *params, uint64_t number)
{
    uint8_t *bytes = params->numbers[params->count];

    for (int i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)(number >> (56 - 8 * i));
    }
    params_add(params, haft_bytes(bytes, 8));
}

static void array_add(struct array *a, const void *bytes, size_t size)
{
    if (a->room - a->size < size) {
        size_t room = a->room + size + a->room / 2 + 256;
        uint8_t *grown = realloc(a->bytes, room);

        if (!grown) {
            a->is_broken = true;
            return;
        }
        a->bytes = grown;
        a->room = room;
    }
    if (size > 0) {
        memcpy(a->bytes + a->size, bytes, size);
        a->size += size;
    }
}

static void array_add_32(struct array *a, uint32_t number)
{
    const uint8_t bytes[4] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16),
                              (uint8_t)(number >> 8), (uint8_t)number};

    array_add(a, bytes, sizeof(bytes));
}

/* Dimensions, NULLs, type; then how many items, and the index of the first. */
void array_start(struct array *a, uint32_t type)
{
    a->size = 0;
    a->count = 0;
    array_add_32(a, 1);
    array_add_32(a, 0);
    array_add_32(a, type);
    array_add_32(a, 0);
    array_add_32(a, 1);
}

void array_add_bytes(struct array *a, struct haft_slice bytes)
{
    array_add_32(a, (uint32_t)bytes.n);
    array_add(a, bytes.p, (size_t)bytes.n);
    a->count++;
}

void array_add_number(struct array *a, uint64_t number)
{
    array_add_32(a, 8);
    array_add_32(a, (uint32_t)(number >> 32));
    array_add_32(a, (uint32_t)number);
    a->count++;
}

void params_add_array(struct params *params, struct array *a)
{
    for (int i = 0; i < 4 && !a->is_broken; i++) {
        a->bytes[12 + i] = (uint8_t)(a->count >> (24 - 8 * i));
    }
    params_add(params, haft_bytes(a->bytes, a->size));
}

/* ---- exchanges ---- */

bool postgres_send(struct postgres *p, int which, const struct params *params)
{
    static const int formats[PARAMS_LIMIT] = {1, 1, 1, 1, 1};
    static const struct params none;
    char name[16];

    params = params ? params : &none;
    snprintf(name, sizeof(name), "haft_%d", which);
    if (PQsendQueryPrepared(p->conn, name, params->count, params->values,
                            params->sizes, formats, 1) != 1) {
        note_trouble(p, NULL, PQerrorMessage(p->conn));
        return false;
    }
    return true;
}

enum exchange postgres_finish(struct postgres *p, PGresult **rows)
{
    if (PQpipelineSync(p->conn) != 1) {
        note_trouble(p, NULL, PQerrorMessage(p->conn));
        return EXCHANGE_LOST;
    }
    return finish(p, rows);
}

enum exchange postgres_ask(struct postgres *p, int which,
                           const struct params *params, PGresult **rows)
{
    if (!postgres_send(p, which, params)) {
        return EXCHANGE_LOST;
    }
    return postgres_finish(p, rows);
}

uint64_t postgres_number(const PGresult *rows, int row, int column)
{
    const uint8_t *bytes = (const uint8_t *)PQgetvalue(rows, row, column);
    int size = PQgetlength(rows, row, column);
    uint64_t number = 0;

    for (int i = 0; i < size; i++) {
        number = number << 8 | bytes[i];
    }
    return number;
}

struct haft_slice postgres_bytes(const PGresult *rows, int row, int column)
{
    return haft_bytes(PQgetvalue(rows, row, column),
                      (uint64_t)PQgetlength(rows, row, column));
}

/* Statements as text, outside the pipeline; rows come as text too. */
static enum exchange ask_text(struct postgres *p, const char *sql,
                              PGresult **rows)
{
    if (PQsendQuery(p->conn, sql) != 1) {
        note_trouble(p, NULL, PQerrorMessage(p->conn));
        return EXCHANGE_LOST;
    }
    return finish(p, rows);
}

/* ---- connecting ---- */

void postgres_close(struct postgres *p)
{
    PQfinish(p->conn);
    p->conn = NULL;
}

bool postgres_may_connect(const char *dsn)
{
    bool is_string = strchr(dsn, '=') || strstr(dsn, "://");
    PQconninfoOption *options =
        is_string ? PQconninfoParse(dsn, NULL) : PQconndefaults();

    PQconninfoFree(options);
    return options != NULL;
}

/* A server that ends a session says so before it does. All else that it says
 * unasked is of no interest. */
static void hear_notice(void *arg, const PGresult *notice)
{
    struct postgres *p = arg;
    const char *state = PQresultErrorField(notice, PG_DIAG_SQLSTATE);
    const char *severity =
        PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);

    if ((severity && strcmp(severity, "FATAL") == 0) ||
        (state && strncmp(state, "57P", 3) == 0)) {
        p->is_ending = true;
    }
}

/* What a person wrote into the option dsn comes last and so is heard most. A
 * peer that is silent is given up after about the time of the lease. */
static PGconn *start_connecting(const struct postgres *p)
{
    const char *const keywords[] = {
        "target_session_attrs",
        "keepalives_idle",
        "keepalives_interval",
        "keepalives_count",
        "tcp_user_timeout",
        "fallback_application_name",
        "dbname",
        "client_encoding",
        NULL,
    };
    char third[24];
    char user_timeout[24];
    const char *const values[] = {
        "read-write", third,  third,  "2",  user_timeout,
        "haft",       p->dsn, "UTF8", NULL,
    };

    snprintf(third, sizeof(third), "%" PRId64, p->lease_ms / 3000 + 1);
    snprintf(user_timeout, sizeof(user_timeout), "%" PRId64, p->lease_ms);
    return PQconnectStartParams(keywords, values, 1);
}

static bool connect_to(struct postgres *p)
{
    PostgresPollingStatusType next = PGRES_POLLING_WRITING;

    p->conn = start_connecting(p);
    if (!p->conn) {
        note_trouble(p, "53200", "no memory for a connection");
        return false;
    }
    PQsetNoticeReceiver(p->conn, hear_notice, p);
    p->is_ending = false;
    PQsetErrorVerbosity(p->conn, PQERRORS_VERBOSE);
    while (PQstatus(p->conn) != CONNECTION_BAD && next != PGRES_POLLING_OK) {
        if (!wait_socket(p, next == PGRES_POLLING_READING ? POLLIN : POLLOUT)) {
            return false;
        }
        next = PQconnectPoll(p->conn);
    }
    if (PQstatus(p->conn) != CONNECTION_OK) {
        note_refusal(p);
        return false;
    }
    PQsetErrorVerbosity(p->conn, PQERRORS_DEFAULT);
    PQsetnonblocking(p->conn, 1);
    return true;
}

/* Settings of the session. The statements are planned once, when the tables
 * may be empty: each is to use the index all the same. The server gives up a
 * statement before we do: so we hear of it. One that answers COMMIT before it
 * is durable is told not to. */
static enum exchange configure(struct postgres *p, PGresult **rows)
{
    char *name = PQescapeIdentifier(p->conn, p->schema, strlen(p->schema));
    char *text = PQescapeLiteral(p->conn, p->schema, strlen(p->schema));
    char sql[1536];
    enum exchange done = EXCHANGE_LOST;

    if (name && text) {
        snprintf(sql, sizeof(sql),
                 "SET search_path TO %s; SET statement_timeout = %" PRId64 ";"
                 "SET idle_in_transaction_session_timeout = %" PRId64 ";"
                 "SET client_min_messages = error;"
                 "SET default_transaction_isolation = 'read committed';"
                 "SET plan_cache_mode = force_generic_plan;"
                 "SET enable_seqscan = off; SET enable_hashjoin = off;"
                 "SET enable_mergejoin = off; SET jit = off;"
                 "SELECT set_config('synchronous_commit', 'on', false)"
                 " WHERE current_setting('synchronous_commit')"
                 " IN ('off', 'local');"
                 "SELECT to_regclass('haft_state') IS NOT NULL,"
                 " EXISTS (SELECT FROM pg_namespace WHERE nspname = %s)",
                 name, p->timeout_ms - p->timeout_ms / 10, p->timeout_ms, text);
        done = ask_text(p, sql, rows);
    } else {
        note_trouble(p, "53200", "no memory for the name of the schema");
    }
    PQfreemem(name);
    PQfreemem(text);
    return done;
}

/* In one transaction, as all statements of one text are. */
static enum exchange make_schema(struct postgres *p, bool has_namespace)
{
    char *name = PQescapeIdentifier(p->conn, p->schema, strlen(p->schema));
    size_t room = sizeof(schema_create) + 512;
    char *sql = malloc(room);
    enum exchange done = EXCHANGE_LOST;

    if (name && sql) {
        snprintf(sql, room, "SELECT pg_advisory_xact_lock(1751213684);%s%s;%s",
                 has_namespace ? "" : "CREATE SCHEMA IF NOT EXISTS ",
                 has_namespace ? "" : name, schema_create);
        done = ask_text(p, sql, NULL);
    } else {
        note_trouble(p, "53200", "no memory to make the tables");
    }
    PQfreemem(name);
    free(sql);
    return done;
}

static bool is_true(const PGresult *rows, int column)
{
    return PQntuples(rows) == 1 && PQgetvalue(rows, 0, column)[0] == 't';
}

/* Refuses what is no store of ours, or one that we would not understand. */
static haft_status check_schema(struct postgres *p,
                                const struct haft_call *call)
{
    PGresult *rows = NULL;
    bool is_newer;

    if (ask_text(p, "SELECT max(version) > 1 FROM haft_state", &rows) !=
        EXCHANGE_DONE) {
        return postgres_fail_by(p, call, "cannot read the store");
    }
    is_newer = is_true(rows, 0);
    PQclear(rows);
    return is_newer ? postgres_fail(p, call, HAFT_INVALID, "postgres.newer",
                                    "the schema was written by a newer haft; "
                                    "nothing was changed")
                    : HAFT_OK;
}

static haft_status set_up(struct postgres *p, const struct haft_call *call)
{
    PGresult *rows = NULL;
    enum exchange done = configure(p, &rows);
    bool has_tables = done == EXCHANGE_DONE && is_true(rows, 0);

    if (done == EXCHANGE_DONE && !has_tables) {
        done = make_schema(p, is_true(rows, 1));
    }
    PQclear(rows);
    return done == EXCHANGE_DONE
               ? check_schema(p, call)
               : postgres_fail_by(p, call, "cannot set up the store");
}

static enum exchange prepare(struct postgres *p)
{
    if (PQenterPipelineMode(p->conn) != 1) {
        note_trouble(p, NULL, PQerrorMessage(p->conn));
        return EXCHANGE_LOST;
    }
    for (int i = 0; i < STMTS; i++) {
        char name[16];

        snprintf(name, sizeof(name), "haft_%d", i);
        if (PQsendPrepare(p->conn, name, stmt_sql[i], 0, NULL) != 1) {
            note_trouble(p, NULL, PQerrorMessage(p->conn));
            return EXCHANGE_LOST;
        }
    }
    return postgres_finish(p, NULL);
}

/* Nothing is under way, so what can be read is an end or a notice. */
static bool is_good(struct postgres *p)
{
    struct pollfd ready = {PQsocket(p->conn), POLLIN, 0};

    while (poll(&ready, 1, 0) > 0) {
        if (!PQconsumeInput(p->conn)) {
            return false;
        }
        PQisBusy(p->conn); /* reads what has come */
    }
    return PQstatus(p->conn) == CONNECTION_OK && !p->is_ending;
}

haft_status postgres_open(struct postgres *p, const struct haft_call *call)
{
    haft_status status;

    p->call = call->id;
    p->limit_ms = now_ms() + p->timeout_ms;
    if (call->deadline_ms < p->limit_ms) {
        p->limit_ms = call->deadline_ms;
    }
    if (p->conn && is_good(p)) {
        return HAFT_OK;
    }
    postgres_close(p);
    if (!connect_to(p)) {
        status = postgres_fail_by(p, call, "cannot connect");
        postgres_close(p);
        return status;
    }
    status = set_up(p, call);
    if (status == HAFT_OK && prepare(p) != EXCHANGE_DONE) {
        status = postgres_fail_by(p, call, "cannot prepare the statements");
    }
    if (status == HAFT_OK && p->epoch > 0 && !p->is_fenced &&
        postgres_claim(p, false) != EXCHANGE_DONE) {
        status = postgres_fail_by(p, call, "cannot go on with the lease");
    }
    if (status != HAFT_OK) {
        postgres_close(p);
    }
    return status;
}

/* ---- the lease ---- */

static void take_claim(struct postgres *p, const PGresult *rows)
{
    p->last = postgres_number(rows, 0, 1);
    if (p->epoch == 0) {
        struct haft_slice hash = postgres_bytes(rows, 0, 2);

        p->base = p->last;
        p->has_hash = hash.n == HASH_SIZE;
        if (p->has_hash) {
            memcpy(p->hash, hash.p, HASH_SIZE);
        }
    }
    p->epoch = postgres_number(rows, 0, 0);
}

/* A batch of ours that was not answered may still be at work over there, or
 * only on its way. In the first case its row is locked until it is through; in
 * the second it will find another epoch. So what comes back here is final. */
enum exchange postgres_claim(struct postgres *p, bool may_take)
{
    struct params params = {0};
    PGresult *rows = NULL;
    enum exchange done;

    params_add(&params, haft_text(p->holder));
    params_add(&params, haft_text(p->who));
    params_add_number(&params, (uint64_t)p->lease_ms);
    params_add_number(&params, may_take);
    done = postgres_ask(p, STMT_CLAIM, &params, &rows);
    if (done == EXCHANGE_DONE && PQntuples(rows) == 1) {
        take_claim(p, rows);
    } else if (done == EXCHANGE_DONE) {
        p->is_fenced = p->epoch > 0;
    }
    PQclear(rows);
    return done;
}

void postgres_release(struct postgres *p)
{
    struct params params = {0};

    if (!p->conn || p->epoch == 0 || p->is_fenced) {
        return;
    }
    p->call = 0;
    p->limit_ms = now_ms() + RELEASE_MS;
    params_add(&params, haft_text(p->holder));
    params_add_number(&params, p->epoch);
    postgres_ask(p, STMT_RELEASE, &params, NULL);
}
