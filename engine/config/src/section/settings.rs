//! A check's settings: each target's `set` merged over them, judged, completed.

use std::{collections::BTreeMap, sync::Arc};

use leadsman_core::{places::Places, plan::Complaint};
use serde_json::{Map, Value};

use crate::{
    layers::{Found, Origins},
    notes::{Notes, wrong},
    settings::{
        finding::Finding,
        judge::Judge,
        resources::{Resources, escaped},
    },
    tree::{Node, Span, Tree},
};

/// How the probe itself judges settings.
type Ask<'a> = dyn Fn(&str) -> Result<Vec<Complaint>, String> + 'a;

/// Settings as JSON text.
#[derive(Debug, Clone)]
pub(super) struct Text {
    /// With all defaults.
    pub(super) complete: Arc<str>,
    /// As they are written, merged.
    pub(super) written: Arc<str>,
}

/// What judges the settings of one check.
pub(super) struct Settings<'a> {
    /// The whole check: where a missing `settings` is reported.
    pub(super) check: &'a Node,
    /// The templates' settings and the check's own, the innermost last.
    pub(super) layers: Vec<Found<'a>>,
    pub(super) judge: Arc<Judge>,
    pub(super) resources: Resources<'a>,
    pub(super) ask: Box<Ask<'a>>,
    pub(super) notes: &'a Notes<'a>,
}

impl Settings<'_> {
    /// The settings for each target's `set`; `None` where something is wrong. Targets
    /// without a `set` share one text.
    pub(super) fn merged(&self, sets: &[Set<'_>], origins: &mut Origins) -> Option<Vec<Text>> {
        let mut own = Value::Object(Map::new());
        for layer in &self.layers {
            merge_patch(&mut own, self.judge.typed(layer.node));
        }
        if sets.is_empty() {
            self.complete(own, None)?;
            return Some(Vec::new());
        }
        let mut made: BTreeMap<String, Option<Text>> = BTreeMap::new();
        let mut texts = Vec::new();
        for set in sets {
            let mut merged = own.clone();
            if let Some(node) = set.node {
                merge_patch(&mut merged, self.patch(node, set.is_shared));
            }
            let key = merged.to_string();
            let text = match made.get(&key) {
                Some(text) => text.clone(),
                None => self.text(merged, &key, set.node, origins),
            };
            made.insert(key, text.clone());
            texts.push(text);
        }
        texts.into_iter().collect()
    }

    fn text(
        &self,
        merged: Value,
        written: &str,
        set: Option<&Node>,
        origins: &mut Origins,
    ) -> Option<Text> {
        let complete = self.complete(merged, set)?;
        self.trace(&complete, set, origins);
        let text = complete.to_string();
        self.consult(&text, set);
        Some(Text {
            complete: self.judge.shared(&text),
            written: self.judge.shared(written),
        })
    }

    /// The steps that the settings name, each once.
    pub(super) fn steps(&self, texts: &[Text]) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        let mut last: Option<&Arc<str>> = None;
        for Text { complete: text, .. } in texts {
            // Targets without a `set` share one text.
            if last.is_some_and(|last| Arc::ptr_eq(last, text)) {
                continue;
            }
            last = Some(text);
            for name in self.judge.steps(text) {
                if !found.contains(&name) {
                    found.push(name);
                }
            }
        }
        found
    }

    /// Where the nested settings are written; `None` where nothing is nested.
    pub(super) fn places(&self) -> Option<Arc<Places>> {
        let mut found = BTreeMap::new();
        for layer in &self.layers {
            for entry in layer.node.entries().into_iter().flatten() {
                if entry.node.is_nested() {
                    let pointer = format!("/{}", escaped(&entry.key));
                    // An inner layer replaces the whole list, and all that was noted below it.
                    let below = format!("{pointer}/");
                    found.retain(|known: &String, _| {
                        *known != pointer && !known.starts_with(&below)
                    });
                    self.note_places(entry.at, &entry.node, pointer, &mut found);
                }
            }
        }
        (!found.is_empty()).then(|| Arc::new(Places::new(found)))
    }

    fn note_places(
        &self,
        at: Span,
        node: &Node,
        pointer: String,
        found: &mut BTreeMap<String, String>,
    ) {
        match &node.value {
            Tree::Map(entries) => {
                for entry in entries {
                    let inner = format!("{pointer}/{}", escaped(&entry.key));
                    self.note_places(entry.at, &entry.node, inner, found);
                }
            }
            Tree::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.note_places(item.at, item, format!("{pointer}/{index}"), found);
                }
            }
            _ => {}
        }
        found.insert(pointer, self.notes.origin(at));
    }

    /// A list of targets serves checks of several probes: each takes what its own probe knows.
    fn patch(&self, set: &Node, is_shared: bool) -> Value {
        let mut patch = self.judge.typed(set);
        if let (true, Some(patch)) = (is_shared, patch.as_object_mut()) {
            patch.retain(|key, _| self.judge.knows(key));
        }
        patch
    }

    /// The innermost settings that are written in this check.
    fn node(&self) -> Option<&Node> {
        self.layers.last().map(|found| found.node)
    }

    fn complete(&self, mut settings: Value, set: Option<&Node>) -> Option<Value> {
        let found = self.judge.findings(&settings);
        let wrong = !found.is_empty();
        for finding in found {
            self.say(finding, set);
        }
        for finding in self.judge.named_things(&settings, &self.resources) {
            self.say(finding, set);
        }
        self.judge.complete(&mut settings);
        (!wrong).then_some(settings)
    }

    fn consult(&self, text: &str, set: Option<&Node>) {
        match (self.ask)(text) {
            Ok(complaints) => complaints
                .into_iter()
                .for_each(|complaint| self.say(Finding::from(complaint), set)),
            Err(why) => {
                let mend = "tell the probe's author: it failed while it judged these settings";
                let node = self.node().unwrap_or(self.check);
                self.notes.say(node, wrong(why, mend));
            }
        }
    }

    /// Notes a finding at its setting: in the target's `set` if it is written there.
    fn say(&self, finding: Finding, set: Option<&Node>) {
        let own = self.node().unwrap_or(self.check);
        let in_set = set.and_then(|set| place(set, &finding.pointer, finding.of_key));
        let exact = in_set.or_else(|| {
            let layers = self.layers.iter().rev();
            layers
                .map(|layer| layer.node)
                .find_map(|node| place(node, &finding.pointer, finding.of_key))
        });
        let (at, node) = exact.unwrap_or_else(|| nearest_above(set, own, &finding.pointer));
        if !node.is_unresolved() {
            let what = node.discreet(wrong(finding.message, finding.hint));
            self.notes.say_at(at, &node.path, what);
        }
    }

    /// Where each setting comes from: what the check writes stands above what a target's `set` writes.
    fn trace(&self, complete: &Value, set: Option<&Node>, origins: &mut Origins) {
        for key in complete.as_object().into_iter().flat_map(Map::keys) {
            let name = format!("settings.{key}");
            let origin = self.written(key, set);
            if origin.is_some() || !origins.map.contains_key(&name) {
                origins.keep(
                    || name,
                    || origin.unwrap_or_else(|| "probe's default".to_owned()),
                );
            }
        }
    }

    fn written(&self, key: &str, set: Option<&Node>) -> Option<String> {
        let layers = self.layers.iter().rev();
        let inherited = layers
            .filter_map(|found| Some((found.node.child(key)?.0, found)))
            .map(|(at, found)| found.named(self.notes.origin(at)))
            .next();
        inherited.or_else(|| Some(self.notes.origin(set?.child(key)?.0)))
    }
}

