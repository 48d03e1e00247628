//! HTTP exchanges, measured by the host.

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Content, Error, Facts, Failure, Kind, Result, context, escape,
    raw::http::client as raw,
    report, secrets, steps,
    wait::{self, Options},
};

mod cleanup;
mod expected;
mod session;

pub use cleanup::Cleanup;
pub use session::Session;

/// A request; nothing goes out before [`Request::send`] or [`all`].
#[derive(Debug, Clone)]
pub struct Request {
    method: String,
    url: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    options: Options,
    is_repeatable: bool,
    /// What of the attempt it leaves to others.
    reserve: Duration,
}

/// Methods that ask for no change (RFC 9110 §9.2.1).
const SAFE: [&str; 4] = ["GET", "HEAD", "OPTIONS", "TRACE"];

/// A GET.
pub fn get(url: impl Into<String>) -> Request {
    Request::new("GET", url)
}

/// A POST with a body.
pub fn post(url: impl Into<String>, body: impl Into<Vec<u8>>) -> Request {
    Request::new("POST", url).body(body)
}

impl Request {
    /// A request of any method.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
            options: Options::default(),
            is_repeatable: false,
            reserve: Duration::ZERO,
        }
    }

    /// The author's word that sending it again does no harm. Without it, a run that has sent anything but GET,
    /// HEAD, OPTIONS or TRACE makes no further attempt, whatever the check's `retries` says.
    ///
    /// ```
    /// use leadsman_sdk::prelude::*;
    ///
    /// fn search(shop: &Target) -> Result<http::Response> {
    ///     // A POST that only asks.
    ///     let answer = http::post(shop.join("/search")?, b"q=rope").repeatable(true).send()?;
    ///     answer.expect(200)
    /// }
    /// ```
    #[must_use]
    pub const fn repeatable(mut self, is_repeatable: bool) -> Self {
        self.is_repeatable = is_repeatable;
        self
    }

    /// Adds a header field.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Adds a parameter to the URL's query.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        let joint = if self.url.contains('?') { '&' } else { '?' };
        self.url.push(joint);
        self.url += &[
            escape::percent(name),
            "=".to_owned(),
            escape::percent(value),
        ]
        .concat();
        self
    }

    /// Sends a value as JSON.
    #[must_use]
    pub fn json(self, value: &impl Serialize) -> Self {
        let body = serde_json::to_vec(value).unwrap_or_default();
        self.header("content-type", "application/json").body(body)
    }

    /// Sends fields as a form (`application/x-www-form-urlencoded`).
    #[must_use]
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        self.header("content-type", "application/x-www-form-urlencoded")
            .body(escape::form(fields))
    }

    /// Signs in by HTTP basic authentication; the password is a secret's name.
    pub fn basic(self, user: &str, secret: &str) -> Result<Self> {
        Ok(self.header("authorization", secrets::basic(user, secret)?))
    }

    /// Sends a bearer token, for example a placeholder that [`secrets::seal`] returned.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// How long the whole exchange may take.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.duration("timeout", timeout);
        self
    }

    /// Uses a session's cookies and connections; sessions are told apart by number.
    #[must_use]
    pub fn session(mut self, session: u32) -> Self {
        self.options.number("session", session.into());
        self
    }

    /// Copies the body into the probe ([`Response::body`]); without it the body stays on the host,
    /// where expressions can look at it.
    #[must_use]
    pub fn deliver_body(mut self) -> Self {
        self.options.flag("deliver-body", true);
        self
    }

    /// Sets an option of the contract that is a flag, by name.
    #[must_use]
    pub fn flag(mut self, name: &str, value: bool) -> Self {
        self.options.flag(name, value);
        self
    }

    /// Sets an option of the contract that is a number, by name.
    #[must_use]
    pub fn number(mut self, name: &str, value: u64) -> Self {
        self.options.number(name, value);
        self
    }

    /// Sets an option of the contract that is a text, by name.
    #[must_use]
    pub fn text(mut self, name: &str, value: &str) -> Self {
        self.options.text(name, value);
        self
    }

    /// Sends it and waits for the answer's last byte.
    pub fn send(self) -> Result<Response, Failure> {
        raw::send(&self.into_raw())
            .map(Response::new)
            .map_err(Failure)
    }

    /// What goes to the host, on the point of being sent: one that fails may have changed something too.
    fn into_raw(mut self) -> raw::Request {
        if let Some(step) = steps::carried() {
            self.options.text("step", &step);
        }
        if !self.reserve.is_zero() {
            let left = context::remaining().saturating_sub(self.reserve);
            self.options.at_most("timeout", left);
        }
        let is_safe = SAFE
            .iter()
            .any(|safe| self.method.eq_ignore_ascii_case(safe));
        if !is_safe && !self.is_repeatable {
            report::unrepeatable();
        }
        raw::Request {
            method: self.method,
            url: self.url,
            headers: self.headers,
            body: self.body,
            options: self.options.0,
        }
    }
}

