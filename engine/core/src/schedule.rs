//! When a check is due: a pure plan over instants, the same after every restart.

mod gap;

use std::time::Duration;

use croner::{
    Cron,
    parser::{CronParser, Seconds, Year},
};
use jiff::tz::TimeZone;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{
    id::{CheckId, Location, TargetName},
    zone,
};

pub use gap::{ever_comes, smallest_gap};

/// When a check runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Every so often, at phase + k × period from the Unix epoch.
    Every(Duration),
    /// By the calendar: a five- or six-field cron expression and an IANA time zone.
    Cron {
        /// The expression, already known to parse.
        expression: String,
        /// The zone's IANA name.
        zone: String,
    },
}

/// Above this period a check also runs once soon after it is loaded.
const LONG_PERIOD_MS: i64 = 15 * 60 * 1000;

/// Within which that first run falls.
const SOON_MS: i64 = 60 * 1000;

/// Within which the first run of a newcomer falls.
const JOINED_MS: i64 = 2 * 1000;

/// A tick that is later than this, or half a period, is missed.
const LATEST_MS: i64 = 30 * 1000;

/// Why a rule is no timetable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// The period is zero, or so long that it cannot be counted.
    #[error("an interval is between 1 ms and 366 days")]
    Period,
    /// The cron expression.
    #[error("`{expression}` is no cron expression: {why}")]
    Cron {
        /// The expression.
        expression: String,
        /// What is wrong with it.
        why: String,
    },
    /// The zone.
    #[error("`{0}` is no IANA time zone")]
    Zone(String),
}

/// The ticks of one check-target.
#[derive(Debug, Clone, PartialEq)]
pub struct Timetable {
    kind: Kind,
    phase_ms: i64,
    lateness_ms: i64,
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Every { period_ms: i64 },
    Cron { cron: Box<Cron>, zone: TimeZone },
}

impl Timetable {
    /// The timetable of a check on a target at a location.
    pub fn new(
        rule: &Rule,
        check: &CheckId,
        target: &TargetName,
        location: &Location,
    ) -> Result<Self, RuleError> {
        let seed = seed(check, target, location);
        match rule {
            Rule::Every(period) => {
                let period_ms = i64::try_from(period.as_millis()).unwrap_or(i64::MAX);
                if !(1..=366 * 86_400_000).contains(&period_ms) {
                    return Err(RuleError::Period);
                }
                let phase_ms = modulo(seed, period_ms);
                Ok(Self {
                    kind: Kind::Every { period_ms },
                    phase_ms,
                    lateness_ms: lateness(period_ms),
                })
            }
            Rule::Cron { expression, zone } => {
                let cron = Box::new(cron(expression)?);
                let zone = zone::named(zone).ok_or_else(|| RuleError::Zone(zone.clone()))?;
                let lateness_ms = gap::below_a_minute(&cron).map_or(LATEST_MS, lateness);
                Ok(Self {
                    kind: Kind::Cron { cron, zone },
                    phase_ms: modulo(seed, SOON_MS),
                    lateness_ms,
                })
            }
        }
    }

    /// The first tick after an instant, both in Unix milliseconds.
    pub fn next_after(&self, unix_ms: i64) -> Option<i64> {
        match &self.kind {
            Kind::Every { period_ms } => {
                let since = unix_ms.saturating_sub(self.phase_ms).div_euclid(*period_ms);
                Some(self.phase_ms + (since + 1) * period_ms)
            }
            Kind::Cron { cron, zone } => gap::next(cron, zone, unix_ms),
        }
    }

    /// How many ticks lie after one instant and up to another, both in Unix milliseconds, counted to
    /// at most `most`.
    pub fn count_between(&self, after_ms: i64, until_ms: i64, most: u64) -> u64 {
        if until_ms <= after_ms {
            return 0;
        }
        if let Kind::Every { period_ms } = &self.kind {
            let index = |at: i64| at.saturating_sub(self.phase_ms).div_euclid(*period_ms);
            return u64::try_from(index(until_ms) - index(after_ms))
                .unwrap_or(0)
                .min(most);
        }
        let (mut count, mut at) = (0, after_ms);
        while let Some(next) = self
            .next_after(at)
            .filter(|next| *next <= until_ms && count < most)
        {
            count += 1;
            at = next;
        }
        count
    }

    /// The extra first tick of a check that would else be silent for long, in Unix milliseconds.
    pub fn soon_after_load(&self, loaded_ms: i64) -> Option<i64> {
        let next = self.next_after(loaded_ms)?;
        let long = match &self.kind {
            Kind::Every { period_ms } => *period_ms > LONG_PERIOD_MS,
            Kind::Cron { .. } => true,
        };
        let soon = loaded_ms + self.phase_ms.rem_euclid(SOON_MS);
        (long && soon < next).then_some(soon)
    }

    /// The extra first tick of a check-target that comes while others run: within seconds, in Unix
    /// milliseconds.
    pub fn soon_after_joining(&self, joined_ms: i64) -> Option<i64> {
        let next = self.next_after(joined_ms)?;
        let soon = joined_ms + self.phase_ms.rem_euclid(JOINED_MS);
        (soon + JOINED_MS < next).then_some(soon)
    }

    /// The last tick after one instant that is not yet too late at another, both in Unix milliseconds.
    pub fn last_in_time(&self, after_ms: i64, now_ms: i64) -> Option<i64> {
        let mut found = None;
        let mut at = after_ms.max(now_ms.saturating_sub(self.lateness_ms).saturating_sub(1));
        while let Some(next) = self.next_after(at).filter(|next| *next <= now_ms) {
            found = Some(next);
            at = next;
        }
        found
    }

    /// Where a planned tick belongs after the clock was set: an interval starts from the new time, a
    /// calendar never fires an instant twice.
    pub fn replanned(&self, planned_ms: i64, now_ms: i64) -> i64 {
        match &self.kind {
            Kind::Every { .. } => planned_ms.min(self.next_after(now_ms).unwrap_or(planned_ms)),
            Kind::Cron { .. } => planned_ms,
        }
    }

    /// How late a tick may start, in milliseconds; later, it is missed.
    pub const fn lateness_ms(&self) -> i64 {
        self.lateness_ms
    }
}

/// Reads a cron expression of five fields, or six with seconds first.
pub fn cron(expression: &str) -> Result<Cron, RuleError> {
    let parser = CronParser::builder()
        .seconds(Seconds::Optional)
        .year(Year::Disallowed)
        .build();
    parser.parse(expression).map_err(|error| RuleError::Cron {
        expression: expression.to_owned(),
        why: error.to_string(),
    })
}

/// The first 8 bytes of SHA-256 over the length-prefixed ids, so that restarts keep the phase and
/// fleets spread.
fn seed(check: &CheckId, target: &TargetName, location: &Location) -> u64 {
    let mut hash = Sha256::new();
    for text in [check.as_str(), target.as_str(), location.as_str()] {
        hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(text.as_bytes());
    }
    hash.finalize()
        .iter()
        .take(8)
        .fold(0, |seed, byte| seed << 8 | u64::from(*byte))
}

fn lateness(period_ms: i64) -> i64 {
    (period_ms / 2).min(LATEST_MS)
}

fn modulo(seed: u64, period_ms: i64) -> i64 {
    let period = u64::try_from(period_ms).unwrap_or(1).max(1);
    i64::try_from(seed % period).unwrap_or(0)
}

#[cfg(test)]
mod tests;
