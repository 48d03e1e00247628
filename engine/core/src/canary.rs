//! Canaries: checks of what is known to be well, which tell a silent target from a location that hears nothing.
//!
//! Missing evidence never excuses a target: a timeout is `fail` unless a canary of the same class of addresses has
//! failed in its last two rounds. No canary, none in that class or a stale one means `fail`. Where not even an address
//! came, it is the location's own resolver that both asked.

use std::collections::BTreeMap;

use crate::{
    attempt::Operation,
    egress::AddressClass,
    outcome::{Blame, Conclusion, Outcome, Reason},
    phase::Phase,
    record::RunRecord,
    seam::Call,
};

/// What the canaries of a location have come to, by their slots.
#[derive(Debug, Default)]
pub struct Canaries(BTreeMap<u32, Rounds>);

/// What one round of a canary came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Round {
    /// It passed, or there has been none yet.
    Well,
    /// It failed, whichever way it is reached.
    Failed(Option<Way>),
}

/// Who had to be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// An address of this class.
    Address(AddressClass),
    /// The location's resolver: no address came from it.
    Resolver,
}

/// One canary.
#[derive(Debug)]
struct Rounds {
    name: String,
    /// The last one, and the one before.
    last: [Round; 2],
    fresh_until_unix_ms: i64,
}

impl Canaries {
    /// A canary's run has ended; what it says holds until this moment, by which its next one has.
    pub fn book(&mut self, slot: u32, record: &RunRecord, fresh_until_unix_ms: i64) {
        let round = match (record.outcome, record.blame) {
            (Outcome::Pass, _) => Round::Well,
            (_, Blame::Target | Blame::Prober) => Round::Failed(way(record)),
            // A probe that crashed and a policy that refused say nothing of the network.
            _ => return,
        };
        let before = self.0.remove(&slot).map(|rounds| rounds.last[0]);
        let rounds = Rounds {
            name: format!("`{}` on `{}`", record.check, record.target),
            last: [round, before.unwrap_or(Round::Well)],
            fresh_until_unix_ms,
        };
        self.0.insert(slot, rounds);
    }

    /// The slot is somebody else's, or nobody's; whether a canary was there.
    pub fn forget(&mut self, slot: u32) -> bool {
        self.0.remove(&slot).is_some()
    }

    /// What a run comes to whose target was silent in all of its attempts, where a canary has failed too.
    pub fn excuse(&self, record: &RunRecord, now_unix_ms: i64) -> Option<Conclusion> {
        if !is_silence(record.reason) || was_heard(record) {
            return None;
        }
        let way = way(record)?;
        let canary = self
            .fresh(now_unix_ms)
            .find(|canary| canary.last.contains(&Round::Failed(Some(way))))?;
        let (sentence, name) = (&record.sentence, &canary.name);
        let who = match way {
            Way::Address(class) => format!("{} addresses", class.as_str()),
            Way::Resolver => "the resolver".to_owned(),
        };
        Some(Conclusion::new(
            Reason::LocalNetwork,
            format!(
                "{sentence}; the canary {name} has failed too: {who} may be out of this location's reach"
            ),
        ))
    }

    /// Whether no canary has failed in its last two rounds.
    pub fn are_well(&self, now_unix_ms: i64) -> bool {
        self.fresh(now_unix_ms)
            .all(|canary| canary.last == [Round::Well; 2])
    }

    fn fresh(&self, now_unix_ms: i64) -> impl Iterator<Item = &Rounds> {
        self.0
            .values()
            .filter(move |canary| now_unix_ms <= canary.fresh_until_unix_ms)
    }
}

/// Where the last operation that ended went.
fn way(record: &RunRecord) -> Option<Way> {
    let mut operations = record.last()?.report.operations.iter().rev();
    let dialled = operations.find_map(|operation| operation.answer.as_ref()?.facts()?.remote);
    let class = dialled.map(|dialled| Way::Address(AddressClass::of(dialled.ip())));
    class.or_else(|| (record.reason == Reason::DnsTimeout).then_some(Way::Resolver))
}

/// Whether anything came from the target in any attempt: a byte or a handshake.
fn was_heard(record: &RunRecord) -> bool {
    record.attempts.iter().any(|attempt| {
        let mut operations = attempt.report.operations.iter();
        attempt.report.target_answered() || operations.any(is_connected)
    })
}

/// Whether somebody took the connection on which it waited. A question over UDP has none.
fn is_connected(operation: &Operation) -> bool {
    let facts = operation.answer.as_ref().and_then(|answer| answer.facts());
    let is_question = matches!(*operation.call, Call::Dns(_));
    !is_question
        && facts.is_some_and(|facts| {
            let beyond = [Phase::Send, Phase::Wait, Phase::Receive];
            beyond
                .into_iter()
                .any(|phase| facts.phases.get(phase).is_some())
        })
}

/// Whether all that is known is that nothing came.
fn is_silence(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::Deadline | Reason::ConnectTimeout | Reason::ResponseTimeout | Reason::DnsTimeout
    )
}

#[cfg(test)]
mod tests;
