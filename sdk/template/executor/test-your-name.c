/* make check: the module, asked by a host that is none. */
#include <haft/executor.h>
#include <haft/fakehost.h>

static const char path[] = "test.out";

static void check_file(const struct haft_fake *f, const char *wanted)
{
    char text[256] = "";
    FILE *file = fopen(path, "r");

    HAFT_CHECK(f, file != NULL);
    HAFT_CHECK(f, fread(text, 1, sizeof(text) - 1, file) > 0);
    fclose(file);
    HAFT_CHECK(f, strcmp(text, wanted) == 0);
}

int main(void)
{
    static struct haft_fake f;
    struct haft_slice argv[2];
    HAFT_NEW(haft_executor_start_in, in);
    HAFT_NEW(haft_executor_recover_in, recover);
    HAFT_NEW(haft_executor_recover_out, state);

    argv[0] = haft_text("echo");
    argv[1] = haft_text("hello");
    in.attempt = 7;
    in.fence = 3;
    in.argv = haft_items(argv, 2, sizeof(argv[0]));
    in.stdout_path = haft_text(path);
    recover.attempt = 7;
    remove(path);

    haft_fake_open(&f);
    haft_fake_option(&f, "prefix", HAFT_VALUE_TEXT, 0, "not run:");
    HAFT_CHECK(&f, haft_fake_create(&f) == HAFT_OK);

    /* The command is the output, and the attempt ends well. */
    HAFT_CHECK(&f, haft_fake_ask(&f, &haft_executor_v1, HAFT_EXECUTOR_START,
                                 &in, NULL) == HAFT_OK);
    check_file(&f, "not run: echo hello\n");
    HAFT_CHECK(&f, haft_fake_heard(&f, "started attempt=7 fence=3") == 1);
    HAFT_CHECK(&f, haft_fake_heard(&f, "ended attempt=7 fence=3") == 1);
    HAFT_CHECK(&f, haft_fake_heard(&f, "fault_class") == 0);

    /* Where there is no output, it ends badly. */
    in.attempt = 8;
    in.stdout_path = haft_text("/nowhere/at/all");
    HAFT_CHECK(&f, haft_fake_ask(&f, &haft_executor_v1, HAFT_EXECUTOR_START,
                                 &in, NULL) == HAFT_OK);
    HAFT_CHECK(&f, haft_fake_heard(&f, "code=your_name.output") == 1);

    /* Nothing is known of earlier attempts. */
    HAFT_CHECK(&f, haft_fake_ask(&f, &haft_executor_v1, HAFT_EXECUTOR_RECOVER,
                                 &recover, &state) == HAFT_OK);
    HAFT_CHECK(&f, state.state == HAFT_RECOVER_UNKNOWN);
    haft_fake_close(&f);

    remove(path);
    puts("executor/yourname: all checks hold");
    return 0;
}
