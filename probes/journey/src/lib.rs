//! The bundled `journey` probe: steps that depend on each other, as `docs/journeys.md` describes them.

use leadsman_sdk::prelude::*;

mod capture;
mod moment;
mod request;
mod settings;
mod stream;
mod template;
mod token;
mod validate;
mod variables;
mod walk;

pub use settings::JourneySettings;

/// What this probe measures.
const MEASURES: [Measure; 1] = [walk::LEFT_OUT];

/// Walks the journey to its end, or to the first step that fails; then cleans up.
#[probe(measures = MEASURES, validate = validate::validate)]
pub fn journey(target: &Target, settings: &JourneySettings) -> Result<Verdict> {
    Ok(walk::walk(target, settings))
}

#[cfg(test)]
mod tests;
