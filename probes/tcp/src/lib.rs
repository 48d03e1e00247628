//! The bundled `tcp` probe: connects, with or without TLS, and holds a dialogue.

use leadsman_sdk::prelude::*;

mod dialogue;
mod settings;

pub use settings::{Exchange, TcpSettings};

/// What this probe measures.
const MEASURES: [Measure; 1] = [Measure {
    name: "reply_capture_info",
    help: "What a group of an expected reply captured.",
    labels: &["name", "value"],
}];

/// Connects to the target and holds the dialogue of its settings.
#[probe(measures = MEASURES, validate = settings::validate)]
pub fn tcp(target: &Target, settings: &TcpSettings) -> Result<Verdict> {
    let (host, port) = settings::address(target)?;
    let stream = settings.connect(host, port).open()?;
    dialogue::hold(&stream, &settings.dialogue)?;
    Ok(Verdict::Pass)
}
