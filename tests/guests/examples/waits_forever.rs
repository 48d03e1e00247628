//! Never returns, and never computes.

use std::time::Duration;

use leadsman_sdk::prelude::*;

#[probe]
fn waits_forever(_: &Target, _: &NoSettings) -> Result<Verdict> {
    loop {
        context::sleep(Duration::from_secs(3600));
    }
}
