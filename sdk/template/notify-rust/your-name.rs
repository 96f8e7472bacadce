//! Appends each event to a file, one line of JSON each.
mod haft_abi;
mod haft_messages;

use std::fs::OpenOptions;
use std::io::{Error, Write};

use haft_abi::*;

struct Yours {
    path: String,
}

impl Plugin for Yours {
    /// Touches nothing outside: what is not there is met by the first event.
    fn create(_: Host, with: &haft_create) -> Result<Yours, Fault> {
        Ok(Yours {
            path: with.text("file"),
        })
    }
}

impl Yours {
    fn append(&self, input: &haft_notify_deliver_in) -> Result<(), Error> {
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&self.path)?;
        for event in input.events.iter() {
            file.write_all(format!("{}\n", event.json.text()).as_bytes())?;
        }
        Ok(())
    }
}

impl Notify for Yours {
    /// On a thread of our own ("serial"), so it may wait for the disk.
    fn deliver(&mut self, _: &haft_call, input: &haft_notify_deliver_in) -> Result<(), Fault> {
        // The host tells the same events again, later.
        self.append(input).map_err(|error| Fault {
            class: RESOURCE,
            code: "your_name.write",
            message: format!("cannot write {}: {}", self.path, error),
        })
    }
}

module!(
    "notify_your_name",
    "1.0.0",
    notify,
    "yourname",
    Yours,
    "your-name.json"
);
