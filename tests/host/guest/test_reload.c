/* Another instance in the place of one that is in use. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/guest/instance.h"
#include "host/plain/json.h"
#include "host/plain/mem.h"
#include "tests/caged_main.h"
#include "tests/host/guest/fixture.h"

#define INSIDE "[notify:looping]\nisolation = none\n"
#define CAGED "[notify:looping]\nisolation = process\n"

static struct fixture f;
static struct config *later[64]; /* all that were read since */
static size_t later_count;

/* What came of a reload. */
static struct {
    int count;
    char why[1024];
    cJSON *rows;
} done;

static void on_reloaded(void *ctx, const char *why, const char *result,
                        size_t size)
{
    (void)ctx;
    done.count++;
    snprintf(done.why, sizeof(done.why), "%s", why);
    cJSON_Delete(done.rows);
    done.rows = cJSON_ParseWithLength(result, size);
    ck_assert_ptr_nonnull(done.rows);
}

/* A config that finds modules in the folder of the test. */
static struct config *read_config(const char *sections)
{
    struct config *config;
    struct str text;

    str_init(&text, 65536);
    str_addf(&text, "[host]\nstate = %s\nmodules = %s/modules\n%s", f.folder,
             f.folder, sections);
    config = config_read(text.text, text.size, "test.conf", true, &f.why);
    ck_assert_msg(config != NULL, "%s", f.why.text);
    str_finish(&text);
    return config;
}

static void begin(const char *sections, const char *name)
{
    ck_assert_uint_lt(later_count, sizeof(later) / sizeof(later[0]));
    later[later_count++] = read_config(sections);
    done.count = 0;
    guests_reload(f.guests, later[later_count - 1], name, on_reloaded, NULL);
}

static void reload(const char *sections, const char *name)
{
    begin(sections, name);
    fixture_wait(&f, &done.count, 1);
}

static const char *row(const char *member)
{
    ck_assert_msg(done.why[0] == '\0', "%s", done.why);
    ck_assert_int_eq(cJSON_GetArraySize(done.rows), 1);
    return json_get_text(cJSON_GetArrayItem(done.rows, 0), member, "");
}

/* A module in the folder of the test, with `to` in the place of the first
 * `limit` of what is `from`. */
static void put(const char *module, const char *from, const char *to, int limit)
{
    const char *modules = getenv("HAFT_TEST_MODULES");
    char path[256];
    char *bytes = mem_new(1, 4 << 20);
    size_t size;
    size_t n = strlen(from);
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s.so", modules ? modules : ".libs",
             module);
    file = fopen(path, "re");
    ck_assert_ptr_nonnull(file);
    size = fread(bytes, 1, 4 << 20, file);
    fclose(file);
    for (size_t i = 0; n > 0 && i + n < size && limit > 0; i++) {
        if (memcmp(bytes + i, from, n) == 0) {
            memcpy(bytes + i, to, n);
            limit--;
        }
    }
    snprintf(path, sizeof(path), "%s/modules/guest-actor.so", f.folder);
    unlink(path);
    file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    fclose(file);
    mem_free(bytes);
}

static struct guest *open_with(const char *sections)
{
    char path[128];

    fixture_open(&f, "", NULL);
    guests_destroy(f.guests);
    config_destroy(f.config);
    snprintf(path, sizeof(path), "%s/modules", f.folder);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    put("guest-actor", "", "", 0);
    f.config = read_config(sections);
    f.guests = guests_create(f.loop, f.config);
    return fixture_find(&f, "notify", "looping");
}

static void tear_down(void)
{
    fixture_close(&f);
    while (later_count > 0) {
        config_destroy(later[--later_count]);
    }
    cJSON_Delete(done.rows);
    done.rows = NULL;
}

/* Until what comes is another instance's. */
static void wait_held(const struct guest *guest)
{
    while (!guest->is_held) {
        loop_wait(f.loop);
    }
}

static void ck_answers(struct guest *guest)
{
    struct answer a;

    fixture_tell(guest, "ok", 0, INT64_MAX, &a);
    fixture_wait(&f, &a.count, 1);
    ck_assert_msg(a.status == HAFT_OK, "%s", a.message);
}

START_TEST(what_has_not_changed_stays_as_it_is)
{
    struct guest *guest = open_with(INSIDE);

    reload(INSIDE, NULL);

    ck_assert_str_eq(done.why, "");
    ck_assert_int_eq(cJSON_GetArraySize(done.rows), 0);
    ck_answers(guest);
    tear_down();
}
END_TEST

