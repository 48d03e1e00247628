//! The variables of a journey, and how templates are filled from them.

use std::{
    cell::{OnceCell, RefCell},
    collections::BTreeMap,
};

use leadsman_sdk::prelude::*;
use serde_json::{Map, Value};

use crate::{
    moment::Moment,
    template::{Hole, Piece, encode, hex, pieces},
};

/// What a template may name beside variables; `secret:` and `time.` take something after them.
pub(crate) const BUILT_IN: [&str; 12] = [
    "target",
    "target.url",
    "target.host",
    "target.port",
    "target.name",
    "check",
    "location",
    "run",
    "unique",
    "random.hex",
    "random.uuid",
    "random.number",
];

/// Where a filled template goes; it decides how a secret is written there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A header field, a URL, a text: as it is. In URLs the host escapes secrets itself.
    Plain,
    /// A field of a form.
    Form,
    /// Within a JSON string.
    Json,
}

impl Place {
    const fn encoding(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Form => "percent",
            Self::Json => "json",
        }
    }
}

/// A value, and whether it is a secret.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Variable {
    pub(crate) value: Value,
    pub(crate) secret: bool,
}

impl Variable {
    /// A text that is no secret.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self {
            value: Value::String(text.into()),
            secret: false,
        }
    }
}

/// Everything that a template can name.
#[derive(Debug)]
pub(crate) struct Variables<'a> {
    target: &'a Target,
    scheme: &'a str,
    /// One value for the whole attempt, drawn when it is first named.
    unique: OnceCell<String>,
    set: BTreeMap<String, Variable>,
    /// The placeholders of captured secrets, by value and encoding.
    sealed: RefCell<BTreeMap<(String, String), String>>,
}

impl<'a> Variables<'a> {
    /// None but those that are always there.
    pub(crate) fn new(target: &'a Target, scheme: &'a str) -> Self {
        Self {
            target,
            scheme,
            unique: OnceCell::new(),
            set: BTreeMap::new(),
            sealed: RefCell::default(),
        }
    }

    /// Sets a variable and returns what it was before. A secret is hidden from now on.
    pub(crate) fn set(&mut self, name: &str, variable: Variable) -> Result<Option<Variable>> {
        if variable.secret {
            self.hide(&variable.value)?;
        }
        Ok(self.set.insert(name.to_owned(), variable))
    }

    /// Puts back what a variable was before.
    pub(crate) fn restore(&mut self, name: &str, before: Option<Variable>) {
        match before {
            Some(variable) => drop(self.set.insert(name.to_owned(), variable)),
            None => drop(self.set.remove(name)),
        }
    }

    /// A variable's value.
    pub(crate) fn get(&self, name: &str) -> Option<&Variable> {
        self.set.get(name)
    }

    /// The variables as one object, for conditions.
    pub(crate) fn object(&self) -> Value {
        let members = self.set.iter();
        Value::Object(
            members
                .map(|(name, set)| (name.clone(), set.value.clone()))
                .collect(),
        )
    }

