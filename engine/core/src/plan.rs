//! The validated configuration: everything resolved that needs no I/O.

mod care;
pub mod cost;
mod image;

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    attempt::Assignment,
    egress::{EgressRules, HostPattern},
    id::{CheckId, Location, ProbeName, ResourceName},
    schedule::Rule,
    seam::Family,
};

pub use care::{Alerts, Expiry, OpenWindow, Page, Severity, Window};
pub use image::{Image, ImageReference, Login};

/// The whole configuration, validated.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// Where this daemon stands.
    pub location: Location,
    /// Every location of the fleet.
    pub locations: Vec<Location>,
    /// What all checks share of the network.
    pub network: Network,
    /// Trust stores and client identities.
    pub tls: Tls,
    /// Where secrets come from and where they may go.
    pub secrets: BTreeMap<ResourceName, Secret>,
    /// The probes that checks use, bundled ones included.
    pub probes: BTreeMap<ProbeName, ProbeSource>,
    /// The checks that run at this location, ordered by id.
    pub checks: Vec<Arc<Check>>,
}

/// What all checks share of the network.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Network {
    /// The egress rules.
    pub rules: Arc<EgressRules>,
    /// How names are resolved.
    pub resolver: Resolver,
    /// The default address family.
    pub family: Family,
    /// How long answers are cached; `None` is not at all.
    pub dns_cache: Option<Duration>,
}

/// How names are resolved.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolver {
    /// As this machine does: `/etc/hosts`, then `/etc/resolv.conf` with its search list.
    #[default]
    System,
    /// By these servers.
    Servers(Vec<SocketAddr>),
}

/// Trust stores and client identities; files are read when the network is prepared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tls {
    /// The location's own trust.
    pub ca: Vec<CaSource>,
    /// Named trust stores.
    pub trust: BTreeMap<ResourceName, Vec<CaSource>>,
    /// Named client identities.
    pub identities: BTreeMap<ResourceName, Identity>,
}

impl Default for Tls {
    fn default() -> Self {
        Self {
            ca: vec![CaSource::System],
            trust: BTreeMap::new(),
            identities: BTreeMap::new(),
        }
    }
}

/// Where certificate authorities come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CaSource {
    /// The machine's store.
    System,
    /// A PEM file.
    File(PathBuf),
}

/// A client's certificate and key, both PEM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// The certificate chain.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// A secret's source and the hosts that it is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Secret {
    /// Where its value is read.
    pub source: SecretSource,
    /// Where it may be sent.
    pub hosts: Vec<HostPattern>,
    /// Which teams may use it; empty is every team.
    pub teams: Vec<String>,
}

/// Where a secret's value is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretSource {
    /// A file; one trailing newline is not part of the value.
    File(PathBuf),
    /// An environment variable.
    Env(String),
    /// A credential of the service manager: a file in `$CREDENTIALS_DIRECTORY`.
    Credential(String),
}

/// Where a probe's component comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeSource {
    /// Carried inside the binary.
    Bundled,
    /// A component file.
    File {
        /// The file.
        path: PathBuf,
        /// The digest it must have, in lower-case hexadecimal.
        sha256: Option<String>,
    },
    /// A component in a registry.
    Image(Arc<Image>),
}

/// Why a probe cannot be described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undescribed {
    /// It is not what it should be: whoever declares it has to mend that.
    Wrong(String),
    /// It is not here yet, and may come: its registry has not been asked, or does not answer.
    Absent(String),
}

impl std::fmt::Display for Undescribed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::Wrong(why) | Self::Absent(why)) = self;
        f.write_str(why)
    }
}

/// One check.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// Its id.
    pub id: CheckId,
    /// The team that owns it, where one is named.
    pub team: Option<String>,
    /// The owner's labels, for `leadsman_check_info` only.
    pub labels: BTreeMap<String, String>,
    /// When it runs.
    pub rule: Rule,
    /// How failing attempts are repeated.
    pub retry: Retry,
    /// What is promised.
    pub objectives: Objectives,
    /// Where it runs.
    pub locations: Vec<Location>,
    /// Its targets: one assignment each.
    pub assignments: Vec<Arc<Assignment>>,
    /// The steps that its settings name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<String>,
    /// What it was called before: counters and history go on.
    pub was: Vec<CheckId>,
    /// Checks whose failure at this location inhibits this one's pages; outcomes stay what they are.
    pub depends_on: Vec<CheckId>,
    /// Whether it tells what this location can reach: while it fails, silence of others is nobody's fault.
    pub canary: bool,
    /// When its owner is paged.
    pub page: Page,
    /// When a certificate that ends is told.
    pub expiry: Option<Expiry>,
    /// How its alerts are routed.
    pub alerts: Alerts,
    /// When its runs are left out of the SLIs.
    pub maintenance: Vec<Window>,
    /// Where the effective values come from, for `leadsman explain`: key to origin. Empty in a daemon.
    pub origins: BTreeMap<String, String>,
}

/// How failing attempts are repeated within a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry {
    /// How many further attempts a run may make.
    pub attempts: u32,
    /// How long to wait before each.
    pub delay: Duration,
}

/// What is promised.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Objectives {
    /// The promised share of good runs, 0 to 1.
    pub availability: Option<f64>,
    /// The promised latency.
    pub latency: Option<LatencyObjective>,
    /// Whether an unknown run counts as bad.
    pub unknown_is_bad: bool,
    /// The time that the promise is about; `None` is the rules' default of 30 days.
    pub window: Option<Duration>,
    /// Whether all targets keep the promise together, instead of each for itself.
    pub over_check: bool,
}

/// The promised latency.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LatencyObjective {
    /// A passing run is good up to this latency.
    pub under: Duration,
    /// The promised share, 0 to 1.
    pub at_least: f64,
}

/// What a probe says of itself (`describe`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProbeDescription {
    /// The probe's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The JSON Schema of its settings.
    pub settings: serde_json::Value,
    /// The measures that it may report.
    #[serde(default)]
    pub measures: Vec<MeasureDescription>,
}

/// A measure that a probe declares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasureDescription {
    /// Its name, without prefix; base units.
    pub name: String,
    /// What it is, for `# HELP`.
    pub help: String,
    /// The labels that it may have.
    #[serde(default)]
    pub labels: Vec<String>,
}

/// What a probe finds wrong with its settings (`validate`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Complaint {
    /// A JSON pointer (RFC 6901) into the settings.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    #[serde(default)]
    pub hint: String,
}

/// Who knows the probes while a configuration is checked.
pub trait Catalog {
    /// What the probe says of itself, or why it cannot be asked.
    fn describe(
        &self,
        name: &ProbeName,
        source: &ProbeSource,
    ) -> Result<Arc<ProbeDescription>, Undescribed>;

    /// What the probe finds wrong with settings (JSON text) that its schema accepts.
    fn validate(
        &self,
        name: &ProbeName,
        source: &ProbeSource,
        settings: &str,
    ) -> Result<Vec<Complaint>, String>;
}
