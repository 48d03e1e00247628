//! `checks`: what is examined, how, when and what is promised.

use std::{collections::BTreeMap, sync::Arc};

use leadsman_core::{
    attempt::Assignment,
    egress::{Egress, EgressRules, HostPattern},
    id::{CheckId, Location, ProbeName, ResourceName},
    limits::Limits,
    plan::{Check, Objectives, Tls},
};

use super::{
    each, known, limits,
    location::{self, Places},
    objectives,
    probes::Probes,
    secrets::Secrets,
    settings::Settings,
    targets::{self, Target},
    timing::{self, Timing},
};
use crate::{
    element::{address::pattern, name},
    layers::Layers,
    notes::{Notes, wrong},
    settings::resources::Resources,
    table::{Keys, Table},
    tree::{Entry, Node},
};

const LATER: &[&str] = &[
    "extends",
    "use",
    "was",
    "depends_on",
    "alerts",
    "maintenance",
    "page",
    "expiry",
];
const CHECK: Keys = Keys {
    known: &[
        "probe",
        "targets",
        "settings",
        "interval",
        "cron",
        "timezone",
        "timeout",
        "retries",
        "labels",
        "locations",
        "grants",
        "limits",
        "objectives",
    ],
    later: LATER,
};
/// What `defaults` may hold.
pub(super) const DEFAULTS: Keys = Keys {
    known: &[
        "interval",
        "cron",
        "timezone",
        "timeout",
        "retries",
        "labels",
        "locations",
        "grants",
        "limits",
        "objectives",
    ],
    later: LATER,
};
const GRANTS: Keys = Keys {
    known: &["hosts", "secrets"],
    later: &[],
};

/// What every check of the file refers to.
pub(super) struct Shared<'a> {
    pub(super) places: &'a Places,
    pub(super) team: Option<String>,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) rules: Arc<EgressRules>,
    pub(super) tls: Tls,
    pub(super) secrets: Secrets,
    pub(super) probes: Probes<'a>,
    pub(super) notes: &'a Notes<'a>,
}

/// The keys that `defaults` may hold too.
pub(super) struct Common {
    timing: Timing,
    limits: Limits,
    objectives: Objectives,
    labels: BTreeMap<String, String>,
    locations: Vec<Location>,
    hosts: Vec<HostPattern>,
    secrets: Vec<ResourceName>,
}