    /// Each variable as a line; secrets are hidden.
    pub(crate) fn lines(&self) -> impl Iterator<Item = String> + '_ {
        self.set.iter().map(|(name, set)| match set {
            Variable { secret: true, .. } => format!("{name} = (secret)"),
            Variable { value, .. } => format!("{name} = {value}"),
        })
    }

    /// The variables that a template names and that are not set.
    pub(crate) fn missing(&self, template: &str) -> Vec<String> {
        let holes = pieces(template).unwrap_or_default().into_iter();
        let names = holes.filter_map(|piece| match piece {
            Piece::Hole(hole) => Some(hole.name.to_owned()),
            Piece::Text(_) => None,
        });
        names
            .filter(|name| !is_built_in(name) && !self.set.contains_key(name))
            .collect()
    }

    /// The filled template.
    pub(crate) fn fill(&self, template: &str, place: Place) -> Result<String> {
        self.filled(template, place, false)
    }

    /// The same, but for `${1}` and the like: those are a dialogue's own.
    pub(crate) fn fill_around_groups(&self, template: &str) -> Result<String> {
        self.filled(template, Place::Plain, true)
    }

    fn filled(&self, template: &str, place: Place, keeps_groups: bool) -> Result<String> {
        if !template.contains('$') {
            return Ok(template.to_owned());
        }
        let mut out = String::with_capacity(template.len());
        for piece in pieces(template).map_err(Error::undecided)? {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Hole(hole) if keeps_groups && hole.is_group() => {
                    out.extend(["${", hole.name, "}"]);
                }
                Piece::Hole(hole) => out.push_str(&self.value_of(&hole, place)?),
            }
        }
        Ok(out)
    }

    /// A JSON value whose texts are templates; one that is a variable alone keeps that one's type.
    pub(crate) fn fill_json(&self, value: &Value) -> Result<Value> {
        Ok(match value {
            Value::String(text) => self.fill_text(text)?,
            Value::Array(items) => {
                let items = items.iter().map(|item| self.fill_json(item));
                Value::Array(items.collect::<Result<_>>()?)
            }
            Value::Object(members) => {
                let members = members
                    .iter()
                    .map(|(name, member)| Ok((name.clone(), self.fill_json(member)?)));
                Value::Object(members.collect::<Result<Map<_, _>>>()?)
            }
            other => other.clone(),
        })
    }

    fn fill_text(&self, text: &str) -> Result<Value> {
        let parts = pieces(text).map_err(Error::undecided)?;
        if let [Piece::Hole(hole)] = parts.as_slice() {
            let whole = self.set.get(hole.name).filter(|set| !set.secret);
            if let Some(set) = whole.filter(|_| hole.encoders.is_empty()) {
                return Ok(set.value.clone());
            }
        }
        self.fill(text, Place::Json).map(Value::String)
    }

    fn value_of(&self, hole: &Hole<'_>, place: Place) -> Result<String> {
        if let Some(name) = hole.secret() {
            let encoding = hole.encoders.first().copied().unwrap_or(place.encoding());
            return secrets::encoded(name, encoding);
        }
        match self.set.get(hole.name) {
            Some(set) if set.secret => self.captured(set, hole, place),
            Some(set) => Ok(encoded(hole, plain(&set.value))),
            None => Ok(encoded(hole, self.built_in(hole.name)?)),
        }
    }

    fn captured(&self, set: &Variable, hole: &Hole<'_>, place: Place) -> Result<String> {
        let encoding = hole.encoders.first().copied().unwrap_or(place.encoding());
        self.seal(&plain(&set.value), encoding)
    }

    fn seal(&self, value: &str, encoding: &str) -> Result<String> {
        let key = (value.to_owned(), encoding.to_owned());
        if let Some(known) = self.sealed.borrow().get(&key) {
            return Ok(known.clone());
        }
        let placeholder = secrets::sealed(value, encoding)?;
        self.sealed.borrow_mut().insert(key, placeholder.clone());
        Ok(placeholder)
    }

    /// Has a value hidden in all that the run leaves.
    pub(crate) fn hide(&self, value: &Value) -> Result<()> {
        match value {
            Value::Array(items) => items.iter().try_for_each(|item| self.hide(item)),
            other => self.seal(&plain(other), "plain").map(drop),
        }
    }

    fn built_in(&self, name: &str) -> Result<String> {
        if let Some(moment) = name.strip_prefix("time.") {
            let moment = Moment::parse(moment).map_err(Error::undecided)?;
            return Ok(moment.written(context::wall_clock()));
        }
        Ok(match name {
            "target" => self.target.address().to_owned(),
            "target.url" => self.target.url(self.scheme),
            "target.host" => self.authority()?.0,
            "target.port" => self.authority()?.1.to_string(),
            "target.name" => context::target_name(),
            "check" => context::check(),
            "location" => context::location(),
            "run" => context::run_id(),
            "unique" => {
                let draw = || hex(&context::random(8));
                self.unique.get_or_init(draw).clone()
            }
            "random.hex" => hex(&context::random(8)),
            "random.uuid" => uuid(),
            "random.number" => number().to_string(),
            unknown => {
                return Err(Error::undecided(format!(
                    "the variable `{unknown}` is not set"
                )));
            }
        })
    }

    fn authority(&self) -> Result<(String, u16)> {
        let is_plain = self.target.url(self.scheme).starts_with("http://");
        self.target.host_and_port(if is_plain { 80 } else { 443 })
    }
}

/// Whether a template may name it although nothing sets it.
pub(crate) fn is_built_in(name: &str) -> bool {
    BUILT_IN.contains(&name) || name.starts_with("secret:") || name.starts_with("time.")
}

/// A value as text: a text as it is, all else as JSON.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn encoded(hole: &Hole<'_>, text: String) -> String {
    let encoders = hole.encoders.iter();
    encoders.fold(text, |text, encoder| encode(encoder, text))
}

/// A random UUID (RFC 9562, version 4).
fn uuid() -> String {
    let mut bytes = context::random(16);
    if let Some(version) = bytes.get_mut(6) {
        *version = *version & 0x0f | 0x40;
    }
    if let Some(variant) = bytes.get_mut(8) {
        *variant = *variant & 0x3f | 0x80;
    }
    let digits = hex(&bytes);
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    [
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32),
    ]
    .join("-")
}

fn number() -> u32 {
    let bytes = context::random(4);
    let digit = |number: u32, byte: &u8| number << 8 | u32::from(*byte);
    bytes.iter().fold(0, digit) % 1_000_000
}
