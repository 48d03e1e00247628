//! `leadsman once`: one run, shown to people or written for programs.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
};

use leadsman_config::{Disk, Files};
use leadsman_core::{
    attempt::{Order, RunCause},
    outcome::{Outcome, Reason},
    record::RunRecord,
};
use leadsman_host::Roster;
use leadsman_runner::run_once;
use tokio::runtime::Runtime;

use self::subject::{Subject, subject};
use super::CommandError;
use crate::{
    app::{self, AppError},
    args::Once,
    catalog::Probes,
    clock, descriptors,
    paint::Paint,
    waterfall,
};

mod settings;
mod subject;
mod watch;

/// How many instances one run may need at once.
const INSTANCES: u32 = 64;

/// Makes one run, or one at each save; the exit status is its outcome.
pub(super) fn once(arguments: &Once, cache: Option<PathBuf>) -> Result<ExitCode, CommandError> {
    descriptors::raise();
    let io = app::io_runtime()?;
    if arguments.watch {
        return watch::watch(arguments, cache.as_deref(), &io);
    }
    let probes = Arc::new(app::probes(cache, INSTANCES, &io)?);
    let record = make(arguments, &probes, &io, &Disk)?;
    show(arguments, &record)?;
    io.shutdown_background();
    Ok(ExitCode::from(status(record.reason)))
}

fn make(
    arguments: &Once,
    probes: &Arc<Probes>,
    io: &Runtime,
    files: &dyn Files,
) -> Result<RunRecord, CommandError> {
    let subject = subject(arguments, probes, io, files)?;
    let roster = roster(&subject, probes)?;
    let order = Order {
        assignment: Arc::clone(&subject.assignment),
        slot: 0,
        run: format!("{:x}-once", clock::unix_ns() / 1_000_000),
        cause: RunCause::Once,
        planned_unix_ns: clock::unix_ns(),
        attempt: 1,
    };
    Ok(io.block_on(run_once(&roster, order, subject.retry)))
}

/// 0 pass, 1 degraded, 2 fail, 3 unknown.
fn status(reason: Reason) -> u8 {
    match (reason, reason.outcome()) {
        (Reason::Degraded, _) => 1,
        (_, Outcome::Pass) => 0,
        (_, Outcome::Fail) => 2,
        (_, Outcome::Unknown) => 3,
    }
}

fn show(arguments: &Once, record: &RunRecord) -> Result<(), CommandError> {
    let text = if arguments.json {
        serde_json::to_string_pretty(record).map_err(io::Error::other)?
    } else {
        waterfall::draw(record, Paint::for_stdout())
    };
    writeln!(io::stdout(), "{}", text.trim_end())?;
    Ok(())
}

fn roster(subject: &Subject, probes: &Probes) -> Result<Roster, CommandError> {
    let network =
        leadsman_net::Network::new(&subject.network, &subject.tls).map_err(AppError::from)?;
    let roster = Roster::new(
        Arc::clone(probes.sandbox()),
        network,
        Arc::new(subject.secrets.clone()),
    );
    let probe = probes.get(&subject.assignment.probe, &subject.source);
    let check = subject.assignment.check.to_string();
    roster
        .add(&subject.assignment, probe)
        .map_err(|source| AppError::Prepare { check, source })?;
    Ok(roster)
}
