//! Says that a certificate has expired which the host has never seen.

use leadsman_sdk::prelude::*;

#[probe]
fn lies(target: &Target, _: &NoSettings) -> Result<Verdict> {
    http::get(target.url("http")).send()?;
    ensure!(
        false,
        Certificate,
        "tls_expired",
        "a chain that verifies",
        "an expired one"
    );
    Ok(Verdict::Pass)
}
