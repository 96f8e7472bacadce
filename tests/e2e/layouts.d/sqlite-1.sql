-- A store of layout 1 (storage/sqlite), as haft 0.1 left it: a run that succeeded,
-- one that failed, and a live one that waits a year for its second try. Records
-- are a version byte and JSON.
PRAGMA application_id = 1751213684;
PRAGMA user_version = 1;
BEGIN;
CREATE TABLE haft_record ( key BLOB NOT NULL PRIMARY KEY, version INTEGER NOT NULL, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE haft_batch ( one INTEGER PRIMARY KEY CHECK (one = 1), last INTEGER NOT NULL) STRICT;
INSERT INTO haft_batch VALUES (1, 13);
INSERT INTO haft_record VALUES (CAST('d/9ded6dd80705c1d59ff80d7f87d8a633bcbcac6b313c775e61ef8a348a20dc96' AS BLOB), 7,
    CAST(char(1) || '{"name":"bad","tasks":{"after":{"needs":"fail","run":"echo never"},"fail":{"run":"echo broken >&2; exit 3"}},"version":1}' AS BLOB));
INSERT INTO haft_record VALUES (CAST('d/c2b7b6b88ac0a58ab1f6148435978268d3273c25d73cd37a27b007864f98d292' AS BLOB), 11,
    CAST(char(1) || '{"name":"later","tasks":{"again":{"retry":{"base":"365d","cap":"365d","jitter":"none","max":3,"strategy":"fixed"},"run":"exit 4"}},"version":1}' AS BLOB));
INSERT INTO haft_record VALUES (CAST('d/dde2f483dae13dd73e94b7b44b31df1561a185cd5ce62ca63c09fa6d3251a231' AS BLOB), 2,
    CAST(char(1) || '{"name":"good","params":{"who":{"default":"world","type":"string"}},"tasks":{"each":{"each":{"n":[1,2]},"env":{"N":"${{ each.n }}"},"needs":"greet","run":"echo \"$N\""},"greet":{"run":"echo \"hello, $HAFT_PARAM_WHO\"; echo said=yes >>\"$HAFT_OUTPUT\""}},"version":1}' AS BLOB));
INSERT INTO haft_record VALUES (CAST('e/0000000000000002' AS BLOB), 2,
    CAST(char(1) || '[{"seq":1,"time_ms":1795765087376,"kind":"run.submitted","run":"d23fras3xtsn","workflow":"good","state":"running"},{"seq":2,"time_ms":1795765087376,"kind":"task.handed","run":"d23fras3xtsn","workflow":"good","task":"greet","state":"handed","attempt":4294967297,"fence":1}]' AS BLOB));
INSERT INTO haft_record VALUES (CAST('e/0000000000000003' AS BLOB), 3,
    CAST(char(1) || '[{"seq":3,"time_ms":1795765087381,"kind":"task.ended","run":"d23fras3xtsn","workflow":"good","task":"greet","state":"handed","attempt":4294967297,"fence":1,"tries":1,"started_ms":1795765087379,"ended_ms":1795765087381},{"seq":4,"time_ms":1795765087381,"kind":"task.done","run":"d23fras3xtsn","workflow":"good","task":"greet","state":"succeeded","attempt":4294967297,"fence":1,"tries":1,"started_ms":1795765087379,"ended_ms":1795765087381},{"seq":5,"time_ms":1795765087381,"kind":"task.expanded","run":"d23fras3xtsn","workflow":"good","task":"each","state":"running","items":2,"started_ms":1795765087381},{"seq":6,"time_ms":1795765087381,"kind":"task.handed","run":"d23fras3xtsn","workflow":"good","task":"each[0]","state":"handed","attempt":4294967298,"fence":1},{"seq":7,"time_ms":1795765087381,"kind":"task.handed","run":"d23fras3xtsn","workflow":"good","task":"each[1]","state":"handed","attempt":4294967299,"fence":1}]' AS BLOB));
INSERT INTO haft_record VALUES (CAST('e/0000000000000004' AS BLOB), 4,
    CAST(char(1) || '[{"seq":8,"time_ms":1795765087383,"kind":"task.ended","run":"d23fras3xtsn","workflow":"good","task":"each[0]","state":"handed","attempt":4294967298,"fence":1,"tries":1,"started_ms":1795765087381,"ended_ms":1795765087382},{"seq":9,"time_ms":1795765087383,"kind":"task.done","run":"d23fras3xtsn","workflow":"good","task":"each[0]","state":"succeeded","attempt":4294967298,"fence":1,"tries":1,"started_ms":1795765087381,"ended_ms":1795765087382}]' AS BLOB));
INSERT INTO haft_record VALUES (CAST('e/0000000000000005' AS BLOB), 5,
    CAST(char(1) || '[{"seq":10,"time_ms":1795765087384,"kind":"task.ended","run":"d23fras3xtsn","workflow":"good","task":"each[1]","state":"handed","attempt":4294967299,"fence":1,"tries":1,"started_ms":1795765087382,"ended_ms":1795765087383},{"seq":11,"time_ms":1795765087384,"kind":"task.done","run":"d23fras3xtsn","workflow":"good","task":"each[1]","state":"succeeded","attempt":4294967299,"fence":1,"tries":1,"started_ms":1795765087382,"ended_ms":1795765087383},{"seq":12,"time_ms":1795765087384,"kind":"task.done","run":"d23fras3xtsn","workflow":"good","task":"each","state":"succeeded","started_ms":1795765087381,"ended_ms":1795765087384},{"seq":13,"time_ms":1795765087384,"kind":"run.ended","run":"d23fras3xtsn","workflow":"good","state":"succeeded","ended_ms":1795765087384}]' AS BLOB));
INSERT INTO haft_record VALUES (CAST('e/0000000000000007' AS BLOB), 7,
    CAST(char(1) || '[{"seq":14,"time_ms":1795765087393,"kind":"run.submitted","run":"d23fras88jcc","workflow":"bad","state":"running"},{"seq":15,"time_ms":1795765087393,"kind":"task.handed","run":"d23fras88jcc","workflow":"bad","task":"fail","state":"handed","attempt":8589934593,"fence":1}]' AS BLOB));
INSERT INTO haft_record VALUES (CAST('e/0000000000000008' AS BLOB), 8,
    CAST(char(1) || '[{"seq":16,"time_ms":1795765087395,"kind":"task.ended","run":"d23fras88jcc","workflow":"bad","task":"fail","state":"handed","attempt":8589934593,"fence":1,"started_ms":1795765087395,"ended_ms":1795765087395,"fault":{"class":"USER_FAILURE","effect":"started","origin":"user","code":"local.exit","message":"exited with 3","exit_code":3}}]' AS BLOB));
INSERT INTO haft_record VALUES (CAST('e/0000000000000009' AS BLOB), 9,
    CAST(char(1) || '[{"seq":17,"time_ms":1795765087398,"kind":"task.done","run":"d23fras88jcc","workflow":"bad","task":"fail","state":"failed","attempt":8589934593,"fence":1,"tries":1,"started_ms":1795765087395,"ended_ms":1795765087395,"seed":"3585069207264525880","fault":{"class":"USER_FAILURE","effect":"started","origin":"user","code":"local.exit","message":"exited with 3","exit_code":3}},{"seq":18,"time_ms":1795765087398,"kind":"run.stopping","run":"d23fras88jcc","workflow":"bad","state":"running"},{"seq":19,"time_ms":1795765087398,"kind":"task.done","run":"d23fras88jcc","workflow":"bad","task":"after","state":"skipped","reason":"need_failed","ended_ms":1795765087398},{"seq":20,"time_ms":1795765087398,"kind":"run.ended","run":"d23fras88jcc","workflow":"bad","state":"failed","ended_ms":1795765087398}]' AS BLOB));
INSERT INTO haft_record VALUES (CAST('e/000000000000000b' AS BLOB), 11,
    CAST(char(1) || '[{"seq":21,"time_ms":1795765087911,"kind":"run.submitted","run":"d23frax9zvnx","workflow":"later","state":"running"},{"seq":22,"time_ms":1795765087911,"kind":"task.handed","run":"d23frax9zvnx","workflow":"later","task":"again","state":"handed","attempt":12884901889,"fence":1}]' AS BLOB));
INSERT INTO haft_record VALUES (CAST('e/000000000000000c' AS BLOB), 12,
    CAST(char(1) || '[{"seq":23,"time_ms":1795765087916,"kind":"task.ended","run":"d23frax9zvnx","workflow":"later","task":"again","state":"handed","attempt":12884901889,"fence":1,"started_ms":1795765087914,"ended_ms":1795765087915,"fault":{"class":"USER_FAILURE","effect":"started","origin":"user","code":"local.exit","message":"exited with 4","exit_code":4}}]' AS BLOB));
INSERT INTO haft_record VALUES (CAST('e/000000000000000d' AS BLOB), 13,
    CAST(char(1) || '[{"seq":24,"time_ms":1795765087918,"kind":"task.retry","run":"d23frax9zvnx","workflow":"later","task":"again","state":"ready","attempt":12884901889,"fence":1,"tries":1,"due_ms":4102444800000,"started_ms":1795765087914,"ended_ms":1795765087915,"seed":"14477168767203991382","fault":{"class":"USER_FAILURE","effect":"started","origin":"user","code":"local.exit","message":"exited with 4","exit_code":4}}]' AS BLOB));
INSERT INTO haft_record VALUES (CAST('h/owner' AS BLOB), 10,
    CAST(char(1) || '{"epoch":3,"seq":21,"pid":29310,"since_ms":1795765087408}' AS BLOB));
INSERT INTO haft_record VALUES (CAST('k/user:root/once' AS BLOB), 11,
    CAST(char(1) || '{"run":"d23frax9zvnx","hash":"c2b7b6b88ac0a58ab1f6148435978268d3273c25d73cd37a27b007864f98d292"}' AS BLOB));
INSERT INTO haft_record VALUES (CAST('l/d23frax9zvnx' AS BLOB), 11,
    CAST(char(1) || '{}' AS BLOB));
INSERT INTO haft_record VALUES (CAST('o/d23fras3xtsn/each[0].1.1' AS BLOB), 4,
    CAST(char(49) || '
' AS BLOB));
INSERT INTO haft_record VALUES (CAST('o/d23fras3xtsn/each[1].1.1' AS BLOB), 5,
    CAST(char(50) || '
' AS BLOB));
INSERT INTO haft_record VALUES (CAST('o/d23fras3xtsn/greet.1.1' AS BLOB), 3,
    CAST(char(104) || 'ello, world
' AS BLOB));
INSERT INTO haft_record VALUES (CAST('o/d23fras88jcc/fail.1.2' AS BLOB), 8,
    CAST(char(98) || 'roken
' AS BLOB));
INSERT INTO haft_record VALUES (CAST('r/d23fras3xtsn' AS BLOB), 5,
    CAST(char(1) || '{"state":"succeeded","id":"d23fras3xtsn","workflow":"good","hash":"dde2f483dae13dd73e94b7b44b31df1561a185cd5ce62ca63c09fa6d3251a231","directory":"/srv/work","principal":"user:root","space":"default","executor":"local","tasks":2,"counts":{"succeeded":2},"created_ms":1795765087376,"ended_ms":1795765087384,"params":{"who":"world"}}' AS BLOB));
INSERT INTO haft_record VALUES (CAST('r/d23fras88jcc' AS BLOB), 9,
    CAST(char(1) || '{"state":"failed","id":"d23fras88jcc","workflow":"bad","hash":"9ded6dd80705c1d59ff80d7f87d8a633bcbcac6b313c775e61ef8a348a20dc96","directory":"/srv/work","principal":"user:root","space":"default","executor":"local","stopped":true,"tasks":2,"counts":{"failed":1,"skipped":1},"created_ms":1795765087393,"ended_ms":1795765087398,"params":{}}' AS BLOB));
INSERT INTO haft_record VALUES (CAST('r/d23frax9zvnx' AS BLOB), 11,
    CAST(char(1) || '{"state":"running","id":"d23frax9zvnx","workflow":"later","hash":"c2b7b6b88ac0a58ab1f6148435978268d3273c25d73cd37a27b007864f98d292","directory":"/srv/work","principal":"user:root","key":"once","space":"default","executor":"local","tasks":1,"counts":{"handed":1},"created_ms":1795765087911,"params":{}}' AS BLOB));
INSERT INTO haft_record VALUES (CAST('t/d23fras3xtsn/each' AS BLOB), 5,
    CAST(char(1) || '{"state":"succeeded","ready_ms":1795765087381,"started_ms":1795765087381,"ended_ms":1795765087384,"items":2}' AS BLOB));
INSERT INTO haft_record VALUES (CAST('t/d23fras3xtsn/each[0]' AS BLOB), 4,
    CAST(char(1) || '{"state":"succeeded","executor":"local","tries":1,"attempt":4294967298,"fence":1,"ready_ms":1795765087381,"handed_ms":1795765087381,"started_ms":1795765087381,"ended_ms":1795765087382,"item":0}' AS BLOB));
INSERT INTO haft_record VALUES (CAST('t/d23fras3xtsn/each[1]' AS BLOB), 5,
    CAST(char(1) || '{"state":"succeeded","executor":"local","tries":1,"attempt":4294967299,"fence":1,"ready_ms":1795765087381,"handed_ms":1795765087381,"started_ms":1795765087382,"ended_ms":1795765087383,"item":1}' AS BLOB));
INSERT INTO haft_record VALUES (CAST('t/d23fras3xtsn/greet' AS BLOB), 3,
    CAST(char(1) || '{"state":"succeeded","executor":"local","tries":1,"attempt":4294967297,"fence":1,"ready_ms":1795765087376,"handed_ms":1795765087376,"started_ms":1795765087379,"ended_ms":1795765087381,"outputs":{"said":"yes"}}' AS BLOB));
INSERT INTO haft_record VALUES (CAST('t/d23fras88jcc/after' AS BLOB), 9,
    CAST(char(1) || '{"state":"skipped","reason":"need_failed","ended_ms":1795765087398}' AS BLOB));
INSERT INTO haft_record VALUES (CAST('t/d23fras88jcc/fail' AS BLOB), 9,
    CAST(char(1) || '{"state":"failed","executor":"local","tries":1,"attempt":8589934593,"fence":1,"ready_ms":1795765087393,"handed_ms":1795765087393,"started_ms":1795765087395,"ended_ms":1795765087395,"seed":"3585069207264525880","fault":{"class":"USER_FAILURE","effect":"started","origin":"user","code":"local.exit","message":"exited with 3","exit_code":3}}' AS BLOB));
INSERT INTO haft_record VALUES (CAST('t/d23frax9zvnx/again' AS BLOB), 13,
    CAST(char(1) || '{"state":"ready","executor":"local","tries":1,"attempt":12884901889,"fence":1,"ready_ms":1795765087911,"due_ms":4102444800000,"handed_ms":1795765087911,"started_ms":1795765087914,"ended_ms":1795765087915,"delay_ms":31536000000,"seed":"14477168767203991382","fault":{"class":"USER_FAILURE","effect":"started","origin":"user","code":"local.exit","message":"exited with 4","exit_code":4}}' AS BLOB));
CREATE VIEW haft_runs AS SELECT substr(k, 3) AS run, json_extract(v, '$.workflow') AS workflow, json_extract(v, '$.state') AS state, json_extract(v, '$.principal') AS principal, json_extract(v, '$.space') AS space, json_extract(v, '$.key') AS idempotency_key, json_extract(v, '$.hash') AS hash, json_extract(v, '$.tasks') AS tasks, json_extract(v, '$.counts') AS counts, json_extract(v, '$.params') AS params, json_extract(v, '$.created_ms') AS created_ms, json_extract(v, '$.ended_ms') AS ended_ms FROM (SELECT CAST(key AS TEXT) AS k, CAST(substr(value, 2) AS TEXT) AS v FROM haft_record WHERE key >= x'722F' AND key < x'7230');
CREATE VIEW haft_tasks AS SELECT substr(k, 1, instr(k, '/') - 1) AS run, substr(k, instr(k, '/') + 1) AS task, json_extract(v, '$.state') AS state, json_extract(v, '$.reason') AS reason, json_extract(v, '$.executor') AS executor, json_extract(v, '$.tries') AS tries, json_extract(v, '$.losses') AS losses, json_extract(v, '$.attempt') AS attempt, json_extract(v, '$.fence') AS fence, json_extract(v, '$.ready_ms') AS ready_ms, json_extract(v, '$.due_ms') AS due_ms, json_extract(v, '$.handed_ms') AS handed_ms, json_extract(v, '$.started_ms') AS started_ms, json_extract(v, '$.ended_ms') AS ended_ms, json_extract(v, '$.fault.class') AS fault_class, json_extract(v, '$.fault.code') AS fault_code, json_extract(v, '$.fault.message') AS fault_message, json_extract(v, '$.fault.exit_code') AS exit_code, json_extract(v, '$.fault.signal') AS signal, json_extract(v, '$.outputs') AS outputs FROM (SELECT substr(CAST(key AS TEXT), 3) AS k, CAST(substr(value, 2) AS TEXT) AS v FROM haft_record WHERE key >= x'742F' AND key < x'7430');
CREATE VIEW haft_events AS SELECT json_extract(event.value, '$.seq') AS seq, json_extract(event.value, '$.time_ms') AS time_ms, json_extract(event.value, '$.kind') AS kind, json_extract(event.value, '$.workflow') AS workflow, json_extract(event.value, '$.run') AS run, json_extract(event.value, '$.task') AS task, json_extract(event.value, '$.state') AS state, json_extract(event.value, '$.attempt') AS attempt, json_extract(event.value, '$.fault.class') AS fault_class, json_extract(event.value, '$.fault.message') AS fault_message, event.value AS event FROM haft_record AS r, json_each(CAST(substr(r.value, 2) AS TEXT)) AS event WHERE r.key >= x'652F' AND r.key < x'6530';
COMMIT;
