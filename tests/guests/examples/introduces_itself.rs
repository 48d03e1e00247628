//! Says which attempt of what it is, when it was due and what its target is labelled with, and looks.

use leadsman_sdk::prelude::*;

#[probe]
fn introduces_itself(target: &Target, _: &NoSettings) -> Result<Verdict> {
    report::log(&format!(
        "attempt {} of run {}",
        context::attempt(),
        context::run_id()
    ));
    report::log(&format!("due at {}", context::scheduled_at().as_nanos()));
    for (name, value) in context::labels() {
        report::log(&format!("{name}={value}"));
    }
    http::get(target.url("http")).send()?.expect(200)?;
    Ok(Verdict::Pass)
}
