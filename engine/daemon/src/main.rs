//! The command `leadsman`.

use std::process::ExitCode;

use clap::Parser;
use leadsman::{args::Arguments, command};
use mimalloc::MiMalloc;

/// A run allocates hundreds of small things and frees them where it ends.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    match Arguments::try_parse() {
        Ok(arguments) => command::carry_out(arguments),
        Err(error) => command::usage(&error),
    }
}
