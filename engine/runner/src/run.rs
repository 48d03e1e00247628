//! One run: its attempts, their judgement, and the record that they leave.

use std::{sync::Arc, time::Duration};

use leadsman_core::{
    attempt::{Ending, Order, Prober, Report},
    classify::{classify, conclude, worth_retrying},
    outcome::{Conclusion, Reason},
    plan::Retry,
    record::{AttemptRecord, RunRecord},
};

/// Makes a run: attempts until one passes, nothing more would help, none may be made, or there are none
/// left.
pub async fn run_once<P: Prober>(prober: &P, mut order: Order, retry: Retry) -> RunRecord {
    let mut attempts = Vec::with_capacity(1);
    loop {
        let attempt = make(prober, order.clone()).await;
        let again = worth_retrying(attempt.conclusion.reason) && !attempt.report.unrepeatable;
        attempts.push(attempt);
        if order.attempt > retry.attempts || !again {
            break;
        }
        pause(retry.delay).await;
        order.attempt += 1;
    }
    let none = || Conclusion::new(Reason::Internal, "the run made no attempt");
    let last = attempts
        .last()
        .map_or_else(none, |attempt| attempt.conclusion.clone());
    let conclusion = conclude(order.attempt, last);
    RunRecord::new(&order, attempts, conclusion)
}

/// The record of a run that panicked. Nothing is known of its attempts, nor when they began: it has one, which the
/// host failed at the planned instant.
pub(crate) fn broken(order: &Order) -> RunRecord {
    let message =
        "the daemon failed in the run, which left nothing else: its log says more".to_owned();
    let report = Report::not_started(order.planned_unix_ns, Ending::HostFailed { message });
    let conclusion = classify(&report, order.assignment.timeout);
    let attempt = AttemptRecord {
        conclusion: conclusion.clone(),
        report: Arc::new(report),
    };
    RunRecord::new(order, vec![attempt], conclusion)
}

async fn make<P: Prober>(prober: &P, order: Order) -> AttemptRecord {
    let timeout = order.assignment.timeout;
    let report = prober.attempt(order).await;
    AttemptRecord {
        conclusion: classify(&report, timeout),
        report: Arc::new(report),
    }
}

async fn pause(delay: Duration) {
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
}
