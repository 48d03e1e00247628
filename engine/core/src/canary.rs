//! Canaries: checks of what is known to be well, which tell a silent target from a location that hears nothing.
//!
//! Missing evidence never excuses a target: a timeout is `fail` unless a canary of the same class of addresses has
//! failed in its last two rounds. No canary, none in that class or a stale one means `fail`.

use std::collections::BTreeMap;

use crate::{
    egress::AddressClass,
    outcome::{Blame, Conclusion, Outcome, Reason},
    record::RunRecord,
};

/// What the canaries of a location have come to, by their slots.
#[derive(Debug, Default)]
pub struct Canaries(BTreeMap<u32, Rounds>);

/// What one round of a canary came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Round {
    /// It was heard, or there has been none yet.
    Well,
    /// It failed, at an address of this class where one was dialled.
    Failed(Option<AddressClass>),
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
            (_, Blame::Target | Blame::Prober) => Round::Failed(class(record)),
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

    /// What a run comes to whose target was silent, where a canary was not heard either.
    pub fn excuse(&self, record: &RunRecord, now_unix_ms: i64) -> Option<Conclusion> {
        let heard = record
            .last()
            .is_some_and(|attempt| attempt.report.target_answered());
        if heard || !is_silence(record.reason) {
            return None;
        }
        let class = class(record)?;
        let canary = self
            .fresh(now_unix_ms)
            .find(|canary| canary.last.contains(&Round::Failed(Some(class))))?;
        let (sentence, name, class) = (&record.sentence, &canary.name, class.as_str());
        Some(Conclusion::new(
            Reason::LocalNetwork,
            format!(
                "{sentence}; the canary {name} has failed too: {class} addresses may be out of this location's reach"
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

/// The class of the address that was dialled last.
fn class(record: &RunRecord) -> Option<AddressClass> {
    let mut operations = record.last()?.report.operations.iter().rev();
    let dialled = operations.find_map(|operation| operation.answer.as_ref()?.facts()?.remote)?;
    Some(AddressClass::of(dialled.ip()))
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
