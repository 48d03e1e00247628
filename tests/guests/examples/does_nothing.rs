//! Passes without looking.

use leadsman_sdk::prelude::*;

#[probe]
fn does_nothing(_: &Target, _: &NoSettings) -> Result<Verdict> {
    Ok(Verdict::Pass)
}
