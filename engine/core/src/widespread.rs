//! Many targets that fail at once: announced, never excused. Shared causes are the largest outages.

use serde::Serialize;

/// Fewer than these are not many, whatever share of all they are.
pub const FEWEST: usize = 10;

/// How many check-targets fail at a moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Failing {
    /// Those whose last run failed.
    pub failing: usize,
    /// Those whose last run could be judged, the failing ones included.
    pub judged: usize,
}

impl Failing {
    /// Whether one cause may be behind them: at least [`FEWEST`], and at least half of those that were judged.
    pub const fn is_widespread(self) -> bool {
        self.failing >= FEWEST && self.failing.saturating_mul(2) >= self.judged
    }
}

/// What there is to say of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Announcement {
    /// Many have begun to fail at once.
    Began,
    /// They no longer do.
    Ended,
}

/// Says each change once.
#[derive(Debug, Default)]
pub struct Announcer(bool);

impl Announcer {
    /// What is new since the last look.
    pub const fn look(&mut self, failing: Failing) -> Option<Announcement> {
        let was = self.0;
        self.0 = failing.is_widespread();
        match (was, self.0) {
            (false, true) => Some(Announcement::Began),
            (true, false) => Some(Announcement::Ended),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_and_half_of_all_that_were_judged_are_many() {
        let cases = [
            (0, 0, false),
            (9, 9, false),
            (10, 10, true),
            (10, 20, true),
            (10, 21, false),
            (499, 1000, false),
            (500, 1000, true),
        ];
        for (failing, judged, many) in cases {
            let seen = Failing { failing, judged };
            assert_eq!(seen.is_widespread(), many, "{failing} of {judged}");
        }
    }

    #[test]
    fn each_change_is_said_once() {
        let mut announcer = Announcer::default();
        let looks = [0, 10, 12, 9, 9, 10].map(|failing| {
            announcer.look(Failing {
                failing,
                judged: 20,
            })
        });
        let (began, ended) = (Some(Announcement::Began), Some(Announcement::Ended));
        assert_eq!(looks, [None, began, None, ended, None, began]);
    }
}
