//! How closely the ticks of a calendar follow each other.

use std::time::Duration;

use croner::Cron;
use jiff::{Timestamp, tz::TimeZone};

/// Where one begins to look, 2026-01-01T00:00:00Z: a file is judged the same on every day.
const FROM_MS: i64 = 1_767_225_600_000;

/// How far one looks: what is rarer has its first two ticks looked at.
const YEAR_MS: i64 = 366 * 86_400_000;

/// So many ticks are looked at.
const MOST_TICKS: usize = 200;

/// Once round the dial of seconds.
const MINUTE_MS: i64 = 60_000;

/// Whether a calendar has a tick at all: `0 0 31 2 *` has none.
pub fn ever_comes(cron: &Cron) -> bool {
    next(cron, &TimeZone::UTC, FROM_MS).is_some()
}

/// The smallest gap between two ticks of a calendar, among the first 200 within a year; `None` where
/// there are no two.
///
/// It is that of the calendar's own clock, in every zone the same: once a day is a day, also where one
/// day of the year has 23 hours.
pub fn smallest_gap(cron: &Cron) -> Option<Duration> {
    let closest = closest_ms(cron);
    let mut smallest: Option<i64> = None;
    let mut last = next(cron, &TimeZone::UTC, FROM_MS);
    for _ in 0..MOST_TICKS {
        let Some(at) = last else { break };
        last = next(cron, &TimeZone::UTC, at);
        let gap = last.map(|next| next - at);
        smallest = [smallest, gap].into_iter().flatten().min();
        let is_closest = smallest.is_some_and(|gap| gap <= closest);
        if is_closest || at > FROM_MS + YEAR_MS {
            break;
        }
    }
    let millis = smallest.and_then(|gap| u64::try_from(gap).ok());
    millis.map(Duration::from_millis)
}

/// The smallest gap between two ticks of a calendar in milliseconds, where it is below a minute.
pub(super) fn below_a_minute(cron: &Cron) -> Option<i64> {
    // Most have one second on the dial: those are not looked through.
    let comes_sooner = closest_ms(cron) < MINUTE_MS;
    let gap = comes_sooner.then(|| smallest_gap(cron)).flatten()?;
    i64::try_from(gap.as_millis()).ok()
}

/// No two ticks of a calendar are closer than two of its seconds on the dial, in milliseconds.
fn closest_ms(cron: &Cron) -> i64 {
    let seconds = cron.pattern.seconds.values();
    let around = seconds.first().map(|first| first + 60);
    let next = seconds.iter().copied().skip(1).chain(around);
    let gaps = seconds.iter().zip(next).map(|(at, next)| next - at);
    gaps.min().map_or(0, |gap| i64::from(gap) * 1_000)
}

/// The first tick after an instant, both in Unix milliseconds.
pub(super) fn next(cron: &Cron, zone: &TimeZone, unix_ms: i64) -> Option<i64> {
    let now = Timestamp::from_millisecond(unix_ms)
        .ok()?
        .to_zoned(zone.clone());
    let next = cron.find_next_occurrence(&now, false).ok()?;
    Some(next.timestamp().as_millisecond())
}
