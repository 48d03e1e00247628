//! What the author of a Leadsman probe imports.
//!
//! A whole probe: settings with documentation and defaults, one function, `?` on whatever the
//! network does, and assertions that say what was expected and what came instead.
//!
//! ```
//! use leadsman_sdk::prelude::*;
//!
//! /// A page that must greet.
//! #[derive(Debug, Settings)]
//! struct Greeting {
//!     /// The path to ask for.
//!     #[setting(default = "/")]
//!     path: String,
//!     /// What the page must match.
//!     #[setting(default = Regex::new("(?i)hello"))]
//!     greets: Regex,
//! }
//!
//! #[probe]
//! fn greeting(target: &Target, settings: &Greeting) -> Result<Verdict> {
//!     let page = http::get(target.join(&settings.path)?).send()?;
//!     ensure_eq!(page.status(), 200, Status, "status");
//!     let greets = settings.greets.is_match(&page.content())?;
//!     ensure!(greets, Body, "body", "a greeting", page.content().excerpt());
//!     Ok(Verdict::Pass)
//! }
//!
//! // Without any Wasm: `cargo test` in the probe's own crate.
//! use leadsman_sdk::mock::{Mock, Reply};
//! let shop = |page: &str| Mock::new("https://shop.example").on("GET", "https://shop.example/", Reply::ok(page));
//! assert_eq!(shop("Hello!").run(greeting).verdict, Verdict::Pass);
//! let run = shop("Out of order.").run(greeting);
//! assert_eq!(run.verdict, Verdict::Fail);
//! assert_eq!(run.assertions[0].expected, "a greeting");
//! assert_eq!(run.assertions[0].got, "Out of order.");
//! ```
//!
//! Build it with `cargo build --release --target wasm32-wasip2` as a `cdylib`: the file is a finished
//! component. Try it with `leadsman once ./probe.wasm --target https://shop.example`.
//!
//! What a function returns decides the run: `Ok(verdict)` is the verdict; an [`Error::Failure`] is
//! `fail` or `unknown` as the host's own record of it says; an assertion is `fail`;
//! [`Error::Undecided`] is `unknown`. A panic after the target has answered counts as a failed run
//! that is the probe's to mend: probes crash *because* the target is broken.

// The derive's paths begin with the crate's name, also in here.
extern crate self as leadsman_sdk;

#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub mod bindings;
pub mod context;
pub mod dns;
mod error;
pub mod escape;
mod expect;
mod facts;
pub mod http;
mod matching;
#[cfg(not(target_family = "wasm"))]
pub mod mock;
pub mod probe;
pub mod report;
pub mod secrets;
pub mod settings;
mod steps;
mod target;
pub mod tcp;
pub mod tls;
mod wait;

#[cfg(target_family = "wasm")]
pub(crate) use bindings::leadsman as raw;
#[cfg(not(target_family = "wasm"))]
pub(crate) use mock::raw;

pub use error::{Error, Failure, Result};
pub use expect::{Expectations, Kind};
pub use facts::{Certificate, Content, Facts};
pub use leadsman_sdk_macros::{Settings, probe};
pub use matching::{Cel, Condition, Css, JsonPath, Mismatch, Regex};
pub use probe::{Complaint, Measure, Verdict};
pub use report::step;
pub use target::Target;
pub use wait::poll;

/// What a probe usually needs.
pub mod prelude {
    pub use crate::{
        Cel, Certificate, Complaint, Condition, Content, Css, Error, Expectations, Facts, Failure,
        JsonPath, Kind, Measure, Regex, Result, Settings, Target, Verdict, context, dns, ensure,
        ensure_eq, http, poll, probe, report, secrets,
        settings::{NoSettings, Timespan},
        step, tcp, tls,
    };
}

/// What the macros expand to; not part of the interface.
#[doc(hidden)]
pub mod __private {
    pub use schemars;
    pub use serde;
    pub use serde_json;
}
