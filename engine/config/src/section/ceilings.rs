//! `teams`: what the platform lets each team's files use.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use leadsman_core::{
    egress::HostPattern,
    id::ResourceName,
    plan::{Check, cost},
    schedule::Rule,
};

use super::{each, named, owner, owner::Owner, platform::Platform};
use crate::{
    element::{address::pattern, boolean::boolean, duration, whole::whole},
    notes::{Notes, wrong},
    table::{Keys, Table},
    tree::Node,
};

const CEILINGS: Keys = Keys {
    known: &["checks", "series", "min_interval", "hosts", "canaries"],
    later: &[],
};
const MOST_CHECKS: u64 = 100_000;
const MOST_SERIES: u64 = 100_000_000;

/// What one team may use; nothing written is no ceiling, but for canaries, which judge for every team.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ceilings {
    checks: Option<u64>,
    series: Option<u64>,
    min_interval: Option<Duration>,
    hosts: Option<Vec<HostPattern>>,
    canaries: bool,
}

pub(super) fn read(node: Option<&Node>, notes: &Notes<'_>) -> BTreeMap<ResourceName, Ceilings> {
    let teams = named(node, notes).into_iter();
    teams
        .map(|(name, entry)| (name, ceilings(&entry.node, notes)))
        .collect()
}

fn ceilings(node: &Node, notes: &Notes<'_>) -> Ceilings {
    let Some(table) = Table::open(node, CEILINGS, notes) else {
        return Ceilings::default();
    };
    let count = |key: &str, most: u64| {
        let node = table.get(key)?;
        notes.read(node, |node| whole(node, &(1..=most)))
    };
    Ceilings {
        checks: count("checks", MOST_CHECKS),
        series: count("series", MOST_SERIES),
        min_interval: table
            .get("min_interval")
            .and_then(|node| notes.read(node, duration::duration)),
        hosts: table
            .get("hosts")
            .map(|node| each(Some(node), "hosts", notes, pattern)),
        canaries: table
            .get("canaries")
            .and_then(|node| notes.read(node, boolean))
            .unwrap_or_default(),
    }
}

/// A file that breaks its team's ceilings is refused, alone.
pub(super) fn judge(
    root: &Node,
    owner: &Owner,
    checks: &[Arc<Check>],
    platform: &Platform,
    notes: &Notes<'_>,
) {
    owner::must_have_a_team(root, owner, platform, notes);
    let team = owner.team.as_ref();
    let Some((name, ceilings)) = team.and_then(|team| {
        let found = platform.teams.iter();
        found.into_iter().find(|(name, _)| name.as_str() == team)
    }) else {
        return;
    };
    let judge = Judge {
        root,
        team: name.as_str(),
        notes,
    };
    judge.count("checks", checks.len(), ceilings.checks);
    let series = checks.iter().map(|check| cost::series(check)).sum();
    judge.count("series", series, ceilings.series);
    for check in checks {
        judge.interval(check, ceilings.min_interval);
        judge.hosts(check, ceilings.hosts.as_deref());
        judge.canary(check, ceilings.canaries);
    }
}

struct Judge<'a> {
    root: &'a Node,
    team: &'a str,
    notes: &'a Notes<'a>,
}

impl Judge<'_> {
    fn count(&self, what: &str, used: usize, most: Option<u64>) {
        let used = u64::try_from(used).unwrap_or(u64::MAX);
        let Some(most) = most.filter(|most| used > *most) else {
            return;
        };
        let message = format!(
            "the file has {used} {what}, the team `{}` may have {most}",
            self.team
        );
        self.refuse("checks", message, what);
    }

    fn interval(&self, check: &Check, least: Option<Duration>) {
        let Some(least) = least else { return };
        let (interval, runs) = match &check.rule {
            Rule::Every(interval) => (Some(*interval), "runs every"),
            Rule::Cron { expression, .. } => {
                let gap = self.notes.gaps.below(least, expression);
                (gap, "runs by its `cron` as often as every")
            }
        };
        let Some(interval) = interval.filter(|interval| *interval < least) else {
            return;
        };
        let message = format!(
            "`{}` {runs} {}, the team `{}` may run every {} at most",
            check.id,
            duration::shown(interval),
            self.team,
            duration::shown(least)
        );
        self.refuse(&key_of(check), message, "min_interval");
    }

    fn hosts(&self, check: &Check, allowed: Option<&[HostPattern]>) {
        let Some(allowed) = allowed else { return };
        let targets = check
            .assignments
            .iter()
            .filter_map(|assignment| assignment.egress.target.as_ref());
        let grants = check
            .assignments
            .first()
            .map(|assignment| assignment.egress.grants.as_slice());
        let asked = targets.chain(grants.into_iter().flatten());
        for host in asked.filter(|host| !allowed.iter().any(|pattern| pattern.includes(host))) {
            let message = format!(
                "`{}` asks `{host}`, which is not among the hosts of the team `{}`",
                check.id, self.team
            );
            self.refuse(&key_of(check), message, "hosts");
        }
    }

    fn canary(&self, check: &Check, may: bool) {
        if check.canary && !may {
            let message = format!(
                "`{}` is a canary, which excuses the checks of every team; the team `{}` may have none",
                check.id, self.team
            );
            self.refuse(&key_of(check), message, "canaries");
        }
    }

    /// At the check, where there is one of that key.
    fn refuse(&self, key: &str, message: String, ceiling: &str) {
        let mend = format!(
            "change it, or ask the platform to widen `teams.{}.{ceiling}`",
            self.team
        );
        let checks = self.root.child("checks");
        let place = checks.and_then(|(_, checks)| checks.child(key)).or(checks);
        let (at, path) = place.map_or((self.root.at, ""), |(at, node)| (at, node.path.as_str()));
        self.notes.say_at(at, path, wrong(message, mend));
    }
}

/// The key under `checks`.
fn key_of(check: &Check) -> String {
    let id = check.id.as_str();
    id.rsplit_once('/').map_or(id, |(_, key)| key).to_owned()
}
