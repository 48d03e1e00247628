//! Writes a million lines to the log, looks, and passes.

use leadsman_sdk::prelude::*;

#[probe]
fn floods_log(target: &Target, _: &NoSettings) -> Result<Verdict> {
    for _ in 0..1_000_000 {
        report::log("all is well");
    }
    http::get(target.url("http")).send()?;
    Ok(Verdict::Pass)
}
