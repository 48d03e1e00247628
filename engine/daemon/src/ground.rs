//! What all runs stand on: the network with its trust, and the secrets, as they were last read.

use std::{fs, path::Path, sync::Arc};

use leadsman_core::{
    digest,
    plan::{CaSource, Plan},
};
use leadsman_host::Secrets;
use leadsman_net::{Network, SetupError};

use crate::secrets;

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
        Self(fingerprint(plan, &secrets::digest(plan)))
    }
}

impl Ground {
    /// Reads the certificates and secrets that the plan names.
    pub fn read(plan: &Plan) -> Result<Self, SetupError> {
        let (secrets, values) = secrets::read(plan);
        // Looked at before they are read: certificates that are replaced meanwhile are read again.
        let mark = Mark(fingerprint(plan, &values));
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

/// A digest of what is named and of what the names stand for.
fn fingerprint(plan: &Plan, secrets: &str) -> String {
    let named = (&plan.network, &plan.tls, &plan.secrets);
    let mut text = serde_json::to_string(&named).unwrap_or_default();
    text += secrets;
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