#define MANY 10000

/* Whoever asks all the time notices nothing. */
static void ck_reload(const char *sections, const char *cage)
{
    static struct answer answers[MANY];
    struct guest *guest = open_with(sections);
    int asked = 1;

    ck_answers(guest);
    fixture_tell(guest, "thread", 0, INT64_MAX, &answers[0]);
    begin(sections, "notify:looping");
    while (done.count == 0 && asked < MANY) {
        fixture_tell(guest, "ok", 0, INT64_MAX, &answers[asked++]);
        loop_wait(f.loop);
    }
    for (int i = 0; i < asked; i++) {
        fixture_wait(&f, &answers[i].count, 1);
        ck_assert_msg(answers[i].status == HAFT_OK, "%s", answers[i].message);
        ck_assert(i < 2 || answers[i].order > answers[i - 1].order);
    }
    ck_assert_str_eq(row("cage"), cage);
    ck_assert_str_eq(row("refused"), "");
    tear_down();
}

START_TEST(whoever_asks_meanwhile_is_answered_by_one_or_the_other)
{
    ck_reload(INSIDE, "none");
    ck_reload(CAGED, "process");
}
END_TEST

START_TEST(an_instance_moves_from_cage_to_cage)
{
    struct guest *guest = open_with(INSIDE);

    for (int i = 0; i < 3; i++) {
        reload(CAGED, NULL);
        ck_assert_str_eq(row("cage"), "process");
        ck_assert(guest_is_caged(guest));
        ck_answers(guest);
        reload(INSIDE, NULL);
        ck_assert_str_eq(row("cage"), "none");
        ck_assert(!guest_is_caged(guest));
        ck_answers(guest);
    }
    tear_down();
}
END_TEST

static void ck_new_file(const char *sections)
{
    struct guest *guest = open_with(sections);

    put("guest-actor", "1.2.3", "1.2.4", 99);
    reload(sections, NULL);
    ck_assert_str_eq(row("version"), "1.2.4");
    ck_assert_str_eq(row("refused"), "");
    ck_answers(guest);

    reload(sections, NULL);
    ck_assert_int_eq(cJSON_GetArraySize(done.rows), 0);
    tear_down();
}

START_TEST(a_new_file_is_taken)
{
    ck_new_file(INSIDE);
    ck_new_file(CAGED);
}
END_TEST

/* Nothing of a file that was written over is read by a later process. */
START_TEST(a_process_is_started_again_from_what_was_checked)
{
    struct guest *guest = open_with(CAGED);
    struct answer a;
    char path[128];
    int fd;

    reload(CAGED, "guest_actor");
    ck_assert_str_eq(row("refused"), "");
    snprintf(path, sizeof(path), "%s/modules/guest-actor.so", f.folder);
    fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    close(fd);
    fixture_tell(guest, "exit", 1, INT64_MAX, &a);
    fixture_wait(&f, &a.count, 1);
    ck_assert_str_eq(a.code, "host.worker_lost");

    ck_answers(guest);
    tear_down();
}
END_TEST

/* A file that is no good, and what is said of it. */
static const struct bad_file {
    const char *module;
    const char *from;
    const char *to;
    const char *wanted;
} bad_files[] = {
    {"guest-actor", "1.2.3", "1.2.4", "version: wanted"}, /* in its manifest */
    {"guest-actor", "when loaded: no ", "when loaded: yes", "signal 6"},
    {"guest-puppet", "", "", "no module offers notify looping"},
    {"guest-bad-note", "", "", "no haft module"},
};

static void ck_refused_file(const char *sections, const struct bad_file *bad)
{
    struct guest *guest = open_with(sections);

    put(bad->module, bad->from, bad->to, 1);
    reload(sections, NULL);
    ck_assert_msg(strstr(done.why, bad->wanted) != NULL, "%s", done.why);
    ck_answers(guest);

    put("guest-actor", "1.2.3", "1.2.5", 99);
    reload(sections, NULL);
    ck_assert_str_eq(row("version"), "1.2.5");
    ck_answers(guest);
    tear_down();
}

START_TEST(a_file_that_is_refused_leaves_the_one_before_it)
{
    for (size_t i = 0; i < sizeof(bad_files) / sizeof(bad_files[0]); i++) {
        ck_refused_file(INSIDE, &bad_files[i]);
        ck_refused_file(CAGED, &bad_files[i]);
    }
}
END_TEST

