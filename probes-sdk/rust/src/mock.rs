//! A host for tests: the probe runs natively, against what the test says.
//!
//! ```
//! use leadsman_sdk::{mock::{Mock, Reply}, prelude::*};
//!
//! #[probe]
//! fn home(target: &Target, _: &NoSettings) -> Result<Verdict> {
//!     let page = http::get(target.join("/")?).send()?;
//!     ensure_eq!(page.status(), 200, Status, "status");
//!     Ok(Verdict::Pass)
//! }
//!
//! let broken = Mock::new("https://shop.example").on("GET", "https://shop.example/", Reply::status(503));
//! let run = broken.run(home);
//! assert_eq!(run.verdict, Verdict::Fail);
//! assert_eq!(run.assertions[0].got, "503");
//! ```
//!
//! Regular expressions, JSONPath, CEL and CSS selectors are evaluated for real. What the test does not script fails
//! as `connect_refused`, as a service does that is not there.

use std::{cell::RefCell, collections::BTreeMap, time::Duration};

use serde_json::Value;

use crate::{Result, Target, Verdict, probe, settings::Settings, steps};

pub(crate) mod expressions;
pub mod raw;

/// What a scripted request gets.
#[derive(Debug, Clone)]
pub struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    pub(crate) took: Duration,
    pub(crate) failure: Option<(String, String)>,
}

impl Reply {
    /// An answer with a status and nothing else.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            took: Duration::from_millis(1),
            failure: None,
        }
    }

    /// An answer 200 with a body.
    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self::status(200).body(body)
    }

    /// A failure of that kind, for example `connect_refused`.
    pub fn failure(kind: &str, message: &str) -> Self {
        Self {
            failure: Some((kind.to_owned(), message.to_owned())),
            ..Self::status(0)
        }
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Adds a header field.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers
            .push((name.to_owned(), value.as_bytes().to_vec()));
        self
    }

    /// How long the whole exchange is said to have taken.
    #[must_use]
    pub const fn took(mut self, took: Duration) -> Self {
        self.took = took;
        self
    }
}

/// A DNS answer that a test scripts.
#[derive(Debug, Clone, Default)]
pub struct DnsReply {
    /// The response code.
    pub rcode: u16,
    /// The answer section: type and data.
    pub answers: Vec<(u16, String)>,
    /// The header flags.
    pub flags: Vec<String>,
}

/// A handshake that a test scripts: the facts by their names in the contract.
#[derive(Debug, Clone, Default)]
pub struct TlsReply {
    /// Facts that are texts.
    pub texts: BTreeMap<String, String>,
    /// The leaf's names.
    pub names: Vec<String>,
}

/// An unmet expectation, as the probe reported it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    /// Its kind.
    pub kind: String,
    /// What it is about.
    pub path: String,
    /// What was expected.
    pub expected: String,
    /// What came.
    pub got: String,
}

/// A measure, as the probe reported it: its name, its value and its labels.
pub type Measured = (String, f64, Vec<(String, String)>);

/// What a run left.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The verdict.
    pub verdict: Verdict,
    /// Unmet expectations, in order.
    pub assertions: Vec<Assertion>,
    /// Kinds of failures that the probe named as causes.
    pub failures: Vec<String>,
    /// Sentences of the probe's own.
    pub statements: Vec<String>,
    /// The log.
    pub log: Vec<String>,
    /// Measures, in order.
    pub measures: Vec<Measured>,
    /// Steps: name, and whether it went well.
    pub steps: Vec<(String, Option<bool>)>,
    /// Method and URL of every request, in order.
    pub requests: Vec<(String, String)>,
    /// What else every request held, in order.
    pub sent: Vec<Sent>,
    /// What was written to streams.
    pub written: Vec<u8>,
    /// The settings that causes were said to be about (JSON pointers).
    pub about: Vec<String>,
    /// Whether the probe asked that no further attempt is made.
    pub unrepeatable: bool,
}

/// A request's header fields and body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sent {
    /// The header fields, in order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What the test says of the world.
#[derive(Debug, Clone, Default)]
pub struct Mock {
    pub(crate) target: String,
    pub(crate) settings: Value,
    pub(crate) http: Vec<(String, String, Reply)>,
    pub(crate) dns: BTreeMap<(String, u16), DnsReply>,
    pub(crate) tls: Option<TlsReply>,
    pub(crate) stream: Option<Vec<u8>>,
    pub(crate) secrets: Vec<String>,
}

impl Mock {
    /// A world in which the target has this address and nothing answers.
    pub fn new(target: &str) -> Self {
        Self {
            target: target.to_owned(),
            settings: Value::Object(serde_json::Map::new()),
            ..Self::default()
        }
    }

    /// The check's settings.
    #[must_use]
    pub fn settings(mut self, settings: Value) -> Self {
        self.settings = settings;
        self
    }

