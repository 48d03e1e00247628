//! What a probe has to say besides its verdict.

use crate::{Failure, Kind, Result, raw::probe::report as raw, steps};

/// Names a failure as the cause of the verdict; `?` on a failure does it by itself.
pub fn because(failure: &Failure) {
    steps::settle();
    raw::because(&failure.0);
}

/// Reports an expectation that was not met; `ensure!` and `Expectations` do it by themselves.
pub fn assertion(kind: Kind, path: &str, expected: &str, got: &str) {
    steps::settle();
    raw::assertion(kind.as_str(), path, expected, got);
}

/// Says why, in a sentence.
pub fn statement(message: &str) {
    steps::settle();
    raw::statement(message);
}

/// The setting that the next causes are about, as a JSON pointer: the record then names its line. An empty
/// pointer ends it.
pub fn about(pointer: &str) {
    raw::about(pointer);
}

/// What this attempt does must not be done twice: however it ends, the run makes no further attempt. An HTTP
/// request and what is written to a stream say it by themselves ([`crate::http::Request::repeatable`],
/// [`crate::tcp::Connect::repeatable`]); of anything else that changes something, say it before.
pub fn unrepeatable() {
    raw::unrepeatable();
}

/// Writes a line to the run's log.
pub fn log(message: &str) {
    raw::log("info", message);
}

/// Reports a number under a name that the probe declares.
pub fn measure(name: &str, value: f64, labels: &[(&str, &str)]) {
    let labels: Vec<_> = labels
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    raw::measure(name, value, &labels);
}

/// A named, timed part of the probe: operations inside belong to it, and its end is seen.
///
/// ```
/// use leadsman_sdk::prelude::*;
///
/// fn log_in(shop: &Target) -> Result<http::Response> {
///     step("log in", || {
///         let answer = http::post(shop.join("/login")?, b"user=synthetic").send()?;
///         ensure_eq!(answer.status(), 303, Status, "status");
///         Ok(answer)
///     })
/// }
/// ```
pub fn step<T>(name: &str, part: impl FnOnce() -> Result<T>) -> Result<T> {
    steps::begin(name);
    let result = part();
    let wrong = result.as_ref().err().map(ToString::to_string);
    steps::end(wrong.as_deref());
    result
}
