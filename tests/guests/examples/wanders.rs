//! Asks a host that nobody granted.

use leadsman_sdk::prelude::*;

#[probe]
fn wanders(_: &Target, _: &NoSettings) -> Result<Verdict> {
    http::get("http://169.254.169.254/latest/meta-data/").send()?;
    Ok(Verdict::Pass)
}
