//! The engine in this process: one sandbox for all tests, real sockets, real limits.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use leadsman_core::{
    attempt::{Assignment, Order, RunCause},
    egress::{Egress, HostPattern},
    id::{CheckId, Location, ProbeName, ResourceName, TargetName},
    limits::Limits,
    outcome::{Blame, Outcome, Reason},
    plan::{Network, Retry, Tls},
    record::RunRecord,
};
use leadsman_host::{LoadError, Probe, Roster, Sandbox, SandboxSettings, Secret, Secrets};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// The runtimes and the sandbox; an error here is an error of the machine.
struct Engine {
    io: Runtime,
    sandbox: Arc<Sandbox>,
}

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| {
        let io = Runtime::new().expect("a runtime can be started");
        let settings = SandboxSettings {
            cache: None,
            instances: 64,
            guest_threads: None,
        };
        let sandbox = Sandbox::new(&settings, io.handle().clone()).expect("a sandbox can be built");
        Engine { io, sandbox }
    })
}

/// The sandbox that all tests share.
pub fn sandbox() -> &'static Arc<Sandbox> {
    &engine().sandbox
}

/// Loads a component.
pub fn load(component: &[u8]) -> Result<Probe, LoadError> {
    sandbox().load(component)
}

/// Loads a component once in the life of this process.
fn loaded(component: &[u8]) -> Arc<Probe> {
    static LOADED: Mutex<BTreeMap<Vec<u8>, Arc<Probe>>> = Mutex::new(BTreeMap::new());
    let mut known = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(probe) = known.get(component) {
        return Arc::clone(probe);
    }
    let probe = Arc::new(load(component).expect("the probe can be loaded"));
    known.insert(component.to_vec(), Arc::clone(&probe));
    probe
}

/// One run to be made.
#[derive(Debug, Clone)]
pub struct Trial {
    probe: Vec<u8>,
    target: String,
    settings: Value,
    told_all: bool,
    timeout_ms: u64,
    limits: Limits,
    grants: Vec<String>,
    secret: Option<(String, String, String)>,
    retry: Retry,
    labels: BTreeMap<String, String>,
    planned_unix_ns: i64,
}

impl Trial {
    /// Of a component, on a target that is granted by being named.
    pub fn of(probe: impl Into<Vec<u8>>, target: impl Into<String>) -> Self {
        Self {
            probe: probe.into(),
            target: target.into(),
            settings: json!({}),
            told_all: false,
            timeout_ms: 5_000,
            limits: Limits::default(),
            grants: Vec::new(),
            secret: None,
            retry: Retry::default(),
            labels: BTreeMap::new(),
            planned_unix_ns: 0,
        }
    }

    /// Of a bundled probe.
    pub fn bundled(name: &str, target: impl Into<String>, settings: Value) -> Self {
        let component = leadsman_probes::named(name)
            .expect("the probe is bundled")
            .component;
        Self {
            settings,
            ..Self::of(component, target)
        }
    }

    /// Sets the timeout.
    #[must_use]
    pub const fn timeout_ms(mut self, timeout_ms: u64) -> Self {
        self.timeout_ms = timeout_ms;
        self
    }

    /// Sets the settings.
    #[must_use]
    pub fn settings(mut self, settings: Value) -> Self {
        self.settings = settings;
        self
    }

    /// The probe sees every default in its settings, and not, as in a daemon, what is written alone.
    #[must_use]
    pub const fn told_all(mut self) -> Self {
        self.told_all = true;
        self
    }

