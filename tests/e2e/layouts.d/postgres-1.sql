-- A store of layout 1 (storage/postgres), as haft 0.1 left it: a run that succeeded,
-- one that failed, and a live one that waits a year for its second try. Records
-- are a version byte and JSON.
BEGIN;
CREATE SCHEMA haft;
SET search_path TO haft;
SET standard_conforming_strings = on;
CREATE TABLE IF NOT EXISTS haft_record (
    key bytea PRIMARY KEY,
    version bigint NOT NULL,
    value bytea NOT NULL);
CREATE TABLE IF NOT EXISTS haft_state (
    one integer PRIMARY KEY DEFAULT 1 CHECK (one = 1),
    version integer NOT NULL DEFAULT 1,
    last bigint NOT NULL DEFAULT 0,
    hash bytea,
    holder text,
    who text,
    epoch bigint NOT NULL DEFAULT 0,
    until timestamptz NOT NULL DEFAULT '-infinity',
    pid integer,
    started timestamptz);
INSERT INTO haft_state DEFAULT VALUES ON CONFLICT DO NOTHING;
CREATE OR REPLACE FUNCTION haft_expect(holds boolean, state text)
    RETURNS void LANGUAGE plpgsql AS $$
    BEGIN IF holds IS NOT TRUE THEN
    RAISE 'haft expected something else' USING ERRCODE = state;
    END IF; END $$;
CREATE OR REPLACE VIEW haft_runs AS SELECT run,
    v->>'workflow' AS workflow,
    v->>'state' AS state,
    v->>'principal' AS principal,
    v->>'space' AS space,
    v->>'key' AS idempotency_key,
    v->>'hash' AS hash,
    (v->>'tasks')::bigint AS tasks,
    v->'counts' AS counts,
    v->'params' AS params,
    (v->>'created_ms')::bigint AS created_ms,
    (v->>'ended_ms')::bigint AS ended_ms
    FROM (SELECT convert_from(substr(key, 3), 'UTF8') AS run,
    convert_from(substr(value, 2), 'UTF8')::json AS v FROM haft_record
    WHERE key >= '\x722f' AND key < '\x7230') AS r;
CREATE OR REPLACE VIEW haft_tasks AS SELECT
    substr(k, 1, strpos(k, '/') - 1) AS run,
    substr(k, strpos(k, '/') + 1) AS task,
    v->>'state' AS state,
    v->>'reason' AS reason,
    v->>'executor' AS executor,
    (v->>'tries')::bigint AS tries,
    (v->>'losses')::bigint AS losses,
    (v->>'attempt')::bigint AS attempt,
    (v->>'fence')::bigint AS fence,
    (v->>'ready_ms')::bigint AS ready_ms,
    (v->>'due_ms')::bigint AS due_ms,
    (v->>'handed_ms')::bigint AS handed_ms,
    (v->>'started_ms')::bigint AS started_ms,
    (v->>'ended_ms')::bigint AS ended_ms,
    v->'fault'->>'class' AS fault_class,
    v->'fault'->>'code' AS fault_code,
    v->'fault'->>'message' AS fault_message,
    (v->'fault'->>'exit_code')::bigint AS exit_code,
    (v->'fault'->>'signal')::bigint AS signal,
    v->'outputs' AS outputs
    FROM (SELECT convert_from(substr(key, 3), 'UTF8') AS k,
    convert_from(substr(value, 2), 'UTF8')::json AS v FROM haft_record
    WHERE key >= '\x742f' AND key < '\x7430') AS t;
CREATE OR REPLACE VIEW haft_events AS SELECT
    (event->>'seq')::bigint AS seq,
    (event->>'time_ms')::bigint AS time_ms,
    event->>'kind' AS kind,
    event->>'workflow' AS workflow,
    event->>'run' AS run,
    event->>'task' AS task,
    event->>'state' AS state,
    (event->>'attempt')::bigint AS attempt,
    event->'fault'->>'class' AS fault_class,
    event->'fault'->>'message' AS fault_message,
    event
    FROM haft_record AS r,
    json_array_elements(convert_from(substr(r.value, 2), 'UTF8')::json)
    AS event WHERE r.key >= '\x652f' AND r.key < '\x6530';
