/* make check: the module, asked by a host that is none. */
#include <haft/auth.h>
#include <haft/fakehost.h>

int main(void)
{
    static struct haft_fake f;
    HAFT_NEW(haft_auth_authenticate_in, in);
    HAFT_NEW(haft_auth_authenticate_out, out);

    in.scheme = haft_text(HAFT_SCHEME_PEER);
    in.uid = 1000;
    in.owner_uid = 1000;
    haft_fake_open(&f);
    haft_fake_option(&f, "role", HAFT_VALUE_TEXT, 0, "viewer");
    HAFT_CHECK(&f, haft_fake_create(&f) == HAFT_OK);

    /* The owner is known, with the role of the option. */
    HAFT_CHECK(&f, haft_fake_ask(&f, &haft_auth_v1, HAFT_AUTH_AUTHENTICATE, &in,
                                 &out) == HAFT_OK);
    HAFT_CHECK(&f, out.verdict == HAFT_AUTH_KNOWN);
    HAFT_CHECK(&f, haft_slice_is(out.principal, "yourname:1000"));
    HAFT_CHECK(&f, out.roles.count == 1);
    HAFT_CHECK(
        &f, haft_slice_is(*(const struct haft_slice *)haft_item(out.roles, 0),
                          "viewer"));
    HAFT_CHECK(&f, haft_fake_heard(&f, "haft.log/1 write") == 1);

    /* Nobody else is, and that is not logged. */
    in.uid = 1001;
    memset(&out, 0, sizeof(out));
    out.size = sizeof(out);
    HAFT_CHECK(&f, haft_fake_ask(&f, &haft_auth_v1, HAFT_AUTH_AUTHENTICATE, &in,
                                 &out) == HAFT_OK);
    HAFT_CHECK(&f, out.verdict == HAFT_AUTH_ABSTAIN);
    HAFT_CHECK(&f, haft_fake_heard(&f, "haft.log/1 write") == 1);
    haft_fake_close(&f);

    puts("auth/yourname: all checks hold");
    return 0;
}
