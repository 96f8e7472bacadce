/* The tables and views of a schema of storage/postgres.
 *
 * haft_record is the ordered map of haft.storage/1; bytea is compared byte by
 * byte. haft_state has one row: the number of the last batch with the hash of
 * its content, the lease, and the version of all this. Every batch changes that
 * row first, so it is also the lock that puts writers one behind the other.
 *
 * haft_expect turns a condition that does not hold into an error, which ends
 * the transaction though all of it has been sent already.
 *
 * The views are for people and their tools, as in storage/sqlite: a value is a
 * version byte and JSON; times are milliseconds since 1970, and what is not
 * known is NULL. */
#ifndef PLUGINS_STORAGE_POSTGRES_SCHEMA_H
#define PLUGINS_STORAGE_POSTGRES_SCHEMA_H

/* What haft_expect ends a transaction with: the lease or the number is not
 * what it was, or a guard does not hold. */
#define SCHEMA_MOVED "HF001"
#define SCHEMA_GUARD "HF002"

/* Run with the search_path at the schema, which need not be there (the first
 * line, which makes it, is the caller's). Of two hosts that do this at the same
 * time the second one waits, and finds all of it made. */
static const char schema_create[] =
    "CREATE TABLE IF NOT EXISTS haft_record ("
    " key bytea PRIMARY KEY,"
    " version bigint NOT NULL,"
    " value bytea NOT NULL);"

    "CREATE TABLE IF NOT EXISTS haft_state ("
    " one integer PRIMARY KEY DEFAULT 1 CHECK (one = 1),"
    " version integer NOT NULL DEFAULT 1,"
    " last bigint NOT NULL DEFAULT 0,"
    " hash bytea,"
    " holder text,"
    " who text,"
    " epoch bigint NOT NULL DEFAULT 0,"
    " until timestamptz NOT NULL DEFAULT '-infinity',"
    " pid integer,"
    " started timestamptz);"
    "INSERT INTO haft_state DEFAULT VALUES ON CONFLICT DO NOTHING;"

    "CREATE OR REPLACE FUNCTION haft_expect(holds boolean, state text)"
    " RETURNS void LANGUAGE plpgsql AS $$"
    " BEGIN IF holds IS NOT TRUE THEN"
    " RAISE 'haft expected something else' USING ERRCODE = state;"
    " END IF; END $$;"

    "CREATE OR REPLACE VIEW haft_runs AS SELECT run,"
    " v->>'workflow' AS workflow,"
    " v->>'state' AS state,"
    " v->>'principal' AS principal,"
    " v->>'space' AS space,"
    " v->>'key' AS idempotency_key,"
    " v->>'hash' AS hash,"
    " (v->>'tasks')::bigint AS tasks,"
    " v->'counts' AS counts,"
    " v->'params' AS params,"
    " (v->>'created_ms')::bigint AS created_ms,"
    " (v->>'ended_ms')::bigint AS ended_ms"
    " FROM (SELECT convert_from(substr(key, 3), 'UTF8') AS run,"
    " convert_from(substr(value, 2), 'UTF8')::json AS v FROM haft_record"
    " WHERE key >= '\\x722f' AND key < '\\x7230') AS r;"

    "CREATE OR REPLACE VIEW haft_tasks AS SELECT"
    " substr(k, 1, strpos(k, '/') - 1) AS run,"
    " substr(k, strpos(k, '/') + 1) AS task,"
    " v->>'state' AS state,"
    " v->>'reason' AS reason,"
    " v->>'executor' AS executor,"
    " (v->>'tries')::bigint AS tries,"
    " (v->>'losses')::bigint AS losses,"
    " (v->>'attempt')::bigint AS attempt,"
    " (v->>'fence')::bigint AS fence,"
    " (v->>'ready_ms')::bigint AS ready_ms,"
    " (v->>'due_ms')::bigint AS due_ms,"
    " (v->>'handed_ms')::bigint AS handed_ms,"
    " (v->>'started_ms')::bigint AS started_ms,"
    " (v->>'ended_ms')::bigint AS ended_ms,"
    " v->'fault'->>'class' AS fault_class,"
    " v->'fault'->>'code' AS fault_code,"
    " v->'fault'->>'message' AS fault_message,"
    " (v->'fault'->>'exit_code')::bigint AS exit_code,"
    " (v->'fault'->>'signal')::bigint AS signal,"
    " v->'outputs' AS outputs"
    " FROM (SELECT convert_from(substr(key, 3), 'UTF8') AS k,"
    " convert_from(substr(value, 2), 'UTF8')::json AS v FROM haft_record"
    " WHERE key >= '\\x742f' AND key < '\\x7430') AS t;"

    "CREATE OR REPLACE VIEW haft_events AS SELECT"
    " (event->>'seq')::bigint AS seq,"
    " (event->>'time_ms')::bigint AS time_ms,"
    " event->>'kind' AS kind,"
    " event->>'workflow' AS workflow,"
    " event->>'run' AS run,"
    " event->>'task' AS task,"
    " event->>'state' AS state,"
    " (event->>'attempt')::bigint AS attempt,"
    " event->'fault'->>'class' AS fault_class,"
    " event->'fault'->>'message' AS fault_message,"
    " event"
    " FROM haft_record AS r,"
    " json_array_elements(convert_from(substr(r.value, 2), 'UTF8')::json)"
    " AS event WHERE r.key >= '\\x652f' AND r.key < '\\x6530';";

#endif
