/* make check: the module, asked by a host that is none. */
#include <haft/fakehost.h>
#include <haft/notify.h>

static const char path[] = "test.jsonl";

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
    struct haft_notify_event events[2];
    HAFT_NEW(haft_notify_deliver_in, in);

    memset(events, 0, sizeof(events));
    events[0].json = haft_text("{\"seq\":1}");
    events[1].json = haft_text("{\"seq\":2}");
    in.events = haft_items(events, 2, sizeof(events[0]));
    remove(path);

    /* Two events are two lines. */
    haft_fake_open(&f);
    haft_fake_option(&f, "file", HAFT_VALUE_PATH, 0, path);
    HAFT_CHECK(&f, haft_fake_create(&f) == HAFT_OK);
    HAFT_CHECK(&f, haft_fake_ask(&f, &haft_notify_v1, HAFT_NOTIFY_DELIVER, &in,
                                 NULL) == HAFT_OK);
    check_file(&f, "{\"seq\":1}\n{\"seq\":2}\n");
    haft_fake_close(&f);

    /* What cannot be written is said, and comes again. */
    haft_fake_open(&f);
    haft_fake_option(&f, "file", HAFT_VALUE_PATH, 0, "/nowhere/at/all");
    HAFT_CHECK(&f, haft_fake_create(&f) == HAFT_OK);
    HAFT_CHECK(&f, haft_fake_ask(&f, &haft_notify_v1, HAFT_NOTIFY_DELIVER, &in,
                                 NULL) == -HAFT_RESOURCE);
    HAFT_CHECK(&f, haft_fake_heard(&f, "code=your_name.write") == 1);
    haft_fake_close(&f);

    remove(path);
    puts("notify/yourname: all checks hold");
    return 0;
}
