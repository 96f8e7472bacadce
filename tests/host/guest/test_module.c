#include <ctype.h>
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sha256.h>

#include <haft/retry.h>

#include "host/guest/module.h"
#include "tests/check_main.h"
#include "tests/host/guest/fixture.h"

static struct fixture f;

static const char *modules(void)
{
    const char *folder = getenv("HAFT_TEST_MODULES");

    return folder ? folder : ".libs";
}

/* Why [retry:bad] cannot be used with a module, in f.why. */
static const char *reason_of(const char *module)
{
    struct str section;

    str_init(&section, STR_WHY_LIMIT);
    str_addf(&section, "[retry:bad]\nmodule = %s\n", module);
    fixture_open(&f, section.text, NULL);
    str_finish(&section);
    ck_assert_ptr_null(guests_find(f.guests, "retry", "bad", &f.why));
    return f.why.text;
}

static void check_refusal(const char *module, const char *reason)
{
    const char *found = reason_of(module);

    ck_assert_msg(strstr(found, reason) != NULL, "wanted: %s\nfound: %s",
                  reason, found);
    ck_assert_ptr_nonnull(strstr(found, "retry bad cannot be used: "));
    fixture_close(&f);
}

START_TEST(a_file_without_a_note_is_no_module)
{
    check_refusal("guest-bad-note", "wanted a note named haft");
}
END_TEST

START_TEST(a_manifest_that_lies_is_found_out)
{
    check_refusal("guest-bad-id",
                  "module and manifest differ: id: wanted guest_bad, found "
                  "guest_other");
    check_refusal("guest-bad-version",
                  "module and manifest differ: version: wanted 1.0, found 2.0");
    check_refusal("guest-bad-abi",
                  "module and manifest differ: abi: wanted 1, found 7");
    check_refusal("guest-bad-class",
                  "module and manifest differ: class: wanted haft.retry/1 bad, "
                  "found nothing");
    check_refusal("guest-bad-json", "manifest: ");
}
END_TEST

START_TEST(a_module_that_is_not_whole_is_refused)
{
    check_refusal("guest-bad-null", "haft_module_v1 answered NULL");
    check_refusal("guest-bad-size", "module size: wanted at least ");
    check_refusal("guest-bad-create", "class bad: size: wanted at least ");
    check_refusal("guest-bad-more",
                  "module and manifest differ: classes: wanted 1, found 2");
}
END_TEST

START_TEST(an_instance_that_cannot_be_used_is_refused)
{
    check_refusal("guest-bad-mute", "create answered -4 and did not say why");
    check_refusal("guest-bad-instance", "instance size: wanted at least ");
}
END_TEST

START_TEST(a_module_of_another_age_is_refused_unread)
{
    check_refusal("guest-bad-future", "abi.least: wanted at most 1, found 98");
    check_refusal("guest-bad-past", "abi: wanted 1 <= least <= built, found "
                                    "least 0 and built 0");
}
END_TEST

START_TEST(what_cannot_be_linked_is_refused_at_once)
{
    check_refusal("guest-bad-entry",
                  "wanted the function haft_module_v1, found none");
    check_refusal("guest-bad-symbol", "bad_symbol_that_nobody_has");
}
END_TEST

START_TEST(tables_that_differ_are_refused_by_field)
{
    check_refusal("guest-bad-kind",
                  "interface haft.retry/1: decide out: haft_retry_decide_out "
                  "row 1: wanted verdict (kind 3), found verdict (kind 4)");
    check_refusal("guest-bad-shrunk", "haft_retry_decide_out: wanted at least "
                                      "32 bytes, found 16");
    check_refusal("guest-bad-gap", "haft_retry_decide_out: wanted rows for all "
                                   "of 40 bytes, found 32");
    check_refusal("guest-bad-flags", "decide flags: wanted 4, found 1");
    check_refusal("guest-bad-objects",
                  "objects: wanted haft.retry/1, which its class is of");
}
END_TEST

