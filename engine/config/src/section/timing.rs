//! When a check runs, how long it may take, and whether it fits.

use std::time::Duration;

use leadsman_core::{plan::Retry, schedule::Rule};

use crate::{
    element::{calendar, duration, whole::whole},
    layers::{Found, Layers, Origins},
    notes::{Notes, Wrong, wrong},
    table::{Keys, Table},
    tree::{Node, Tree},
};

const RETRIES: Keys = Keys {
    known: &["attempts", "delay"],
    later: &[],
};

const INTERVAL: Duration = Duration::from_mins(1);
const TIMEOUT: Duration = Duration::from_secs(10);
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);
const LONGEST_INTERVAL: Duration = Duration::from_hours(31 * 24);
const SHORTEST_TIMEOUT: Duration = Duration::from_millis(1);
const LONGEST_TIMEOUT: Duration = Duration::from_mins(2);
const LONGEST_DELAY: Duration = Duration::from_mins(5);
const MOST_RETRIES: u64 = 10;

/// When a check runs and how long it may take.
pub(super) struct Timing {
    pub(super) rule: Rule,
    pub(super) timeout: Duration,
    pub(super) retry: Retry,
}

/// Notes each effective value's origin while it is read.
pub(super) struct Reader<'a, 'n> {
    pub(super) layers: &'a Layers<'a>,
    pub(super) origins: &'a mut Origins,
    pub(super) notes: &'a Notes<'n>,
}

impl<'a> Reader<'a, '_> {
    pub(super) fn timing(mut self) -> Timing {
        let before = self.notes.count();
        let rule = self.rule();
        let timeout = self.timeout();
        let retry = self.retry();
        // The sum of wrong values would only be one more, confusing mistake.
        if self.notes.count() == before {
            self.fit(&rule, timeout, retry);
        }
        Timing {
            rule,
            timeout,
            retry,
        }
    }

    fn origin(&mut self, key: &str, found: Option<Found<'_>>) {
        self.origins.found(|| key.to_owned(), found, self.notes);
    }

    fn rule(&mut self) -> Rule {
        let zone = self.layers.get("timezone");
        let (cron, interval) = self.layers.either("cron", "interval");
        match (cron, interval) {
            (Some(cron), None) => self.cron(cron, zone),
            (Some(cron), Some(_)) => {
                self.notes.say(
                    cron.node,
                    wrong(
                        "a check has either `interval` or `cron`, this one has both",
                        "remove one",
                    ),
                );
                Rule::Every(INTERVAL)
            }
            (None, interval) => {
                self.unused(zone);
                self.every(interval)
            }
        }
    }

    fn every(&mut self, found: Option<Found<'_>>) -> Rule {
        self.origin("interval", found);
        let read = found.and_then(|found| self.notes.read(found.node, interval));
        Rule::Every(read.unwrap_or(INTERVAL))
    }

    fn cron(&mut self, found: Found<'_>, zone: Option<Found<'_>>) -> Rule {
        self.origin("cron", Some(found));
        self.origin("timezone", zone);
        let expression = self.notes.read(found.node, calendar::cron);
        let zone = zone.map_or_else(
            || Some("UTC".to_owned()),
            |zone| self.notes.read(zone.node, calendar::zone),
        );
        match (expression, zone) {
            (Some(expression), Some(zone)) => Rule::Cron { expression, zone },
            _ => Rule::Every(INTERVAL),
        }
    }

    fn unused(&self, zone: Option<Found<'_>>) {
        let own = self.layers.own().and_then(|table| table.get("timezone"));
        if let (Some(node), Some(zone)) = (own, zone) {
            self.notes.read(zone.node, calendar::zone);
            // In `defaults` it waits for the checks that have `cron`.
            if node.path.starts_with("checks.") {
                self.notes.say(
                    node,
                    wrong(
                        "`timezone` has no meaning without `cron`",
                        "remove it, or write `cron` instead of `interval`",
                    ),
                );
            }
        }
    }

    fn timeout(&mut self) -> Duration {
        let found = self.layers.get("timeout");
        self.origin("timeout", found);
        let read = found.and_then(|found| self.notes.read(found.node, timeout));
        read.unwrap_or(TIMEOUT)
    }

    fn retry(&mut self) -> Retry {
        let found = self.layers.get("retries");
        self.origin("retries", found);
        found
            .and_then(|found| retry(found.node, self.notes))
            .unwrap_or_default()
    }

    /// A run has to end before the next one is due.
    fn fit(&self, rule: &Rule, timeout: Duration, retry: Retry) {
        let attempts = retry.attempts.saturating_add(1);
        let needed = timeout
            .saturating_mul(attempts)
            .saturating_add(retry.delay.saturating_mul(retry.attempts));
        let (room, key) = match rule {
            Rule::Every(interval) => (Some(*interval), "interval"),
            Rule::Cron { expression, .. } => (self.notes.gaps.below(needed, expression), "cron"),
        };
        let Some(room) = room.filter(|room| needed > *room) else {
            return;
        };
        if let Some(node) = self.written(key) {
            let what = too_long((key, room), timeout, retry, needed);
            self.notes.say(node, what);
        }
    }

    /// The part of the sum that the check itself writes, before what it inherits.
    fn written(&self, key: &str) -> Option<&'a Node> {
        let keys = [key, "timeout", "retries"];
        let own = keys.iter().find_map(|key| self.layers.own()?.get(key));
        own.or_else(|| {
            keys.iter()
                .find_map(|key| self.layers.get(key))
                .map(|found| found.node)
        })
    }
}

