#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "host/base/log.h"
#include "tests/check_main.h"
#include "tests/host/door/desk.h"

/* What host_open says of a config; a host that it opens is closed again. */
static enum host_found try_open(const struct config *config,
                                enum host_part part, struct str *why)
{
    struct host *host = NULL;
    enum host_found found = host_open(config, part, &host, why);

    ck_assert((found == HOST_OPENED) == (host != NULL));
    host_close(host);
    return found;
}

/* A config whose state directory is `state` in the folder `root`. */
static struct config *config_of(const char *root, const char *state,
                                const char *storage)
{
    const char *modules = getenv("HAFT_TEST_MODULES");
    struct config *config;
    char text[1024];
    struct str why;
    int size;

    size = snprintf(text, sizeof(text),
                    "[host]\nstate = %s/%s\nmodules = %s\nisolation = "
                    "none\nlog_level = error\n"
                    "[storage]\nplugin = %s\n"
                    "[route]\nprocess = noop\n[executor:noop]\n",
                    root, state, modules ? modules : ".libs", storage);
    ck_assert_int_lt(size, (int)sizeof(text));
    str_init(&why, STR_WHY_LIMIT);
    config = config_read(text, (size_t)size, "/desk/haft.conf", true, &why);
    ck_assert_msg(config != NULL, "%s", why.text);
    str_finish(&why);
    log_set_level(LOG_LEVEL_ERROR);
    return config;
}

static void make_file(const char *root, const char *name)
{
    char path[256];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", root, name);
    f = fopen(path, "we");
    ck_assert_msg(f != NULL, "%s", path);
    fclose(f);
}

static void make_folder(const char *root, const char *name)
{
    char path[256];

    snprintf(path, sizeof(path), "%s/%s", root, name);
    ck_assert_msg(mkdir(path, 0700) == 0, "%s", path);
}

START_TEST(a_state_directory_has_one_owner)
{
    struct desk desk;
    struct str why;

    desk_open(&desk, HOST_OWNER);
    str_init(&why, STR_WHY_LIMIT);

    ck_assert_int_eq(try_open(desk.config, HOST_OWNER, &why), HOST_OWNED);
    ck_assert_int_eq(try_open(desk.config, HOST_PASSIVE, &why), HOST_OWNED);

    str_finish(&why);
    desk_close(&desk);
}
END_TEST

START_TEST(a_state_directory_that_cannot_be_is_told)
{
    char root[] = "/tmp/haft-host-XXXXXX";
    struct config *config;
    struct str why;

    ck_assert_ptr_nonnull(mkdtemp(root));
    make_file(root, "file");
    config = config_of(root, "file/state", "memory");
    str_init(&why, STR_WHY_LIMIT);

    ck_assert_int_eq(try_open(config, HOST_OWNER, &why), HOST_FAILED);
    ck_assert_msg(strstr(why.text, "cannot make the state directory") != NULL,
                  "%s", why.text);
    str_reset(&why);
    ck_assert_int_eq(try_open(config, HOST_PASSIVE, &why), HOST_FAILED);
    ck_assert_msg(strstr(why.text, "cannot open the state directory") != NULL,
                  "%s", why.text);

    str_finish(&why);
    config_destroy(config);
    desk_remove(root);
}
END_TEST

START_TEST(a_lock_that_cannot_be_opened_is_told)
{
    char root[] = "/tmp/haft-host-XXXXXX";
    struct config *config;
    struct str why;

    ck_assert_ptr_nonnull(mkdtemp(root));
    make_folder(root, "state");
    make_folder(root, "state/lock"); /* no file can be there */
    config = config_of(root, "state", "memory");
    str_init(&why, STR_WHY_LIMIT);

    ck_assert_int_eq(try_open(config, HOST_OWNER, &why), HOST_FAILED);
    ck_assert_msg(strstr(why.text, "state/lock: ") != NULL, "%s", why.text);

    str_finish(&why);
    config_destroy(config);
    desk_remove(root);
}
END_TEST

