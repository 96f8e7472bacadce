//! Lets in the user that the host runs as, with the role that the configuration
//! says. Of anybody else it knows nothing: it abstains, and the host asks the
//! next plugin, or refuses if there is none. A panic is caught, and told as a
//! fault.
mod haft_abi;
mod haft_messages;

use haft_abi::*;

struct Yours {
    host: Host,
    role: String,
}

impl Plugin for Yours {
    fn create(host: Host, with: &haft_create) -> Result<Yours, Fault> {
        let role = with.text("role");
        Ok(Yours { host, role })
    }
}

impl Auth for Yours {
    fn authenticate(
        &mut self,
        call: &haft_call,
        input: &haft_auth_authenticate_in,
        out: &mut haft_auth_authenticate_out,
    ) -> Result<(), Fault> {
        // The kernel's word on who is at the other end of a unix socket.
        if input.scheme.text() != "peer" || input.uid != input.owner_uid {
            return Ok(()); // the verdict is zero, which is to abstain
        }
        // What the answer points at outlives this function.
        let who = format!("yourname:{}", input.uid);
        self.host.log(LOG_INFO, "let in", "who", &who);
        out.verdict = AUTH_KNOWN;
        out.principal = self.host.keep(call, &who)?;
        out.roles = self.host.keep_items(call, &[Slice::of(&self.role)])?;
        Ok(())
    }
}

module!(
    "auth_your_name",
    "1.0.0",
    auth,
    "yourname",
    Yours,
    "your-name.json"
);
