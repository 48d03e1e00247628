//! Looks once, and then says more of everything than anybody wants to hear.

use leadsman_sdk::prelude::*;

const SAID: [Measure; 1] = [Measure {
    name: "said",
    help: "How much was said.",
    labels: &[],
}];

#[probe(measures = SAID)]
fn says_too_much(target: &Target, _: &NoSettings) -> Result<Verdict> {
    http::get(target.url("http")).send()?;
    for number in 0..100_u8 {
        step(&format!("step {number}"), || Ok(()))?;
        report::measure("said", f64::from(number), &[]);
        report::assertion(Kind::Body, "body", "silence", "words");
    }
    Err(Error::Unmet)
}