/// What a target sets apart.
#[derive(Clone, Copy)]
pub(super) struct Set<'a> {
    pub(super) node: Option<&'a Node>,
    /// Whether it is written in a list that several checks may use.
    pub(super) is_shared: bool,
}

fn place<'n>(root: &'n Node, pointer: &str, of_key: bool) -> Option<(Span, &'n Node)> {
    let found = segments(pointer).try_fold((root.at, root), |(_, node), name| node.child(&name));
    found.map(|(at, node)| (if of_key { at } else { node.at }, node))
}

/// The innermost written value around a place that is not written.
fn nearest_above<'n>(set: Option<&'n Node>, own: &'n Node, pointer: &str) -> (Span, &'n Node) {
    let mut above = pointer;
    while let Some((parent, _)) = above
        .rsplit_once('/')
        .filter(|(parent, _)| !parent.is_empty())
    {
        if let Some(found) = set
            .and_then(|set| place(set, parent, false))
            .or_else(|| place(own, parent, false))
        {
            return found;
        }
        above = parent;
    }
    (own.at, own)
}

/// The names of a JSON pointer (RFC 6901).
fn segments(pointer: &str) -> impl Iterator<Item = String> {
    pointer
        .split('/')
        .skip(1)
        .map(|name| name.replace("~1", "/").replace("~0", "~"))
}

/// RFC 7396: null removes, mappings merge, everything else replaces.
fn merge_patch(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(target) = target else {
        return;
    };
    for (key, value) in patch {
        if value.is_null() {
            target.remove(&key);
        } else {
            merge_patch(target.entry(key).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_patch_merges_as_rfc_7396_says() {
        for (target, patch, expected) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (
                json!({"a": "b", "b": "c"}),
                json!({"a": null}),
                json!({"b": "c"}),
            ),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (
                json!({"a": {"b": "c"}}),
                json!({"a": {"b": "d", "c": null}}),
                json!({"a": {"b": "d"}}),
            ),
            (
                json!({"e": null}),
                json!({"a": 1}),
                json!({"e": null, "a": 1}),
            ),
            (
                json!({}),
                json!({"a": {"bb": {"ccc": null}}}),
                json!({"a": {"bb": {}}}),
            ),
        ] {
            let mut merged = target;
            merge_patch(&mut merged, patch);
            assert_eq!(merged, expected);
        }
    }
}
