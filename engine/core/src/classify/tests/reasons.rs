//! Whether the closed list of reasons is a list of what happens.

use std::collections::BTreeSet;

use super::*;
use crate::classify;

fn endings() -> Vec<Ending> {
    let message = || "x".to_owned();
    let mut endings = vec![
        Ending::Trapped { message: message() },
        Ending::HostFailed { message: message() },
        Ending::NotLoaded { message: message() },
        Ending::Cancelled,
    ];
    endings.extend([true, false].map(|waiting_on_target| Ending::Deadline { waiting_on_target }));
    let limits = [Limit::Cpu, Limit::Memory, Limit::Requests];
    endings.extend(limits.map(|limit| Ending::Limit { limit }));
    endings
}

/// An attempt for each rule: whatever was observed, asserted or came to an end, heard and unheard.
fn by_each_rule() -> Vec<Report> {
    let observed = |kind: &FailureKind| {
        let observed = vec![failure(*kind)];
        said_fail(observed, Cause::Operation { index: 0 })
    };
    let heard = |report: Report| Report {
        operations: vec![operation(Some(reply()))],
        ..report
    };
    let mut reports: Vec<Report> = FailureKind::ALL.iter().map(observed).collect();
    reports.extend(endings().into_iter().map(|ending| report(ending, None)));
    reports.extend(
        endings()
            .into_iter()
            .map(|ending| heard(report(ending, None))),
    );
    let verdicts = [
        Verdict::Pass,
        Verdict::Degraded,
        Verdict::Fail,
        Verdict::Unknown,
    ];
    reports.extend(verdicts.map(|verdict| heard(report(Ending::Returned, Some(verdict)))));
    let kinds = [
        "status",
        "header",
        "body",
        "http-version",
        "tls-version",
        "certificate",
        "answer",
        "duration",
    ];
    reports.extend(kinds.map(|kind| said_fail(vec![reply()], assertion(kind, "x"))));
    reports.push(said_fail(vec![dns(9)], assertion("rcode", "rcodes")));
    let queued = Usage {
        queued: SECOND / 2,
        ..Usage::default()
    };
    reports.push(Report {
        usage: queued,
        ..observed(&FailureKind::ResponseTimeout)
    });
    reports
}

/// That one stands in the closed list all the same: a step of the author's fails by its cause, which says more.
#[test]
fn every_reason_but_step_failed_has_a_rule_that_comes_to_it() {
    let mut reached: BTreeSet<Reason> = by_each_rule()
        .iter()
        .map(|report| classify(report, SECOND).reason)
        .collect();
    let passed = Conclusion::new(Reason::Ok, "ok");
    reached.insert(classify::conclude(2, passed).reason);
    let never: Vec<Reason> = Reason::ALL
        .iter()
        .copied()
        .filter(|reason| !reached.contains(reason))
        .collect();
    assert_eq!(never, [Reason::StepFailed]);
}