static void on_decided(void *ctx, haft_status status, const void *out,
                       const struct haft_fault *fault)
{
    const struct haft_retry_decide_out *m = out;
    int *count = ctx;

    ck_assert_ptr_null(fault);
    ck_assert_int_eq(status, HAFT_OK);
    ck_assert_uint_eq(m->size, sizeof(*m));
    ck_assert_int_eq(m->delay_ms, 5);
    ck_assert_uint_eq(m->reason.n, 0);
    ++*count;
}

START_TEST(a_newer_plugin_with_longer_messages_works)
{
    const struct haft_retry_decide_in in = {.size = sizeof(in)};
    int count = 0;

    fixture_open(&f, "[retry:bad]\nmodule = guest-bad-grown\n", NULL);
    guest_call(fixture_find(&f, "retry", "bad"), &haft_retry_v1,
               HAFT_RETRY_DECIDE, &in, INT64_MAX, on_decided, &count);
    fixture_wait(&f, &count, 1);

    fixture_close(&f);
}
END_TEST

START_TEST(refused_modules_are_listed_with_their_reason)
{
    struct str list;

    str_init(&list, 1 << 20);
    fixture_open(&f, "", NULL);
    guests_list(f.guests, &list);

    ck_assert_ptr_nonnull(strstr(list.text, "guest-bad-note.so"));
    ck_assert_ptr_nonnull(strstr(list.text, "\"state\":\"refused\",\"reason\":"
                                            "\"wanted a note named haft"));
    str_finish(&list);
    fixture_close(&f);
}
END_TEST

/* ---- files that were tampered with ---- */

static char folder[64];

