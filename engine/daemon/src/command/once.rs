//! `leadsman once`: one run of each target, shown to people or written for programs.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
};

use leadsman_config::{Disk, Files};
use leadsman_core::{
    attempt::{Assignment, Order, RunCause},
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

/// What helps where a bare probe may not go: what the run's sentence names is a line of a configuration.
const REFUSED: &str = "note: the command line has no `network.allow`: write the address itself as the target, such as \
                       `http://127.0.0.1:8080`, or run a check of a configuration that has it";

/// A check, or a bare probe, whose targets are prepared.
struct Ready {
    subject: Subject,
    roster: Roster,
}

/// Makes one run of each target, or one at each save; the exit status is the worst outcome.
pub(super) fn once(arguments: &Once, cache: Option<PathBuf>) -> Result<ExitCode, CommandError> {
    descriptors::raise();
    let io = app::io_runtime()?;
    if arguments.watch {
        return watch::watch(arguments, cache.as_deref(), &io);
    }
    let probes = Arc::new(app::probes(cache, INSTANCES, &io)?);
    let ready = ready(arguments, &probes, &io, &Disk)?;
    let worst = examine(arguments, &ready, &io)?;
    io.shutdown_background();
    Ok(ExitCode::from(worst))
}

fn ready(
    arguments: &Once,
    probes: &Arc<Probes>,
    io: &Runtime,
    files: &dyn Files,
) -> Result<Ready, CommandError> {
    let subject = subject(arguments, probes, io, files)?;
    let roster = roster(&subject, probes)?;
    Ok(Ready { subject, roster })
}

/// Makes a run of each target, one after the other, and shows each as it ends; the status is that of the worst.
fn examine(arguments: &Once, ready: &Ready, io: &Runtime) -> Result<u8, CommandError> {
    let Ready { subject, roster } = ready;
    let several = subject.assignments.len() > 1;
    let mut worst = 0;
    for (slot, assignment) in (0..).zip(&subject.assignments) {
        if several && !arguments.json {
            head(assignment, slot)?;
        }
        let order = order(assignment, slot);
        let record = io.block_on(run_once(roster, order, subject.retry));
        show(arguments, &record, several)?;
        if subject.is_bare && record.reason == Reason::EgressPrivate {
            writeln!(io::stderr(), "{REFUSED}")?;
        }
        let came = status(record.reason);
        if rank(came) > rank(worst) {
            worst = came;
        }
    }
    Ok(worst)
}

fn order(assignment: &Arc<Assignment>, slot: u32) -> Order {
    let now = clock::unix_ns();
    // Two targets may be examined within one millisecond.
    let nth = if slot == 0 {
        String::new()
    } else {
        format!("-{slot}")
    };
    Order {
        assignment: Arc::clone(assignment),
        slot,
        run: format!("{:x}-once{nth}", now / 1_000_000),
        cause: RunCause::Once,
        planned_unix_ns: now,
        attempt: 1,
    }
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

/// How bad a status is: what fails is worse than what is not known.
const fn rank(status: u8) -> u8 {
    match status {
        2 => 3,
        3 => 2,
        status => status,
    }
}

/// Says which of several targets comes next.
fn head(assignment: &Assignment, slot: u32) -> io::Result<()> {
    let gap = if slot == 0 { "" } else { "\n" };
    let target = Paint::for_stdout().bold(assignment.target.as_str());
    writeln!(io::stdout(), "{gap}{target}")
}

fn show(arguments: &Once, record: &RunRecord, several: bool) -> Result<(), CommandError> {
    let text = match (arguments.json, several) {
        // A line each: a program knows where one ends before the next has begun.
        (true, true) => serde_json::to_string(record).map_err(io::Error::other)?,
        (true, false) => serde_json::to_string_pretty(record).map_err(io::Error::other)?,
        (false, _) => waterfall::draw(record, Paint::for_stdout()),
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
    for assignment in &subject.assignments {
        let probe = probes.get(&assignment.probe, &subject.source);
        let unprepared = |source| AppError::Prepare {
            check: assignment.check.to_string(),
            source,
        };
        roster.add(assignment, probe).map_err(unprepared)?;
    }
    Ok(roster)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::tests::fixture::web;

    #[test]
    fn the_worst_of_several_is_a_failure_then_what_is_not_known_then_what_is_degraded() {
        let of = |reason| rank(status(reason));
        let order = [
            of(Reason::Ok),
            of(Reason::Degraded),
            of(Reason::EgressDenied),
            of(Reason::HttpStatus),
        ];
        assert!(
            order.is_sorted_by(|better, worse| better < worse),
            "{order:?}"
        );
    }

    #[test]
    fn each_run_has_an_id_of_its_own() {
        let check = web(&["front"]);
        let assignment = &check.assignments[0];
        let (first, second) = (order(assignment, 0), order(assignment, 1));
        assert_ne!(first.run, second.run);
        assert_eq!((first.slot, second.slot), (0, 1));
    }
}
