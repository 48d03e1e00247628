//! What each command does, and the exit status it ends with.

use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use clap::CommandFactory;
use leadsman_config::Problem;
use leadsman_core::plan::Undescribed;

use crate::{
    app::{self, AppError},
    args::{Arguments, Command, Journey},
    client::ClientError,
    logging,
    paint::Paint,
};

mod explain;
mod inspect;
mod journey;
mod once;
mod pull;
mod runs;
mod schema;
mod status;
mod validate;

/// A command line that cannot be read (sysexits.h, `EX_USAGE`).
pub(crate) const USAGE: u8 = 64;

/// A configuration that is wrong (sysexits.h, `EX_CONFIG`).
const CONFIGURATION: u8 = 78;

/// Anything else that went wrong on our side (sysexits.h, `EX_SOFTWARE`).
const SOFTWARE: u8 = 70;

/// A daemon or a registry that does not answer, or an address that is taken (sysexits.h, `EX_UNAVAILABLE`).
pub(crate) const UNAVAILABLE: u8 = 69;

/// Why a command ends early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    /// The command line asks for what there is not.
    #[error("{0}")]
    Usage(String),
    /// A probe cannot be asked what it is.
    #[error("{0}")]
    Probe(String),
    /// Building or running failed.
    #[error(transparent)]
    App(#[from] AppError),
    /// A running daemon could not be asked.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Output could not be written.
    #[error("output cannot be written: {0}")]
    Output(#[from] io::Error),
}

impl CommandError {
    /// A probe cannot be asked what it is.
    fn of_probe(name: &str, why: Undescribed) -> Self {
        match why {
            Undescribed::Wrong(why) => Self::Usage(format!("the probe `{name}`: {why}")),
            Undescribed::Absent(why) => Self::Probe(format!(
                "the probe `{name}` is not here: {why}; `leadsman pull` fetches it"
            )),
        }
    }
}

/// Prints what clap has to say; help and version are no mistakes.
pub fn usage(error: &clap::Error) -> ExitCode {
    // Nothing is left to say where even this cannot be printed.
    let printed = error.print().is_ok();
    if error.use_stderr() || !printed {
        ExitCode::from(USAGE)
    } else {
        ExitCode::SUCCESS
    }
}

/// Carries out a command.
pub fn carry_out(arguments: Arguments) -> ExitCode {
    let cache = app::cache_directory(arguments.cache);
    let quiet = !matches!(arguments.command, Command::Run(_)) && arguments.log_level == "info";
    let level = if quiet { "warn" } else { &arguments.log_level };
    logging::start(level, arguments.log_format);
    let done = match arguments.command {
        Command::Run(run) => app::run(&run, cache)
            .map(|()| ExitCode::SUCCESS)
            .map_err(CommandError::from),
        Command::Validate(validate) => validate::validate(&validate, cache),
        Command::Once(once) => once::once(&once, cache),
        Command::Journey(Journey::Import(import)) => journey::import(&import),
        Command::Explain(explain) => explain::explain(&explain, cache),
        Command::Inspect(inspect) => inspect::inspect(&inspect, cache),
        Command::Runs(runs) => runs::runs(&runs),
        Command::Status(status) => status::status(&status),
        Command::Pull(pull) => pull::pull(&pull, cache),
        Command::Schema(schema) => schema::schema(&schema, cache),
        Command::Completions { shell } => {
            clap_complete::generate(
                shell,
                &mut Arguments::command(),
                "leadsman",
                &mut io::stdout(),
            );
            Ok(ExitCode::SUCCESS)
        }
        Command::Man { folder } => clap_mangen::generate_to(Arguments::command(), folder)
            .map(|()| ExitCode::SUCCESS)
            .map_err(CommandError::from),
    };
    done.unwrap_or_else(|error| failed(&error))
}

/// Says what is no mistake and could not be judged.
fn warn(notices: &[Problem]) -> io::Result<()> {
    let mut errors = io::stderr().lock();
    let mut lines = notices.iter();
    lines.try_for_each(|notice| writeln!(errors, "warning: {notice}"))
}

/// Whether a probe is named by its component's file.
fn is_file(probe: &str) -> bool {
    let extension = Path::new(probe).extension();
    probe.contains('/') || extension.is_some_and(|extension| extension == "wasm")
}

/// Prints a text, and all is well.
fn printed(text: &str) -> io::Result<ExitCode> {
    io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn failed(error: &CommandError) -> ExitCode {
    // A reader that went away has read what it wanted.
    if matches!(error, CommandError::Output(error) if error.kind() == io::ErrorKind::BrokenPipe) {
        return ExitCode::SUCCESS;
    }
    match writeln!(io::stderr(), "{}", told(error, Paint::for_stderr())) {
        Ok(()) | Err(_) => ExitCode::from(status(error)),
    }
}

/// What is printed of an error.
fn told(error: &CommandError, paint: Paint) -> String {
    match error {
        CommandError::App(AppError::Configuration(problems)) => {
            problems.render(paint.is_on()).trim_end().to_owned()
        }
        error => format!("error: {error}"),
    }
}

fn status(error: &CommandError) -> u8 {
    match error {
        CommandError::Usage(_) => USAGE,
        CommandError::App(
            AppError::Configuration(_)
            | AppError::Unreadable { .. }
            | AppError::Prepare { .. }
            | AppError::Rule { .. }
            | AppError::Network(_),
        ) => CONFIGURATION,
        CommandError::Probe(_) | CommandError::App(AppError::Listen(_)) => UNAVAILABLE,
        CommandError::Client(error) => error.status(),
        CommandError::App(_) | CommandError::Output(_) => SOFTWARE,
    }
}
