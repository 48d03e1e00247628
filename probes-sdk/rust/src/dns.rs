//! DNS questions to a chosen server.

use std::time::Duration;

use crate::{
    Facts, Failure, Result,
    raw::dns::resolver as raw,
    steps,
    wait::{self, Options},
};

/// One resource record; the data is in presentation form.
pub type Record = raw::ResourceRecord;

/// A question; nothing goes out before [`Question::send`] or [`all`].
#[derive(Debug, Clone)]
pub struct Question {
    name: String,
    record_type: u16,
    options: Options,
}

impl Question {
    /// Asks for records by their type's registry number (IANA), for example 1 for A.
    pub fn new(name: impl Into<String>, record_type: u16) -> Self {
        Self {
            name: name.into(),
            record_type,
            options: Options::default(),
        }
    }

    /// The server: `system`, or `host[:port]`.
    #[must_use]
    pub fn server(self, server: &str) -> Self {
        self.text("server", server)
    }

    /// How long it may take.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.duration("timeout", timeout);
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

    /// Asks and waits for the answer; any response code is an answer.
    pub fn send(self) -> Result<Answer, Failure> {
        raw::send(&self.into_raw())
            .map(Answer::new)
            .map_err(Failure)
    }

    fn into_raw(self) -> raw::Question {
        steps::settle();
        raw::Question {
            name: self.name,
            record_type: self.record_type,
            options: self.options.0,
        }
    }
}

/// Asks several questions at once and waits for all answers.
pub fn all(questions: impl IntoIterator<Item = Question>) -> Vec<Result<Answer, Failure>> {
    let started: Vec<raw::Pending> = questions
        .into_iter()
        .map(|question| raw::start(&question.into_raw()))
        .collect();
    let handles: Vec<_> = started.iter().map(raw::Pending::subscribe).collect();
    wait::all(&handles);
    started
        .iter()
        .map(|pending| pending.finish().map(Answer::new).map_err(Failure))
        .collect()
}

/// What came.
#[derive(Debug)]
pub struct Answer {
    /// The response code's registry number (IANA).
    pub rcode: u16,
    /// The answer section.
    pub answers: Vec<Record>,
    /// The authority section.
    pub authority: Vec<Record>,
    /// The additional section, without OPT.
    pub additional: Vec<Record>,
    flags: Vec<String>,
    facts: Facts,
}

impl Answer {
    fn new(raw: raw::Answer) -> Self {
        Self {
            rcode: raw.rcode,
            answers: raw.answers,
            authority: raw.authority,
            additional: raw.additional,
            flags: raw.header_flags,
            facts: Facts::new(raw.facts),
        }
    }

    /// Whether a header flag is set: `aa`, `tc`, `ra`, `ad`.
    pub fn flag(&self, name: &str) -> bool {
        self.flags.iter().any(|flag| flag == name)
    }

    /// Everything else that the host learnt.
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }
}