UPDATE haft_state SET last = 11, hash = '\x6b3879a3cf26e5f6c0a9a78f75c7e3e6f184176fcc547ad703cd9370b626aa42', who = 'a host, process 1', epoch = 1,
    started = '2026-11-27T16:02:58.193332+00:00';
INSERT INTO haft_record VALUES (convert_to('d/9ded6dd80705c1d59ff80d7f87d8a633bcbcac6b313c775e61ef8a348a20dc96', 'UTF8'), 6,
    '\x01' || convert_to('{"name":"bad","tasks":{"after":{"needs":"fail","run":"echo never"},"fail":{"run":"echo broken >&2; exit 3"}},"version":1}', 'UTF8'));
INSERT INTO haft_record VALUES (convert_to('d/c2b7b6b88ac0a58ab1f6148435978268d3273c25d73cd37a27b007864f98d292', 'UTF8'), 9,
    '\x01' || convert_to('{"name":"later","tasks":{"again":{"retry":{"base":"365d","cap":"365d","jitter":"none","max":3,"strategy":"fixed"},"run":"exit 4"}},"version":1}', 'UTF8'));
INSERT INTO haft_record VALUES (convert_to('d/dde2f483dae13dd73e94b7b44b31df1561a185cd5ce62ca63c09fa6d3251a231', 'UTF8'), 2,
    '\x01' || convert_to('{"name":"good","params":{"who":{"default":"world","type":"string"}},"tasks":{"each":{"each":{"n":[1,2]},"env":{"N":"${{ each.n }}"},"needs":"greet","run":"echo \"$N\""},"greet":{"run":"echo \"hello, $HAFT_PARAM_WHO\"; echo said=yes >>\"$HAFT_OUTPUT\""}},"version":1}', 'UTF8'));
INSERT INTO haft_record VALUES (convert_to('e/0000000000000002', 'UTF8'), 2,
    '\x01' || convert_to('[{"seq":1,"time_ms":1795795378262,"kind":"run.submitted","run":"d23pze0nm203","workflow":"good","state":"running"},{"seq":2,"time_ms":1795795378262,"kind":"task.handed","run":"d23pze0nm203","workflow":"good","task":"greet","state":"handed","attempt":4294967297,"fence":1}]', 'UTF8'));
INSERT INTO haft_record VALUES (convert_to('e/0000000000000003', 'UTF8'), 3,
    '\x01' || convert_to('[{"seq":3,"time_ms":1795795378271,"kind":"task.ended","run":"d23pze0nm203","workflow":"good","task":"greet","state":"handed","attempt":4294967297,"fence":1,"tries":1,"started_ms":1795795378270,"ended_ms":1795795378271},{"seq":4,"time_ms":1795795378271,"kind":"task.done","run":"d23pze0nm203","workflow":"good","task":"greet","state":"succeeded","attempt":4294967297,"fence":1,"tries":1,"started_ms":1795795378270,"ended_ms":1795795378271},{"seq":5,"time_ms":1795795378271,"kind":"task.expanded","run":"d23pze0nm203","workflow":"good","task":"each","state":"running","items":2,"started_ms":1795795378271},{"seq":6,"time_ms":1795795378271,"kind":"task.handed","run":"d23pze0nm203","workflow":"good","task":"each[0]","state":"handed","attempt":4294967298,"fence":1},{"seq":7,"time_ms":1795795378271,"kind":"task.handed","run":"d23pze0nm203","workflow":"good","task":"each[1]","state":"handed","attempt":4294967299,"fence":1}]', 'UTF8'));
