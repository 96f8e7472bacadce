//! A dry run: each command is written into its attempt's output, behind a word
//! of the configuration, and the attempt ends well. Where this writes, yours
//! would start something; where it says `ended` at once, yours would say it
//! when the work is over. A panic is caught, and told as a fault.
mod haft_abi;
mod haft_messages;

use std::fs::OpenOptions;
use std::io::{Error, Write};
use std::ptr::null_mut;

use haft_abi::*;

struct Yours {
    host: Host,
    prefix: String,
}

impl Plugin for Yours {
    fn create(host: Host, with: &haft_create) -> Result<Yours, Fault> {
        let prefix = with.text("prefix");
        Ok(Yours { host, prefix })
    }
}

impl Yours {
    fn write(&self, input: &haft_executor_start_in) -> Result<(), Error> {
        let path = input.stdout_path.text().into_owned();
        let mut line = self.prefix.clone();
        for word in input.argv.iter() {
            line = line + " " + &word.text();
        }
        let mut file = OpenOptions::new().append(true).create(true).open(path)?;
        writeln!(file, "{}", line)
    }

    /// How an attempt went. Posts keep their order.
    fn report(&self, input: &haft_executor_start_in, message: &str) {
        let mut ended: haft_attempt_ended_in = fresh();
        ended.attempt = input.attempt;
        ended.fence = input.fence;
        ended.ended_ms = self.host.now_ms();
        ended.started_ms = ended.ended_ms;
        if !message.is_empty() {
            ended.fault_class = RESOURCE;
            ended.code = Slice::of("your_name.output");
            ended.message = Slice::of(message);
        }
        self.host.ask(ATTEMPT_V1, ATTEMPT_ENDED, &ended, null_mut());
    }
}

impl Executor for Yours {
    fn start(&mut self, _: &haft_call, input: &haft_executor_start_in) -> Result<(), Fault> {
        let mut started: haft_attempt_started_in = fresh();
        started.attempt = input.attempt;
        started.fence = input.fence;
        self.host
            .ask(ATTEMPT_V1, ATTEMPT_STARTED, &started, null_mut());
        match self.write(input) {
            Ok(()) => self.report(input, ""),
            Err(error) => self.report(input, &error.to_string()),
        }
        Ok(())
    }

    /// Every attempt has ended when start returns: nothing is left to do.
    fn cancel(&mut self, _: &haft_call, _: &haft_executor_cancel_in) -> Result<(), Fault> {
        Ok(())
    }

    /// After a restart nobody knows whether `ended` was heard: `out` says
    /// UNKNOWN, which is zero. A real executor looks for the work by its token.
    fn recover(
        &mut self,
        _: &haft_call,
        _: &haft_executor_recover_in,
        _: &mut haft_executor_recover_out,
    ) -> Result<(), Fault> {
        Ok(())
    }

    fn release(&mut self, _: &haft_call, _: &haft_executor_release_in) -> Result<(), Fault> {
        Ok(())
    }
}

module!(
    "executor_your_name",
    "1.0.0",
    executor,
    "yourname",
    Yours,
    "your-name.json"
);
