//! Tries again a few times, after pauses that grow evenly. The answer follows
//! from the question and the options alone: no clock, no log, no memory of what
//! was asked before ("pure" in the manifest). A panic is caught, and told as a
//! fault.
mod haft_abi;
mod haft_messages;

use haft_abi::*;

struct Yours {
    tries: i64,
    pause_ms: i64,
}

impl Plugin for Yours {
    fn create(_: Host, with: &haft_create) -> Result<Yours, Fault> {
        let tries = with.number("tries");
        let pause_ms = with.number("pause");
        Ok(Yours { tries, pause_ms })
    }
}

impl Retry for Yours {
    fn decide(
        &mut self,
        _: &haft_call,
        input: &haft_retry_decide_in,
        out: &mut haft_retry_decide_out,
    ) -> Result<(), Fault> {
        let most = if input.max > 0 {
            input.max.into()
        } else {
            self.tries
        };
        let tries: i64 = input.tries.into();

        // A failure of the task itself, or one that is likely gone next time.
        let may = [USER_FAILURE, TRANSIENT].contains(&input.fault_class);
        if may && tries <= most {
            out.verdict = RETRY_AGAIN;
            out.delay_ms = self.pause_ms.saturating_mul(tries);
            out.reason = Slice::of("yourname has hope");
        } else {
            out.verdict = RETRY_FAIL;
            out.reason = Slice::of("yourname gives up");
        }
        Ok(())
    }
}

module!(
    "retry_your_name",
    "1.0.0",
    retry,
    "yourname",
    Yours,
    "your-name.json"
);
