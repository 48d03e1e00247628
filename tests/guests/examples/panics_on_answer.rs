//! Takes for granted what comes back, and panics on a target's error page.

use leadsman_sdk::prelude::*;

#[probe]
fn panics_on_answer(target: &Target, _: &NoSettings) -> Result<Verdict> {
    let page = http::get(target.url("http")).deliver_body().send()?;
    let text = String::from_utf8_lossy(page.body().unwrap_or_default()).into_owned();
    let total: u32 = text.parse().expect("the page is a number");
    ensure!(total > 0, Body, "body", "a positive number", total);
    Ok(Verdict::Pass)
}
