//! `targets`: what a check examines; written there, in a list of the file, or discovered.

use std::collections::{BTreeMap, BTreeSet};

use leadsman_core::{
    egress::HostPattern,
    id::{ProbeName, ResourceName, TargetName},
};

use super::{check::Shared, known, named, settings::Set};
use crate::{
    discovery::Group,
    element::{address, name},
    notes::{Notes, Wrong, wrong},
    table::{Keys, Table},
    tree::{Node, Tree},
};

const TARGET: Keys = Keys {
    known: &["name", "address", "labels", "set"],
    later: &[],
};
const DISCOVERED: Keys = Keys {
    known: &["file_sd"],
    later: &[],
};

/// The label that names a discovered target.
const NAME: &str = "name";

/// One target of one check.
#[derive(Clone)]
pub(super) struct Target<'a> {
    pub(super) name: TargetName,
    pub(super) address: String,
    /// `None` where the machine's own resolver is examined.
    pub(super) pattern: Option<HostPattern>,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) set: Set<'a>,
}

/// The lists of targets that a file's checks share.
pub(super) struct Lists<'a> {
    all: Vec<(ResourceName, &'a Node)>,
}

impl<'a> Lists<'a> {
    pub(super) fn read(
        own: Option<&'a Node>,
        platforms: Option<&'a Node>,
        notes: &Notes<'_>,
    ) -> Self {
        let theirs = platforms.filter(|theirs| own != Some(theirs));
        let lists = [own, theirs].into_iter();
        let all = lists.flat_map(|node| named(node, notes));
        Self {
            all: all.map(|(name, entry)| (name, &entry.node)).collect(),
        }
    }
}

/// The targets of a check; `None` is said where nothing is written.
pub(super) fn read<'a>(
    node: Option<&'a Node>,
    check: &Node,
    probe: Option<&ProbeName>,
    shared: &Shared<'a>,
) -> Vec<Target<'a>> {
    let notes = shared.notes;
    let Some(node) = node else {
        let mend = "list at least one address, or name a list of `targets`";
        notes.say(check, wrong("`targets` is missing", mend));
        return Vec::new();
    };
    let mut reader = Reader {
        probe,
        shared,
        seen: BTreeSet::new(),
        targets: Vec::new(),
    };
    match node.text() {
        Some(list) => reader.list(node, list),
        None => reader.items(node, false),
    }
    reader.targets
}

struct Reader<'r, 'a> {
    probe: Option<&'r ProbeName>,
    shared: &'r Shared<'a>,
    seen: BTreeSet<TargetName>,
    targets: Vec<Target<'a>>,
}

impl<'a> Reader<'_, 'a> {
    fn list(&mut self, node: &Node, text: &str) {
        let notes = self.shared.notes;
        if self.shared.lists.all.is_empty() {
            let message = format!("unknown list of targets {}", node.shown());
            let mend = "write an address as `[…]`, or define the list under `targets`";
            return notes.say(node, wrong(message, mend));
        }
        let all = self.shared.lists.all.iter();
        let all = all.map(|(name, node)| (name.as_str(), *node));
        if let Some(list) = known(node, text, "list of targets", all, notes) {
            self.items(list, true);
        }
    }

    fn items(&mut self, node: &'a Node, is_shared: bool) {
        let notes = self.shared.notes;
        let items = notes.keep(node, node.items("targets"));
        if items.is_some_and(<[_]>::is_empty) {
            notes.say(
                node,
                wrong("`targets` is empty", "list at least one address"),
            );
        }
        for item in items.unwrap_or_default() {
            if item.child("file_sd").is_some() {
                self.discovered(item);
            } else if let Some(target) = target(item, is_shared, self.probe, notes) {
                self.add(item, target);
            }
        }
    }

    fn add(&mut self, item: &Node, target: Target<'a>) {
        if !self.seen.insert(target.name.clone()) {
            let message = format!("two targets of this check are named `{}`", target.name);
            let mend = "give one of them another `name`: it is the series' label";
            return self.shared.notes.say(item, wrong(message, mend));
        }
        self.targets.push(target);
    }

    /// The targets of every file that the pattern matches; none is no mistake, for they come and go.
    fn discovered(&mut self, item: &Node) {
        let notes = self.shared.notes;
        let Some(node) =
            Table::open(item, DISCOVERED, notes).and_then(|table| table.get("file_sd"))
        else {
            return;
        };
        let pattern = notes.read(node, |node| name::path(node, notes.folder_of(node)));
        let files = self.shared.reading.files;
        let mend = "correct the pattern, or let leadsman read the folders that it names";
        let paths = pattern.map(|pattern| files.matching(&pattern).map_err(|why| wrong(why, mend)));
        if matches!(&paths, Some(Ok(paths)) if paths.is_empty()) {
            self.await_file(node);
        }
        for path in paths
            .and_then(|paths| notes.keep(node, paths))
            .unwrap_or_default()
        {
            let groups = files.discovered(&path);
            let groups = groups.map_err(|why| wrong(why.message, why.mend));
            for group in notes
                .keep(node, groups)
                .iter()
                .flat_map(|groups| groups.iter())
            {
                self.group(node, group);
            }
        }
    }

    /// Nothing is where the one file should be, which may still come: it is told, for it may as well be misspelt.
    fn await_file(&self, node: &Node) {
        let Some(path) = node.text().filter(|text| !text.contains(['*', '?', '['])) else {
            return;
        };
        let notes = self.shared.notes;
        let what = wrong(
            format!("no file `{path}` yet: its checks have no targets from there"),
            "check the path, or wait for whoever writes it",
        );
        let problem = notes.problem(node.at, &node.path, what);
        notes.names().wait_for(problem);
    }

    fn group(&mut self, node: &Node, group: &Group) {
        for address in &group.targets {
            match found(address, group) {
                Ok(target) if self.has(&target) => {}
                Ok(target) => self.add(node, target),
                Err(what) => self.shared.notes.say(node, what),
            }
        }
    }

    /// The same target in two files is one.
    fn has(&self, target: &Target<'_>) -> bool {
        self.seen.contains(&target.name)
            && self.targets.iter().any(|known| {
                known.name == target.name
                    && known.address == target.address
                    && known.labels == target.labels
            })
    }
}

