/* make check: the module, asked by a host that is none. */
#include <unistd.h>

#include <haft/fakehost.h>
#include <haft/storage.h>

static char path[4000]; /* absolute, as haft gives it */

static void open_store(struct haft_fake *f)
{
    haft_fake_open(f);
    haft_fake_option(f, "file", HAFT_VALUE_PATH, 0, path);
    HAFT_CHECK(f, haft_fake_create(f) == HAFT_OK);
}

/* A batch of one put. */
static haft_status put(struct haft_fake *f, uint64_t batch, uint32_t guard,
                       const char *key, const char *value)
{
    struct haft_storage_op op;
    HAFT_NEW(haft_storage_commit_in, in);

    memset(&op, 0, sizeof(op));
    op.op = HAFT_STORAGE_PUT;
    op.guard = guard;
    op.version = batch;
    op.key = haft_text(key);
    op.value = haft_text(value);
    in.batch = batch;
    in.ops = haft_items(&op, 1, sizeof(op));
    return haft_fake_ask(f, &haft_storage_v1, HAFT_STORAGE_COMMIT, &in, NULL);
}

static uint64_t last(struct haft_fake *f)
{
    HAFT_NEW(haft_storage_last_in, in);
    HAFT_NEW(haft_storage_last_out, out);

    HAFT_CHECK(f, haft_fake_ask(f, &haft_storage_v1, HAFT_STORAGE_LAST, &in,
                                &out) == HAFT_OK);
    return out.batch;
}

static void check_value(struct haft_fake *f, const char *key,
                        const char *wanted)
{
    HAFT_NEW(haft_storage_get_in, in);
    HAFT_NEW(haft_storage_get_out, out);

    in.key = haft_text(key);
    HAFT_CHECK(f, haft_fake_ask(f, &haft_storage_v1, HAFT_STORAGE_GET, &in,
                                &out) == HAFT_OK);
    HAFT_CHECK(f, out.is_found == (wanted ? 1u : 0u));
    HAFT_CHECK(f, haft_slice_equal(out.value, haft_text(wanted)));
}

static void check_scan(struct haft_fake *f, uint32_t flags, const char *first,
                       uint32_t count)
{
    const struct haft_storage_record *record;
    HAFT_NEW(haft_storage_scan_in, in);
    HAFT_NEW(haft_storage_scan_out, out);

    in.flags = flags;
    in.prefix = haft_text("a/");
    HAFT_CHECK(f, haft_fake_ask(f, &haft_storage_v1, HAFT_STORAGE_SCAN, &in,
                                &out) == HAFT_OK);
    HAFT_CHECK(f, out.records.count == count && !out.has_more);
    record = haft_item(out.records, 0);
    HAFT_CHECK(f, haft_slice_is(record->key, first));
}

int main(void)
{
    static struct haft_fake f;

    HAFT_CHECK(&f, getcwd(path, sizeof(path) - 16) != NULL);
    snprintf(path + strlen(path), 16, "/test.map");
    remove(path);

    /* Batches are applied once, in their order. */
    open_store(&f);
    HAFT_CHECK(&f, last(&f) == 0);
    HAFT_CHECK(&f, put(&f, 1, HAFT_STORAGE_ABSENT, "a/2", "two") == HAFT_OK);
    HAFT_CHECK(&f, put(&f, 2, HAFT_STORAGE_ALWAYS, "a/1", "one") == HAFT_OK);
    HAFT_CHECK(&f, put(&f, 2, HAFT_STORAGE_ALWAYS, "a/1", "again") == HAFT_OK);
    HAFT_CHECK(&f, put(&f, 9, HAFT_STORAGE_ALWAYS, "x", "") == -HAFT_INVALID);
    HAFT_CHECK(&f,
               put(&f, 3, HAFT_STORAGE_ABSENT, "a/1", "") == -HAFT_CONFLICT);
    HAFT_CHECK(&f, put(&f, 3, HAFT_STORAGE_ALWAYS, "b", "b") == HAFT_OK);
    check_scan(&f, 0, "a/1", 2);
    check_scan(&f, HAFT_STORAGE_REVERSE, "a/2", 2);
    haft_fake_close(&f);

    /* The next one finds what the last one left. */
    open_store(&f);
    HAFT_CHECK(&f, last(&f) == 3);
    check_value(&f, "a/1", "one");
    check_value(&f, "x", NULL);
    haft_fake_close(&f);

    remove(path);
    puts("storage/yourname: all checks hold");
    return 0;
}
