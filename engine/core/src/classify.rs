//! From facts to a conclusion: a pure function, in the order of its rules; the first cause wins.

use crate::{
    attempt::{Cause, Ending, Named, Operation, Report, Verdict},
    failure::{Failure, FailureKind},
    limits::Limit,
    outcome::{Conclusion, Outcome, Reason},
    phase::Nanos,
    seam::Answer,
};

/// Our own overhead below this never turns a failure into an unknown.
const OVERHEAD_FLOOR: Nanos = 50_000_000;

/// What an attempt comes to. `timeout` is the attempt's own.
pub fn classify(report: &Report, timeout: Nanos) -> Conclusion {
    let judged = match &report.ending {
        Ending::Returned => returned(report),
        Ending::Trapped { message } => trapped(report, message),
        Ending::Deadline { waiting_on_target } => deadline(report, *waiting_on_target),
        Ending::Limit { limit } => limited(*limit),
        Ending::Cancelled => Conclusion::new(
            Reason::Internal,
            "the run was cut because the daemon stopped",
        ),
        Ending::HostFailed { message } => Conclusion::new(Reason::Internal, message.as_str()),
        Ending::NotLoaded { message } => Conclusion::new(Reason::ProbeLoad, message.as_str()),
    };
    overloaded(report, timeout)
        .filter(|_| is_about_time(judged.reason))
        .unwrap_or(judged)
}

/// What a run comes to after all its attempts: the last one counts, and a pass after a retry is seen.
pub fn conclude(attempts: u32, last: Conclusion) -> Conclusion {
    if attempts > 1 && last.reason == Reason::Ok {
        return Conclusion::new(
            Reason::OkAfterRetry,
            format!("passed at attempt {attempts}"),
        );
    }
    last
}

/// Whether another attempt may change anything: not where the policy refused or the probe cannot run.
pub fn worth_retrying(reason: Reason) -> bool {
    match reason.outcome() {
        Outcome::Pass => false,
        Outcome::Fail => true,
        Outcome::Unknown => !matches!(
            reason,
            Reason::EgressDenied
                | Reason::EgressPrivate
                | Reason::SecretUnavailable
                | Reason::ProbeLoad
                | Reason::ProbeOutputInvalid
                | Reason::Internal
        ),
    }
}

fn trapped(report: &Report, message: &str) -> Conclusion {
    if report.target_answered() {
        Conclusion::new(
            Reason::ProbeError,
            format!("the probe crashed on what the target sent: {message}"),
        )
    } else {
        Conclusion::new(
            Reason::ProbeTrap,
            format!("the probe crashed before the target had answered: {message}"),
        )
    }
}

fn deadline(report: &Report, waiting_on_target: bool) -> Conclusion {
    let open = report.steps.iter().rposition(|step| step.ended.is_none());
    let (reason, sentence) = if waiting_on_target {
        (
            Reason::Deadline,
            "the run's time ended while it waited on the target",
        )
    } else {
        (
            Reason::ProbeDeadline,
            "the run's time ended while the probe was not waiting on the target",
        )
    };
    Conclusion::new(reason, in_step(report, open, sentence))
}

fn limited(limit: Limit) -> Conclusion {
    let reason = match limit {
        Limit::Cpu => Reason::ProbeCpu,
        Limit::Memory => Reason::ProbeMemory,
        _ => Reason::ProbeLimit,
    };
    Conclusion::new(
        reason,
        format!("the probe reached its limit `{}`", limit.as_str()),
    )
}

fn returned(report: &Report) -> Conclusion {
    match report.verdict {
        Some(Verdict::Pass | Verdict::Degraded) if report.operations.is_empty() => Conclusion::new(
            Reason::ProbeOutputInvalid,
            "the probe passed without asking the network anything",
        ),
        Some(Verdict::Pass) => Conclusion::new(Reason::Ok, "ok"),
        Some(Verdict::Degraded) => Conclusion::new(Reason::Degraded, told(report, "degraded")),
        Some(Verdict::Unknown) => undecided(report),
        Some(Verdict::Fail) => failed(report),
        None => Conclusion::new(Reason::Internal, "the guest returned without a verdict"),
    }
}

/// The probe cannot judge; a failure of ours that it names says more than it does.
fn undecided(report: &Report) -> Conclusion {
    let named = report
        .causes
        .first()
        .and_then(|cause| observed(report, cause));
    match named.filter(|conclusion| conclusion.outcome() == Outcome::Unknown) {
        Some(conclusion) => conclusion,
        None => Conclusion::new(
            Reason::ProbeUndecided,
            told(report, "the probe could not judge"),
        ),
    }
}

fn failed(report: &Report) -> Conclusion {
    let Some(first) = report.causes.first() else {
        return Conclusion::new(
            unless_unheard(report, Reason::Assertion),
            "the probe said fail without a reason",
        );
    };
    if let Some(conclusion) = observed(report, first) {
        return conclusion;
    }
    match &first.cause {
        Cause::Assertion { kind, path, .. } => Conclusion::new(
            unless_unheard(report, asserted(report, kind, path)),
            told(report, "fail"),
        ),
        Cause::Statement { .. } => Conclusion::new(
            unless_unheard(report, Reason::Assertion),
            told(report, "fail"),
        ),
        Cause::Operation { .. } | Cause::Refused { .. } => Conclusion::new(
            Reason::ProbeOutputInvalid,
            "the probe names a failure that the host did not observe",
        ),
    }
}

