//! The bundled `journey` probe: steps that depend on each other, as `docs/journeys.md` describes them.

use leadsman_sdk::prelude::*;

mod capture;
mod moment;
mod request;
mod settings;
mod stream;
mod template;
mod validate;
mod variables;
mod walk;

pub use settings::JourneySettings;

/// Walks the journey to its end, or to the first step that fails; then cleans up.
#[probe(validate = validate::validate)]
pub fn journey(target: &Target, settings: &JourneySettings) -> Result<Verdict> {
    Ok(walk::walk(target, settings))
}

#[cfg(test)]
mod tests;
