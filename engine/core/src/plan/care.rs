//! What happens around a check's runs: pages, alerts, certificates that end, maintenance.

use std::{sync::Arc, time::Duration};

use serde::Serialize;

use crate::{
    id::{CheckId, Location, TargetName},
    schedule::{Rule, RuleError, Timetable},
};

/// When a check's owner is paged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Page {
    /// In so many locations the budget has to burn, or in all that report.
    pub locations: u32,
    /// So many bad events there have to be.
    pub bad: u32,
}

impl Default for Page {
    fn default() -> Self {
        Self {
            locations: 2,
            bad: 2,
        }
    }
}

/// How long before a certificate's end it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Expiry {
    /// In a ticket.
    pub ticket: Duration,
    /// In a page.
    pub page: Duration,
}

/// How alerts are routed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Alerts {
    /// Where it is written what to do.
    pub runbook: Option<String>,
    /// The owner's words.
    pub severity: Severity,
}

/// The owner's words for how bad it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Severity {
    /// Of what wakes somebody up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<Arc<str>>,
    /// Of what waits for the morning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Arc<str>>,
}

/// Times of maintenance: each begins by the calendar of a zone, and lasts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Window {
    /// When it begins: a cron expression that is known to parse.
    pub cron: String,
    /// The zone's IANA name.
    pub zone: String,
    /// How long it lasts, in elapsed time: on a day with 23 or 25 hours too.
    pub length: Duration,
}

impl Window {
    /// The window as something that can be asked.
    pub fn opened(&self) -> Result<OpenWindow, RuleError> {
        let rule = Rule::Cron {
            expression: self.cron.clone(),
            zone: self.zone.clone(),
        };
        let nobody = |_| RuleError::Zone(self.zone.clone());
        let check = CheckId::new("maintenance").map_err(nobody)?;
        let target = TargetName::new("maintenance").map_err(nobody)?;
        let location = Location::new("maintenance").map_err(nobody)?;
        Ok(OpenWindow {
            starts: Timetable::new(&rule, &check, &target, &location)?,
            length_ms: i64::try_from(self.length.as_millis()).unwrap_or(i64::MAX),
        })
    }
}

/// A window that can be asked whether it is open.
#[derive(Debug, Clone)]
pub struct OpenWindow {
    starts: Timetable,
    length_ms: i64,
}

impl OpenWindow {
    /// Whether the instant, in Unix milliseconds, lies in the window; its end does not.
    pub fn contains(&self, unix_ms: i64) -> bool {
        let latest = unix_ms.saturating_sub(self.length_ms);
        self.starts
            .next_after(latest)
            .is_some_and(|start| start <= unix_ms)
    }
}

#[cfg(test)]
mod tests {
    use jiff::{ToSpan, civil::date};

    use super::*;

    fn nightly() -> OpenWindow {
        let window = Window {
            cron: "30 1 * * *".to_owned(),
            zone: "Europe/Berlin".to_owned(),
            length: Duration::from_hours(1),
        };
        window.opened().unwrap()
    }

    #[test]
    fn a_window_is_open_from_its_start_to_its_end_on_every_day_of_the_year() {
        let window = nightly();
        // 2026-03-29 has 23 hours there, 2026-10-25 has 25.
        for day in 0..365 {
            let start = (date(2026, 1, 1) + day.days())
                .at(1, 30, 0, 0)
                .in_tz("Europe/Berlin")
                .unwrap()
                .timestamp()
                .as_millisecond();
            for (at, open) in [
                (-1, false),
                (0, true),
                (3_599_999, true),
                (3_600_000, false),
            ] {
                assert_eq!(window.contains(start + at), open, "day {day}, {at} ms");
            }
        }
    }

    #[test]
    fn a_window_may_cross_midnight() {
        let window = Window {
            cron: "0 23 * * SAT".to_owned(),
            zone: "UTC".to_owned(),
            length: Duration::from_hours(3),
        };
        let window = window.opened().unwrap();
        let sunday = date(2026, 11, 22)
            .at(1, 0, 0, 0)
            .in_tz("UTC")
            .unwrap()
            .timestamp()
            .as_millisecond();
        assert!(window.contains(sunday));
        assert!(!window.contains(sunday + 3_600_000));
    }
}
