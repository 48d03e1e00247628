//! What the log says of a run: why it did not pass, without having to ask for more.

use jiff::Timestamp;
use leadsman_core::{
    attempt::Report,
    evidence::came,
    facts::Facts,
    outcome::Outcome,
    phase::{Nanos, Phases},
    record::RunRecord,
};

use crate::telemetry::News;

/// How much is told of what came from the target.
const CAME: usize = 200;

/// The fields of a line that the record does not have as they are.
#[derive(Debug, Default, PartialEq, Eq)]
struct Line {
    due: String,
    latency: String,
    step: Option<String>,
    phases: Option<String>,
    remote: Option<String>,
    came: Option<String>,
}

/// A failing target is no error of this daemon: it is `info`; what cannot be trusted is `warn`.
pub(super) fn log(record: &RunRecord, news: News) {
    let line = Line::of(record);
    macro_rules! tell {
        ($level:ident, $message:literal) => {
            tracing::$level!(
                check = record.check.as_str(),
                target = record.target.as_str(),
                location = record.location.as_str(),
                run = record.run.as_str(),
                outcome = record.outcome.as_str(),
                reason = record.reason.as_str(),
                blame = record.blame.as_str(),
                due = line.due,
                latency = line.latency,
                step = line.step,
                phases = line.phases,
                remote = line.remote,
                sentence = &*record.sentence,
                came = line.came,
                $message
            )
        };
    }
    match (record.outcome, news) {
        (Outcome::Pass | Outcome::Fail, News::Outcome) => tell!(info, "outcome changed"),
        (Outcome::Pass | Outcome::Fail, News::Reason) => tell!(info, "reason changed"),
        (Outcome::Pass | Outcome::Fail, News::Nothing) => tell!(info, "run did not pass"),
        (Outcome::Unknown, News::Outcome) => tell!(warn, "outcome changed"),
        (Outcome::Unknown, News::Reason) => tell!(warn, "reason changed"),
        (Outcome::Unknown, News::Nothing) => tell!(warn, "run did not pass"),
    }
}

impl Line {
    /// Of a pass there is nothing to explain.
    fn of(record: &RunRecord) -> Self {
        let due = Timestamp::from_nanosecond(record.planned_unix_ns.into());
        let line = Self {
            due: due.map(|due| format!("{due:.3}")).unwrap_or_default(),
            latency: millis(record.latency),
            ..Self::default()
        };
        let last = record.last().filter(|_| record.outcome != Outcome::Pass);
        let Some(report) = last.map(|attempt| attempt.report.as_ref()) else {
            return line;
        };
        Self {
            step: step(report),
            phases: phases(report),
            remote: facts(report)
                .filter_map(|facts| facts.remote)
                .last()
                .map(|remote| remote.to_string()),
            came: came(record, CAME),
            ..line
        }
    }
}

/// The step that failed, or the one that was cut.
fn step(report: &Report) -> Option<String> {
    let failed = report.steps.iter().find(|step| step.ok == Some(false));
    let cut = || report.steps.iter().rfind(|step| step.ended.is_none());
    failed.or_else(cut).map(|step| step.name.clone())
}

fn phases(report: &Report) -> Option<String> {
    let mut sum = Phases::default();
    facts(report).for_each(|facts| sum.merge(&facts.phases));
    let phases: Vec<String> = sum
        .iter()
        .map(|(phase, took)| format!("{}={}", phase.as_str(), millis(took)))
        .collect();
    (!phases.is_empty()).then(|| phases.join(" "))
}

fn facts(report: &Report) -> impl Iterator<Item = &Facts> {
    report
        .operations
        .iter()
        .filter_map(|operation| operation.answer.as_deref()?.facts())
}

fn millis(nanos: Nanos) -> String {
    format!("{}.{:03}ms", nanos / 1_000_000, nanos % 1_000_000 / 1_000)
}

#[cfg(test)]
mod tests {
    use leadsman_core::{failure::FailureKind, outcome::Reason};

    use super::*;
    use crate::telemetry::tests::fixture::{MS, failing, passing};

    #[test]
    fn a_failed_run_is_explained_in_one_line() {
        let record = failing(Reason::ConnectTimeout, FailureKind::ConnectTimeout);
        let line = Line::of(&record);
        assert_eq!(line.due, "2027-01-15T07:59:58.998Z");
        assert_eq!(line.latency, "700.000ms");
        assert_eq!(line.step.as_deref(), Some("log in"));
        assert_eq!(line.phases.as_deref(), Some("resolve=2.000ms"));
        assert_eq!((line.remote, line.came), (None, None));
    }

    #[test]
    fn of_a_pass_there_is_nothing_to_explain() {
        let line = Line::of(&passing(MS));
        assert_eq!((line.step, line.phases, line.came), (None, None, None));
    }
}
