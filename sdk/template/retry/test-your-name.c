/* make check: the module, asked by a host that is none. */
#include <haft/fakehost.h>
#include <haft/retry.h>

static void check(struct haft_fake *f, uint32_t fault_class, uint32_t tries,
                  uint32_t verdict, int64_t delay_ms)
{
    HAFT_NEW(haft_retry_decide_in, in);
    HAFT_NEW(haft_retry_decide_out, out);

    in.fault_class = fault_class;
    in.tries = tries;
    HAFT_CHECK(f, haft_fake_ask(f, &haft_retry_v1, HAFT_RETRY_DECIDE, &in,
                                &out) == HAFT_OK);
    HAFT_CHECK(f, out.verdict == verdict);
    HAFT_CHECK(f, out.delay_ms == delay_ms);
}

int main(void)
{
    static struct haft_fake f;

    haft_fake_open(&f);
    haft_fake_option(&f, "tries", HAFT_VALUE_INT, 2, "2");
    haft_fake_option(&f, "pause", HAFT_VALUE_DURATION, 100, "100ms");
    HAFT_CHECK(&f, haft_fake_create(&f) == HAFT_OK);

    check(&f, HAFT_USER_FAILURE, 1, HAFT_RETRY_AGAIN, 100);
    check(&f, HAFT_TRANSIENT, 2, HAFT_RETRY_AGAIN, 200);
    check(&f, HAFT_USER_FAILURE, 3, HAFT_RETRY_FAIL, 0);
    check(&f, HAFT_DENIED, 1, HAFT_RETRY_FAIL, 0);
    HAFT_CHECK(&f, f.heard[0] == '\0'); /* pure: it asks nobody */
    haft_fake_close(&f);

    puts("retry/yourname: all checks hold");
    return 0;
}
