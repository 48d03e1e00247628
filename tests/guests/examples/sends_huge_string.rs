//! Passes a string of 32 MiB to the host.

use leadsman_sdk::prelude::*;

#[probe]
fn sends_huge_string(_: &Target, _: &NoSettings) -> Result<Verdict> {
    report::log(&"x".repeat(32 << 20));
    Ok(Verdict::Pass)
}