/// Sends several requests at once and waits for all of them.
pub fn all(requests: impl IntoIterator<Item = Request>) -> Vec<Result<Response, Failure>> {
    let started: Vec<raw::Pending> = requests
        .into_iter()
        .map(|request| raw::start(&request.into_raw()))
        .collect();
    let handles: Vec<_> = started.iter().map(raw::Pending::subscribe).collect();
    wait::all(&handles);
    started
        .iter()
        .map(|pending| pending.finish().map(Response::new).map_err(Failure))
        .collect()
}

/// What came.
#[derive(Debug)]
pub struct Response {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
    body: Option<Vec<u8>>,
    facts: Facts,
}

impl Response {
    fn new(raw: raw::Response) -> Self {
        Self {
            status: raw.status,
            headers: raw.headers,
            body: raw.body,
            facts: Facts::new(raw.facts),
        }
    }

    /// The final hop's status.
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The first header field of that name, in any case.
    pub fn header(&self, name: &str) -> Option<String> {
        self.headers_named(name).next()
    }

    /// The body as JSON, copied in from the host.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        self.parsed().map_err(|error| {
            let expected = "JSON that can be read";
            let got = format!("{error} in `{}`", self.content().excerpt());
            report::assertion(Kind::Body, "body", expected, &got);
            Error::Unmet
        })
    }

    /// What is at a JSON pointer (RFC 6901) of the body, where it is there and fits. Nothing is expected: where it is not
    /// there, nothing is reported.
    pub fn found_at<T: DeserializeOwned>(&self, pointer: &str) -> Option<T> {
        let mut body: serde_json::Value = self.parsed().ok()?;
        serde_json::from_value(body.pointer_mut(pointer)?.take()).ok()
    }

    fn parsed<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        let content = self.content();
        let size = u32::try_from(content.size()).unwrap_or(u32::MAX);
        serde_json::from_slice(&content.read(0, size))
    }

    /// The text at a JSON pointer (RFC 6901) of the body.
    pub fn text_at(&self, pointer: &str) -> Result<String> {
        let body: serde_json::Value = self.json()?;
        let found = body.pointer(pointer).and_then(serde_json::Value::as_str);
        let Some(text) = found else {
            let got = format!("`{}`", self.content().excerpt());
            report::assertion(Kind::Body, pointer, "a text", &got);
            return Err(Error::Unmet);
        };
        Ok(text.to_owned())
    }

    /// Every header field of that name, in any case.
    pub fn headers_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = String> + 'a {
        let named = self
            .headers
            .iter()
            .filter(move |(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    }

    /// Every header field, in order.
    pub fn headers(&self) -> &[(String, Vec<u8>)] {
        &self.headers
    }

    /// The body, where [`Request::deliver_body`] asked for it.
    pub fn body(&self) -> Option<&[u8]> {
        self.body.as_deref()
    }

    /// The body as the host holds it, for expressions.
    pub fn content(&self) -> Content {
        self.facts.content()
    }

    /// Everything else that the host learnt.
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }
}
