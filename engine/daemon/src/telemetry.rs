//! What the daemon tells the world: events in, an exposition out.
//!
//! The runner's sink books what happened, one short lock per check-target; a scrape copies each
//! check-target's numbers and renders the copy. Metric names are written here and nowhere else.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use leadsman_core::{dispatch::MissedReason, plan::Plan, record::RunRecord};

mod births;
mod checks;
mod collector;
mod exposition;
mod families;
mod format;
mod histogram;
mod lesson;
mod measures;
mod place;
mod process;
mod scrapes;
mod settings;
mod slot;
mod states;
mod targets;
#[cfg(test)]
pub(crate) mod tests;
mod text;
mod values;

pub use format::Format;
pub use settings::{BuildInfo, TelemetrySettings};
pub use states::{CheckState, FailedRun, LastRun, MissedState, OperationState, StepState};

use births::Births;
use checks::CheckEntry;
use exposition::{Exposition, Family};
use place::Place;
use scrapes::Scrapes;
use slot::Slot;
use targets::TargetView;
use values::unix_ms;

/// The numbers of one plan, born at 0 before the first run.
#[derive(Debug)]
pub struct Telemetry {
    slots: Vec<Slot>,
    checks: Vec<CheckEntry>,
    place: Place,
    scrapes: Scrapes,
    /// Only rendering takes it: no run ever waits for it.
    births: Mutex<Births>,
    settings: TelemetrySettings,
}

impl Telemetry {
    /// Every series of the plan, at 0. Slot n is the n-th assignment of the plan's checks.
    pub fn new(plan: &Plan, build: BuildInfo, settings: TelemetrySettings) -> Self {
        let slots = plan.checks.iter().enumerate().flat_map(|(index, check)| {
            check
                .assignments
                .iter()
                .map(move |assignment| Slot::new(index, check, assignment))
        });
        Self {
            slots: slots.collect(),
            checks: plan
                .checks
                .iter()
                .map(|check| CheckEntry::new(check, &settings.measures))
                .collect(),
            place: Place::new(plan, build, (settings.clock)()),
            scrapes: Scrapes::default(),
            births: Mutex::default(),
            settings,
        }
    }

    /// A tick became a run.
    pub fn started(&self, slot: u32) {
        if let Some(slot) = self.slot(slot) {
            slot.started();
            self.scrapes.booked();
        }
    }

    /// Ticks did not become runs; the first of them was planned for this moment.
    pub fn missed(&self, slot: u32, reason: MissedReason, planned_unix_ms: i64, count: u64) {
        if let Some(slot) = self.slot(slot) {
            slot.missed(MissedState {
                reason,
                planned_unix_ms,
                count,
            });
            self.scrapes.booked();
        }
    }

    /// A run ended. Only runs that were due are booked: what somebody asked for is no SLI event.
    pub fn finished(&self, slot: u32, record: &Arc<RunRecord>) {
        if let Some(slot) = self.slot(slot)
            && let Some(check) = self.checks.get(slot.check())
        {
            slot.finished(record, check.measures());
            self.scrapes.booked();
        }
    }

    /// The dispatcher planned the slot's next tick.
    pub fn set_next_tick(&self, slot: u32, unix_ms: i64) {
        if let Some(slot) = self.slot(slot) {
            slot.set_next_tick(unix_ms);
        }
    }

    /// Whether this location can judge; it can until somebody says otherwise.
    pub fn set_location_healthy(&self, healthy: bool) {
        self.place.set_healthy(healthy);
    }

    /// A scrape starts.
    pub fn note_scrape(&self) {
        self.scrapes.start(unix_ms((self.settings.clock)()));
    }

    /// How many scrapes have started.
    pub fn scrapes_started(&self) -> u64 {
        self.scrapes.started()
    }

    /// When the last scrape started, in Unix milliseconds.
    pub fn last_scrape(&self) -> Option<i64> {
        self.scrapes.last()
    }

    /// Whether something was booked that no scrape has started after; the shutdown waits for it.
    pub fn awaits_scrape(&self) -> bool {
        self.scrapes.awaited()
    }

    /// The exposition and its content type. What has just appeared is told as 0 this once.
    pub fn render(&self, format: Format) -> (&'static str, Vec<u8>) {
        let exposition = Exposition {
            format,
            families: self.families(format),
        };
        match format {
            Format::Text => text::render(&exposition),
            Format::OpenMetrics => collector::open_metrics(exposition),
            Format::Protobuf => collector::protobuf(exposition),
        }
    }

    /// The state of every check-target, in the plan's order.
    pub fn check_states(&self) -> Vec<CheckState> {
        self.slots.iter().map(Slot::state).collect()
    }

    fn families(&self, format: Format) -> Vec<Family> {
        let now_ms = unix_ms((self.settings.clock)());
        let targets: Vec<TargetView<'_>> = self.slots.iter().map(TargetView::of).collect();
        let mut births = self.births.lock().unwrap_or_else(PoisonError::into_inner);
        let shape = Shape {
            format,
            classic: self.settings.classic_histograms,
            now_ms,
            created: self.place.born(),
        };
        let mut families = targets::families(&targets, shape, &mut births);
        families.extend(checks::families(&self.checks, &targets, &mut births));
        families.extend(
            self.place
                .families(&targets, shape, &self.settings, &mut births),
        );
        families.extend(self.scrapes.families(self.place.labels()));
        families.push(checks::series(&self.checks, &families, format));
        families.extend(process::families());
        families
    }

    fn slot(&self, slot: u32) -> Option<&Slot> {
        self.slots.get(usize::try_from(slot).ok()?)
    }
}

/// What one rendering has to know.
#[derive(Debug, Clone, Copy)]
struct Shape {
    format: Format,
    classic: bool,
    now_ms: i64,
    created: SystemTime,
}
