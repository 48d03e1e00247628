//! Options and waiting, shared by the protocols.

use std::time::Duration;

use crate::{Error, Kind, Result, context, report};

use crate::raw::{
    aio::poll::{self, Pollable},
    net::types::Value,
};

/// Named options of an operation.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options(pub(crate) Vec<(String, Value)>);

impl Options {
    pub(crate) fn flag(&mut self, name: &str, flag: bool) {
        self.set(name, Value::Flag(flag));
    }

    pub(crate) fn number(&mut self, name: &str, number: u64) {
        self.set(name, Value::Number(number));
    }

    pub(crate) fn text(&mut self, name: &str, text: &str) {
        self.set(name, Value::Text(text.to_owned()));
    }

    pub(crate) fn duration(&mut self, name: &str, duration: Duration) {
        self.number(name, u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Sets a duration, where no shorter one is set.
    pub(crate) fn at_most(&mut self, name: &str, duration: Duration) {
        let limit = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let own = self.0.iter().find_map(|(known, value)| match value {
            Value::Number(number) if known == name => Some(*number),
            _ => None,
        });
        self.number(name, own.map_or(limit, |own| own.min(limit)));
    }

    fn set(&mut self, name: &str, value: Value) {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value));
    }
}

/// Waits until every handle is ready.
pub(crate) fn all(handles: &[Pollable]) {
    let mut waiting: Vec<&Pollable> = handles.iter().collect();
    while !waiting.is_empty() {
        poll::select(&waiting, None);
        waiting.retain(|handle| !handle.ready());
    }
}

/// Asks again until there is an answer, with a pause in between; `within` is the deadline, after which what
/// was waited for counts as not met.
///
/// ```
/// use std::time::Duration;
/// use leadsman_sdk::prelude::*;
///
/// fn wait_for(shop: &http::Session, order: &str) -> Result<()> {
///     poll(Kind::Body, "a ready order", Duration::from_millis(500), Duration::from_secs(10), || {
///         let order: serde_json::Value = shop.get(&format!("/orders/{order}"))?.send()?.expect(200)?.json()?;
///         Ok((order["status"] == "ready").then_some(()))
///     })
/// }
/// ```
pub fn poll<T>(
    kind: Kind,
    what: &str,
    every: Duration,
    within: Duration,
    mut ask: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let began = context::now();
    loop {
        if let Some(found) = ask()? {
            return Ok(found);
        }
        if context::now().saturating_sub(began) + every > within {
            let got = format!("nothing like it within {within:?}");
            report::assertion(kind, "poll", what, &got);
            return Err(Error::Unmet);
        }
        context::sleep(every);
    }
}
