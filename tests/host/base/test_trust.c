#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/trust.h"
#include "tests/check_main.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

/* A home of its own for each test. */
static char home[64];
static struct str why;

static void begin(void)
{
    snprintf(home, sizeof(home), "/tmp/haft-trust-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(home));
    setenv("HOME", home, 1);
    unsetenv("XDG_STATE_HOME");
    str_init(&why, STR_WHY_LIMIT);
}

static const char *list(void)
{
    static char path[128];

    snprintf(path, sizeof(path), "%s/.local/state/haft/trusted", home);
    return path;
}

static void end(void)
{
    static const char *const parts[] = {"/.local/state/haft/trusted",
                                        "/.local/state/haft", "/.local/state",
                                        "/.local", ""};
    char path[128];

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        snprintf(path, sizeof(path), "%s%s", home, parts[i]);
        remove(path);
    }
    ck_assert_int_eq(access(home, F_OK), -1);
    str_finish(&why);
}

START_TEST(nothing_is_trusted_at_first)
{
    begin();
    ck_assert(!trust_has("/w/haft.conf", A));
    end();
}
END_TEST

START_TEST(what_was_added_is_trusted_at_its_path_alone)
{
    begin();
    ck_assert_int_eq(trust_add("/w/haft.conf", A, &why), 0);

    ck_assert(trust_has("/w/haft.conf", A));
    ck_assert(!trust_has("/w/haft.conf", B));
    ck_assert(!trust_has("/v/haft.conf", A));
    ck_assert(!trust_has("/w/haft.con", A));
    end();
}
END_TEST

START_TEST(a_new_fingerprint_takes_the_place_of_the_old_one)
{
    begin();
    trust_add("/w/haft.conf", A, &why);
    trust_add("/with space/haft.conf", A, &why);
    trust_add("/w/haft.conf", B, &why);

    ck_assert(trust_has("/w/haft.conf", B));
    ck_assert(!trust_has("/w/haft.conf", A));
    ck_assert(trust_has("/with space/haft.conf", A));
    end();
}
END_TEST

START_TEST(the_list_is_its_owners_alone)
{
    struct stat status;

    begin();
    trust_add("/w/haft.conf", A, &why);
    ck_assert_int_eq(stat(list(), &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0600);

    chmod(list(), 0620);
    ck_assert(!trust_has("/w/haft.conf", A));
    chmod(list(), 0602);
    ck_assert(!trust_has("/w/haft.conf", A));
    chmod(list(), 0600);
    ck_assert(trust_has("/w/haft.conf", A));
    end();
}
END_TEST

START_TEST(a_list_behind_a_link_is_not_believed)
{
    char other[128];

    begin();
    trust_add("/w/haft.conf", A, &why);
    snprintf(other, sizeof(other), "%s/other", home);
    ck_assert_int_eq(rename(list(), other), 0);
    ck_assert_int_eq(symlink(other, list()), 0);

    ck_assert(!trust_has("/w/haft.conf", A));
    remove(other);
    end();
}
END_TEST

START_TEST(a_damaged_list_trusts_nothing_by_accident)
{
    static const char *const texts[] = {"",
                                        "\n\n",
                                        A,
                                        A " /w/haft.conf",
                                        A "/w/haft.conf\n",
                                        " /w/haft.conf\n",
                                        "a /w/haft.conf\n"};

    begin();
    trust_add("/other", A, &why);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        int fd = open(list(), O_WRONLY | O_TRUNC | O_CLOEXEC);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(write(fd, texts[i], strlen(texts[i])),
                         (ssize_t)strlen(texts[i]));
        close(fd);
        ck_assert_msg(!trust_has("/w/haft.conf", A), "%zu", i);
    }
    end();
}
END_TEST

START_TEST(the_state_home_of_the_environment_is_used)
{
    char folder[128];
    char path[192];

    begin();
    snprintf(folder, sizeof(folder), "%s/state", home);
    setenv("XDG_STATE_HOME", folder, 1);
    ck_assert_int_eq(trust_add("/w/haft.conf", A, &why), 0);
    snprintf(path, sizeof(path), "%s/haft/trusted", folder);
    ck_assert_int_eq(access(path, R_OK), 0);
    remove(path);
    snprintf(path, sizeof(path), "%s/haft", folder);
    remove(path);
    remove(folder);
    unsetenv("XDG_STATE_HOME");
    end();
}
END_TEST

START_TEST(what_cannot_be_remembered_is_said)
{
    begin();
    ck_assert_int_eq(trust_add("/a\nb", A, &why), -EINVAL);
    ck_assert_str_eq(why.text, "a path with a line break cannot be trusted");
    str_reset(&why);
    unsetenv("HOME");
    ck_assert_int_eq(trust_add("/w", A, &why), -ENOENT);
    ck_assert_ptr_nonnull(strstr(why.text, "nowhere to remember"));
    str_reset(&why);
    setenv("HOME", "/proc/nowhere", 1);
    ck_assert_int_lt(trust_add("/w", A, &why), 0);
    ck_assert_ptr_nonnull(strstr(why.text, "/proc/nowhere/.local/state/haft"));
    end();
}
END_TEST

TEST_MAIN("trust", nothing_is_trusted_at_first,
          what_was_added_is_trusted_at_its_path_alone,
          a_new_fingerprint_takes_the_place_of_the_old_one,
          the_list_is_its_owners_alone, a_list_behind_a_link_is_not_believed,
          a_damaged_list_trusts_nothing_by_accident,
          the_state_home_of_the_environment_is_used,
          what_cannot_be_remembered_is_said)
