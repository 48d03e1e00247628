//! Behaves: shakes hands with the target three times at once, by the contract itself: the SDK makes one at a time.

use leadsman_sdk::{
    bindings::leadsman::{
        net::types::Value,
        tls::handshake::{Pending, start},
    },
    prelude::*,
};

#[probe]
fn shakes_hands_in_parallel(target: &Target, _: &NoSettings) -> Result<Verdict> {
    let (host, port) = target.host_and_port(443)?;
    let options: Vec<(String, Value)> = Vec::new();
    let started = [(); 3].map(|()| start(&host, port, &options));
    let handles: Vec<_> = started.iter().map(Pending::subscribe).collect();
    for handle in &handles {
        handle.block();
    }
    for pending in &started {
        let seen = pending
            .finish()
            .map_err(|failure| Error::undecided(failure.message()))?;
        ensure_eq!(seen.certificates().len(), 1, Certificate, "certificates");
    }
    Ok(Verdict::Pass)
}