    /// What a request gets. The same one scripted again answers the next time.
    #[must_use]
    pub fn on(mut self, method: &str, url: &str, reply: Reply) -> Self {
        self.http.push((method.to_owned(), url.to_owned(), reply));
        self
    }

    /// What a question gets.
    #[must_use]
    pub fn on_question(mut self, name: &str, record_type: u16, reply: DnsReply) -> Self {
        self.dns.insert((name.to_owned(), record_type), reply);
        self
    }

    /// What a handshake shows.
    #[must_use]
    pub fn on_handshake(mut self, reply: TlsReply) -> Self {
        self.tls = Some(reply);
        self
    }

    /// What comes from a stream.
    #[must_use]
    pub fn on_connect(mut self, sends: impl Into<Vec<u8>>) -> Self {
        self.stream = Some(sends.into());
        self
    }

    /// Grants a secret.
    #[must_use]
    pub fn secret(mut self, name: &str) -> Self {
        self.secrets.push(name.to_owned());
        self
    }

    /// Runs a probe's function. Settings that do not fit it end the run as `unknown`, as they do in
    /// the daemon.
    pub fn run<S: Settings>(self, check: impl FnOnce(&Target, &S) -> Result<Verdict>) -> Run {
        let (target, settings) = (Target::new(&self.target), self.settings.clone());
        steps::forget();
        WORLD.with_borrow_mut(|world| *world = World::new(self));
        let verdict = match serde_json::from_value(settings) {
            Ok(settings) => probe::concluded(check(&target, &settings)),
            Err(error) => {
                crate::report::statement(&format!("the settings do not fit this probe: {error}"));
                Verdict::Unknown
            }
        };
        WORLD.with_borrow_mut(|world| world.finish(verdict))
    }
}

/// The world of this thread, while a probe runs.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) mock: Mock,
    pub(crate) run: Option<Run>,
    pub(crate) read: usize,
    pub(crate) clock: Duration,
    pub(crate) cookies: BTreeMap<String, String>,
    pub(crate) sealed: Vec<Vec<u8>>,
    /// The step that a request opened.
    carried: Option<String>,
}

thread_local! {
    static WORLD: RefCell<World> = RefCell::default();
}

impl World {
    fn new(mock: Mock) -> Self {
        Self {
            mock,
            run: Some(Run::empty()),
            ..Self::default()
        }
    }

    /// One jar for all sessions and hosts.
    pub(crate) fn keep_cookies(&mut self, headers: &[(String, Vec<u8>)]) {
        let set = headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
        for (_, value) in set {
            let text = String::from_utf8_lossy(value);
            let pair = text.split(';').next().and_then(|pair| pair.split_once('='));
            if let Some((name, value)) = pair {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// A request opens a step; the one before that was opened so has gone well.
    pub(crate) fn carry(&mut self, step: &str) {
        self.end_carried(true);
        self.carried = Some(step.to_owned());
    }

    /// The step that a request opened ends.
    pub(crate) fn end_carried(&mut self, ok: bool) {
        if let (Some(step), Some(run)) = (self.carried.take(), &mut self.run) {
            run.steps.push((step, Some(ok)));
        }
    }

    fn finish(&mut self, verdict: Verdict) -> Run {
        self.end_carried(true);
        Run {
            verdict,
            ..self.run.take().unwrap_or_else(Run::empty)
        }
    }

    /// The next scripted answer to a request; the last one of its kind is kept.
    pub(crate) fn reply(&mut self, method: &str, url: &str) -> Option<Reply> {
        let fits = |(m, u, _): &(String, String, Reply)| m == method && u == url;
        let at = self.mock.http.iter().position(fits)?;
        let again = self
            .mock
            .http
            .iter()
            .filter(|scripted| fits(scripted))
            .count()
            > 1;
        let reply = self.mock.http.get(at).map(|(_, _, reply)| reply.clone());
        if again {
            self.mock.http.remove(at);
        }
        reply
    }
}

/// Looks at the world, or changes it.
pub(crate) fn world<T>(look: impl FnOnce(&mut World) -> T) -> T {
    WORLD.with_borrow_mut(look)
}

/// Adds to what the run leaves.
pub(crate) fn note(change: impl FnOnce(&mut Run)) {
    world(|world| {
        if let Some(run) = &mut world.run {
            change(run);
        }
    });
}

impl Run {
    const fn empty() -> Self {
        Self {
            verdict: Verdict::Unknown,
            assertions: Vec::new(),
            failures: Vec::new(),
            statements: Vec::new(),
            log: Vec::new(),
            measures: Vec::new(),
            steps: Vec::new(),
            requests: Vec::new(),
            sent: Vec::new(),
            written: Vec::new(),
            about: Vec::new(),
            unrepeatable: false,
        }
    }
}
