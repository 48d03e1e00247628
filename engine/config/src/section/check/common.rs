//! What a check and the defaults have in common.

use std::collections::BTreeMap;

use leadsman_core::{
    egress::HostPattern,
    id::{CheckId, Location, ResourceName},
    limits::Limits,
    plan::{Alerts, Expiry, Objectives, Page, Secret, Window},
};

use super::{Shared, keys::GRANTS};
use crate::{
    element::{address::pattern, name},
    layers::{Layers, Origins},
    notes::wrong,
    section::{
        care, each, known, limits, location, objectives,
        timing::{self, Timing},
    },
    table::Table,
    tree::Node,
};

/// The keys that `defaults` may hold too.
pub(super) struct Common {
    pub(super) timing: Timing,
    pub(super) limits: Limits,
    pub(super) objectives: Objectives,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) locations: Vec<Location>,
    pub(super) hosts: Vec<HostPattern>,
    pub(super) secrets: Vec<ResourceName>,
    pub(super) page: Page,
    pub(super) expiry: Option<Expiry>,
    pub(super) alerts: Alerts,
    pub(super) maintenance: Vec<Window>,
    pub(super) depends_on: Vec<CheckId>,
}

impl Shared<'_> {
    /// Reads what a check and the defaults have in common.
    pub(super) fn common(&self, layers: &Layers<'_>, origins: &mut Origins) -> Common {
        let notes = self.notes;
        let timing = timing::Reader {
            layers,
            origins,
            notes,
        }
        .timing();
        let grants = layers
            .get("grants")
            .and_then(|found| Table::open(found.node, GRANTS, notes));
        let mut labels = self.owner.labels.clone();
        for found in layers.all("labels") {
            labels.extend(name::labels(Some(found.node), notes));
        }
        let all = &self.platform.places.all;
        let locations = layers.get("locations").map_or_else(
            || all.clone(),
            |found| location::chosen(found.node, &self.platform.places, notes),
        );
        let are_listed = self.platform.places.are_listed;
        let room = are_listed.then_some(care::Room {
            check: locations.len(),
            fleet: all.len(),
        });
        Common {
            limits: limits::read(layers, origins, notes),
            objectives: objectives::read(layers, timing.timeout, origins, notes),
            labels,
            locations,
            hosts: each(
                grants.and_then(|grants| grants.get("hosts")),
                "hosts",
                notes,
                pattern,
            ),
            secrets: self.granted(grants.and_then(|grants| grants.get("secrets"))),
            page: care::page(layers, room, origins, notes),
            expiry: care::expiry(layers, notes),
            alerts: self.alerts(layers),
            maintenance: self.maintenance(layers),
            depends_on: self.depends_on(layers),
            timing,
        }
    }

    fn alerts(&self, layers: &Layers<'_>) -> Alerts {
        let mut alerts = self.owner.alerts.clone();
        for found in layers.all("alerts") {
            care::alerts(found.node, &mut alerts, self.notes);
        }
        alerts
    }

    fn maintenance(&self, layers: &Layers<'_>) -> Vec<Window> {
        let mut windows = self.owner.maintenance.clone();
        for found in layers.all("maintenance") {
            windows.extend(care::maintenance(found.node, self.notes));
        }
        windows
    }

    fn depends_on(&self, layers: &Layers<'_>) -> Vec<CheckId> {
        let found = layers.get("depends_on").map(|found| found.node);
        care::ids(found, "check ids", self.owner.team.as_deref(), self.notes)
    }

    fn granted(&self, node: Option<&Node>) -> Vec<ResourceName> {
        let items = node
            .and_then(|node| self.notes.keep(node, node.items("secrets")))
            .unwrap_or_default();
        items.iter().filter_map(|item| self.secret(item)).collect()
    }

    fn secret(&self, item: &Node) -> Option<ResourceName> {
        let text = self.notes.keep(item, item.expect_text("a secret's name"))?;
        let secrets = &self.platform.secrets;
        let all = secrets
            .declared
            .iter()
            .map(|name| (name.as_str(), name.clone()));
        let name = known(item, text, "secret", all, self.notes)?;
        let bound = secrets
            .known
            .get(&name)
            .filter(|secret| !secret.teams.is_empty());
        let ours = |secret: &&Secret| {
            self.owner
                .team
                .as_ref()
                .is_none_or(|team| !secret.teams.contains(team))
        };
        if let Some(secret) = bound.filter(ours) {
            let who = self.owner.team.as_ref().map_or_else(
                || "a file without `team`".to_owned(),
                |team| format!("team `{team}`"),
            );
            let teams = crate::nearest::listed(secret.teams.iter().map(String::as_str));
            let message =
                format!("the secret `{name}` is bound to {teams} and may not be used by {who}");
            self.notes.say(
                item,
                wrong(
                    message,
                    format!("add the team to `secrets.{name}.teams`, or use another secret"),
                ),
            );
        }
        Some(name)
    }
}
