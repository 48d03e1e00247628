//! Behaves: begins two operations at once, and waits for the one that does not end no longer than it says.

use leadsman_sdk::{
    bindings::leadsman::{
        aio::poll::select,
        http::client::{self, Request},
        net::types::Value,
        tls::handshake,
    },
    prelude::*,
};

/// In nanoseconds.
const PATIENCE: u64 = 200_000_000;

#[probe]
fn stops_waiting(target: &Target, _: &NoSettings) -> Result<Verdict> {
    let (host, port) = target.host_and_port(80)?;
    let options: Vec<(String, Value)> = Vec::new();
    let silent = handshake::start(&host, port, &options);
    let asked = client::start(&Request {
        method: "GET".to_owned(),
        url: target.url("http"),
        headers: Vec::new(),
        body: Vec::new(),
        options,
    });
    let (never, soon) = (silent.subscribe(), asked.subscribe());
    let ready = select(&[&never, &soon], None);
    ensure!(
        ready == [1],
        Assertion,
        "ready",
        "the second",
        format!("{ready:?}")
    );
    let ready = select(&[&never], Some(PATIENCE));
    ensure!(
        ready.is_empty(),
        Assertion,
        "ready",
        "neither",
        format!("{ready:?}")
    );
    let page = asked
        .finish()
        .map_err(|failure| Error::undecided(failure.message()))?;
    ensure_eq!(page.status, 200, Status, "status");
    Ok(Verdict::Pass)
}
