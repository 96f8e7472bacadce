#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/guest/script.h"
#include "tests/check_main.h"

static struct str json, why;

static bool read_text(const char *text)
{
    int fd = memfd_create("script", MFD_CLOEXEC);
    bool is_good;

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    str_init(&json, 1 << 20);
    str_init(&why, STR_WHY_LIMIT);
    is_good = script_is(fd) && script_read(fd, &json, &why);
    close(fd);
    return is_good;
}

static void ck_manifest(const char *text, const char *wanted)
{
    ck_assert_msg(read_text(text), "%s", why.text);
    ck_assert_str_eq(json.text, wanted);
    str_finish(&json);
    str_finish(&why);
}

static void ck_refused(const char *text, const char *wanted)
{
    ck_assert(!read_text(text));
    ck_assert_msg(strstr(why.text, wanted) != NULL, "%s", why.text);
    str_finish(&json);
    str_finish(&why);
}

START_TEST(a_manifest_stands_behind_any_comment_sign)
{
    ck_manifest("#!/bin/sh\n# haft-manifest-begin\n# {\n#  1}\n"
                "# haft-manifest-end\nexit\n",
                "{\n 1}\n");
    ck_manifest("#!/usr/bin/node\n/*\nhaft-manifest-begin\n{}\n"
                "haft-manifest-end\n*/\n",
                "{}\n");
    ck_manifest("#!x\n// haft-manifest-begin\n//\n// haft-manifest-end\n", "");
}
END_TEST

START_TEST(what_has_no_whole_manifest_is_refused_with_why)
{
    ck_refused("#!/bin/sh\necho haft-manifest-begin of what\n",
               "wanted a line haft-manifest-begin");
    ck_refused("#!/bin/sh\n# haft-manifest-begin\n# {}\n",
               "wanted a line haft-manifest-end");
    ck_refused("#!/bin/sh\n# haft-manifest-begin\n{}\n# haft-manifest-end\n",
               "found \"{}\"");
}
END_TEST

START_TEST(a_manifest_must_stand_at_the_head)
{
    static const char tail[] =
        "# haft-manifest-begin\n# {}\n# haft-manifest-end\n";
    char *text = malloc(SCRIPT_HEAD + sizeof(tail));

    ck_assert_ptr_nonnull(text);
    memset(text, '\n', SCRIPT_HEAD);
    memcpy(text, "#!", 2);
    memcpy(text + SCRIPT_HEAD, tail, sizeof(tail));
    ck_refused(text, "in the first 65536 bytes");
    free(text);
}
END_TEST

START_TEST(other_files_are_no_scripts)
{
    ck_assert(!read_text("\177ELF"));
    ck_assert(!read_text("#"));
    ck_assert(!read_text(""));
}
END_TEST

TEST_MAIN("script", a_manifest_stands_behind_any_comment_sign,
          what_has_no_whole_manifest_is_refused_with_why,
          a_manifest_must_stand_at_the_head, other_files_are_no_scripts)
