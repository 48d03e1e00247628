//! What all runs stand on: the network with its trust, and the secrets, as they were last read.

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use leadsman_core::{
    digest,
    plan::{CaSource, Plan, Resolver},
};
use leadsman_host::Secrets;
use leadsman_net::{Network, SetupError};

use crate::{catalog::Stamp, secrets};

/// The network and the secrets of a plan.
#[derive(Debug, Clone)]
pub struct Ground {
    /// The network.
    pub network: Network,
    /// The secrets.
    pub secrets: Arc<Secrets>,
    /// Tells whether another reading would be the same.
    pub mark: Mark,
}

/// What a plan's ground was made of when somebody looked at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark(String);

impl Mark {
    /// What it would be made of now.
    pub fn of(plan: &Plan) -> Self {
        Self(fingerprint(
            plan,
            &secrets::digest(plan),
            &Machine::default(),
        ))
    }
}

/// Where this machine keeps what a plan may leave to it.
#[derive(Debug)]
struct Machine {
    hosts: PathBuf,
    resolv_conf: PathBuf,
    /// Files and folders of authorities.
    trust: Vec<PathBuf>,
}

/// Where distributions keep the authorities that are trusted.
const TRUST: [&str; 7] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/etc/ssl/certs",
    "/etc/pki/tls/certs",
];

impl Default for Machine {
    fn default() -> Self {
        let folders = env::var_os("SSL_CERT_DIR").unwrap_or_default();
        let file = env::var_os("SSL_CERT_FILE").map(PathBuf::from);
        let named = env::split_paths(&folders).chain(file);
        let named = named.filter(|path| !path.as_os_str().is_empty());
        let named: Vec<PathBuf> = named.collect();
        Self {
            hosts: "/etc/hosts".into(),
            resolv_conf: "/etc/resolv.conf".into(),
            trust: if named.is_empty() {
                TRUST.map(PathBuf::from).into()
            } else {
                named
            },
        }
    }
}

impl Machine {
    /// What the plan leaves to it, as that is now. Small files are read, so that one that is written anew with
    /// the same text changes nothing; the store of authorities, which is looked at each second, is not.
    fn fingerprint(&self, plan: &Plan) -> String {
        let mut text = content(&self.hosts);
        if plan.network.resolver == Resolver::System {
            text += &content(&self.resolv_conf);
        }
        let mut stores = plan.tls.trust.values().flatten().chain(&plan.tls.ca);
        if stores.any(|source| *source == CaSource::System) {
            let stamps: Vec<Stamp> = self.trust.iter().map(|path| Stamp::of(path)).collect();
            // Of a folder it tells what comes and goes.
            let stamps = format!("{stamps:?}");
            text += &stamps;
        }
        text
    }
}

impl Ground {
    /// Reads the certificates and secrets that the plan names.
    pub fn read(plan: &Plan) -> Result<Self, SetupError> {
        let (secrets, values) = secrets::read(plan);
        // Looked at before they are read: certificates that are replaced meanwhile are read again.
        let mark = Mark(fingerprint(plan, &values, &Machine::default()));
        Ok(Self {
            network: Network::new(&plan.network, &plan.tls)?,
            secrets: Arc::new(secrets),
            mark,
        })
    }

    /// Reads it again; `None` where nothing has changed, by what it would be made of now.
    pub fn changed(&self, plan: &Plan, now: &Mark) -> Result<Option<Self>, SetupError> {
        if self.mark == *now {
            return Ok(None);
        }
        Self::read(plan).map(Some)
    }
}

/// A digest of what is named, of what the names stand for, and of what is left to the machine.
fn fingerprint(plan: &Plan, secrets: &str, machine: &Machine) -> String {
    let named = (&plan.network, &plan.tls, &plan.secrets);
    let mut text = serde_json::to_string(&named).unwrap_or_default();
    text += secrets;
    text += &machine.fingerprint(plan);
    let stores = plan.tls.trust.values().flatten().chain(&plan.tls.ca);
    let stores = stores.filter_map(|source| match source {
        CaSource::File(path) => Some(path.as_path()),
        CaSource::System => None,
    });
    let identities = plan.tls.identities.values();
    let identities =
        identities.flat_map(|identity| [identity.certificate.as_path(), identity.key.as_path()]);
    for path in stores.chain(identities) {
        text += &content(path);
    }
    digest::sha256(text.as_bytes())
}

/// A file's path, and what is in it.
fn content(path: &Path) -> String {
    let content = fs::read(path).map(|bytes| digest::sha256(&bytes));
    format!("{}={content:?};", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::tests::fixture::plan;

    #[test]
    fn what_a_plan_leaves_to_the_machine_is_looked_at_again_and_the_same_text_is_no_news() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        let machine = Machine {
            hosts: place("hosts"),
            resolv_conf: place("resolv.conf"),
            trust: vec![place("ca.crt")],
        };
        let by_system = plan(Vec::new());
        let mut by_itself = by_system.clone();
        by_itself.network.resolver = Resolver::Servers(Vec::new());
        by_itself.tls.ca = vec![CaSource::File(place("own.pem"))];
        for (file, text, counts_for_itself) in [
            ("hosts", "127.0.0.1 lead.test\n", true),
            ("resolv.conf", "nameserver 127.0.0.1\n", false),
            ("ca.crt", "", false),
        ] {
            let prints = || [&by_system, &by_itself].map(|plan| fingerprint(plan, "", &machine));
            let before = prints();
            fs::write(place(file), text).unwrap();
            let after = prints();
            assert_ne!(before[0], after[0], "{file}");
            assert_eq!(before[1] != after[1], counts_for_itself, "{file}");
            assert_eq!(prints(), after, "{file}");
        }
        let before = fingerprint(&by_system, "", &machine);
        fs::remove_file(place("resolv.conf")).unwrap();
        fs::write(place("resolv.conf"), "nameserver 127.0.0.1\n").unwrap();
        assert_eq!(fingerprint(&by_system, "", &machine), before);
    }
}
