//! `checks`: what is examined, how, when and what is promised.

mod common;
mod draft;
mod keys;

use std::{iter, sync::Arc};

use leadsman_core::{
    id::{CheckId, ProbeName, ResourceName},
    plan::{Check, Undescribed},
};

use super::{
    Reading, care,
    owner::Owner,
    platform::Platform,
    settings::{Set, Settings},
    targets::{self, Lists},
    templates::Templates,
};
use crate::{
    element::{boolean::boolean, name},
    layers::{Layer, Layers, Origins},
    notes::{Notes, wrong},
    settings::{judge::Judge, resources::Resources},
    table::Table,
    tree::{Entry, Node},
};

pub(super) use keys::{DEFAULTS, TEMPLATE};

use draft::Draft;
use keys::CHECK;

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

    /// Keeps what the check names: its former ids, and those that it depends on, at their places.
    fn name(
        &self,
        layers: &Layers<'_>,
        on: &[CheckId],
        id: Option<&CheckId>,
        (written, was): (Option<&Node>, &[CheckId]),
    ) {
        for (was, is) in was.iter().zip(id.into_iter().cycle()) {
            self.notes.names().rename(was, is);
        }
        for (node, was) in placed(written, was).filter(|(_, was)| id == Some(*was)) {
            let mend = "remove it: `was` lists the ids that the check had before";
            let message = format!("`{was}` is what the check is called now");
            self.notes.say(node, wrong(message, mend));
        }
        let found = layers.get("depends_on");
        for (node, on) in placed(found.map(|found| found.node), on) {
            if id == Some(on) {
                let message = format!("`{on}` depends on itself");
                self.notes.say(node, wrong(message, "remove it"));
            } else {
                self.notes.depend(node, on);
            }
        }
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
        let named = (own.get("was"), was.as_slice());
        self.name(&layers, &common.depends_on, id.as_ref(), named);
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
                let mend = "name another probe, or install leadsman anew: this one is part of it";
                self.notes.say(node, wrong(why.to_string(), mend));
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
}

/// Ids and where they are written; where one of them is refused, they are not side by side.
fn placed<'a>(
    node: Option<&'a Node>,
    ids: &'a [CheckId],
) -> impl Iterator<Item = (&'a Node, &'a CheckId)> {
    let items = node.and_then(|node| node.items("check ids").ok());
    let items = items.unwrap_or_default();
    let pairs = items.iter().zip(ids);
    pairs.filter(move |_| items.len() == ids.len())
}
