//! What happens around a check's runs: `page`, `expiry`, `alerts`, `maintenance`, `was`, `depends_on`.

use std::time::Duration;

use leadsman_core::{
    id::CheckId,
    plan::{Alerts, Expiry, Page, Window},
};

use crate::{
    element::{calendar, duration, name, whole::whole},
    layers::{Layers, Origins},
    notes::{Notes, Wrong, wrong},
    table::{Keys, Table},
    tree::Node,
};

const PAGE: Keys = Keys {
    known: &["locations", "bad"],
    later: &[],
};
const EXPIRY: Keys = Keys {
    known: &["ticket", "page"],
    later: &[],
};
const ALERTS: Keys = Keys {
    known: &["runbook", "severity"],
    later: &[],
};
const SEVERITY: Keys = Keys {
    known: &["page", "ticket"],
    later: &[],
};
const WINDOW: Keys = Keys {
    known: &["cron", "for", "timezone"],
    later: &[],
};
const MOST: u64 = 1_000;
const LONGEST_WINDOW: Duration = Duration::from_hours(7 * 24);

/// In how many locations a check runs, and how many the fleet has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    pub(super) check: usize,
    pub(super) fleet: usize,
}

/// When the owner is paged.
pub(super) fn page(
    layers: &Layers<'_>,
    room: Option<Room>,
    origins: &mut Origins,
    notes: &Notes<'_>,
) -> Page {
    let inner = layers.inner(|node| Table::open(node, PAGE, notes), "page");
    let mut read = |key: &'static str| {
        let found = inner.get(key);
        origins.found(|| format!("page.{key}"), found, notes);
        let value = found.and_then(|found| notes.read(found.node, |node| whole(node, &(1..=MOST))));
        value.map(|value| u32::try_from(value).unwrap_or(u32::MAX))
    };
    let (locations, bad) = (read("locations"), read("bad"));
    if let (Some(locations), Some(room)) = (locations, room) {
        fits(&inner, locations, room, notes);
    }
    let default = Page::default();
    Page {
        locations: locations.unwrap_or(default.locations),
        bad: bad.unwrap_or(default.bad),
    }
}

/// No budget burns in more locations than there are.
fn fits(page: &Layers<'_>, locations: u32, room: Room, notes: &Notes<'_>) {
    const KEY: &str = "locations";
    let Some(found) = page.get(KEY) else { return };
    let is_own = page.own().is_some_and(|own| own.get(KEY).is_some());
    let (there, whose) = if is_own {
        (room.check, "the check runs in")
    } else {
        (room.fleet, "the fleet has")
    };
    // What is inherited serves checks that run in one location, as the default of 2 does.
    let most = if is_own { there } else { there.max(2) };
    if there > 0 && usize::try_from(locations).is_ok_and(|wanted| wanted > most) {
        let message = format!("a page needs {locations} locations, {whose} {there}");
        let mend = match there {
            1 => "write `1`".to_owned(),
            there => format!("write `{there}` or less"),
        };
        notes.say(found.node, wrong(message, mend));
    }
}

/// When a certificate that ends is told.
pub(super) fn expiry(layers: &Layers<'_>, notes: &Notes<'_>) -> Option<Expiry> {
    let found = layers.get("expiry")?;
    let table = Table::open(found.node, EXPIRY, notes)?;
    let read = |key: &str| {
        let mend = "for example `expiry: {ticket: 21d, page: 3d}`";
        let node = table.require(key, mend, notes)?;
        notes.read(node, duration::duration)
    };
    let (ticket, page) = (read("ticket"), read("page"));
    let expiry = Expiry {
        ticket: ticket?,
        page: page?,
    };
    if expiry.page > expiry.ticket {
        let message = "a page for a certificate comes before its ticket";
        notes.say(found.node, wrong(message, "make `ticket` the longer one"));
    }
    Some(expiry)
}

/// What `node` says of alerts, over what was said before.
pub(super) fn alerts(node: &Node, alerts: &mut Alerts, notes: &Notes<'_>) {
    let Some(table) = Table::open(node, ALERTS, notes) else {
        return;
    };
    if let Some(node) = table.get("runbook") {
        alerts.runbook = notes.read(node, runbook);
    }
    let severity = table
        .get("severity")
        .and_then(|node| Table::open(node, SEVERITY, notes));
    let words = &mut alerts.severity;
    for (key, place) in [("page", &mut words.page), ("ticket", &mut words.ticket)] {
        let node = severity.and_then(|table| table.get(key));
        let word = node.and_then(|node| notes.keep(node, node.expect_text("a severity")));
        if let Some(word) = word {
            *place = Some(word.into());
        }
    }
}

/// What a runbook's address may hold in place of the check's own words.
const PLACES: [&str; 3] = ["${check.key}", "${check.id}", "${check.team}"];

fn runbook(node: &Node) -> Result<String, Wrong> {
    let text = node.expect_text("a runbook's address")?;
    let rest = PLACES
        .iter()
        .fold(text.to_owned(), |rest, place| rest.replace(place, "x"));
    let mend = "for example `https://wiki.example/runbooks/${check.key}`";
    if rest.contains("${") {
        let known = "it may hold `${check.key}`, `${check.id}` and `${check.team}`";
        return Err(wrong(
            format!("{} has an unknown reference; {known}", node.shown()),
            mend,
        ));
    }
    match url::Url::parse(&rest) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(text.to_owned()),
        _ => Err(wrong(
            format!("{} is no address of a page", node.shown()),
            mend,
        )),
    }
}

/// A runbook's address for one check.
pub(super) fn runbook_of(text: &str, id: &CheckId) -> String {
    let (team, key) = id.as_str().rsplit_once('/').unwrap_or(("", id.as_str()));
    text.replace("${check.key}", key)
        .replace("${check.id}", id.as_str())
        .replace("${check.team}", team)
}

/// Windows of maintenance.
pub(super) fn maintenance(node: &Node, notes: &Notes<'_>) -> Vec<Window> {
    let items = notes
        .keep(node, node.items("maintenance windows"))
        .unwrap_or_default();
    items
        .iter()
        .filter_map(|item| window(item, notes))
        .collect()
}

fn window(node: &Node, notes: &Notes<'_>) -> Option<Window> {
    let table = Table::open(node, WINDOW, notes)?;
    let mend = "for example `{cron: \"0 3 * * SUN\", for: 1h, timezone: Europe/Berlin}`";
    let cron = table.require("cron", mend, notes);
    let cron = cron.and_then(|node| notes.read(node, calendar::cron));
    let length = table.require("for", mend, notes).and_then(|node| {
        let least = Duration::from_secs(1);
        notes.read(node, |node| {
            duration::within(node, least, LONGEST_WINDOW, "window")
        })
    });
    let zone = match table.get("timezone") {
        Some(node) => notes.read(node, calendar::zone),
        None => Some("UTC".to_owned()),
    };
    Some(Window {
        cron: cron?,
        zone: zone?,
        length: length?,
    })
}

/// Ids of other checks; a key alone is one of the own team.
pub(super) fn ids(
    node: Option<&Node>,
    what: &str,
    team: Option<&str>,
    notes: &Notes<'_>,
) -> Vec<CheckId> {
    super::each(node, what, notes, |item| {
        let text = item.expect_text("a check's id")?;
        let id = match team.filter(|_| !text.contains('/')) {
            Some(team) => format!("{team}/{text}"),
            None => text.to_owned(),
        };
        CheckId::new(&id).map_err(|error| name::refused(&error))
    })
}
