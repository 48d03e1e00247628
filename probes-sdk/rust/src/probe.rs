//! What a probe is to the host; the attribute `#[probe]` writes this for a function.

use serde::{Deserialize, Serialize};

use crate::{Error, Result, Target, raw::probe as raw, report, settings::Settings};

/// What a probe concludes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The target is well.
    Pass,
    /// The target is not well.
    Fail,
    /// The target answers, but not well enough to be silent about.
    Degraded,
    /// The probe could not judge.
    Unknown,
}

/// A measure that a probe declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Measure {
    /// Its name, without prefix, in base units.
    pub name: &'static str,
    /// What it is.
    pub help: &'static str,
    /// The labels that it may have.
    pub labels: &'static [&'static str],
}

/// What is wrong with settings that their schema accepts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Complaint {
    /// A JSON pointer (RFC 6901) into the settings.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    #[serde(default)]
    pub hint: String,
}

impl Complaint {
    /// A complaint about the setting at a pointer.
    pub fn new(
        pointer: impl Into<String>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self {
            pointer: pointer.into(),
            message: message.into(),
            hint: hint.into(),
        }
    }
}

/// A probe.
pub trait Probe {
    /// Its settings.
    type Settings: Settings;

    /// Its name.
    const NAME: &'static str;
    /// Its version.
    const VERSION: &'static str;
    /// What it may measure.
    const MEASURES: &'static [Measure] = &[];

    /// What is wrong with settings that their schema accepts.
    fn validate(_settings: &Self::Settings) -> Vec<Complaint> {
        Vec::new()
    }

    /// One attempt.
    fn check(target: Target, settings: &Self::Settings) -> Result<Verdict>;
}

/// The JSON that the contract's `describe` returns.
pub fn describe<P: Probe>() -> String {
    serde_json::json!({
        "name": P::NAME,
        "version": P::VERSION,
        "settings": P::Settings::schema(),
        "measures": P::MEASURES,
    })
    .to_string()
}

/// The JSON that the contract's `validate` returns.
pub fn validate<P: Probe>() -> String {
    let complaints = match read::<P::Settings>() {
        Ok(settings) => P::validate(&settings),
        Err(message) => vec![Complaint::new("", message, "")],
    };
    serde_json::to_string(&complaints).unwrap_or_else(|_| "[]".to_owned())
}

/// One attempt, and what its result says to the host. The settings are left to the end of the guest's memory, which
/// comes at once: to take them apart takes as long as to read them.
pub fn run<P: Probe>() -> Verdict {
    #[cfg(target_family = "wasm")]
    crate::steps::tell_before_a_panic();
    match read::<P::Settings>().map(Box::leak) {
        Ok(settings) => concluded(P::check(Target::new(raw::context::target()), settings)),
        Err(message) => {
            report::statement(&format!("the settings do not fit this probe: {message}"));
            Verdict::Unknown
        }
    }
}

/// The settings, not on the stack: what a run touches of that is kept while it waits, and each caller on the way
/// would have a copy of them.
fn read<S: Settings>() -> std::result::Result<Box<S>, String> {
    serde_json::from_str(&raw::context::written_settings()).map_err(|error| error.to_string())
}

/// Tells the host why, and turns the result into a verdict.
pub(crate) fn concluded(result: Result<Verdict>) -> Verdict {
    match result {
        Ok(verdict) => verdict,
        Err(Error::Failure(failure)) => {
            report::because(&failure);
            Verdict::Fail
        }
        Err(Error::Unmet) => Verdict::Fail,
        Err(Error::Undecided(why)) => {
            report::statement(&why);
            Verdict::Unknown
        }
    }
}

/// Makes a type that implements [`Probe`] the component's export; `#[probe]` uses it.
#[macro_export]
macro_rules! export_probe {
    ($probe:ty) => {
        #[cfg(target_family = "wasm")]
        const _: () = {
            use $crate::bindings::exports::leadsman::probe::check::{Guest, Verdict};

            struct Component;

            impl Guest for Component {
                fn describe() -> ::std::string::String {
                    $crate::probe::describe::<$probe>()
                }

                fn validate() -> ::std::string::String {
                    $crate::probe::validate::<$probe>()
                }

                fn run() -> Verdict {
                    match $crate::probe::run::<$probe>() {
                        $crate::Verdict::Pass => Verdict::Pass,
                        $crate::Verdict::Fail => Verdict::Fail,
                        $crate::Verdict::Degraded => Verdict::Degraded,
                        $crate::Verdict::Unknown => Verdict::Unknown,
                    }
                }
            }

    $crate::bindings::export_check!(Component with_types_in $crate::bindings);
        };
    };
}
