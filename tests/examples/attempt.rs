//! What an attempt costs that does nothing, and how long a probe's load takes: figures of `cargo xtask bench`,
//! as one line of JSON.

use std::{
    error::Error,
    io::{self, Write},
    sync::Arc,
    time::Instant,
};

use leadsman_core::{
    attempt::{Assignment, Order, Prober, RunCause},
    id::{CheckId, Location, ProbeName, TargetName},
    limits::Limits,
    plan::{Network, Tls},
};
use leadsman_host::{Roster, Sandbox, SandboxSettings, Secrets};
use leadsman_tests::guests::component;
use mimalloc::MiMalloc;
use serde_json::json;
use tokio::runtime::Runtime;

/// The daemon's.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Attempts before the figures count, and attempts that count.
const ATTEMPTS: (usize, usize) = (2_000, 20_000);

/// Loads of which the median counts.
const LOADS: usize = 21;

fn main() -> Result<(), Box<dyn Error>> {
    let io = Runtime::new()?;
    let cache = tempfile::tempdir()?;
    let settings = SandboxSettings {
        cache: Some(cache.path().join("probes")),
        ..SandboxSettings::default()
    };
    let http = leadsman_probes::named("http")
        .ok_or("the http probe is bundled")?
        .component;
    drop(Sandbox::new(&settings, io.handle().clone())?.load(http)?);
    let sandbox = Sandbox::new(&settings, io.handle().clone())?;
    // The first load also opens the cache; what follows is what each further probe costs.
    let mut loads = (0..=LOADS)
        .map(|_| load(&sandbox, http))
        .collect::<Result<Vec<u64>, _>>()?;
    loads.remove(0);
    loads.sort_unstable();
    let load = loads.get(LOADS / 2).copied().unwrap_or(0);
    let probe = Arc::new(sandbox.load(&component("does_nothing")?)?);
    let assignment = Arc::new(assignment()?);
    let network = leadsman_net::Network::new(&Network::default(), &Tls::default())?;
    let roster = Roster::new(Arc::clone(&sandbox), network, Arc::new(Secrets::default()));
    roster.add(&assignment, Ok(probe))?;
    let mut took = io.block_on(attempts(&roster, &assignment));
    took.sort_unstable();
    let at = |percent: usize| took.get(took.len() * percent / 100).copied().unwrap_or(0);
    let figures = json!({"attempt_p50_ns": at(50), "attempt_p99_ns": at(99), "load_warm_ns": load});
    writeln!(io::stdout(), "{figures}")?;
    Ok(())
}

/// One load from the cache, in nanoseconds.
fn load(sandbox: &Arc<Sandbox>, component: &[u8]) -> Result<u64, Box<dyn Error>> {
    let began = Instant::now();
    let probe = sandbox.load(component)?;
    let took = began.elapsed();
    drop(probe);
    Ok(u64::try_from(took.as_nanos())?)
}

/// Store, instance, run and drop of each attempt, in nanoseconds.
async fn attempts(roster: &Roster, assignment: &Arc<Assignment>) -> Vec<u64> {
    let mut took = Vec::with_capacity(ATTEMPTS.1);
    for index in 0..ATTEMPTS.0 + ATTEMPTS.1 {
        let assignment = Arc::clone(assignment);
        let order = Order {
            assignment,
            slot: 0,
            run: String::new(),
            cause: RunCause::Once,
            planned_unix_ns: 0,
            attempt: 1,
        };
        let report = roster.attempt(order).await;
        if index >= ATTEMPTS.0 {
            took.push(report.took);
        }
    }
    took
}

fn assignment() -> Result<Assignment, Box<dyn Error>> {
    Ok(Assignment {
        check: CheckId::new("bench")?,
        target: TargetName::new("none")?,
        address: "127.0.0.1:9".to_owned(),
        location: Location::new("bench")?,
        probe: ProbeName::new("nothing")?,
        settings: "{}".into(),
        labels: std::collections::BTreeMap::new(),
        timeout: 1_000_000_000,
        limits: Limits::default(),
        egress: Arc::default(),
        secrets: Vec::new(),
        written: None,
        places: None,
    })
}
