//! What all checks of a plan share of the network, prepared once.

use std::{net::IpAddr, path::PathBuf, sync::Arc};

use leadsman_core::{failure::Failure, plan, seam::Family};

use crate::{names::Names, routes::Routes, tls::Tls};

/// The resolver, the trust stores and the client identities of a plan. Clones share them.
///
/// `/etc/hosts` and `/etc/resolv.conf` are read here, once: a changed file counts in the next network that
/// is prepared.
#[derive(Debug, Clone)]
pub struct Network(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    names: Names,
    routes: Routes,
    tls: Tls,
    family: Family,
}

impl Network {
    /// Prepares a network; trust stores and identities are read from their files here.
    pub fn new(network: &plan::Network, tls: &plan::Tls) -> Result<Self, SetupError> {
        Self::over(Routes::default(), network, tls)
    }

    /// The same, where the machine has these routes.
    pub(crate) fn over(
        routes: Routes,
        network: &plan::Network,
        tls: &plan::Tls,
    ) -> Result<Self, SetupError> {
        let names = Names::new(&network.resolver, network.dns_cache).map_err(|error| {
            SetupError::Resolver {
                why: error.to_string(),
            }
        })?;
        Ok(Self(Arc::new(Shared {
            names,
            routes,
            tls: Tls::new(tls)?,
            family: network.family,
        })))
    }

    /// Every address of a name, as a run would find it.
    pub async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, Failure> {
        let order = self.routes().order(self.family(Family::Auto));
        let found = self.names().addresses(host, order).await;
        found.map_err(Failure::from)
    }

    pub(crate) fn names(&self) -> &Names {
        &self.0.names
    }

    pub(crate) fn tls(&self) -> &Tls {
        &self.0.tls
    }

    pub(crate) fn routes(&self) -> &Routes {
        &self.0.routes
    }

    /// The family that a call asks for; where it leaves it open, the plan's.
    pub(crate) fn family(&self, asked: Family) -> Family {
        if asked == Family::Auto {
            self.0.family
        } else {
            asked
        }
    }
}

/// What keeps a network from being prepared, with what to mend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// A file cannot be read.
    #[error("cannot read `{path}`: {why}; check the path and that this user may read it")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
    /// A file does not hold what it should.
    #[error("`{path}` is not usable: {why}; it must hold {expected} in PEM")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
        /// What it should hold.
        expected: &'static str,
    },
    /// The resolver cannot be prepared.
    #[error("the resolver cannot be prepared: {why}; check `network.dns` and `/etc/resolv.conf`")]
    Resolver {
        /// What is wrong.
        why: String,
    },
}
