//! Sends a secret where it belongs, and then tries to see it in what comes back.

use leadsman_sdk::prelude::*;

#[probe]
fn spills_secret(target: &Target, _: &NoSettings) -> Result<Verdict> {
    let token = secrets::bearer("token")?;
    report::log(&token);
    let echoed = http::get(target.url("http"))
        .header("authorization", token)
        .deliver_body()
        .send()?;
    let body = String::from_utf8_lossy(echoed.body().unwrap_or_default()).into_owned();
    report::log(&body);
    ensure!(false, Body, "body", "a secret", body);
    Ok(Verdict::Pass)
}
