//! Asks in a step that passes, and panics before the next one.

use leadsman_sdk::prelude::*;

#[probe]
fn panics_between_steps(target: &Target, _: &NoSettings) -> Result<Verdict> {
    let answer = step("sign in", || {
        http::get(target.url("http")).send()?.expect(200)
    })?;
    assert!(answer.status() == 0, "nobody expected this");
    step("read", || http::get(target.url("http")).send()?.expect(200)).map(|_| Verdict::Pass)
}
