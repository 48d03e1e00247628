//! The platform's file: what every team's file refers to.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use leadsman_core::{
    id::ResourceName,
    plan::{Network, Tls},
};

use super::{
    ROOT, Reading, ceilings, ceilings::Ceilings, each, location, location::Places, network,
    probes::Probes, secrets, secrets::Secrets, tls,
};
use crate::{
    element::name,
    notes::{Notes, wrong},
    problem::Problem,
    table::Table,
    tree::Node,
};

/// The platform's file, read; team files are checked against it.
pub(crate) struct Platform {
    pub(crate) path: PathBuf,
    pub(crate) places: Places,
    pub(crate) network: Arc<Network>,
    pub(crate) tls: Tls,
    pub(crate) secrets: Secrets,
    pub(crate) probes: Probes,
    pub(crate) teams: BTreeMap<ResourceName, Ceilings>,
    /// Patterns of the team files' paths.
    pub(crate) include: Vec<PathBuf>,
    /// Those of them that are no patterns, and what is said where there is no such file.
    pub(crate) literal: BTreeMap<PathBuf, Problem>,
    pub(crate) defaults: Option<Node>,
    pub(crate) templates: Option<Node>,
    pub(crate) targets: Option<Node>,
    pub(crate) alerts: Option<Node>,
    pub(crate) maintenance: Option<Node>,
    has_files: bool,
}

impl Platform {
    /// Reads all but the checks of the file's root.
    pub(crate) fn read(
        path: &Path,
        root: &Node,
        reading: Reading<'_>,
        notes: &Notes<'_>,
    ) -> Option<Self> {
        if root.is_null() {
            let mend = "a file needs at least `checks`";
            notes.say(root, wrong("the file is empty", mend));
            return None;
        }
        let table = Table::open(root, ROOT, notes)?;
        let kept = |key: &str| table.get(key).cloned();
        let secrets = secrets::read(table.get("secrets"), notes);
        let probes = table.get("probes");
        let (include, literal) = included(table.get("include"), path, notes);
        Some(Self {
            path: path.to_path_buf(),
            places: location::read(&table, notes),
            network: Arc::new(network::read(table.get("network"), notes)),
            tls: tls::read(table.get("tls"), notes),
            probes: Probes::read(probes, &secrets.declared, reading.catalog, notes),
            secrets,
            teams: ceilings::read(table.get("teams"), notes),
            include,
            literal,
            defaults: kept("defaults"),
            templates: kept("templates"),
            targets: kept("targets"),
            alerts: kept("alerts"),
            maintenance: kept("maintenance"),
            has_files: table.get("include").is_some(),
        })
    }

    /// Whether checks stand in files of their own.
    pub(crate) const fn is_distributed(&self) -> bool {
        self.has_files
    }
}

/// The paths of `include`, and of each that is no pattern what is said where there is no such file.
fn included(
    node: Option<&Node>,
    own: &Path,
    notes: &Notes<'_>,
) -> (Vec<PathBuf>, BTreeMap<PathBuf, Problem>) {
    let all = each(node, "paths", notes, |item| {
        let path = name::path(item, notes.folder())?;
        if path == own {
            let mend = "remove it: its own checks are read anyway";
            return Err(wrong("the file includes itself", mend));
        }
        let is_pattern = item
            .text()
            .is_some_and(|text| text.contains(['*', '?', '[']));
        let absent = (!is_pattern).then(|| {
            let mend =
                "relative paths start from this file's folder; one with `*` may match nothing";
            let message = format!("`{}` cannot be read", path.display());
            notes.problem(item.at, &item.path, item.discreet(wrong(message, mend)))
        });
        Ok((path, absent))
    });
    let literal = all
        .iter()
        .filter_map(|(path, absent)| Some((path.clone(), absent.clone()?)))
        .collect();
    (all.into_iter().map(|(path, _)| path).collect(), literal)
}