INSERT INTO haft_record VALUES (convert_to('e/0000000000000004', 'UTF8'), 4,
    '\x01' || convert_to('[{"seq":8,"time_ms":1795795378276,"kind":"task.ended","run":"d23pze0nm203","workflow":"good","task":"each[0]","state":"handed","attempt":4294967298,"fence":1,"tries":1,"started_ms":1795795378274,"ended_ms":1795795378276},{"seq":9,"time_ms":1795795378276,"kind":"task.done","run":"d23pze0nm203","workflow":"good","task":"each[0]","state":"succeeded","attempt":4294967298,"fence":1,"tries":1,"started_ms":1795795378274,"ended_ms":1795795378276}]', 'UTF8'));
INSERT INTO haft_record VALUES (convert_to('e/0000000000000005', 'UTF8'), 5,
    '\x01' || convert_to('[{"seq":10,"time_ms":1795795378279,"kind":"task.ended","run":"d23pze0nm203","workflow":"good","task":"each[1]","state":"handed","attempt":4294967299,"fence":1,"tries":1,"started_ms":1795795378274,"ended_ms":1795795378279},{"seq":11,"time_ms":1795795378279,"kind":"task.done","run":"d23pze0nm203","workflow":"good","task":"each[1]","state":"succeeded","attempt":4294967299,"fence":1,"tries":1,"started_ms":1795795378274,"ended_ms":1795795378279},{"seq":12,"time_ms":1795795378279,"kind":"task.done","run":"d23pze0nm203","workflow":"good","task":"each","state":"succeeded","started_ms":1795795378271,"ended_ms":1795795378279},{"seq":13,"time_ms":1795795378279,"kind":"run.ended","run":"d23pze0nm203","workflow":"good","state":"succeeded","ended_ms":1795795378279}]', 'UTF8'));
INSERT INTO haft_record VALUES (convert_to('e/0000000000000006', 'UTF8'), 6,
    '\x01' || convert_to('[{"seq":14,"time_ms":1795795378287,"kind":"run.submitted","run":"d23pze0vz1wr","workflow":"bad","state":"running"},{"seq":15,"time_ms":1795795378287,"kind":"task.handed","run":"d23pze0vz1wr","workflow":"bad","task":"fail","state":"handed","attempt":4294967300,"fence":1}]', 'UTF8'));
INSERT INTO haft_record VALUES (convert_to('e/0000000000000007', 'UTF8'), 7,
    '\x01' || convert_to('[{"seq":16,"time_ms":1795795378288,"kind":"task.ended","run":"d23pze0vz1wr","workflow":"bad","task":"fail","state":"handed","attempt":4294967300,"fence":1,"started_ms":1795795378288,"ended_ms":1795795378288,"fault":{"class":"USER_FAILURE","effect":"started","origin":"user","code":"local.exit","message":"exited with 3","exit_code":3}}]', 'UTF8'));
INSERT INTO haft_record VALUES (convert_to('e/0000000000000008', 'UTF8'), 8,
    '\x01' || convert_to('[{"seq":17,"time_ms":1795795378292,"kind":"task.done","run":"d23pze0vz1wr","workflow":"bad","task":"fail","state":"failed","attempt":4294967300,"fence":1,"tries":1,"started_ms":1795795378288,"ended_ms":1795795378288,"seed":"7691319731861451375","fault":{"class":"USER_FAILURE","effect":"started","origin":"user","code":"local.exit","message":"exited with 3","exit_code":3}},{"seq":18,"time_ms":1795795378292,"kind":"run.stopping","run":"d23pze0vz1wr","workflow":"bad","state":"running"},{"seq":19,"time_ms":1795795378292,"kind":"task.done","run":"d23pze0vz1wr","workflow":"bad","task":"after","state":"skipped","reason":"need_failed","ended_ms":1795795378292},{"seq":20,"time_ms":1795795378292,"kind":"run.ended","run":"d23pze0vz1wr","workflow":"bad","state":"failed","ended_ms":1795795378292}]', 'UTF8'));
