/* Auth: silent about what is not its own, and clear about what is. */
#include <string.h>

#include <haft/auth.h>

#include "host/check/kinds.h"
#include "host/check/subject.h"

#define OWNER 4242u
#define STRANGER 4343u

static const struct haft_auth_authenticate_in owner = {
    .size = sizeof(owner),
    .uid = OWNER,
    .gid = OWNER,
    .pid = 1,
    .owner_uid = OWNER,
    .scheme = {HAFT_SCHEME_PEER, sizeof(HAFT_SCHEME_PEER) - 1},
    .address = {"unix", 4},
};
static const struct haft_auth_authenticate_in bearer = {
    .size = sizeof(bearer),
    .owner_uid = OWNER,
    .scheme = {HAFT_SCHEME_BEARER, sizeof(HAFT_SCHEME_BEARER) - 1},
    .credential = {"no such token", 13},
    .address = {"127.0.0.1:1", 11},
};

static size_t questions(struct kit_question *q, const char *folder)
{
    (void)folder;
    q[0] = (struct kit_question){HAFT_AUTH_AUTHENTICATE, &owner};
    q[1] = (struct kit_question){HAFT_AUTH_AUTHENTICATE, &bearer};
    return 2;
}

const struct kit_kind kind_auth = {
    .name = "auth", .interface = &haft_auth_v1, .questions = questions};

void auth_foreign(struct kit *kit)
{
    struct haft_auth_authenticate_in in = bearer;
    struct subject s;
    struct reply r;

    if (!subject_open(&s, kit)) {
        return;
    }
    in.uid = OWNER; /* which is nothing to go by, but with peer */
    in.scheme = (struct haft_slice){"x-check-foreign", 15};
    if (subject_ask(&s, HAFT_AUTH_AUTHENTICATE, &in, &r) != HAFT_OK) {
        kit_fail(kit,
                 "a scheme that nobody knows: wanted it left to others, "
                 "found status %d",
                 r.status);
    } else if (((const struct haft_auth_authenticate_out *)r.out)->verdict !=
               HAFT_AUTH_ABSTAIN) {
        kit_fail(kit, "a scheme that nobody knows: wanted it left to others, "
                      "found it known");
    }
    reply_finish(&r);
    subject_close(&s);
}

/* What one credential says, checked; the principal goes into `name`. */
static void ask(struct subject *s, const struct haft_auth_authenticate_in *in,
                struct str *name)
{
    const struct haft_auth_authenticate_out *out;
    struct reply r;

    if (subject_ask(s, HAFT_AUTH_AUTHENTICATE, in, &r) == HAFT_OK) {
        out = r.out;
        if (out->verdict > HAFT_AUTH_KNOWN) {
            kit_fail(s->kit, "wanted a verdict up to %d, found %u",
                     HAFT_AUTH_KNOWN, out->verdict);
        } else if (out->verdict == HAFT_AUTH_KNOWN && out->principal.n == 0) {
            kit_fail(s->kit, "a credential that is known: wanted a principal, "
                             "found none");
        } else if (out->verdict == HAFT_AUTH_KNOWN) {
            str_add(name, out->principal.p, out->principal.n);
        }
    }
    kit_say(s->kit, "principal %s", name->text);
    reply_finish(&r);
}

void auth_principal(struct kit *kit)
{
    struct haft_auth_authenticate_in other = owner;
    struct haft_auth_authenticate_in nobody = bearer;
    struct str first;
    struct str second;
    struct subject s;

    if (!subject_open(&s, kit)) {
        return;
    }
    str_init(&first, STR_WHY_LIMIT);
    str_init(&second, STR_WHY_LIMIT);
    other.uid = other.gid = STRANGER;
    ask(&s, &owner, &first);
    ask(&s, &other, &second);
    if (first.size > 0 && strcmp(first.text, second.text) == 0) {
        kit_fail(kit, "two users: wanted two principals, found %s for both",
                 first.text);
    }
    str_reset(&second);
    nobody.credential = (struct haft_slice){NULL, 0};
    ask(&s, &nobody, &second);
    if (second.size > 0) {
        kit_fail(kit, "an empty token: wanted nobody, found %s", second.text);
    }
    str_finish(&first);
    str_finish(&second);
    subject_close(&s);
}
