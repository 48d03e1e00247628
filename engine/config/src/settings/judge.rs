//! One probe's schema, ready to judge settings and to complete them.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use jsonschema::Validator;
use leadsman_core::plan::{Complaint, ProbeDescription};
use serde_json::Value;

use super::{
    coerce,
    finding::{self, Finding},
    resources::{self, Resources},
    shape,
};
use crate::tree::{Node, Tree};

/// The settings with the schema's defaults filled in, or everything that the schema refuses.
pub fn check_settings(
    description: &ProbeDescription,
    settings: &Value,
) -> Result<Value, Vec<Complaint>> {
    let unusable = |message| {
        vec![Complaint {
            pointer: String::new(),
            message,
            hint: "correct the schema that the probe's `describe` returns".to_owned(),
        }]
    };
    let judge = Judge::new(description).map_err(unusable)?;
    let found = judge.findings(settings);
    if !found.is_empty() {
        return Err(found.into_iter().map(Complaint::from).collect());
    }
    let mut complete = settings.clone();
    judge.complete(&mut complete);
    Ok(complete)
}

/// A compiled schema.
pub(crate) struct Judge {
    schema: Value,
    validator: Validator,
    /// Settings that were said already: those of most checks of a fleet read the same.
    said: Mutex<HashSet<Arc<str>>>,
}

impl Judge {
    pub(crate) fn new(description: &ProbeDescription) -> Result<Self, String> {
        let schema = description.settings.clone();
        let validator = jsonschema::validator_for(&schema).map_err(|error| {
            format!(
                "the settings' schema of the probe `{}` is not valid: {error}",
                description.name
            )
        })?;
        Ok(Self {
            schema,
            validator,
            said: Mutex::default(),
        })
    }

    /// Settings as text, the same one for all who say the same.
    pub(crate) fn shared(&self, text: &str) -> Arc<str> {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = said.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = text.into();
        said.insert(Arc::clone(&new));
        new
    }

    /// Of a probe that is not here: it takes whatever it is given, and completes nothing.
    pub(crate) fn of_anything() -> Result<Self, String> {
        Self::new(&ProbeDescription {
            name: String::new(),
            version: String::new(),
            settings: Value::Object(serde_json::Map::new()),
            measures: Vec::new(),
        })
    }

    /// Whether the probe has a setting of that name.
    pub(crate) fn knows(&self, key: &str) -> bool {
        shape::properties(&self.schema).is_none_or(|properties| properties.contains_key(key))
    }

    /// Everything that the schema refuses.
    pub(crate) fn findings(&self, settings: &Value) -> Vec<Finding> {
        let mut all: Vec<Finding> = self
            .validator
            .iter_errors(settings)
            .flat_map(|error| finding::of_error(&self.schema, &error))
            .collect();
        let refused: Vec<String> = all.iter().map(|finding| finding.pointer.clone()).collect();
        let malformed = resources::expressions(&self.schema, settings);
        all.extend(
            malformed
                .into_iter()
                .filter(|finding| !refused.contains(&finding.pointer)),
        );
        all
    }

    /// Secrets, trust stores and identities that the settings name and the check may not use.
    pub(crate) fn named_things(&self, settings: &Value, resources: &Resources<'_>) -> Vec<Finding> {
        resources::findings(&self.schema, settings, resources)
    }

    /// The steps that settings (JSON text) name, in their order.
    pub(crate) fn steps(&self, settings: &str) -> Vec<String> {
        let settings = serde_json::from_str(settings).unwrap_or_default();
        resources::steps(&self.schema, &settings)
    }

    /// Fills in what the schema says of absent settings.
    pub(crate) fn complete(&self, settings: &mut Value) {
        complete(&self.schema, &self.schema, settings);
    }

    /// The node's value; what a reference stands for takes the type that the schema asks for.
    pub(crate) fn typed(&self, node: &Node) -> Value {
        self.typed_at(node, &mut Vec::new())
    }

    fn typed_at(&self, node: &Node, path: &mut Vec<String>) -> Value {
        match &node.value {
            Tree::Map(entries) => {
                let pairs = entries.iter().map(|entry| {
                    path.push(entry.key.clone());
                    let value = self.typed_at(&entry.node, path);
                    path.pop();
                    (entry.key.clone(), value)
                });
                Value::Object(pairs.collect())
            }
            Tree::Text(text) if node.written.is_some() => {
                let keys: Vec<&str> = path.iter().map(String::as_str).collect();
                coerce::scalar(&self.schema, &keys, text)
                    .unwrap_or_else(|| Value::String(text.clone()))
            }
            _ => node.to_json(),
        }
    }
}

fn complete(root: &Value, schema: &Value, value: &mut Value) {
    for part in shape::parts(root, schema, value) {
        match value {
            Value::Object(object) => {
                for (key, property) in shape::properties(part).into_iter().flatten() {
                    let default = default_of(root, property);
                    // What is nothing by default is left out: every run reads what is written here.
                    let default = default.filter(|default| !default.is_null());
                    if let (false, Some(default)) = (object.contains_key(key), default) {
                        object.insert(key.clone(), default.clone());
                    }
                    if let Some(inner) = object.get_mut(key) {
                        complete(root, property, inner);
                    }
                }
            }
            Value::Array(items) => {
                if let Some(schema) = part.get("items") {
                    for item in items {
                        complete(root, schema, item);
                    }
                }
            }
            _ => {}
        }
    }
}

fn default_of<'s>(root: &'s Value, property: &'s Value) -> Option<&'s Value> {
    property
        .get("default")
        .or_else(|| shape::resolved(root, property).get("default"))
}
