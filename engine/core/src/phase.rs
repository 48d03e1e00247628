//! The named parts of one network operation and how long each took.

use serde::{Deserialize, Serialize};

/// Nanoseconds on the monotonic clock of the host's I/O runtime.
pub type Nanos = u64;

/// A built-in part of an operation, in the order in which they happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Waiting for a permit of our own: never the target's time.
    Blocked,
    /// Turning a name into addresses.
    Resolve,
    /// The transport's handshake.
    Connect,
    /// The TLS handshake.
    Tls,
    /// Writing the request.
    Send,
    /// From the request's last byte to the answer's first.
    Wait,
    /// Reading the rest of the answer.
    Receive,
}

impl Phase {
    /// Every phase, in order.
    pub const ALL: [Self; 7] = [
        Self::Blocked,
        Self::Resolve,
        Self::Connect,
        Self::Tls,
        Self::Send,
        Self::Wait,
        Self::Receive,
    ];

    /// The phase's name in the contract, in labels and in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Send => "send",
            Self::Wait => "wait",
            Self::Receive => "receive",
        }
    }

    /// The phase of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.as_str() == name)
    }

    const fn index(self) -> usize {
        match self {
            Self::Blocked => 0,
            Self::Resolve => 1,
            Self::Connect => 2,
            Self::Tls => 3,
            Self::Send => 4,
            Self::Wait => 5,
            Self::Receive => 6,
        }
    }
}

/// How long each phase took; a phase that was not reached is absent, never 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "[Option<Nanos>; 7]", into = "[Option<Nanos>; 7]")]
pub struct Phases {
    nanos: [Nanos; 7],
    /// One bit for each phase that was reached: with an `Option` for each, this would be twice as large.
    reached: u8,
}

impl From<[Option<Nanos>; 7]> for Phases {
    fn from(each: [Option<Nanos>; 7]) -> Self {
        let mut phases = Self::default();
        for (phase, nanos) in Phase::ALL.into_iter().zip(each) {
            if let Some(nanos) = nanos {
                phases.add(phase, nanos);
            }
        }
        phases
    }
}

impl From<Phases> for [Option<Nanos>; 7] {
    fn from(phases: Phases) -> Self {
        Phase::ALL.map(|phase| phases.get(phase))
    }
}

impl Phases {
    /// Adds to a phase; over several hops a phase's parts add up.
    pub fn add(&mut self, phase: Phase, nanos: Nanos) {
        if let Some(slot) = self.nanos.get_mut(phase.index()) {
            *slot = slot.saturating_add(nanos);
            self.reached |= 1 << phase.index();
        }
    }

    /// Adds each phase of `other`.
    pub fn merge(&mut self, other: &Self) {
        other
            .iter()
            .for_each(|(phase, nanos)| self.add(phase, nanos));
    }

    /// How long the phase took, or `None` where it was not reached.
    pub fn get(&self, phase: Phase) -> Option<Nanos> {
        let is_reached = self.reached & (1 << phase.index()) != 0;
        is_reached.then(|| self.nanos.get(phase.index()).copied())?
    }

    /// The sum of all phases, to the nanosecond: the operation's duration.
    pub fn total(&self) -> Nanos {
        self.nanos.iter().sum()
    }

    /// The sum without [`Phase::Blocked`]: the time that waited on the target.
    pub fn waited_on_target(&self) -> Nanos {
        self.total()
            .saturating_sub(self.get(Phase::Blocked).unwrap_or(0))
    }

    /// The phases that were reached, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Phase, Nanos)> + '_ {
        Phase::ALL
            .into_iter()
            .filter_map(|phase| Some((phase, self.get(phase)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_the_sum_of_the_phases_reached() {
        let mut phases = Phases::default();
        phases.add(Phase::Connect, 5);
        phases.add(Phase::Connect, 2);
        phases.add(Phase::Blocked, 10);
        assert_eq!((phases.total(), phases.waited_on_target()), (17, 7));
        assert_eq!(phases.get(Phase::Tls), None);
    }

    #[test]
    fn a_phase_of_no_time_was_reached_and_one_that_was_not_is_null_in_records() {
        let mut phases = Phases::default();
        phases.add(Phase::Resolve, 0);
        phases.add(Phase::Receive, 3);
        let told = serde_json::to_string(&phases).unwrap();
        assert_eq!(told, "[null,0,null,null,null,null,3]");
        assert_eq!(serde_json::from_str::<Phases>(&told).unwrap(), phases);
        assert_eq!(phases.get(Phase::Resolve), Some(0));
    }

    #[test]
    fn every_phase_is_found_by_its_name() {
        for phase in Phase::ALL {
            assert_eq!(Phase::named(phase.as_str()), Some(phase));
        }
    }
}
