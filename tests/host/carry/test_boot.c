#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/carry/boot.h"
#include "tests/check_main.h"

struct place {
    char path[64];
    int fd;
};

static void make(struct place *p)
{
    snprintf(p->path, sizeof(p->path), "/tmp/haft-boot-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(p->path));
    p->fd = open(p->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(p->fd, 0);
}

static void put(const struct place *p, const char *text)
{
    int fd =
        openat(p->fd, "boot", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    ck_assert_int_eq(write(fd, text, strlen(text)), (int)strlen(text));
    close(fd);
}

static void clear(struct place *p)
{
    unlinkat(p->fd, "boot", 0);
    close(p->fd);
    ck_assert_int_eq(rmdir(p->path), 0);
}

START_TEST(the_first_owner_of_a_directory_is_the_first_of_the_boot)
{
    struct place p;

    make(&p);

    ck_assert_uint_eq(boot_first_epoch(p.fd, 7), 7);
    clear(&p);
}
END_TEST

START_TEST(later_owners_of_the_same_boot_remember_the_first)
{
    struct place p;

    make(&p);
    boot_first_epoch(p.fd, 7);

    ck_assert_uint_eq(boot_first_epoch(p.fd, 8), 7);
    ck_assert_uint_eq(boot_first_epoch(p.fd, 9), 7);
    clear(&p);
}
END_TEST

START_TEST(another_boot_begins_anew_and_is_remembered)
{
    struct place p;

    make(&p);
    put(&p, "00112233445566778899aabbccddeeff 3\n");

    ck_assert_uint_eq(boot_first_epoch(p.fd, 8), 8);
    ck_assert_uint_eq(boot_first_epoch(p.fd, 9), 8);
    clear(&p);
}
END_TEST

START_TEST(a_broken_file_counts_as_another_boot)
{
    static const char *const broken[] = {"", "x", "0011", "\n\n\n"};

    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        struct place p;

        make(&p);
        put(&p, broken[i]);

        ck_assert_uint_eq(boot_first_epoch(p.fd, 5), 5);
        clear(&p);
    }
}
END_TEST

START_TEST(an_epoch_of_the_future_is_not_believed)
{
    struct place p;

    make(&p);
    boot_first_epoch(p.fd, 9);

    ck_assert_uint_eq(boot_first_epoch(p.fd, 5), 5);
    clear(&p);
}
END_TEST

TEST_MAIN("boot", the_first_owner_of_a_directory_is_the_first_of_the_boot,
          later_owners_of_the_same_boot_remember_the_first,
          another_boot_begins_anew_and_is_remembered,
          a_broken_file_counts_as_another_boot,
          an_epoch_of_the_future_is_not_believed)