fn found<'a>(address: &str, group: &Group) -> Result<Target<'a>, Wrong> {
    let pattern = Some(address::target(address)?);
    let labels = group.labels.iter();
    let labels = labels.filter(|(name, _)| !name.starts_with("__") && name.as_str() != NAME);
    Ok(Target {
        name: match group.labels.get(NAME) {
            Some(label) => TargetName::new(label).map_err(|error| name::refused(&error))?,
            None => unnamed(address, "give it a group of its own, with the label `name`")?,
        },
        address: address.to_owned(),
        pattern,
        labels: labels
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        set: Set {
            node: None,
            is_shared: true,
        },
    })
}

const NAMED: &str = "give the target a `name` beside its `address`";

/// The name of a target that has none of its own.
fn unnamed(address: &str, mend: &str) -> Result<TargetName, Wrong> {
    TargetName::new(address).map_err(|error| wrong(name::refused(&error).message, mend))
}

fn target<'a>(
    item: &'a Node,
    is_shared: bool,
    probe: Option<&ProbeName>,
    notes: &Notes<'_>,
) -> Option<Target<'a>> {
    if !matches!(item.value, Tree::Map(_)) {
        let (address, pattern) = notes.read(item, |node| place(node, probe))?;
        let name = notes.keep(item, unnamed(&address, NAMED))?;
        return Some(Target {
            name,
            address,
            pattern,
            labels: BTreeMap::new(),
            set: Set {
                node: None,
                is_shared,
            },
        });
    }
    let table = Table::open(item, TARGET, notes)?;
    let labels = name::labels(table.get("labels"), notes);
    let written = table
        .get("name")
        .map(|node| notes.read(node, |node| name::name(node, TargetName::new)));
    let node = table.require("address", "a URL, `host` or `host:port`", notes)?;
    let (address, pattern) = notes.read(node, |node| place(node, probe))?;
    let name = match written {
        Some(name) => name,
        None => notes.keep(node, unnamed(&address, NAMED)),
    };
    let set = table
        .get("set")
        .filter(|node| notes.keep(node, node.entries()).is_some());
    Some(Target {
        name: name?,
        address,
        pattern,
        labels,
        set: Set {
            node: set,
            is_shared,
        },
    })
}

fn place(node: &Node, probe: Option<&ProbeName>) -> Result<(String, Option<HostPattern>), Wrong> {
    let text = node.expect_text("an address as text")?;
    if text == "system" && probe.is_some_and(|probe| probe.as_str() == "dns") {
        return Ok((text.to_owned(), None));
    }
    Ok((text.to_owned(), Some(address::target(text)?)))
}
