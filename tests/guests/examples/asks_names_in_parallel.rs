//! Behaves: asks the target, a name server, for three names at once, and holds each answer against its question.

use leadsman_sdk::prelude::*;

#[probe]
fn asks_names_in_parallel(target: &Target, _: &NoSettings) -> Result<Verdict> {
    let ask = |name: &str| dns::Question::new(name, 1).server(target.address());
    let answers = dns::all(["a.example", "b.example", "c.example"].map(ask));
    // The server's code is the place of the name's first letter.
    for (place, answer) in (0_u16..).zip(answers) {
        let code = answer?.rcode;
        ensure_eq!(code, place, Rcode, "rcode");
    }
    Ok(Verdict::Pass)
}
