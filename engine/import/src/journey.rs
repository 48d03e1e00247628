//! The journey as it is put together, before it is written.

mod name;

use std::{collections::BTreeSet, time::Duration};

pub(crate) use name::variable;
use name::{BUILT_IN, base, request_name};

use crate::{address::Param, text::Text, value::Value, yaml::Node};

#[derive(Debug, Default)]
pub(crate) struct Journey {
    /// The target.
    pub(crate) origin: String,
    pub(crate) steps: Vec<Step>,
    pub(crate) cleanup: Vec<Step>,
    pub(crate) variables: Vec<Variable>,
    /// Each step knows nothing of the cookies of others.
    pub(crate) fresh: bool,
}

/// A variable that is set before the first step.
#[derive(Debug)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) value: Given,
    pub(crate) comment: Vec<String>,
}

/// Where a variable's value comes from.
#[derive(Debug)]
pub(crate) enum Given {
    Text(Text),
    /// An environment variable, read when the configuration is loaded.
    Env(String),
}

#[derive(Debug, Default)]
pub(crate) struct Step {
    pub(crate) line: usize,
    pub(crate) name: String,
    pub(crate) comment: Vec<String>,
    pub(crate) act: Act,
    pub(crate) with: Vec<(String, Text)>,
    pub(crate) until: Option<Until>,
    pub(crate) expect: Expect,
    pub(crate) under: Option<Duration>,
    pub(crate) captures: Vec<Capture>,
}

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all are requests")]
pub(crate) enum Act {
    Request(Request),
    Pause(Duration),
}

impl Default for Act {
    fn default() -> Self {
        Self::Pause(Duration::ZERO)
    }
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) origin: String,
    /// The path; with the query where that cannot be parted.
    pub(crate) path: Text,
    pub(crate) query: Vec<Param>,
    pub(crate) headers: Vec<(String, Text)>,
    pub(crate) auth: Option<Auth>,
    pub(crate) body: Option<Body>,
    /// What else is set, as it is written.
    pub(crate) settings: Vec<(&'static str, Node)>,
}

#[derive(Debug, Clone)]
pub(crate) enum Auth {
    Basic {
        user: Text,
        secret: String,
    },
    /// A user without a password, which is a credential by itself: the secret holds it with a colon behind it.
    Key(String),
    Bearer(Text),
    BearerSecret(String),
}

#[derive(Debug, Clone)]
pub(crate) enum Body {
    Text(Text),
    Json(Value),
    Form(Vec<Param>),
}

#[derive(Debug)]
pub(crate) struct Until {
    pub(crate) expect: Expect,
    pub(crate) every: Duration,
    pub(crate) within: Duration,
}

