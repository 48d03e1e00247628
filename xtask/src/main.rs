//! `cargo xtask demo | test | bench | train | package`: the project's own commands, nothing a user needs.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "talking to whoever runs it is this program's purpose"
)]

mod bench;
mod build;
mod cargo;
mod certificates;
mod demo;
mod failure;
mod fetch;
mod package;
mod process;
mod profile;
mod scrape;
mod span;
mod test;
mod wasm;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Failure;

/// The project's own commands.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Builds the daemon and runs it on examples/quickstart.yaml against services of its own.
    Demo(demo::Options),
    /// Brings what the tests need, and runs every check that a change has to pass.
    Test,
    /// Measures this daemon beside blackbox_exporter and beside plain Rust, on loopback.
    Bench(bench::Options),
    /// Has the compiler learn from the benchmark's loads which code is hot, for all later builds of what is shipped.
    Train,
    /// Builds what is installed: a Debian package, an OCI image, or the program alone.
    #[command(subcommand)]
    Package(package::Kind),
    /// What the benchmark measures against, and the plain Rust beside it: processes of their own.
    #[command(subcommand, hide = true)]
    BenchPart(bench::Part),
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(failure.code())
        }
    }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Demo(options) => runtime()?.block_on(demo::run(&options)),
        Command::Test => test::run(),
        Command::Package(kind) => package::run(&kind),
        Command::Bench(options) => runtime()?.block_on(bench::run(&options)),
        Command::Train => runtime()?.block_on(bench::train()),
        Command::BenchPart(part) => runtime()?.block_on(bench::run_part(part)),
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("no runtime can be started: {error}")))
}
