//! Panics before it has asked anything.

use leadsman_sdk::prelude::*;

#[probe]
fn panics(target: &Target, _: &NoSettings) -> Result<Verdict> {
    assert!(target.address().is_empty(), "the target must be nowhere");
    Ok(Verdict::Pass)
}
