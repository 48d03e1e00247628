//! Counts its runs in its own memory, says how many there were, and looks.

use std::sync::atomic::{AtomicU32, Ordering};

use leadsman_sdk::prelude::*;

static RUNS: AtomicU32 = AtomicU32::new(0);

#[probe]
fn remembers(target: &Target, _: &NoSettings) -> Result<Verdict> {
    let before = RUNS.fetch_add(1, Ordering::Relaxed);
    report::log(&(before + 1).to_string());
    http::get(target.url("http")).send()?.expect(200)?;
    Ok(Verdict::Pass)
}
