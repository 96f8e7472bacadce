/* Lets in the user that the host runs as, with the role that the configuration
 * says. Of anybody else it knows nothing: it abstains, and the host asks the
 * next plugin, or refuses if there is none. What a member throws ends at the
 * border: haft::method makes it a fault. */
#include <haft/auth.h>
#include <haft/sdk.hh>

class auth : public haft::instance<auth>
{
  public:
    auth(const haft_host *our_host, const haft_create &with)
        : instance(our_host, haft_auth_v1, methods),
          role(haft::text(haft_option_text(&with, "role"))), roles{haft_text(
                                                                 role.c_str())}
    {
    }

    haft_status authenticate(const haft_call *call,
                             const haft_auth_authenticate_in &in,
                             haft_auth_authenticate_out &out)
    {
        /* The kernel's word on who is at the other end of a unix socket. */
        if (haft::view(in.scheme) != HAFT_SCHEME_PEER ||
            in.uid != in.owner_uid) {
            return HAFT_OK; /* the verdict is zero, HAFT_AUTH_ABSTAIN */
        }
        /* What the answer points at outlives this function. */
        out.principal =
            haft::keep(host, call, "yourname:" + std::to_string(in.uid));
        haft_log(host, HAFT_LOG_INFO, "let in", "who", out.principal);
        out.verdict = HAFT_AUTH_KNOWN;
        out.roles = haft_items(roles, 1, sizeof(roles[0]));
        return HAFT_OK;
    }

  private:
    static const haft_method methods[];
    const std::string role;
    const haft_slice roles[1];
};

const haft_method auth::methods[] = {haft::method<&auth::authenticate>};

HAFT_MODULE_OF_ONE(auth_your_name, "1.0.0", HAFT_AUTH_V1, "yourname",
                   auth::create, "your-name.json");
