#include <grp.h>
#include <pwd.h>
#include <string.h>

#include <haft/auth.h>
#include <haft/sdk.h>

#include "tests/check_main.h"
#include "tests/plugins/fakehost.h"

#define NOBODYS_UID 3999999999u /* has no name */
#define OWNER 4000000000u

static struct fakehost *open_with(const char *const *settings)
{
    struct fakehost *h =
        fakehost_create("auth-peer", "plugins/auth/peer/manifest.json");

    ck_assert_int_eq(fakehost_make(h, settings), HAFT_OK);
    return h;
}

static struct haft_auth_authenticate_out ask(struct fakehost *h, uint32_t uid,
                                             uint32_t gid)
{
    struct haft_auth_authenticate_in in = {.size = sizeof(in),
                                           .uid = uid,
                                           .gid = gid,
                                           .pid = 1,
                                           .owner_uid = OWNER,
                                           .scheme =
                                               haft_text(HAFT_SCHEME_PEER)};
    struct haft_auth_authenticate_out out;

    ck_assert_int_eq(
        fakehost_ask(h, &haft_auth_v1, HAFT_AUTH_AUTHENTICATE, &in, &out),
        HAFT_OK);
    return out;
}

/* All roles, each followed by a space. */
static const char *roles_of(const struct haft_auth_authenticate_out *out)
{
    static char text[256];
    size_t used = 0;

    text[0] = '\0';
    for (uint32_t i = 0; i < out->roles.count; i++) {
        const struct haft_slice *role = haft_item(out->roles, i);

        used += (size_t)snprintf(text + used, sizeof(text) - used, "%.*s ",
                                 (int)role->n, (const char *)role->p);
    }
    return text;
}

START_TEST(root_is_admin_by_name)
{
    const char *const settings[] = {NULL};
    struct fakehost *h = open_with(settings);
    struct haft_auth_authenticate_out out = ask(h, 0, 0);

    ck_assert_uint_eq(out.verdict, HAFT_AUTH_KNOWN);
    ck_assert(haft_slice_is(out.principal, "user:root"));
    ck_assert_str_eq(roles_of(&out), "admin ");
    fakehost_destroy(h);
}
END_TEST

START_TEST(the_owner_is_admin_even_without_a_name)
{
    const char *const settings[] = {NULL};
    struct fakehost *h = open_with(settings);
    struct haft_auth_authenticate_out out = ask(h, OWNER, 7);

    ck_assert_uint_eq(out.verdict, HAFT_AUTH_KNOWN);
    ck_assert(haft_slice_is(out.principal, "uid:4000000000"));
    ck_assert_str_eq(roles_of(&out), "admin ");
    fakehost_destroy(h);
}
END_TEST

START_TEST(a_stranger_is_not_known)
{
    const char *const settings[] = {
        "allow=anna:operator", "allow=@no-such-group:viewer",
        "allow=399999999:viewer", "allow=39999999999:viewer", NULL};
    struct fakehost *h = open_with(settings);
    struct haft_auth_authenticate_out out = ask(h, NOBODYS_UID, 3999999999u);

    ck_assert_uint_eq(out.verdict, HAFT_AUTH_ABSTAIN);
    ck_assert_uint_eq(out.roles.count, 0);
    fakehost_destroy(h);
}
END_TEST

START_TEST(who_is_allowed_has_the_roles_that_fit)
{
    struct passwd *nobody = getpwnam("nobody");
    struct group *group;
    char by_group[128];
    const char *const settings[] = {"allow=nobody:operator",
                                    "allow=3999999999:auditor", by_group,
                                    "allow=nobody:operator", NULL};
    struct haft_auth_authenticate_out out;
    struct fakehost *h;

    ck_assert_ptr_nonnull(nobody);
    group = getgrgid(nobody->pw_gid);
    ck_assert_ptr_nonnull(group);
    snprintf(by_group, sizeof(by_group), "allow=@%s:viewer", group->gr_name);
    h = open_with(settings);

    out = ask(h, nobody->pw_uid, nobody->pw_gid);
    ck_assert_uint_eq(out.verdict, HAFT_AUTH_KNOWN);
    ck_assert(haft_slice_is(out.principal, "user:nobody"));
    ck_assert_str_eq(roles_of(&out), "operator viewer ");
    out = ask(h, NOBODYS_UID, nobody->pw_gid); /* by the socket's group */
    ck_assert_str_eq(roles_of(&out), "auditor viewer ");
    ck_assert(haft_slice_is(out.principal, "uid:3999999999"));
    fakehost_destroy(h);
}
END_TEST

START_TEST(another_scheme_is_not_ours)
{
    const char *const settings[] = {NULL};
    struct fakehost *h = open_with(settings);
    struct haft_auth_authenticate_in in = {
        .size = sizeof(in), /* uid 0, as of a message that sets none */
        .scheme = haft_text(HAFT_SCHEME_BEARER),
        .credential = haft_text("token")};
    struct haft_auth_authenticate_out out;

    ck_assert_int_eq(
        fakehost_ask(h, &haft_auth_v1, HAFT_AUTH_AUTHENTICATE, &in, &out),
        HAFT_OK);
    ck_assert_uint_eq(out.verdict, HAFT_AUTH_ABSTAIN);
    fakehost_destroy(h);
}
END_TEST

START_TEST(a_grant_that_is_none_is_refused_at_create)
{
    static const char *const bad[] = {
        "allow=anna",     "allow=anna:",  "allow=:x",
        "allow=@:viewer", "allow=@staff", "allow="};
    struct fakehost *h =
        fakehost_create("auth-peer", "plugins/auth/peer/manifest.json");

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *const settings[] = {bad[i], NULL};

        ck_assert_msg(fakehost_make(h, settings) == -HAFT_INVALID, "%s",
                      bad[i]);
        ck_assert(haft_slice_is(fakehost_fault(h)->code, "peer.allow"));
    }
    fakehost_destroy(h);
}
END_TEST

TEST_MAIN("auth/peer", root_is_admin_by_name,
          the_owner_is_admin_even_without_a_name, a_stranger_is_not_known,
          who_is_allowed_has_the_roles_that_fit, another_scheme_is_not_ours,
          a_grant_that_is_none_is_refused_at_create)
