//! The contract grows, and a probe that was built before goes on; what would break it is refused.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::TcpListener,
    sync::Arc,
    thread,
};

use leadsman_core::{
    attempt::{Assignment, Order, Prober, Report, RunCause, Verdict},
    classify::classify,
    egress::{Egress, HostPattern},
    id::{CheckId, Location, ProbeName, TargetName},
    limits::Limits,
    outcome::{Outcome, Reason},
    plan::{Network, Tls},
};
use tokio::runtime::Runtime;
use wasmtime::{
    StoreContextMut,
    component::{Component, ComponentType, InstancePre, Lift, Linker, Resource},
};

use crate::{
    LoadError, Roster, Sandbox, SandboxSettings, Secrets,
    attempt::guest_store,
    bindings::{
        exports::leadsman::probe::check::Verdict as Verdicts,
        leadsman::{http::client::Request, net::types::Value},
    },
    component::told,
    grown::grow,
    pending::Pending,
    placement::Aside,
    state::GuestState,
    trace::Trace,
    underway::Underway,
};

/// A probe of the first version.
const OLD: &[u8] = include_bytes!("../../../../tests/fixtures/leadsman-0.1.0.wasm");

/// A component of the grown contract: it imports a method that was added.
const NEW_METHOD: &str = r#"(component
    (import "leadsman:net/types@0.1.0" (instance
        (export "facts" (type $facts (sub resource)))
        (export "[method]facts.grown-words" (func (param "self" (borrow $facts)) (result (list string)))))))"#;

/// Another one: it imports an interface that was added.
const NEW_INTERFACE: &str = r#"(component
    (import "leadsman:later/counter@0.1.0" (instance (export "count" (func (result u64))))))"#;

/// A sandbox whose linker was changed.
fn sandbox(io: &Runtime, change: impl FnOnce(&mut Linker<GuestState>)) -> Arc<Sandbox> {
    let settings = SandboxSettings {
        instances: 4,
        guest_threads: Some(1),
        ..SandboxSettings::default()
    };
    let mut sandbox = Sandbox::new(&settings, io.handle().clone()).unwrap();
    let linker = &mut Arc::get_mut(&mut sandbox).unwrap().linker;
    change(linker.allow_shadowing(true));
    sandbox
}

/// Whether a component fits what the sandbox links.
fn fits(sandbox: &Sandbox, component: &[u8]) -> Result<InstancePre<GuestState>, String> {
    let component = Component::new(&sandbox.engine, component).unwrap();
    let linked = sandbox.linker.instantiate_pre(&component);
    linked.map_err(|error| told(&error))
}

/// Answers each request with this, until the test's process ends.
fn peer(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = [0; 4096];
            if stream.read(&mut head).is_ok_and(|length| length > 0) {
                drop(stream.write_all(answer.as_bytes()));
            }
        }
    });
    url
}

fn assignment(target: &str) -> Assignment {
    let host = target.trim_start_matches("http://").trim_end_matches('/');
    Assignment {
        check: CheckId::new("old").unwrap(),
        target: TargetName::new("peer").unwrap(),
        address: target.to_owned(),
        location: Location::new("here").unwrap(),
        probe: ProbeName::new("old").unwrap(),
        settings: "{}".into(),
        labels: BTreeMap::new(),
        timeout: 5_000_000_000,
        limits: Limits::default(),
        egress: Arc::new(Egress {
            target: Some(HostPattern::try_from(host.to_owned()).unwrap()),
            ..Egress::default()
        }),
        secrets: Vec::new(),
        written: None,
        places: None,
    }
}

fn order(target: &str) -> Order {
    Order {
        assignment: Arc::new(assignment(target)),
        slot: 0,
        run: "grown".to_owned(),
        cause: RunCause::Once,
        planned_unix_ns: 0,
        attempt: 1,
    }
}

/// One attempt of a component on a peer.
fn attempt(io: &Runtime, sandbox: &Arc<Sandbox>, component: &[u8], target: &str) -> Report {
    let probe = Arc::new(sandbox.load(component).unwrap());
    let order = order(target);
    let network = leadsman_net::Network::new(&Network::default(), &Tls::default()).unwrap();
    let secrets = Arc::new(Secrets::default());
    let roster = Roster::new(Arc::clone(sandbox), network, secrets);
    roster.add(&order.assignment, Ok(probe)).unwrap();
    io.block_on(roster.attempt(order))
}

#[test]
fn the_copy_is_the_contract_and_what_it_grew_by() {
    let grown = include_str!("../../testdata/grown/net/net.wit");
    let lines = grown.lines();
    let kept: Vec<&str> = lines
        .filter(|line| !line.to_lowercase().contains("grown"))
        .collect();
    let contract = include_str!("../../../../wit/deps/net/net.wit");
    assert_eq!(kept, contract.lines().collect::<Vec<_>>());
    assert_eq!(grown.lines().count(), kept.len() + 2);
}

