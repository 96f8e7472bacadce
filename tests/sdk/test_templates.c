/* The templates, and the plugin that the guide shows, built from an installed
 * tree and loaded by the host. */
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <haft/host.h>

#include "tests/check_main.h"
#include "tests/host/guest/fixture.h"

extern char **environ;

static char folder[] = "/tmp/haft-templates-XXXXXX";
static struct fixture f;
static struct answer answer;

static void run(const char *const *argv)
{
    pid_t pid;
    int status;

    ck_assert_int_eq(posix_spawnp(&pid, argv[0], NULL, NULL,
                                  (char *const *)(const void *)argv, environ),
                     0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}

static void build(void)
{
    char script[1024];

    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(script, sizeof(script), "%s/tests/sdk/build-templates",
             getenv("HAFT_SRCDIR"));
    run((const char *const[]){"sh", script, folder, NULL});
    setenv("HAFT_TEST_MODULES", folder, 1);
}

static void clean(void)
{
    run((const char *const[]){"rm", "-r", folder, NULL});
}

/* The whole of a small file. */
static const char *content(const char *name)
{
    static char text[1024];
    char path[512];
    size_t n;
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s", path);
    n = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[n] = '\0';
    return text;
}

static void check_notify(const char *name, const char *file)
{
    struct guest *g = fixture_find(&f, "notify", name);

    for (int i = 0; i < 2; i++) {
        fixture_tell(g, "run.started", 1, INT64_MAX, &answer);
        fixture_wait(&f, &answer.count, 1);
        ck_assert_int_eq(answer.status, HAFT_OK);
    }
    ck_assert_str_eq(content(file), "{}\n{}\n");
}

/* What the executor reported, in order. */
static struct {
    int started;
    int ended;
    uint64_t fence;
} heard;

static haft_status hear_started(void *ctx, struct guest *who,
                                const struct haft_call *call, const void *in,
                                void *out)
{
    (void)ctx;
    (void)who;
    (void)call;
    (void)in;
    (void)out;
    heard.started++;
    return HAFT_OK;
}

static haft_status hear_ended(void *ctx, struct guest *who,
                              const struct haft_call *call, const void *in,
                              void *out)
{
    const struct haft_attempt_ended_in *m = in;

    (void)ctx;
    (void)who;
    (void)call;
    (void)out;
    ck_assert_int_eq(heard.started, 1);
    ck_assert_uint_eq(m->fault_class, 0);
    ck_assert_uint_eq(m->attempt, 7);
    heard.fence = m->fence;
    heard.ended++;
    return HAFT_OK;
}

static const guest_serve methods[] = {hear_started, hear_started, hear_started,
                                      hear_ended};
static const struct guest_service attempts = {.interface = &haft_attempt_v1,
                                              .methods = methods};

static void check_executor(void)
{
    const struct haft_slice argv[] = {{"echo", 4}, {"hello", 5}};
    char output[512];
    struct haft_executor_start_in in = {
        .size = sizeof(in),
        .attempt = 7,
        .fence = 3,
        .argv = {argv, 2, sizeof(argv[0])},
    };
    struct guest *g = fixture_find(&f, "executor", "template");

    snprintf(output, sizeof(output), "%s/output", folder);
    in.stdout_path = (struct haft_slice){output, strlen(output)};
    ck_assert(guest_takes_sort(g, HAFT_SORT_PROCESS));
    ck_assert(!guest_takes_sort(g, HAFT_SORT_CONTAINER));
    guest_call(g, &haft_executor_v1, HAFT_EXECUTOR_START, &in, INT64_MAX,
               fixture_done, &answer);
    fixture_wait(&f, &heard.ended, 1);

    ck_assert_uint_eq(heard.fence, 3);
    ck_assert_str_eq(content("output"), "would run: echo hello\n");
}

START_TEST(templates_and_guide_build_from_an_installed_tree_and_work)
{
    char sections[1024];

    build();
    snprintf(sections, sizeof(sections),
             "[notify:template]\nfile = %s/events\n[executor:template]\n"
             "[notify:mine]\nfile = %s/mine\n",
             folder, folder);
    fixture_open(&f, sections, &attempts);

    ck_assert_msg(guests_check(f.guests, &f.why), "%s", f.why.text);
    check_notify("template", "events");
    check_notify("mine", "mine");
    check_executor();

    fixture_close(&f);
    clean();
}
END_TEST

/* Lines that are neither empty nor all comment. */
static int count_code(const char *name)
{
    char path[1024];
    char line[512];
    bool is_comment = false;
    int count = 0;
    FILE *file;

    snprintf(path, sizeof(path), "%s/sdk/template/%s-c/your-name.c",
             getenv("HAFT_SRCDIR"), name);
    file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s", path);
    while (fgets(line, sizeof(line), file)) {
        const char *text = line + strspn(line, " ");

        is_comment |= strncmp(text, "/*", 2) == 0;
        count += !is_comment && *text != '\n';
        is_comment &= strstr(text, "*/") == NULL;
    }
    fclose(file);
    return count;
}

START_TEST(templates_are_small)
{
    ck_assert_int_le(count_code("notify"), 40);
    ck_assert_int_le(count_code("executor"), 80);
    ck_assert_int_le(count_code("retry"), 50);
    ck_assert_int_le(count_code("auth"), 60);
}
END_TEST

TEST_MAIN("templates",
          templates_and_guide_build_from_an_installed_tree_and_work,
          templates_are_small)
