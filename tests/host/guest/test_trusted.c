#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/guest/trusted.h"
#include "tests/check_main.h"

/* A file in a folder in a folder of the test's own. */
static char root[64];
static char folder[80];
static char file[96];

static void make(void)
{
    int fd;

    snprintf(root, sizeof(root), "/tmp/haft-trusted-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    snprintf(folder, sizeof(folder), "%s/folder", root);
    snprintf(file, sizeof(file), "%s/file", folder);
    ck_assert_int_eq(mkdir(folder, 0755), 0);
    fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

static void drop(void)
{
    unlink(file);
    rmdir(file);
    rmdir(folder);
    rmdir(root);
}

static void refuse(const char *path, const char *part)
{
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    ck_assert_int_eq(trusted_open(path, &why), -1);
    ck_assert_msg(strstr(why.text, part) != NULL, "%s", why.text);
    str_finish(&why);
}

START_TEST(a_file_of_ones_own_is_opened)
{
    struct str why;
    int fd;

    make();
    str_init(&why, STR_WHY_LIMIT);
    fd = trusted_open(file, &why);

    ck_assert_msg(fd >= 0, "%s", why.text);
    close(fd);
    str_finish(&why);
    drop();
}
END_TEST

START_TEST(what_everybody_may_write_is_refused)
{
    char part[160];

    make();
    ck_assert_int_eq(chmod(file, 0666), 0);
    snprintf(part, sizeof(part),
             "mode of %s: wanted nobody else to write, found 0666", file);
    refuse(file, part);
    drop();
}
END_TEST

START_TEST(a_folder_above_that_everybody_may_write_is_refused)
{
    char part[160];

    make();
    ck_assert_int_eq(chmod(root, 0777), 0);
    snprintf(part, sizeof(part), "mode of %s: ", root);
    refuse(file, part);
    drop();
}
END_TEST

START_TEST(what_is_no_file_is_refused)
{
    make();
    refuse(folder, "wanted a regular file, found something else");
    drop();
}
END_TEST

START_TEST(what_is_not_there_is_refused)
{
    make();
    unlink(file);
    refuse(file, "No such file or directory");
    drop();
}
END_TEST

START_TEST(a_link_is_judged_by_where_it_leads)
{
    char link[96];
    char part[160];

    make();
    snprintf(link, sizeof(link), "%s/link", root);
    ck_assert_int_eq(symlink(file, link), 0);
    ck_assert_int_eq(chmod(folder, 0777), 0);
    snprintf(part, sizeof(part), "mode of %s: ", folder);
    refuse(link, part);
    unlink(link);
    drop();
}
END_TEST

/* Only root can make a file somebody else's. */
START_TEST(a_file_of_somebody_else_is_refused)
{
    make();
    if (chown(file, 54321, (gid_t)-1) == 0) {
        refuse(file, "wanted root or user ");
        ck_assert_int_eq(chown(file, geteuid(), 54321), 0);
        ck_assert_int_eq(chmod(file, 0664), 0);
        refuse(file, "found 0664"); /* another group's */
    } else {
        ck_assert_int_eq(errno, EPERM);
    }
    drop();
}
END_TEST

TEST_MAIN("trusted", a_file_of_ones_own_is_opened,
          what_everybody_may_write_is_refused,
          a_folder_above_that_everybody_may_write_is_refused,
          what_is_no_file_is_refused, what_is_not_there_is_refused,
          a_link_is_judged_by_where_it_leads,
          a_file_of_somebody_else_is_refused)
