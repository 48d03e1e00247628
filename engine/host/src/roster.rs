//! The plan with its probes loaded: what every run of a check needs, prepared once.

use std::sync::Arc;

use leadsman_core::{attempt::Assignment, plan::Complaint};
use leadsman_net::Network;
use serde_json::Value;

use crate::{component::Probe, engine::Sandbox, expressions::Expressions, secrets::Secrets};

/// Why an assignment cannot be prepared.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// Its settings are no JSON.
    #[error("the settings are no JSON: {0}")]
    Settings(serde_json::Error),
    /// An expression in its settings does not compile.
    #[error("{}: {}", .0.pointer, .0.message)]
    Expression(Complaint),
}

/// One assignment, ready to run.
pub(crate) struct Prepared {
    pub(crate) probe: Arc<Probe>,
    pub(crate) expressions: Arc<Expressions>,
    pub(crate) network: Network,
    pub(crate) secrets: Arc<Secrets>,
}

/// The assignments of a plan in the order of their slots; the prober of the daemon.
pub struct Roster {
    pub(crate) sandbox: Arc<Sandbox>,
    network: Network,
    secrets: Arc<Secrets>,
    slots: Vec<Result<Arc<Prepared>, String>>,
}

impl std::fmt::Debug for Roster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Roster")
            .field("slots", &self.slots.len())
            .finish_non_exhaustive()
    }
}

impl Roster {
    /// An empty roster on a sandbox and a network.
    pub fn new(sandbox: Arc<Sandbox>, network: Network, secrets: Arc<Secrets>) -> Self {
        Self {
            sandbox,
            network,
            secrets,
            slots: Vec::new(),
        }
    }

    /// Adds the next slot. A probe that could not be loaded is kept as its message: its runs end as
    /// `probe_load`, and all others run.
    pub fn add(
        &mut self,
        assignment: &Assignment,
        probe: Result<Arc<Probe>, String>,
    ) -> Result<u32, PrepareError> {
        let slot = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        let prepared = match probe {
            Ok(probe) => Ok(Arc::new(self.prepare(assignment, probe)?)),
            Err(message) => Err(message),
        };
        self.slots.push(prepared);
        Ok(slot)
    }

    fn prepare(
        &self,
        assignment: &Assignment,
        probe: Arc<Probe>,
    ) -> Result<Prepared, PrepareError> {
        let settings: Value =
            serde_json::from_str(&assignment.settings).map_err(PrepareError::Settings)?;
        let expressions =
            Expressions::compile(&probe.description.settings, &settings).map_err(first)?;
        Ok(Prepared {
            probe,
            expressions: Arc::new(expressions),
            network: self.network.clone(),
            secrets: Arc::clone(&self.secrets),
        })
    }

    pub(crate) fn prepared(&self, slot: u32) -> Option<&Result<Arc<Prepared>, String>> {
        self.slots.get(usize::try_from(slot).ok()?)
    }
}

fn first(complaints: Vec<Complaint>) -> PrepareError {
    let none = Complaint {
        pointer: String::new(),
        message: "no expression".to_owned(),
        hint: String::new(),
    };
    PrepareError::Expression(complaints.into_iter().next().unwrap_or(none))
}