/// The conclusion of a failure that the host observed itself.
fn observed(report: &Report, named: &Named) -> Option<Conclusion> {
    let failure = failure(report, named)?;
    let step = named.step.or_else(|| operation(report, named)?.step);
    let about = repeated(report, &failure.message).unwrap_or(named);
    let sentence = in_step(report, step, &placed(about, &failure.message));
    Some(Conclusion::new(failure.kind.reason(), sentence))
}

/// What the host refused before the guest said what it is about; it does so when it repeats the sentence.
fn repeated<'r>(report: &'r Report, refusal: &str) -> Option<&'r Named> {
    let mut causes = report.causes.iter();
    causes.find(|named| {
        let repeats = matches!(&named.cause, Cause::Statement { message } if message == refusal);
        repeats && named.setting.is_some()
    })
}

fn failure<'r>(report: &'r Report, named: &'r Named) -> Option<&'r Failure> {
    match &named.cause {
        Cause::Operation { .. } => operation(report, named)?.answer.as_deref()?.failure(),
        Cause::Refused { failure } => Some(failure),
        Cause::Assertion { .. } | Cause::Statement { .. } => None,
    }
}

fn operation<'r>(report: &'r Report, named: &Named) -> Option<&'r Operation> {
    match named.cause {
        Cause::Operation { index } => report.operations.get(index),
        _ => None,
    }
}

/// A sentence with the line of the setting that it is about.
fn placed(named: &Named, sentence: &str) -> String {
    match &named.setting {
        Some(setting) => format!("{sentence} ({setting})"),
        None => sentence.to_owned(),
    }
}

fn in_step(report: &Report, step: Option<usize>, sentence: &str) -> String {
    match step.and_then(|index| report.steps.get(index)) {
        Some(step) => format!("step `{}`: {sentence}", step.name),
        None => sentence.to_owned(),
    }
}

/// A claim about a target that was never heard is no fact.
fn unless_unheard(report: &Report, reason: Reason) -> Reason {
    if report.target_answered() {
        reason
    } else {
        Reason::ProbeOutputInvalid
    }
}

fn asserted(report: &Report, kind: &str, path: &str) -> Reason {
    match kind {
        "status" | "redirect" => Reason::HttpStatus,
        "header" => Reason::HttpHeader,
        "body" => Reason::HttpBody,
        "http-version" => Reason::HttpVersion,
        "tls-version" => Reason::TlsVersion,
        "certificate" => certificate(report, path),
        "rcode" => rcode(report),
        "answer" => Reason::DnsAnswerMismatch,
        "duration" => Reason::TooSlow,
        _ => Reason::Assertion,
    }
}

/// What the host itself found wrong with the chain; a claim of another distrust is not believed.
fn certificate(report: &Report, path: &str) -> Reason {
    let seen = answers(report)
        .filter_map(Answer::facts)
        .filter_map(|facts| facts.tls.as_ref());
    let distrusts: Vec<FailureKind> = seen
        .filter_map(|tls| Some(tls.distrust.as_ref()?.kind))
        .collect();
    let claimed = FailureKind::ALL.iter().find(|kind| kind.as_str() == path);
    match claimed {
        Some(kind) if distrusts.contains(kind) => kind.reason(),
        Some(_) => Reason::ProbeOutputInvalid,
        None => Reason::TlsBadCertificate,
    }
}

fn rcode(report: &Report) -> Reason {
    let rcodes = answers(report).filter_map(|answer| match answer {
        Answer::Dns(Ok(reply)) => Some(reply.rcode),
        _ => None,
    });
    match rcodes.last() {
        Some(2) => Reason::DnsServfail,
        Some(3) => Reason::DnsNxdomain,
        Some(5) => Reason::DnsRefused,
        Some(_) => Reason::DnsRcode,
        None => Reason::ProbeOutputInvalid,
    }
}

fn answers(report: &Report) -> impl Iterator<Item = &Answer> {
    report
        .operations
        .iter()
        .filter_map(|operation: &Operation| operation.answer.as_deref())
}

/// The causes as a sentence, each step named once for all that follow in it.
fn told(report: &Report, otherwise: &str) -> String {
    let mut sentences = Vec::new();
    let mut step = None;
    for named in &report.causes {
        let Some(sentence) = sentence(report, named) else {
            continue;
        };
        let entered = named.step.filter(|entered| Some(*entered) != step);
        sentences.push(in_step(report, entered, &sentence));
        step = named.step;
    }
    if sentences.is_empty() {
        otherwise.to_owned()
    } else {
        sentences.join("; ")
    }
}

fn sentence(report: &Report, named: &Named) -> Option<String> {
    match &named.cause {
        Cause::Assertion {
            path,
            expected,
            got,
            ..
        } => {
            let told = format!("{path}: expected {expected}, got {got}");
            Some(placed(named, &told))
        }
        Cause::Statement { message } => Some(placed(named, message)),
        Cause::Operation { .. } | Cause::Refused { .. } => {
            failure(report, named).map(|failure| placed(named, &failure.message))
        }
    }
}

fn is_about_time(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::Deadline
            | Reason::ProbeDeadline
            | Reason::ConnectTimeout
            | Reason::TlsTimeout
            | Reason::ResponseTimeout
            | Reason::DnsTimeout
            | Reason::TooSlow
    )
}

/// Whether our own overhead would have decided.
fn overloaded(report: &Report, timeout: Nanos) -> Option<Conclusion> {
    let (overhead, bound) = (report.overhead(), OVERHEAD_FLOOR.max(timeout / 5));
    (overhead > bound).then(|| {
        let sentence = format!(
            "the prober's own overhead was {} ms of the run",
            overhead / 1_000_000
        );
        Conclusion::new(Reason::ProberOverload, sentence)
    })
}

#[cfg(test)]
mod tests;
