//! Which strings of the settings are expressions: those that the probe's schema marks by `format`.

use leadsman_core::plan::Complaint;
use serde_json::Value;

/// How deep a schema is followed; a schema that refers to itself ends here.
const DEEPEST: usize = 32;

/// A string that is an expression.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Marked {
    pub(crate) format: &'static str,
    pub(crate) text: String,
    /// Where it stands in the settings (RFC 6901).
    pub(crate) pointer: String,
}

/// The format of that name, if it is one of an expression.
pub(crate) fn format(name: &str) -> Option<&'static str> {
    ["regex", "json-path", "cel", "cel-object", "css"]
        .into_iter()
        .find(|known| *known == name)
}

/// The expressions in settings that do not compile, each with its place.
pub fn complaints(schema: &Value, settings: &Value) -> Vec<Complaint> {
    super::Expressions::compile(schema, settings)
        .err()
        .unwrap_or_default()
}

/// Every marked string of the settings, each once.
pub(crate) fn marked(schema: &Value, settings: &Value) -> Vec<Marked> {
    let mut walk = Walk {
        root: schema,
        found: Vec::new(),
    };
    walk.visit(schema, settings, "", 0);
    walk.found
}

struct Walk<'a> {
    root: &'a Value,
    found: Vec<Marked>,
}

impl Walk<'_> {
    fn visit(&mut self, schema: &Value, value: &Value, pointer: &str, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        self.keep(schema, value, pointer);
        if let Some(referred) = schema
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|target| self.resolve(target))
        {
            self.visit(&referred, value, pointer, depth + 1);
        }
        for branch in ["anyOf", "oneOf", "allOf"] {
            let branches = schema.get(branch).and_then(Value::as_array);
            branches
                .into_iter()
                .flatten()
                .for_each(|branch| self.visit(branch, value, pointer, depth + 1));
        }
        self.descend(schema, value, pointer, depth);
    }

    fn keep(&mut self, schema: &Value, value: &Value, pointer: &str) {
        let marked = schema
            .get("format")
            .and_then(Value::as_str)
            .and_then(format);
        if let (Some(format), Some(text)) = (marked, value.as_str()) {
            let marked = Marked {
                format,
                text: text.to_owned(),
                pointer: pointer.to_owned(),
            };
            if !self.found.contains(&marked) {
                self.found.push(marked);
            }
        }
    }

    fn descend(&mut self, schema: &Value, value: &Value, pointer: &str, depth: usize) {
        match value {
            Value::Object(members) => {
                for (key, member) in members {
                    let escaped = key.replace('~', "~0").replace('/', "~1");
                    let pointer = format!("{pointer}/{escaped}");
                    if let Some(names) = schema.get("propertyNames") {
                        self.keep(names, &Value::from(key.as_str()), &pointer);
                    }
                    let named = schema
                        .get("properties")
                        .and_then(|properties| properties.get(key));
                    if let Some(schema) = named.or_else(|| schema.get("additionalProperties")) {
                        self.visit(schema, member, &pointer, depth + 1);
                    }
                }
            }
            Value::Array(items) => {
                if let Some(schema) = schema.get("items") {
                    let items = items.iter().enumerate();
                    items.for_each(|(index, item)| {
                        self.visit(schema, item, &format!("{pointer}/{index}"), depth + 1);
                    });
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn resolve(&self, target: &str) -> Option<Value> {
        self.root.pointer(target.strip_prefix('#')?).cloned()
    }
}