fn too_long(
    (key, room): (&str, Duration),
    timeout: Duration,
    retry: Retry,
    needed: Duration,
) -> Wrong {
    let delays = if retry.delay.is_zero() {
        String::new()
    } else {
        format!(
            " + {} × {} delay",
            retry.attempts,
            duration::shown(retry.delay)
        )
    };
    let sum = format!(
        "{} timeout × {} attempts{delays} = {}",
        duration::shown(timeout),
        retry.attempts.saturating_add(1),
        duration::shown(needed)
    );
    let (room, needed) = (duration::shown(room), duration::shown(needed));
    if key == "cron" {
        return wrong(
            format!(
                "a run does not fit between two ticks of its `cron`, which are {room} apart: {sum}"
            ),
            format!(
                "write a `cron` whose ticks are at least {needed} apart, or lower `timeout` or `retries`"
            ),
        );
    }
    wrong(
        format!("a run does not fit into its interval of {room}: {sum}"),
        format!("raise `interval` to at least {needed}, or lower `timeout` or `retries`"),
    )
}

fn interval(node: &Node) -> Result<Duration, Wrong> {
    duration::within(node, SHORTEST_INTERVAL, LONGEST_INTERVAL, "interval")
}

fn timeout(node: &Node) -> Result<Duration, Wrong> {
    duration::within(node, SHORTEST_TIMEOUT, LONGEST_TIMEOUT, "timeout")
}

fn retry(node: &Node, notes: &Notes<'_>) -> Option<Retry> {
    let count = |node: &Node| {
        let value = whole(node, &(0..=MOST_RETRIES))?;
        Ok(u32::try_from(value).unwrap_or(u32::MAX))
    };
    if !matches!(node.value, Tree::Map(_)) {
        return notes.read(node, count).map(|attempts| Retry {
            attempts,
            delay: Duration::ZERO,
        });
    }
    let table = Table::open(node, RETRIES, notes)?;
    let attempts = table
        .require(
            "attempts",
            "how many further attempts a run may make",
            notes,
        )
        .and_then(|node| notes.read(node, count));
    let delay = table.get("delay").map_or(Some(Duration::ZERO), |node| {
        notes.read(node, |node| {
            duration::within(node, Duration::ZERO, LONGEST_DELAY, "delay")
        })
    });
    Some(Retry {
        attempts: attempts?,
        delay: delay?,
    })
}