#[test]
fn an_old_probe_runs_on_a_contract_that_has_grown() {
    let io = Runtime::new().unwrap();
    let sandbox = sandbox(&io, grow);
    let url = peer("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
    let report = attempt(&io, &sandbox, OLD, &url);
    let conclusion = classify(&report, 5_000_000_000);
    assert_eq!(
        (report.verdict, conclusion.outcome(), conclusion.reason),
        (Some(Verdict::Pass), Outcome::Pass, Reason::Ok),
        "{report:?}"
    );
    assert!(!report.operations.is_empty(), "it asked the network");
}

#[test]
fn what_was_added_is_there_for_a_new_probe_and_refused_by_its_full_name_without_it() {
    let io = Runtime::new().unwrap();
    let (grown, today) = (sandbox(&io, grow), sandbox(&io, |_| ()));
    for (new, missing) in [
        (
            NEW_METHOD,
            [
                "`leadsman:net/types@0.1.0`",
                "export `[method]facts.grown-words`",
            ],
        ),
        (
            NEW_INTERFACE,
            ["`leadsman:later/counter@0.1.0`", "export `count`"],
        ),
    ] {
        let new = wat::parse_str(new).unwrap();
        fits(&grown, &new).unwrap();
        let refused = today.load(&new);
        let Err(LoadError::World(why)) = &refused else {
            panic!("{refused:?}");
        };
        for name in missing {
            assert!(why.contains(name), "{name}: {why}");
        }
    }
}

/// The value of an option, and one case more.
#[derive(ComponentType, Lift)]
#[component(variant)]
#[expect(dead_code, reason = "only its shape is looked at")]
enum MoreCases {
    #[component(name = "flag")]
    Flag(bool),
    #[component(name = "number")]
    Number(u64),
    #[component(name = "text")]
    Text(String),
    #[component(name = "real")]
    Real(f64),
}

/// A request with such options.
#[derive(ComponentType, Lift)]
#[component(record)]
#[expect(dead_code, reason = "only its shape is looked at")]
struct RequestOfMoreCases {
    method: String,
    url: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    options: Vec<(String, MoreCases)>,
}

/// A request, and one field more.
#[derive(ComponentType, Lift)]
#[component(record)]
#[expect(dead_code, reason = "only its shape is looked at")]
struct RequestOfMoreFields {
    method: String,
    url: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    options: Vec<(String, Value)>,
    priority: u8,
}

/// The verdict, and one case more.
#[derive(Debug, Clone, Copy, ComponentType, Lift)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "only its shape is looked at")]
enum MoreVerdicts {
    #[component(name = "pass")]
    Pass,
    #[component(name = "fail")]
    Fail,
    #[component(name = "degraded")]
    Degraded,
    #[component(name = "unknown")]
    Unknown,
    #[component(name = "skipped")]
    Skipped,
}

/// A host that takes requests of this shape.
fn takes<R: ComponentType + Lift + 'static>(linker: &mut Linker<GuestState>) {
    let mut client = linker.instance("leadsman:http/client@0.1.0").unwrap();
    let start = |_: StoreContextMut<'_, GuestState>,
                 (_,): (R,)|
     -> wasmtime::Result<(Resource<Pending>,)> {
        Err(wasmtime::Error::msg("nothing is started here"))
    };
    client.func_wrap("start", start).unwrap();
}

#[test]
fn a_case_or_a_field_more_would_break_an_old_probe_and_is_refused_when_it_is_loaded() {
    let io = Runtime::new().unwrap();
    fits(&sandbox(&io, takes::<Request>), OLD).unwrap();
    for change in [takes::<RequestOfMoreCases>, takes::<RequestOfMoreFields>] {
        let Err(LoadError::World(why)) = sandbox(&io, change).load(OLD) else {
            panic!("a changed request is taken");
        };
        assert!(why.contains("`start`"), "{why}");
    }
}

#[test]
fn a_verdict_more_would_break_an_old_probe() {
    let io = Runtime::new().unwrap();
    let sandbox = sandbox(&io, |_| ());
    let linked = fits(&sandbox, OLD).unwrap();
    let order = order("http://127.0.0.1:1/");
    let trace = Arc::new(Trace::new(order.assignment.limits.clone(), None));
    let state = GuestState::new(
        order,
        trace,
        Default::default(),
        None,
        (Underway::new().starter(), Aside::begin(true)),
    );
    let mut store = guest_store(&sandbox.engine, state, Arc::default());
    let instance = io.block_on(linked.instantiate_async(&mut store)).unwrap();
    let check = instance.get_export_index(&mut store, None, "leadsman:probe/check@0.1.0");
    let run = instance
        .get_export_index(&mut store, check.as_ref(), "run")
        .unwrap();
    instance
        .get_typed_func::<(), (Verdicts,)>(&mut store, &run)
        .unwrap();
    let more = instance.get_typed_func::<(), (MoreVerdicts,)>(&mut store, &run);
    assert!(more.is_err());
}