INSERT INTO haft_record VALUES (convert_to('e/0000000000000009', 'UTF8'), 9,
    '\x01' || convert_to('[{"seq":21,"time_ms":1795795378302,"kind":"run.submitted","run":"d23pze0zhnc3","workflow":"later","state":"running"},{"seq":22,"time_ms":1795795378302,"kind":"task.handed","run":"d23pze0zhnc3","workflow":"later","task":"again","state":"handed","attempt":4294967301,"fence":1}]', 'UTF8'));
INSERT INTO haft_record VALUES (convert_to('e/000000000000000a', 'UTF8'), 10,
    '\x01' || convert_to('[{"seq":23,"time_ms":1795795378329,"kind":"task.ended","run":"d23pze0zhnc3","workflow":"later","task":"again","state":"handed","attempt":4294967301,"fence":1,"started_ms":1795795378326,"ended_ms":1795795378329,"fault":{"class":"USER_FAILURE","effect":"started","origin":"user","code":"local.exit","message":"exited with 4","exit_code":4}}]', 'UTF8'));
INSERT INTO haft_record VALUES (convert_to('e/000000000000000b', 'UTF8'), 11,
    '\x01' || convert_to('[{"seq":24,"time_ms":1795795378332,"kind":"task.retry","run":"d23pze0zhnc3","workflow":"later","task":"again","state":"ready","attempt":4294967301,"fence":1,"tries":1,"due_ms":1827331378332,"started_ms":1795795378326,"ended_ms":1795795378329,"seed":"5983303121458199843","fault":{"class":"USER_FAILURE","effect":"started","origin":"user","code":"local.exit","message":"exited with 4","exit_code":4}}]', 'UTF8'));
INSERT INTO haft_record VALUES (convert_to('h/owner', 'UTF8'), 1,
    '\x01' || convert_to('{"epoch":1,"seq":1,"pid":1,"since_ms":1795795378192}', 'UTF8'));
INSERT INTO haft_record VALUES (convert_to('k/user:root/once', 'UTF8'), 9,
    '\x01' || convert_to('{"run":"d23pze0zhnc3","hash":"c2b7b6b88ac0a58ab1f6148435978268d3273c25d73cd37a27b007864f98d292"}', 'UTF8'));
INSERT INTO haft_record VALUES (convert_to('l/d23pze0zhnc3', 'UTF8'), 9,
    '\x01' || convert_to('{}', 'UTF8'));