    /// Sets how failing attempts are repeated.
    #[must_use]
    pub const fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Gives the target a label.
    #[must_use]
    pub fn label(mut self, name: &str, value: &str) -> Self {
        self.labels.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Sets when it was due, in nanoseconds since the Unix epoch.
    #[must_use]
    pub const fn due(mut self, planned_unix_ns: i64) -> Self {
        self.planned_unix_ns = planned_unix_ns;
        self
    }

    /// Sets the limits.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Grants a secret of that name and value, bound to a host.
    #[must_use]
    pub fn secret(mut self, name: &str, value: &str, host: &str) -> Self {
        self.secret = Some((name.to_owned(), value.to_owned(), host.to_owned()));
        self
    }

    /// Makes the run.
    pub fn run(self) -> RunRecord {
        let probe = loaded(&self.probe);
        let retry = self.retry;
        let (roster, order) = self.prepared(sandbox(), probe);
        let run = leadsman_runner::run_once(&roster, order, retry);
        engine().io.block_on(run)
    }

    /// Makes the run of a probe that could not be loaded, for this reason.
    pub fn unloaded(self, why: &str) -> RunRecord {
        let settings = self.settings.to_string();
        let (roster, order) = self.placed(sandbox(), settings, Err(why.to_owned()));
        let run = leadsman_runner::run_once(&roster, order, self.retry);
        engine().io.block_on(run)
    }

    /// Makes two runs at once in a sandbox that has room for one: the second waits for its turn.
    pub fn queued(self) -> [RunRecord; 2] {
        let settings = SandboxSettings {
            cache: None,
            instances: 1,
            guest_threads: Some(1),
        };
        let io = engine().io.handle().clone();
        let sandbox = Sandbox::new(&settings, io).expect("a sandbox can be built");
        let probe = Arc::new(sandbox.load(&self.probe).expect("the probe can be loaded"));
        let retry = self.retry;
        let (roster, order) = self.prepared(&sandbox, probe);
        let run = || leadsman_runner::run_once(&roster, order.clone(), retry);
        let both = async { tokio::join!(run(), run()) };
        engine().io.block_on(both).into()
    }

    fn prepared(self, sandbox: &Arc<Sandbox>, probe: Arc<Probe>) -> (Roster, Order) {
        let settings = leadsman_config::check_settings(&probe.description, &self.settings);
        let settings = settings
            .expect("the settings fit the probe's schema")
            .to_string();
        self.placed(sandbox, settings, Ok(probe))
    }

    fn placed(
        &self,
        sandbox: &Arc<Sandbox>,
        settings: String,
        probe: Result<Arc<Probe>, String>,
    ) -> (Roster, Order) {
        let assignment = Arc::new(self.assignment(settings));
        let network = leadsman_net::Network::new(&Network::default(), &Tls::default())
            .expect("a network can be built");
        let roster = Roster::new(Arc::clone(sandbox), network, Arc::new(self.secrets()));
        roster
            .add(&assignment, probe)
            .expect("the assignment can be prepared");
        let order = Order {
            assignment,
            slot: 0,
            run: "trial".to_owned(),
            // No tick, so never late: it begins where runs begin that are on time.
            cause: RunCause::Once,
            planned_unix_ns: self.planned_unix_ns,
            attempt: 1,
        };
        (roster, order)
    }

    fn assignment(&self, settings: String) -> Assignment {
        let pattern =
            |text: &str| leadsman_config::target_pattern(text).expect("the address can be read");
        let grants = self
            .grants
            .iter()
            .map(|grant| HostPattern::try_from(grant.clone()).expect("the grant can be read"));
        let named = "the name is a name";
        Assignment {
            check: CheckId::new("trial").expect(named),
            target: TargetName::new(&self.target).expect(named),
            address: self.target.clone(),
            location: Location::new("here").expect(named),
            probe: ProbeName::new("trial").expect(named),
            settings: settings.into(),
            labels: self.labels.clone(),
            timeout: self.timeout_ms * 1_000_000,
            limits: self.limits.clone(),
            egress: Arc::new(Egress {
                grants: grants.collect(),
                target: pattern(&self.target),
                ..Egress::default()
            }),
            secrets: self
                .secret
                .iter()
                .map(|(name, ..)| ResourceName::new(name).expect(named))
                .collect(),
            written: (!self.told_all).then(|| self.settings.to_string().into()),
            places: None,
        }
    }

    fn secrets(&self) -> Secrets {
        let secrets = self.secret.iter().map(|(name, value, host)| {
            let hosts = vec![HostPattern::try_from(host.clone()).expect("the host can be read")];
            let secret = Secret {
                value: Ok(value.clone().into()),
                hosts,
            };
            (ResourceName::new(name).expect("the name is a name"), secret)
        });
        Secrets::new(secrets.collect())
    }
}

/// What a run came to.
pub fn concluded(record: &RunRecord) -> (Outcome, Reason, Blame) {
    (record.outcome, record.reason, record.blame)
}