/// What is expected of an answer; the lists keep the order in which they were asked for.
#[derive(Debug, Default)]
pub(crate) struct Expect {
    pub(crate) comment: Vec<String>,
    pub(crate) status: Option<Node>,
    pub(crate) headers: Vec<Node>,
    pub(crate) versions: Vec<String>,
    pub(crate) redirects: Option<u8>,
    pub(crate) contains: Vec<Text>,
    pub(crate) not_contains: Vec<Text>,
    pub(crate) json: Vec<(String, Value)>,
    pub(crate) html: Vec<(String, Text)>,
    /// `matches`, `cel` and the like.
    pub(crate) expressions: Vec<(&'static str, String)>,
    pub(crate) certificate: Vec<(&'static str, String)>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Capture {
    pub(crate) name: String,
    /// The source's key and what stands there.
    pub(crate) source: (&'static str, String),
    pub(crate) regex: Option<String>,
    pub(crate) all: bool,
    pub(crate) secret: bool,
    pub(crate) comment: Vec<String>,
}

impl Step {
    pub(crate) fn request(&self) -> Option<&Request> {
        match &self.act {
            Act::Request(request) => Some(request),
            Act::Pause(_) => None,
        }
    }

    pub(crate) fn request_mut(&mut self) -> Option<&mut Request> {
        match &mut self.act {
            Act::Request(request) => Some(request),
            Act::Pause(_) => None,
        }
    }

    /// Each text in which templates are filled in.
    pub(crate) fn texts_mut(&mut self) -> Vec<&mut Text> {
        let mut texts: Vec<&mut Text> = self.with.iter_mut().map(|(_, value)| value).collect();
        if let Act::Request(request) = &mut self.act {
            texts.extend(request.texts_mut());
        }
        let expects = std::iter::once(&mut self.expect)
            .chain(self.until.iter_mut().map(|until| &mut until.expect));
        for expect in expects {
            texts.extend(&mut expect.contains);
            texts.extend(&mut expect.not_contains);
            let values = expect.json.iter_mut();
            texts.extend(values.flat_map(|(_, value)| value.texts_mut()));
            texts.extend(expect.html.iter_mut().map(|(_, text)| text));
        }
        texts
    }
}

impl Request {
    /// Adds a header field. Cookies go into the one that is there (RFC 6265 §5.4), any other beside it.
    pub(crate) fn header(&mut self, name: &str, value: Text) {
        let name = name.to_ascii_lowercase();
        let jar = (name == "cookie").then(|| {
            let mut fields = self.headers.iter_mut();
            fields.find(|(known, _)| *known == name)
        });
        match jar.flatten() {
            Some((_, before)) => {
                before.push("; ");
                before.append(value);
            }
            None => self.headers.push((name, value)),
        }
    }

    /// The value of the first header field of that name.
    pub(crate) fn header_named(&self, name: &str) -> Option<&Text> {
        let same = |(known, _): &&(String, Text)| known.eq_ignore_ascii_case(name);
        self.headers.iter().find(same).map(|(_, value)| value)
    }

    /// Takes a header away.
    pub(crate) fn without_header(&mut self, name: &str) {
        self.headers
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }

    pub(crate) fn set(&mut self, key: &'static str, value: Node) {
        self.settings.retain(|(known, _)| *known != key);
        self.settings.push((key, value));
    }

    fn texts_mut(&mut self) -> Vec<&mut Text> {
        let mut texts = vec![&mut self.path];
        texts.extend(self.query.iter_mut().map(|param| &mut param.value));
        texts.extend(self.headers.iter_mut().map(|(_, value)| value));
        match &mut self.auth {
            Some(Auth::Basic { user, .. }) => texts.push(user),
            Some(Auth::Bearer(token)) => texts.push(token),
            _ => {}
        }
        match &mut self.body {
            Some(Body::Text(text)) => texts.push(text),
            Some(Body::Json(value)) => texts.extend(value.texts_mut()),
            Some(Body::Form(fields)) => {
                texts.extend(fields.iter_mut().map(|field| &mut field.value));
            }
            None => {}
        }
        texts
    }
}

impl Journey {
    /// Gives each step a name of its own: what it asks for, with a number where that is not enough.
    pub(crate) fn name_steps(&mut self) {
        let mut taken = BTreeSet::new();
        for step in self.steps.iter_mut().chain(&mut self.cleanup) {
            let plain = match &step.act {
                Act::Request(request) => request_name(request),
                Act::Pause(_) => "pause".to_owned(),
            };
            let numbered = (2..).map(|number| format!("{plain} ({number})"));
            let free = std::iter::once(plain.clone())
                .chain(numbered)
                .find(|name| !taken.contains(name));
            step.name = free.unwrap_or_default();
            taken.insert(step.name.clone());
        }
    }

    /// The names that are used by a step before anything sets them, each with the step's line.
    pub(crate) fn unset(&mut self) -> Vec<(usize, String)> {
        let mut known: BTreeSet<String> = BUILT_IN.into_iter().map(String::from).collect();
        known.extend(self.variables.iter().map(|variable| variable.name.clone()));
        let mut unset = Vec::new();
        for step in self.steps.iter_mut().chain(&mut self.cleanup) {
            let line = step.line;
            let with: Vec<String> = step.with.iter().map(|(name, _)| name.clone()).collect();
            for text in step.texts_mut() {
                for name in text.templates().map(base) {
                    if !with.iter().any(|known| known == name) && known.insert(name.to_owned()) {
                        unset.push((line, name.to_owned()));
                    }
                }
            }
            known.extend(step.captures.iter().map(|capture| capture.name.clone()));
        }
        unset
    }
}

/// Whether a journey takes this for a method: a word, and not the one that asks a proxy for a tunnel.
pub(crate) fn is_method(written: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphabetic() || byte == b'-';
    let is_word = !written.is_empty() && written.bytes().all(fits);
    is_word && !written.eq_ignore_ascii_case("CONNECT")
}

/// Why a step of another method is left out.
pub(crate) const NO_METHOD: &str = "this is no method that a journey sends";