START_TEST(where_nobody_was_the_owner_yet_there_is_nothing_to_see)
{
    char root[] = "/tmp/haft-host-XXXXXX";
    struct desk desk = {.folder = ""};
    struct str why;

    ck_assert_ptr_nonnull(mkdtemp(root));
    make_folder(root, "state");
    desk.config = config_of(root, "state", "memory");
    str_init(&why, STR_WHY_LIMIT);
    str_init(&desk.log, 1024);
    loop_timer_init(&desk.deadline, desk_late, &desk);
    ck_assert_int_eq(host_open(desk.config, HOST_PASSIVE, &desk.host, &why),
                     HOST_OPENED);

    desk_get(&desk, "run.list", NULL);
    ck_assert_int_eq(cJSON_GetArraySize(json_get(desk.result, "runs")), 0);
    desk_fail(&desk, "run.get", "{\"run\":\"abc\"}", HAFT_NOT_FOUND, "abc");
    ck_assert_uint_eq(host_attempts(desk.host), 0);

    desk_forget(&desk);
    str_finish(&desk.log);
    str_finish(&why);
    host_close(desk.host);
    config_destroy(desk.config);
    desk_remove(root);
}
END_TEST

START_TEST(who_only_looks_is_told_why_the_store_is_not_there)
{
    char root[] = "/tmp/haft-host-XXXXXX";
    struct desk desk = {.folder = ""};
    struct str why;

    ck_assert_ptr_nonnull(mkdtemp(root));
    make_folder(root, "state");
    make_file(root, "state/lock");
    desk.config = config_of(root, "state", "absent");
    str_init(&why, STR_WHY_LIMIT);
    str_init(&desk.log, 1024);
    loop_timer_init(&desk.deadline, desk_late, &desk);
    ck_assert_int_eq(host_open(desk.config, HOST_PASSIVE, &desk.host, &why),
                     HOST_OPENED);

    desk_fail(&desk, "run.list", NULL, HAFT_BACKEND_DOWN, "absent");
    desk_get(&desk, "plugin.list", NULL);

    desk_forget(&desk);
    str_finish(&desk.log);
    str_finish(&why);
    host_close(desk.host);
    config_destroy(desk.config);
    desk_remove(root);
}
END_TEST

START_TEST(an_owner_without_a_store_does_not_open)
{
    char root[] = "/tmp/haft-host-XXXXXX";
    struct config *config;
    struct str why;

    ck_assert_ptr_nonnull(mkdtemp(root));
    config = config_of(root, "state", "absent");
    str_init(&why, STR_WHY_LIMIT);

    ck_assert_int_eq(try_open(config, HOST_OWNER, &why), HOST_FAILED);
    ck_assert_msg(strstr(why.text, "absent") != NULL, "%s", why.text);

    str_finish(&why);
    config_destroy(config);
    desk_remove(root);
}
END_TEST

START_TEST(a_host_whose_socket_cannot_be_stops)
{
    char root[] = "/tmp/haft-host-XXXXXX";
    struct config *config;
    struct host *host = NULL;
    char path[256];
    struct str why;

    ck_assert_ptr_nonnull(mkdtemp(root));
    config = config_of(root, "state", "memory");
    make_folder(root, "state");
    snprintf(path, sizeof(path), "%s", config->host.socket);
    ck_assert_int_eq(strncmp(path, root, strlen(root)), 0);
    make_file(root, path + strlen(root) + 1);
    str_init(&why, STR_WHY_LIMIT);
    ck_assert_int_eq(host_open(config, HOST_OWNER, &host, &why), HOST_OPENED);

    while (host_turn(host)) {
        ck_assert(!host_is_ready(host));
    }

    ck_assert_msg(strstr(host_why(host), "no socket is there") != NULL, "%s",
                  host_why(host));
    host_close(host);
    str_finish(&why);
    config_destroy(config);
    desk_remove(root);
}
END_TEST

START_TEST(what_was_not_open_may_be_closed)
{
    host_close(NULL);
}
END_TEST

TEST_MAIN("host", a_state_directory_has_one_owner,
          a_state_directory_that_cannot_be_is_told,
          a_lock_that_cannot_be_opened_is_told,
          where_nobody_was_the_owner_yet_there_is_nothing_to_see,
          who_only_looks_is_told_why_the_store_is_not_there,
          an_owner_without_a_store_does_not_open,
          a_host_whose_socket_cannot_be_stops, what_was_not_open_may_be_closed)
