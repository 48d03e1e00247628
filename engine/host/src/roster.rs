//! The plan with its probes loaded: what every run of a check needs, prepared once.

use std::{collections::BTreeMap, sync::Arc};

use arc_swap::ArcSwap;
use leadsman_core::{attempt::Assignment, plan::Complaint};
use leadsman_net::Network;
use serde_json::Value;

use crate::{
    component::Probe, engine::Sandbox, expressions::Expressions, placement::Weight,
    secrets::Secrets,
};

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
    pub(crate) weight: Weight,
}

/// What a run needs, or why there is nothing.
type Ready = Result<Arc<Prepared>, String>;

/// An assignment with what its runs need.
type Filled = (Arc<Assignment>, Ready);

/// A slot: what was prepared for an assignment, and for the one before it, whose last run may go on.
#[derive(Clone, Default)]
struct Slot {
    now: Option<Filled>,
    before: Option<Filled>,
}

impl Slot {
    fn ready(&self, assignment: &Arc<Assignment>) -> Option<Ready> {
        let both = [&self.now, &self.before].into_iter().flatten();
        both.filter(|(of, _)| Arc::ptr_eq(of, assignment))
            .map(|(_, ready)| ready.clone())
            .next()
    }
}

/// The assignments of a plan by their slots; the prober of the daemon.
pub struct Roster {
    pub(crate) sandbox: Arc<Sandbox>,
    network: Network,
    secrets: Arc<Secrets>,
    slots: ArcSwap<Vec<Slot>>,
}

/// What a slot is prepared from. A probe that could not be loaded is kept as its message: its runs end
/// as `probe_load`, and all others run.
#[derive(Debug, Clone)]
pub struct Place {
    /// The slot.
    pub slot: u32,
    /// What every run of it shares.
    pub assignment: Arc<Assignment>,
    /// The probe, or why it cannot be loaded.
    pub probe: Result<Arc<Probe>, String>,
}

impl std::fmt::Debug for Roster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Roster")
            .field("slots", &self.slots.load().len())
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
            slots: ArcSwap::default(),
        }
    }

    /// Adds the next slot.
    pub fn add(
        &self,
        assignment: &Arc<Assignment>,
        probe: Result<Arc<Probe>, String>,
    ) -> Result<u32, PrepareError> {
        let slot = u32::try_from(self.slots.load().len()).unwrap_or(u32::MAX);
        let place = Place {
            slot,
            assignment: Arc::clone(assignment),
            probe,
        };
        let (network, secrets) = (self.network.clone(), Arc::clone(&self.secrets));
        self.put(&network, &secrets, &[place])
            .map_err(|(_, error)| error)?;
        Ok(slot)
    }

    /// Prepares slots and puts them into their places, all or none; the error names the slot that cannot
    /// be prepared. Runs under way keep what they began with.
    pub fn put(
        &self,
        network: &Network,
        secrets: &Arc<Secrets>,
        places: &[Place],
    ) -> Result<(), (u32, PrepareError)> {
        let mut workshop = Workshop {
            network,
            secrets,
            made: BTreeMap::new(),
        };
        let mut ready = Vec::with_capacity(places.len());
        for place in places {
            let prepared = match &place.probe {
                Ok(probe) => workshop
                    .prepare(&place.assignment, probe)
                    .map(Ok)
                    .map_err(|error| (place.slot, error))?,
                Err(message) => Err(message.clone()),
            };
            ready.push((place.slot, Some((Arc::clone(&place.assignment), prepared))));
        }
        self.swap(ready);
        Ok(())
    }

    /// Forgets what was prepared for slots that nobody has any more.
    pub fn clear(&self, slots: &[u32]) {
        self.swap(slots.iter().map(|slot| (*slot, None)).collect());
    }

    fn swap(&self, changed: Vec<(u32, Option<Filled>)>) {
        let mut slots = self.slots.load().as_ref().clone();
        for (slot, prepared) in changed {
            let Ok(index) = usize::try_from(slot) else {
                continue;
            };
            if slots.len() <= index {
                slots.resize_with(index + 1, Slot::default);
            }
            if let Some(place) = slots.get_mut(index) {
                // An assignment that was prepared anew is not its own predecessor.
                let before = place.now.take().filter(|(of, _)| {
                    prepared
                        .as_ref()
                        .is_some_and(|(now, _)| !Arc::ptr_eq(of, now))
                });
                *place = Slot {
                    now: prepared,
                    before,
                };
            }
        }
        self.slots.store(Arc::new(slots));
    }

    pub(crate) fn prepared(&self, slot: u32, assignment: &Arc<Assignment>) -> Option<Ready> {
        let index = usize::try_from(slot).ok()?;
        self.slots.load().get(index)?.ready(assignment)
    }
}

/// Prepares slots; those of one probe with the same settings share what is compiled.
struct Workshop<'a> {
    network: &'a Network,
    secrets: &'a Arc<Secrets>,
    made: BTreeMap<(String, Arc<str>), Arc<Prepared>>,
}

impl Workshop<'_> {
    fn prepare(
        &mut self,
        assignment: &Assignment,
        probe: &Arc<Probe>,
    ) -> Result<Arc<Prepared>, PrepareError> {
        let key = (
            assignment.probe.to_string(),
            Arc::clone(&assignment.settings),
        );
        if let Some(made) = self.made.get(&key) {
            return Ok(Arc::clone(made));
        }
        let settings: Value =
            serde_json::from_str(&assignment.settings).map_err(PrepareError::Settings)?;
        let expressions =
            Expressions::compile(&probe.description.settings, &settings).map_err(first)?;
        let prepared = Arc::new(Prepared {
            probe: Arc::clone(probe),
            expressions: Arc::new(expressions),
            network: self.network.clone(),
            secrets: Arc::clone(self.secrets),
            weight: Weight::of(probe.size),
        });
        self.made.insert(key, Arc::clone(&prepared));
        Ok(prepared)
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
