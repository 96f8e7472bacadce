/* Lets in the user that the host runs as, with the role that the configuration
 * says. Of anybody else it knows nothing: it abstains, and the host asks the
 * next plugin, or refuses if there is none. */
#include <haft/auth.h>
#include <haft/sdk.h>

struct auth {
    struct haft_base base; /* first: what the host sees */
    char role[32];
    struct haft_slice roles[1];
};

static haft_status authenticate(struct auth *a, const struct haft_call *call,
                                const struct haft_auth_authenticate_in *in,
                                struct haft_auth_authenticate_out *out)
{
    const struct haft_host *host = a->base.host;
    char *principal;
    /* The kernel's word on who is at the other end of a unix socket. */
    if (!haft_slice_is(in->scheme, HAFT_SCHEME_PEER) ||
        in->uid != in->owner_uid) {
        return HAFT_OK; /* the verdict is zero, HAFT_AUTH_ABSTAIN */
    }
    /* What the answer points at outlives this function: the host frees it. */
    principal = host->alloc(host->self, call->id, 64);
    if (!principal) {
        return -HAFT_RESOURCE;
    }
    snprintf(principal, 64, "yourname:%u", (unsigned)in->uid);
    haft_log(host, HAFT_LOG_INFO, "let in", "who", haft_text(principal));
    out->verdict = HAFT_AUTH_KNOWN;
    out->principal = haft_text(principal);
    out->roles = haft_items(a->roles, 1, sizeof(a->roles[0]));
    return HAFT_OK;
}
HAFT_METHOD(authenticate, struct auth, struct haft_auth_authenticate_in,
            struct haft_auth_authenticate_out);
static const haft_method methods[] = {authenticate_method};

static haft_status create(const struct haft_host *host,
                          const struct haft_create *with,
                          struct haft_instance **out)
{
    struct auth *a = haft_base_create(sizeof(*a), host, NULL);
    struct haft_slice role = haft_option_text(with, "role");
    if (!a) {
        return -HAFT_RESOURCE;
    }
    snprintf(a->role, sizeof(a->role), "%.*s", (int)role.n,
             (const char *)role.p);
    a->roles[0] = haft_text(a->role);
    haft_base_offer(&a->base, &haft_auth_v1, methods);
    return haft_base_give(&a->base, out);
}
HAFT_MODULE_OF_ONE(auth_your_name, "1.0.0", HAFT_AUTH_V1, "yourname", create,
                   "your-name.json");
