//! Asks the target again and again, also when it is told that this is too much.

use leadsman_sdk::prelude::*;

#[probe]
fn asks_whatever_comes(target: &Target, _: &NoSettings) -> Result<Verdict> {
    loop {
        drop(http::get(target.url("http")).send());
    }
}
