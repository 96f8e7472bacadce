/* The tables and views of a haft.db.
 *
 * haft_record is the ordered map of haft.storage/1. Without a rowid the key's
 * own tree holds the values: one tree to write to, one look-up to read from.
 * haft_batch has one row, the number of the last batch, changed in the same
 * transaction as the records.
 *
 * The views are for people and their tools; the plugin itself never reads
 * them. A value is a version byte and JSON; times are milliseconds since 1970,
 * and what is not known is NULL. The keys from 'r/' up to but not including
 * 'r0' are runs, those of 't/RUN/TASK' tasks, and each of 'e/BATCH' has an
 * array of events. */
#ifndef PLUGINS_STORAGE_SQLITE_SCHEMA_H
#define PLUGINS_STORAGE_SQLITE_SCHEMA_H

/* "haft" in ASCII, in the file's header: file(1) shows it. */
#define SCHEMA_APPLICATION_ID 1751213684
#define SCHEMA_VERSION 1

/* Makes a new file. Durability comes once and whole, by the sync and rename
 * of the finished file: nothing in here needs to wait for a disk. */
static const char schema_create[] =
    "PRAGMA synchronous = OFF;"
    "PRAGMA journal_mode = MEMORY;"
    "BEGIN;"
    "CREATE TABLE haft_record ("
    " key BLOB NOT NULL PRIMARY KEY,"
    " version INTEGER NOT NULL,"
    " value BLOB NOT NULL"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE haft_batch ("
    " one INTEGER PRIMARY KEY CHECK (one = 1),"
    " last INTEGER NOT NULL"
    ") STRICT;"
    "INSERT INTO haft_batch VALUES (1, 0);"

    "CREATE VIEW haft_runs AS SELECT"
    " substr(k, 3) AS run,"
    " json_extract(v, '$.workflow') AS workflow,"
    " json_extract(v, '$.state') AS state,"
    " json_extract(v, '$.principal') AS principal,"
    " json_extract(v, '$.space') AS space,"
    " json_extract(v, '$.key') AS idempotency_key,"
    " json_extract(v, '$.hash') AS hash,"
    " json_extract(v, '$.tasks') AS tasks,"
    " json_extract(v, '$.counts') AS counts,"
    " json_extract(v, '$.params') AS params,"
    " json_extract(v, '$.created_ms') AS created_ms,"
    " json_extract(v, '$.ended_ms') AS ended_ms"
    " FROM (SELECT CAST(key AS TEXT) AS k,"
    " CAST(substr(value, 2) AS TEXT) AS v FROM haft_record"
    " WHERE key >= x'722F' AND key < x'7230');"

    "CREATE VIEW haft_tasks AS SELECT"
    " substr(k, 1, instr(k, '/') - 1) AS run,"
    " substr(k, instr(k, '/') + 1) AS task,"
    " json_extract(v, '$.state') AS state,"
    " json_extract(v, '$.reason') AS reason,"
    " json_extract(v, '$.executor') AS executor,"
    " json_extract(v, '$.tries') AS tries,"
    " json_extract(v, '$.losses') AS losses,"
    " json_extract(v, '$.attempt') AS attempt,"
    " json_extract(v, '$.fence') AS fence,"
    " json_extract(v, '$.ready_ms') AS ready_ms,"
    " json_extract(v, '$.due_ms') AS due_ms,"
    " json_extract(v, '$.handed_ms') AS handed_ms,"
    " json_extract(v, '$.started_ms') AS started_ms,"
    " json_extract(v, '$.ended_ms') AS ended_ms,"
    " json_extract(v, '$.fault.class') AS fault_class,"
    " json_extract(v, '$.fault.code') AS fault_code,"
    " json_extract(v, '$.fault.message') AS fault_message,"
    " json_extract(v, '$.fault.exit_code') AS exit_code,"
    " json_extract(v, '$.fault.signal') AS signal,"
    " json_extract(v, '$.outputs') AS outputs"
    " FROM (SELECT substr(CAST(key AS TEXT), 3) AS k,"
    " CAST(substr(value, 2) AS TEXT) AS v FROM haft_record"
    " WHERE key >= x'742F' AND key < x'7430');"

    "CREATE VIEW haft_events AS SELECT"
    " json_extract(event.value, '$.seq') AS seq,"
    " json_extract(event.value, '$.time_ms') AS time_ms,"
    " json_extract(event.value, '$.kind') AS kind,"
    " json_extract(event.value, '$.workflow') AS workflow,"
    " json_extract(event.value, '$.run') AS run,"
    " json_extract(event.value, '$.task') AS task,"
    " json_extract(event.value, '$.state') AS state,"
    " json_extract(event.value, '$.attempt') AS attempt,"
    " json_extract(event.value, '$.fault.class') AS fault_class,"
    " json_extract(event.value, '$.fault.message') AS fault_message,"
    " event.value AS event"
    " FROM haft_record AS r,"
    " json_each(CAST(substr(r.value, 2) AS TEXT)) AS event"
    " WHERE r.key >= x'652F' AND r.key < x'6530';"

    "PRAGMA application_id = 1751213684;"
    "PRAGMA user_version = 1;"
    "COMMIT;"
    "PRAGMA journal_mode = WAL;";

#endif