impl Shared<'_> {
    /// Reads what a check and the defaults have in common.
    pub(super) fn common(
        &self,
        layers: &Layers<'_>,
        origins: &mut BTreeMap<String, String>,
    ) -> Common {
        let timing = timing::Reader {
            layers,
            origins,
            notes: self.notes,
        }
        .timing();
        let grants = layers
            .get("grants")
            .and_then(|found| Table::open(found.node, GRANTS, self.notes));
        let secrets = grants.and_then(|grants| grants.get("secrets"));
        let mut labels = self.labels.clone();
        for layer in [layers.defaults, layers.own].into_iter().flatten() {
            labels.extend(name::labels(layer.get("labels"), self.notes));
        }
        Common {
            limits: limits::read(layers, origins, self.notes),
            objectives: objectives::read(layers, timing.timeout, origins, self.notes),
            labels,
            locations: layers.get("locations").map_or_else(
                || self.places.all.clone(),
                |found| location::chosen(found.node, self.places, self.notes),
            ),
            hosts: each(
                grants.and_then(|grants| grants.get("hosts")),
                "hosts",
                self.notes,
                pattern,
            ),
            secrets: self.granted(secrets),
            timing,
        }
    }

    fn granted(&self, node: Option<&Node>) -> Vec<ResourceName> {
        let items = node
            .and_then(|node| self.notes.keep(node, node.items("secrets")))
            .unwrap_or_default();
        items.iter().filter_map(|item| self.secret(item)).collect()
    }

    fn secret(&self, item: &Node) -> Option<ResourceName> {
        let text = self.notes.keep(item, item.expect_text("a secret's name"))?;
        let all = self
            .secrets
            .declared
            .iter()
            .map(|name| (name.as_str(), name.clone()));
        let name = known(item, text, "secret", all, self.notes)?;
        let bound = self
            .secrets
            .known
            .get(&name)
            .filter(|secret| !secret.teams.is_empty());
        let ours = |secret: &&leadsman_core::plan::Secret| {
            self.team
                .as_ref()
                .is_none_or(|team| !secret.teams.contains(team))
        };
        if let Some(secret) = bound.filter(ours) {
            let who = self.team.as_ref().map_or_else(
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

    /// The check of one entry; `None` where it is wrong, or runs elsewhere.
    pub(super) fn check(&self, entry: &Entry, defaults: Option<Table<'_>>) -> Option<Check> {
        let id = self.id(entry);
        let own = Table::open(&entry.node, CHECK, self.notes)?;
        let mut origins = BTreeMap::new();
        let common = self.common(
            &Layers {
                own: Some(own),
                defaults,
            },
            &mut origins,
        );
        let node = own.require("probe", "name one, for example `probe: http`", self.notes);
        let probe = node.and_then(|node| {
            origins.insert("probe".to_owned(), self.notes.origin(node.at));
            self.probes.named(node, self.notes)
        });
        let targets = targets::read(own.get("targets"), &entry.node, probe.as_ref(), self.notes);
        let settings = self
            .settings(&own, probe.as_ref(), &common.secrets)?
            .merged(
                &targets.iter().map(|target| target.set).collect::<Vec<_>>(),
                &mut origins,
            );
        self.assemble(Draft {
            id: id?,
            probe: probe?,
            common,
            targets,
            settings: settings?,
            origins,
        })
    }

    fn id(&self, entry: &Entry) -> Option<CheckId> {
        let key = name::key(entry, self.notes)?;
        let id = self
            .team
            .as_ref()
            .map_or_else(|| key.as_str().to_owned(), |team| format!("{team}/{key}"));
        CheckId::new(&id)
            .map_err(|error| {
                self.notes
                    .say_at(entry.at, &entry.node.path, name::refused(&error));
            })
            .ok()
    }

    fn settings<'s>(
        &'s self,
        own: &Table<'s>,
        probe: Option<&'s ProbeName>,
        granted: &'s [ResourceName],
    ) -> Option<Settings<'s>> {
        let probe = probe?;
        let judge = match self.probes.judge(probe) {
            Ok(judge) => judge,
            Err(_) if self.probes.is_declared(probe) => return None,
            Err(why) => {
                self.notes
                    .say(own.get("probe").unwrap_or(own.node), wrong(why, ""));
                return None;
            }
        };
        let node = own
            .get("settings")
            .filter(|node| self.notes.keep(node, node.entries()).is_some());
        let resources = Resources {
            secrets: &self.secrets.declared,
            granted,
            tls: &self.tls,
        };
        let ask = |settings: &str| self.probes.complaints(probe, settings);
        Some(Settings {
            check: own.node,
            node,
            judge,
            resources,
            ask: Box::new(ask),
            notes: self.notes,
        })
    }

    fn assemble(&self, draft: Draft<'_>) -> Option<Check> {
        let here = self.places.here.as_ref()?;
        if !draft.common.locations.contains(here) {
            return None;
        }
        let pairs = draft.targets.iter().zip(&draft.settings);
        let assignments = pairs
            .map(|(target, settings)| Arc::new(self.assignment(&draft, target, settings, here)))
            .collect();
        Some(Check {
            id: draft.id,
            team: self.team.clone(),
            labels: draft.common.labels,
            rule: draft.common.timing.rule,
            retry: draft.common.timing.retry,
            objectives: draft.common.objectives,
            locations: draft.common.locations,
            assignments,
            origins: draft.origins,
        })
    }

    fn assignment(
        &self,
        draft: &Draft<'_>,
        target: &Target<'_>,
        settings: &str,
        here: &Location,
    ) -> Assignment {
        Assignment {
            check: draft.id.clone(),
            target: target.name.clone(),
            address: target.address.clone(),
            location: here.clone(),
            probe: draft.probe.clone(),
            settings: settings.into(),
            labels: target.labels.clone(),
            timeout: u64::try_from(draft.common.timing.timeout.as_nanos()).unwrap_or(u64::MAX),
            limits: draft.common.limits.clone(),
            egress: Egress {
                rules: self.rules.clone(),
                grants: draft.common.hosts.clone(),
                target: target.pattern.clone(),
            },
            secrets: draft.common.secrets.clone(),
        }
    }
}

/// A check whose parts are all right.
struct Draft<'a> {
    id: CheckId,
    probe: ProbeName,
    common: Common,
    targets: Vec<Target<'a>>,
    settings: Vec<String>,
    origins: BTreeMap<String, String>,
}
