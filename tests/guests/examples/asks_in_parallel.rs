//! Behaves: asks the target three times at once.

use leadsman_sdk::prelude::*;

#[probe]
fn asks_in_parallel(target: &Target, _: &NoSettings) -> Result<Verdict> {
    let url = target.url("http");
    for answer in http::all([http::get(&url), http::get(&url), http::get(&url)]) {
        ensure_eq!(answer?.status(), 200, Status, "status");
    }
    Ok(Verdict::Pass)
}
