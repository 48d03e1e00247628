//! `checks`: what is examined, how, when and what is promised.

use std::{collections::BTreeMap, iter, sync::Arc};

use leadsman_core::{
    attempt::Assignment,
    egress::{Egress, HostPattern},
    id::{CheckId, Location, ProbeName, ResourceName},
    limits::Limits,
    places::Places,
    plan::{Alerts, Check, Expiry, Objectives, Page, Secret, Undescribed, Window},
};

use super::{
    Reading, care, each, known, limits, location, objectives,
    owner::Owner,
    platform::Platform,
    settings::{Set, Settings, Text},
    targets::{self, Lists, Target},
    templates::Templates,
    timing::{self, Timing},
};
use crate::{
    element::{address::pattern, boolean::boolean, name},
    layers::{Layer, Layers, Origins},
    notes::{Notes, wrong},
    settings::{judge::Judge, resources::Resources},
    table::{Keys, Table},
    tree::{Entry, Node},
};

const CHECK: Keys = Keys {
    known: &[
        "use",
        "was",
        "canary",
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
        "page",
        "expiry",
        "alerts",
        "maintenance",
        "depends_on",
    ],
    later: &[],
};
/// What a template may hold.
pub(super) const TEMPLATE: Keys = Keys {
    known: &[
        "extends",
        "probe",
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
        "page",
        "expiry",
        "alerts",
        "maintenance",
        "depends_on",
    ],
    later: &[],
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
        "page",
        "expiry",
        "alerts",
        "maintenance",
    ],
    later: &[],
};
const GRANTS: Keys = Keys {
    known: &["hosts", "secrets"],
    later: &[],
};

/// What every check of the file refers to.
pub(super) struct Shared<'a> {
    pub(super) platform: &'a Platform,
    pub(super) owner: &'a Owner,
    pub(super) templates: Templates<'a>,
    pub(super) defaults: Option<Table<'a>>,
    pub(super) lists: Lists<'a>,
    pub(super) reading: Reading<'a>,
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
    page: Page,
    expiry: Option<Expiry>,
    alerts: Alerts,
    maintenance: Vec<Window>,
    depends_on: Vec<CheckId>,
}

impl<'a> Shared<'a> {
    /// Defaults and templates are read for themselves, so that a mistake in one shows even where every
    /// check says otherwise.
    pub(super) fn look_at_what_is_inherited(&'a self) {
        let chains = self.templates.chains(self.notes);
        for chain in iter::once(Vec::new()).chain(chains) {
            let layers = self.above_defaults(chain);
            let is_own = layers
                .0
                .first()
                .is_some_and(|layer| layer.table.node.at.file == self.notes.start().file);
            if is_own {
                self.common(&layers, &mut Origins::default());
            }
        }
    }