INSERT INTO haft_record VALUES (convert_to('o/d23pze0nm203/each[0].1.1', 'UTF8'), 4,
    convert_to('1
', 'UTF8'));
INSERT INTO haft_record VALUES (convert_to('o/d23pze0nm203/each[1].1.1', 'UTF8'), 5,
    convert_to('2
', 'UTF8'));
INSERT INTO haft_record VALUES (convert_to('o/d23pze0nm203/greet.1.1', 'UTF8'), 3,
    convert_to('hello, world
', 'UTF8'));
INSERT INTO haft_record VALUES (convert_to('o/d23pze0vz1wr/fail.1.2', 'UTF8'), 7,
    convert_to('broken
', 'UTF8'));
INSERT INTO haft_record VALUES (convert_to('r/d23pze0nm203', 'UTF8'), 5,
    '\x01' || convert_to('{"state":"succeeded","id":"d23pze0nm203","workflow":"good","hash":"dde2f483dae13dd73e94b7b44b31df1561a185cd5ce62ca63c09fa6d3251a231","directory":"/tmp/haft-e2e.uk2yg5yf","principal":"user:root","space":"default","executor":"local","tasks":2,"counts":{"succeeded":2},"created_ms":1795795378262,"ended_ms":1795795378279,"params":{"who":"world"}}', 'UTF8'));
INSERT INTO haft_record VALUES (convert_to('r/d23pze0vz1wr', 'UTF8'), 8,
    '\x01' || convert_to('{"state":"failed","id":"d23pze0vz1wr","workflow":"bad","hash":"9ded6dd80705c1d59ff80d7f87d8a633bcbcac6b313c775e61ef8a348a20dc96","directory":"/tmp/haft-e2e.uk2yg5yf","principal":"user:root","space":"default","executor":"local","stopped":true,"tasks":2,"counts":{"failed":1,"skipped":1},"created_ms":1795795378287,"ended_ms":1795795378292,"params":{}}', 'UTF8'));
INSERT INTO haft_record VALUES (convert_to('r/d23pze0zhnc3', 'UTF8'), 9,
    '\x01' || convert_to('{"state":"running","id":"d23pze0zhnc3","workflow":"later","hash":"c2b7b6b88ac0a58ab1f6148435978268d3273c25d73cd37a27b007864f98d292","directory":"/tmp/haft-e2e.uk2yg5yf","principal":"user:root","key":"once","space":"default","executor":"local","tasks":1,"counts":{"handed":1},"created_ms":1795795378302,"params":{}}', 'UTF8'));
INSERT INTO haft_record VALUES (convert_to('t/d23pze0nm203/each', 'UTF8'), 5,
    '\x01' || convert_to('{"state":"succeeded","ready_ms":1795795378271,"started_ms":1795795378271,"ended_ms":1795795378279,"items":2}', 'UTF8'));
INSERT INTO haft_record VALUES (convert_to('t/d23pze0nm203/each[0]', 'UTF8'), 4,
    '\x01' || convert_to('{"state":"succeeded","executor":"local","tries":1,"attempt":4294967298,"fence":1,"ready_ms":1795795378271,"handed_ms":1795795378271,"started_ms":1795795378274,"ended_ms":1795795378276,"item":0}', 'UTF8'));
INSERT INTO haft_record VALUES (convert_to('t/d23pze0nm203/each[1]', 'UTF8'), 5,
    '\x01' || convert_to('{"state":"succeeded","executor":"local","tries":1,"attempt":4294967299,"fence":1,"ready_ms":1795795378271,"handed_ms":1795795378271,"started_ms":1795795378274,"ended_ms":1795795378279,"item":1}', 'UTF8'));
INSERT INTO haft_record VALUES (convert_to('t/d23pze0nm203/greet', 'UTF8'), 3,
    '\x01' || convert_to('{"state":"succeeded","executor":"local","tries":1,"attempt":4294967297,"fence":1,"ready_ms":1795795378262,"handed_ms":1795795378262,"started_ms":1795795378270,"ended_ms":1795795378271,"outputs":{"said":"yes"}}', 'UTF8'));
INSERT INTO haft_record VALUES (convert_to('t/d23pze0vz1wr/after', 'UTF8'), 8,
    '\x01' || convert_to('{"state":"skipped","reason":"need_failed","ended_ms":1795795378292}', 'UTF8'));
INSERT INTO haft_record VALUES (convert_to('t/d23pze0vz1wr/fail', 'UTF8'), 8,
    '\x01' || convert_to('{"state":"failed","executor":"local","tries":1,"attempt":4294967300,"fence":1,"ready_ms":1795795378287,"handed_ms":1795795378287,"started_ms":1795795378288,"ended_ms":1795795378288,"seed":"7691319731861451375","fault":{"class":"USER_FAILURE","effect":"started","origin":"user","code":"local.exit","message":"exited with 3","exit_code":3}}', 'UTF8'));
INSERT INTO haft_record VALUES (convert_to('t/d23pze0zhnc3/again', 'UTF8'), 11,
    '\x01' || convert_to('{"state":"ready","executor":"local","tries":1,"attempt":4294967301,"fence":1,"ready_ms":1795795378302,"due_ms":4102444800000,"handed_ms":1795795378302,"started_ms":1795795378326,"ended_ms":1795795378329,"delay_ms":31536000000,"seed":"5983303121458199843","fault":{"class":"USER_FAILURE","effect":"started","origin":"user","code":"local.exit","message":"exited with 4","exit_code":4}}', 'UTF8'));
COMMIT;