static void ck_refused_create(const char *from, const char *to)
{
    struct guest *guest = open_with(from);
    char sections[256];

    snprintf(sections, sizeof(sections), "%sfail = yes\n", to);
    reload(sections, NULL);
    ck_assert_ptr_nonnull(strstr(row("refused"), "words"));
    ck_assert_int_eq(guest_is_caged(guest), strcmp(from, CAGED) == 0);
    ck_answers(guest);

    snprintf(sections, sizeof(sections), "%sword = other\n", to);
    reload(sections, NULL);
    ck_assert_str_eq(row("refused"), "");
    ck_answers(guest);
    tear_down();
}

START_TEST(an_instance_that_cannot_be_made_leaves_the_one_before_it)
{
    ck_refused_create(INSIDE, INSIDE);
    ck_refused_create(INSIDE, CAGED);
    ck_refused_create(CAGED, INSIDE);
    ck_refused_create(CAGED, CAGED);
}
END_TEST

START_TEST(a_config_that_is_wrong_changes_nothing)
{
    struct guest *guest = open_with(INSIDE);

    reload(INSIDE "wait = never\n", NULL);
    ck_assert_ptr_nonnull(strstr(done.why, "wait"));
    ck_answers(guest);

    reload(INSIDE, NULL);
    ck_assert_int_eq(cJSON_GetArraySize(done.rows), 0);
    tear_down();
}
END_TEST

START_TEST(a_name_that_means_nothing_is_told)
{
    open_with(INSIDE);

    reload(INSIDE, "nonesuch");

    ck_assert_ptr_nonnull(strstr(done.why, "\"nonesuch\""));
    tear_down();
}
END_TEST

/* The only child that this process has. */
static void kill_worker(void)
{
    char path[64];
    int pid = 0;
    FILE *children;

    snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
    children = fopen(path, "re");
    ck_assert_ptr_nonnull(children);
    while (fscanf(children, "%d", &pid) == 1) {
        kill(pid, SIGKILL);
    }
    fclose(children);
    ck_assert_int_gt(pid, 0);
}

START_TEST(a_process_that_dies_while_it_is_waited_for_is_followed)
{
    struct guest *guest = open_with(CAGED);
    struct answer open;

    fixture_tell(guest, "keep", 0, INT64_MAX, &open);
    begin(CAGED, "guest_actor");
    wait_held(guest);
    kill_worker();
    fixture_wait(&f, &done.count, 1);

    ck_assert_str_eq(row("refused"), "");
    ck_assert_str_eq(open.code, "host.worker_lost");
    ck_answers(guest);
    tear_down();
}
END_TEST

START_TEST(a_host_that_leaves_meanwhile_ends_it)
{
    static const char *const cages[] = {INSIDE, CAGED};

    for (size_t i = 0; i < 2; i++) {
        struct guest *guest = open_with(cages[i]);
        struct answer open;
        struct answer held;

        fixture_tell(guest, "keep", 0, INT64_MAX, &open);
        begin(cages[i], "guest_actor");
        wait_held(guest);
        fixture_tell(guest, "ok", 0, INT64_MAX, &held);
        guests_stop(f.guests);
        ck_assert_int_eq(done.count, 1);
        ck_assert_int_eq(open.status, -HAFT_CANCELLED);
        ck_assert_int_eq(held.status, -HAFT_CANCELLED);
        tear_down();
    }
}
END_TEST

START_TEST(what_holds_its_state_in_memory_is_left_alone)
{
    open_with(INSIDE);
    fixture_find(&f, "notify", "serial");

    reload(INSIDE, "notify:serial");

    ck_assert_ptr_nonnull(strstr(row("refused"), "in its memory"));
    tear_down();
}
END_TEST

CAGED_MAIN("reload", what_has_not_changed_stays_as_it_is,
           whoever_asks_meanwhile_is_answered_by_one_or_the_other,
           an_instance_moves_from_cage_to_cage, a_new_file_is_taken,
           a_process_is_started_again_from_what_was_checked,
           a_file_that_is_refused_leaves_the_one_before_it,
           an_instance_that_cannot_be_made_leaves_the_one_before_it,
           a_config_that_is_wrong_changes_nothing,
           a_name_that_means_nothing_is_told,
           a_process_that_dies_while_it_is_waited_for_is_followed,
           a_host_that_leaves_meanwhile_ends_it,
           what_holds_its_state_in_memory_is_left_alone)