    /// The file's defaults and the platform's below the layers of a check.
    fn above_defaults(&'a self, mut layers: Vec<Layer<'a>>) -> Layers<'a> {
        let platforms = self.platform.defaults.as_ref().and_then(Table::known);
        let is_same = self
            .defaults
            .zip(platforms)
            .is_some_and(|(own, theirs)| own.node == theirs.node);
        let theirs = platforms.filter(|_| !is_same);
        let defaults = self.defaults.into_iter().chain(theirs);
        layers.extend(defaults.map(|table| Layer {
            table,
            name: Some("defaults"),
        }));
        Layers(layers)
    }

    /// Reads what a check and the defaults have in common.
    fn common(&self, layers: &Layers<'_>, origins: &mut Origins) -> Common {
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
        Common {
            limits: limits::read(layers, origins, notes),
            objectives: objectives::read(layers, timing.timeout, origins, notes),
            labels,
            locations: layers.get("locations").map_or_else(
                || self.platform.places.all.clone(),
                |found| location::chosen(found.node, &self.platform.places, notes),
            ),
            hosts: each(
                grants.and_then(|grants| grants.get("hosts")),
                "hosts",
                notes,
                pattern,
            ),
            secrets: self.granted(grants.and_then(|grants| grants.get("secrets"))),
            page: care::page(layers, origins, notes),
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

    /// Keeps what the check names: its former ids, and those that it depends on, at their places.
    fn name(&self, layers: &Layers<'_>, on: &[CheckId], id: Option<&CheckId>, was: &[CheckId]) {
        for (was, is) in was.iter().zip(id.into_iter().cycle()) {
            self.notes.names().rename(was, is);
        }
        let found = layers.get("depends_on");
        let items = found.and_then(|found| found.node.items("check ids").ok());
        // Where one of them is refused, they are not side by side.
        let items = items.unwrap_or_default();
        for (node, on) in items.iter().zip(on).filter(|_| items.len() == on.len()) {
            self.notes.depend(node, on);
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

    /// The check of one entry; `None` where it is wrong, or runs elsewhere.
    pub(super) fn check(&'a self, entry: &'a Entry) -> Option<Check> {
        let id = self.id(entry);
        let own = Table::open(&entry.node, CHECK, self.notes)?;
        let layers = self.layers(own);
        let mut origins = Origins {
            wanted: self.reading.origins,
            ..Origins::default()
        };
        let common = self.common(&layers, &mut origins);
        let probe = self.probe(&layers, own, &mut origins);
        let targets = targets::read(own.get("targets"), &entry.node, probe.as_ref(), self);
        let was = care::ids(
            own.get("was"),
            "check ids",
            self.owner.team.as_deref(),
            self.notes,
        );
        self.name(&layers, &common.depends_on, id.as_ref(), &was);
        let canary = self.canary(&layers, &mut origins);
        let sets: Vec<Set<'_>> = targets.iter().map(|target| target.set).collect();
        let (places, settings, steps) = {
            let settings = self.settings(&layers, own, probe.as_ref(), &common.secrets)?;
            let merged = settings.merged(&sets, &mut origins);
            let steps = settings.steps(merged.as_deref().unwrap_or_default());
            (settings.places(), merged, steps)
        };
        let draft = Draft {
            id: id?,
            probe: probe?,
            common,
            targets,
            settings: settings?,
            places,
            steps,
            was,
            canary,
            origins,
        };
        self.assemble(draft, own.node)
    }

    /// The check's own keys, its templates' and the defaults.
    fn layers(&'a self, own: Table<'a>) -> Layers<'a> {
        let reference = own.get("use").unwrap_or(own.node);
        self.notes.refer(reference.at, &reference.path);
        let mut layers = vec![Layer {
            table: own,
            name: None,
        }];
        layers.extend(self.templates.chain(own.get("use"), self.notes));
        self.above_defaults(layers)
    }

    fn probe(
        &self,
        layers: &Layers<'_>,
        own: Table<'_>,
        origins: &mut Origins,
    ) -> Option<ProbeName> {
        let Some(found) = layers.get("probe") else {
            return own
                .require("probe", "name one, for example `probe: http`", self.notes)
                .and(None);
        };
        origins.found(|| "probe".to_owned(), Some(found), self.notes);
        self.platform.probes.named(found.node, self.notes)
    }

    fn canary(&self, layers: &Layers<'_>, origins: &mut Origins) -> bool {
        let found = layers.get("canary");
        origins.found(|| "canary".to_owned(), found, self.notes);
        let canary = found.map(|found| self.notes.read(found.node, boolean));
        canary.flatten().unwrap_or_default()
    }

    fn id(&self, entry: &Entry) -> Option<CheckId> {
        let key = name::key(entry, self.notes)?;
        let team = self.owner.team.as_ref();
        let id = team.map_or_else(|| key.as_str().to_owned(), |team| format!("{team}/{key}"));
        CheckId::new(&id)
            .map_err(|error| {
                self.notes
                    .say_at(entry.at, &entry.node.path, name::refused(&error));
            })
            .ok()
    }

    fn settings<'s>(
        &'s self,
        layers: &Layers<'s>,
        own: Table<'s>,
        probe: Option<&'s ProbeName>,
        granted: &'s [ResourceName],
    ) -> Option<Settings<'s>> {
        let (probe, probes) = (probe?, &self.platform.probes);
        let judge = match probes.judge(probe, self.reading.catalog) {
            Ok(judge) => Some(judge),
            // It is told where the probe is declared; its runs end `unknown` until it is here.
            Err(Undescribed::Absent(_)) => None,
            Err(_) if probes.is_declared(probe) => return None,
            Err(why) => {
                let node = own.get("probe").unwrap_or(own.node);
                self.notes.say(node, wrong(why.to_string(), ""));
                return None;
            }
        };
        let is_mapping = |node: &Node| self.notes.keep(node, node.entries()).is_some();
        let written = layers.all("settings");
        let resources = Resources {
            secrets: &self.platform.secrets.declared,
            granted,
            tls: &self.platform.tls,
        };
        let is_here = judge.is_some();
        let ask = move |settings: &str| {
            let asked = is_here.then(|| probes.complaints(probe, settings, self.reading.catalog));
            asked.unwrap_or_else(|| Ok(Vec::new()))
        };
        Some(Settings {
            check: own.node,
            layers: written.filter(|found| is_mapping(found.node)).collect(),
            judge: judge.map_or_else(|| Judge::of_anything().map(Arc::new).ok(), Some)?,
            resources,
            ask: Box::new(ask),
            notes: self.notes,
        })
    }

    fn within(&self, probe: &ProbeName) -> Option<Arc<[HostPattern]>> {
        let may = self.platform.probes.may(probe)?;
        Some(Arc::clone(&may.hosts))
    }

    /// What the probe may at most, against what the check has for it.
    fn bound(&self, draft: &Draft<'_>, check: &Node) {
        if let Some(may) = self.platform.probes.may(&draft.probe) {
            let targets = draft
                .targets
                .iter()
                .filter_map(|target| target.pattern.as_ref());
            let hosts: Vec<_> = targets.chain(&draft.common.hosts).collect();
            let place = (check, self.notes);
            may.judge(draft.probe.as_str(), &hosts, &draft.common.secrets, place);
        }
    }

    fn assemble(&self, draft: Draft<'_>, check: &Node) -> Option<Check> {
        self.bound(&draft, check);
        let here = self.platform.places.here.as_ref()?;
        if !draft.common.locations.contains(here) {
            return None;
        }
        let pairs = draft.targets.iter().zip(&draft.settings);
        let assignments = pairs
            .map(|(target, settings)| Arc::new(self.assignment(&draft, target, settings, here)))
            .collect();
        let mut alerts = draft.common.alerts;
        alerts.runbook = alerts
            .runbook
            .map(|text| care::runbook_of(&text, &draft.id));
        Some(Check {
            id: draft.id,
            team: self.owner.team.clone(),
            labels: draft.common.labels,
            rule: draft.common.timing.rule,
            retry: draft.common.timing.retry,
            objectives: draft.common.objectives,
            locations: draft.common.locations,
            assignments,
            steps: draft.steps,
            was: draft.was,
            depends_on: draft.common.depends_on,
            canary: draft.canary,
            page: draft.common.page,
            expiry: draft.common.expiry,
            alerts,
            maintenance: draft.common.maintenance,
            origins: draft.origins.map,
        })
    }

    fn assignment(
        &self,
        draft: &Draft<'_>,
        target: &Target<'_>,
        settings: &Text,
        here: &Location,
    ) -> Assignment {
        Assignment {
            check: draft.id.clone(),
            target: target.name.clone(),
            address: target.address.clone(),
            location: here.clone(),
            probe: draft.probe.clone(),
            settings: Arc::clone(&settings.complete),
            written: Some(Arc::clone(&settings.written)),
            labels: target.labels.clone(),
            timeout: u64::try_from(draft.common.timing.timeout.as_nanos()).unwrap_or(u64::MAX),
            limits: draft.common.limits.clone(),
            egress: Arc::new(Egress {
                rules: Arc::clone(&self.platform.network.rules),
                grants: draft.common.hosts.clone(),
                target: target.pattern.clone(),
                within: self.within(&draft.probe),
            }),
            secrets: draft.common.secrets.clone(),
            places: draft.places.clone(),
        }
    }
}

/// A check whose parts are all right.
struct Draft<'a> {
    id: CheckId,
    probe: ProbeName,
    common: Common,
    targets: Vec<Target<'a>>,
    settings: Vec<Text>,
    places: Option<Arc<Places>>,
    steps: Vec<String>,
    was: Vec<CheckId>,
    canary: bool,
    origins: Origins,
}
