//! The command `leadsman`.

use std::process::ExitCode;

use clap::Parser;
use leadsman::{args::Arguments, command};

fn main() -> ExitCode {
    match Arguments::try_parse() {
        Ok(arguments) => command::carry_out(arguments),
        Err(error) => command::usage(&error),
    }
}
