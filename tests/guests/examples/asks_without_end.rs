//! Asks the target again and again.

use leadsman_sdk::prelude::*;

#[probe]
fn asks_without_end(target: &Target, _: &NoSettings) -> Result<Verdict> {
    loop {
        http::get(target.url("http")).send()?;
    }
}