static void make_folder(void)
{
    snprintf(folder, sizeof(folder), "/tmp/haft-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

/* A copy of the actor, `size` bytes of it, with one byte changed. */
static void copy_actor(const char *name, long size, long at, int byte)
{
    char path[512];
    FILE *from;
    FILE *to;
    int c;

    snprintf(path, sizeof(path), "%s/guest-actor.so", modules());
    from = fopen(path, "rb");
    snprintf(path, sizeof(path), "%s/%s.so", folder, name);
    to = fopen(path, "wb");
    ck_assert(from && to);
    for (long i = 0; i != size && (c = fgetc(from)) != EOF; i++) {
        fputc(i == at ? byte : c, to);
    }
    fclose(from);
    fclose(to);
}

static void check_file(const char *name, const char *reason)
{
    char path[512];
    struct modules ms;
    struct str why;

    snprintf(path, sizeof(path), "%s/%s.so", folder, name);
    str_init(&why, STR_WHY_LIMIT);
    modules_init(&ms);
    struct module *m = modules_find(&ms, path, &why);

    ck_assert_ptr_nonnull(m);
    if (reason) {
        ck_assert_ptr_nonnull(m->reason);
        ck_assert_msg(strstr(m->reason, reason) != NULL, "%s", m->reason);
    } else {
        ck_assert_msg(!m->reason, "%s", m->reason);
    }
    str_finish(&why);
    modules_finish(&ms);
    unlink(path);
}

START_TEST(a_file_of_another_machine_is_refused)
{
    make_folder();

    copy_actor("whole", -1, -1, 0);
    check_file("whole", NULL);
    copy_actor("class", -1, EI_CLASS, ELFCLASS32);
    check_file("class", "ELF class: wanted 2, found 1");
    copy_actor("order", -1, EI_DATA, 3);
    check_file("order", "ELF byte order: wanted");
    copy_actor("machine", -1, offsetof(Elf64_Ehdr, e_machine), 40);
    check_file("machine", "ELF machine: wanted");
    copy_actor("type", -1, offsetof(Elf64_Ehdr, e_type), ET_EXEC);
    check_file("type", "ELF type (3 is a shared object): wanted 3, found 2");
    copy_actor("magic", -1, 1, 'e');
    check_file("magic", "wanted an ELF file, found");
    copy_actor("count", -1, offsetof(Elf64_Ehdr, e_phnum), 255);
    check_file("count", "ELF program headers: wanted 1 to 64, found 255");
    copy_actor("place", -1, offsetof(Elf64_Ehdr, e_phoff) + 7, 255);
    check_file("place", "the file is cut off: wanted the program headers");

    rmdir(folder);
}
END_TEST

START_TEST(a_file_that_is_cut_off_is_refused)
{
    make_folder();

    copy_actor("empty", 0, -1, 0);
    check_file("empty", "the file is cut off: wanted the ELF header");
    copy_actor("short", 100, -1, 0);
    check_file("short", "the file is cut off: wanted the program headers");
    copy_actor("notes", 700, -1, 0);
    check_file("notes", "the file is cut off: wanted the notes");
    copy_actor("code", 8192, -1, 0);
    check_file("code", "the file is cut off: wanted code and data");

    rmdir(folder);
}
END_TEST

START_TEST(a_file_that_others_may_write_is_refused)
{
    char path[512];

    make_folder();
    snprintf(path, sizeof(path), "%s/open.so", folder);

    copy_actor("open", -1, -1, 0);
    chmod(path, 0646);
    check_file("open", "wanted nobody else to write, found 0646");

    copy_actor("folder", -1, -1, 0);
    chmod(folder, 0777);
    check_file("folder", "wanted nobody else to write, found 0777");

    chmod(folder, 0700);
    check_file("absent", "cannot open");
    rmdir(folder);
}
END_TEST

START_TEST(a_module_is_a_bare_name_or_an_absolute_path)
{
    struct modules ms;
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    modules_init(&ms);
    modules_scan(&ms, modules(), false);

    ck_assert_ptr_nonnull(modules_find(&ms, "guest-actor", &why));
    ck_assert_ptr_eq(modules_find(&ms, "guest-actor.so", &why),
                     modules_find(&ms, "guest-actor", &why));
    ck_assert_ptr_null(modules_find(&ms, "guest-acto", &why));
    ck_assert_ptr_null(modules_find(&ms, "../guest-actor", &why));
    ck_assert_ptr_nonnull(strstr(why.text, "wanted an absolute path"));
    str_finish(&why);
    modules_finish(&ms);
}
END_TEST

START_TEST(a_pinned_hash_must_be_the_file)
{
    char section[256];

    snprintf(section, sizeof(section), "[notify:serial]\nsha256 = %064d\n", 0);
    fixture_open(&f, section, NULL);

    ck_assert_ptr_null(guests_find(f.guests, "notify", "serial", &f.why));
    ck_assert_ptr_nonnull(strstr(f.why.text, "sha256 of "));
    ck_assert_ptr_nonnull(strstr(f.why.text, ": wanted 0000"));
    fixture_close(&f);
}
END_TEST

START_TEST(a_pinned_hash_may_be_in_capitals)
{
    char section[256];
    char path[512];
    char sum[SHA256_DIGEST_STRING_LENGTH];

    snprintf(path, sizeof(path), "%s/guest-actor.so", modules());
    ck_assert_ptr_nonnull(SHA256File(path, sum));
    for (char *c = sum; *c; c++) {
        *c = (char)toupper((unsigned char)*c);
    }
    snprintf(section, sizeof(section), "[notify:serial]\nsha256 = %s\n", sum);
    fixture_open(&f, section, NULL);

    fixture_find(&f, "notify", "serial");
    fixture_close(&f);
}
END_TEST

TEST_MAIN("module", a_file_without_a_note_is_no_module,
          a_manifest_that_lies_is_found_out,
          a_module_that_is_not_whole_is_refused,
          an_instance_that_cannot_be_used_is_refused,
          a_module_of_another_age_is_refused_unread,
          what_cannot_be_linked_is_refused_at_once,
          tables_that_differ_are_refused_by_field,
          a_newer_plugin_with_longer_messages_works,
          refused_modules_are_listed_with_their_reason,
          a_file_of_another_machine_is_refused,
          a_file_that_is_cut_off_is_refused,
          a_file_that_others_may_write_is_refused,
          a_module_is_a_bare_name_or_an_absolute_path,
          a_pinned_hash_must_be_the_file, a_pinned_hash_may_be_in_capitals)
