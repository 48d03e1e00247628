//! What the daemon tells the world: events in, an exposition out.
//!
//! The runner's sink books what happened, one short lock per check-target; a scrape takes each
//! check-target's numbers as they are and renders them. Metric names are written here and nowhere else.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use arc_swap::ArcSwap;
use bytes::Bytes;
use leadsman_core::{
    dispatch::MissedReason, evidence::EvidenceLimits, plan::Plan, record::RunRecord,
};

mod about;
mod births;
mod board;
mod budget;
mod checks;
mod collector;
mod departed;
mod evidence;
mod exposition;
mod families;
mod files;
mod format;
mod histogram;
mod lesson;
mod measures;
mod news;
mod numbers;
mod pieces;
mod place;
mod probes;
mod process;
mod query;
mod recent;
mod room;
mod scrapes;
mod settings;
mod slot;
mod states;
mod steps;
mod targets;
#[cfg(test)]
pub(crate) mod tests;
mod text;
mod values;
mod writer;

pub use about::CheckAbout;
pub use board::Edition;
pub use evidence::RunSummary;
pub use files::FileState;
pub use format::Format;
pub use news::News;
pub use probes::ProbeState;
pub use query::{CheckDetail, CheckFilter, RunFilter, Status, TargetDetail};
pub use recent::RecentRun;
pub use settings::{BuildInfo, TelemetrySettings};
pub use states::{CheckState, FailedRun, LastRun, MissedState, OperationState, StepState};

use births::Births;
use board::Board;
use checks::SeriesCounts;
use exposition::Family;
use place::Place;
use room::Room;
use scrapes::Scrapes;
use slot::Slot;
use targets::TargetView;
use values::unix_ms;
use writer::Writer;

use crate::seats::Seat;

/// The numbers of the plan in force, born at 0 before the first run.
#[derive(Debug)]
pub struct Telemetry {
    board: ArcSwap<Board>,
    place: Place,
    scrapes: Scrapes,
    /// Only rendering takes it: no run ever waits for it.
    births: Mutex<Births>,
    limits: EvidenceLimits,
    room: Arc<Room>,
    settings: TelemetrySettings,
}

impl Telemetry {
    /// Every series of the plan, at 0; its check-targets sit so.
    pub fn new(
        plan: &Plan,
        seats: &[Vec<Seat>],
        (build, edition): (BuildInfo, Edition),
        settings: TelemetrySettings,
    ) -> Self {
        let limits = settings.evidence.capped();
        let room = Arc::new(Room::new(limits.total_bytes));
        let now = (settings.clock)();
        let board = Board::new(plan, seats, edition, (None, &room), now);
        Self {
            board: ArcSwap::from_pointee(board),
            place: Place::new(plan, build, now),
            scrapes: Scrapes::default(),
            births: Mutex::default(),
            limits,
            room,
            settings,
        }
    }

    /// Another plan at the same place. Whoever keeps its seat keeps its account.
    pub fn reload(&self, plan: &Plan, seats: &[Vec<Seat>], edition: Edition) {
        let before = self.board.load_full();
        let now = (self.settings.clock)();
        let board = Board::new(plan, seats, edition, (Some(&before), &self.room), now);
        self.board.store(Arc::new(board));
    }

    /// The files of the configuration, and what is wrong with them.
    pub fn files(&self) -> Vec<FileState> {
        self.board.load().edition.files.clone()
    }

    /// The probes that checks use.
    pub fn probes(&self) -> Vec<ProbeState> {
        self.board.load().edition.probes.clone()
    }

    /// The revision of the configuration in force.
    pub fn revision(&self) -> String {
        self.board.load().edition.revision.clone()
    }

    /// A tick became a run.
    pub fn started(&self, slot: u32) {
        if let Some(slot) = self.board.load().slot(slot) {
            slot.started();
            self.scrapes.booked();
        }
    }

    /// Ticks did not become runs; the first of them was planned for this moment.
    pub fn missed(&self, slot: u32, reason: MissedReason, planned_unix_ms: i64, count: u64) {
        if let Some(slot) = self.board.load().slot(slot) {
            slot.missed(MissedState {
                reason,
                planned_unix_ms,
                count,
            });
            self.scrapes.booked();
        }
    }

    /// A run ended; returns what is kept of its record, and what of it is news. Only runs that
    /// were due are booked: what somebody asked for is no SLI event.
    pub fn finished(&self, slot: u32, record: Arc<RunRecord>) -> (Arc<RunRecord>, News) {
        let board = self.board.load();
        let Some(slot) = board.slot(slot) else {
            return (record, News::Nothing);
        };
        let Some(check) = board.checks.get(slot.check()) else {
            return (record, News::Nothing);
        };
        let record = slot.finished(record, check.measures(), &self.limits);
        self.room
            .tidy(|| board.order.iter().for_each(|slot| slot.keep_to_share()));
        self.scrapes.booked();
        let news = slot.changed(record.reason);
        (record, news)
    }

    /// Whether the slot's check may have one more line in the log; one that may not is counted.
    pub fn admits_line(&self, slot: u32) -> bool {
        let board = self.board.load();
        let check = board.slot(slot).map(Slot::check);
        let check = check.and_then(|check| board.checks.get(check));
        check.is_none_or(|check| check.lines().admits(unix_ms((self.settings.clock)())))
    }

    /// The dispatcher planned the slot's next tick.
    pub fn set_next_tick(&self, slot: u32, unix_ms: i64) {
        if let Some(slot) = self.board.load().slot(slot) {
            slot.set_next_tick(unix_ms);
        }
    }

    /// Whether this location can judge; it can until somebody says otherwise.
    pub fn set_location_healthy(&self, healthy: bool) {
        self.place.set_healthy(healthy);
    }

    /// The configuration was read again, with or without success.
    pub fn note_reload(&self, ok: bool, unix_ms: i64) {
        self.place.set_reload(ok, unix_ms);
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

    /// Whether something was booked that fewer scrapes than these have started after; the shutdown
    /// waits for them.
    pub fn awaits_scrapes(&self, scrapes: u64) -> bool {
        self.scrapes.awaited(scrapes)
    }

    /// The exposition as one text. What has just appeared is told as 0 this once.
    #[cfg(test)]
    pub(crate) fn render(&self, format: Format) -> Vec<u8> {
        let mut whole = Vec::new();
        let written = self.write(format, &mut |piece| {
            whole.extend_from_slice(&piece);
            true
        });
        assert!(written.is_ok(), "everything is taken");
        whole
    }

    /// Writes the exposition, of one moment, in pieces, for as long as somebody takes them. An error says that it
    /// is not whole.
    pub fn write(&self, format: Format, take: &mut dyn FnMut(Bytes) -> bool) -> fmt::Result {
        let mut writer = Writer::new(format, take);
        self.families(format, &mut |families| writer.write(families))?;
        writer.finish()
    }

    /// Tells the families of one moment, part by part: whoever is told forgets one before the next is made.
    fn families(
        &self,
        format: Format,
        tell: &mut dyn FnMut(Vec<Family>) -> fmt::Result,
    ) -> fmt::Result {
        let now_ms = unix_ms((self.settings.clock)());
        let board = self.board.load();
        let targets = board.order.iter().map(|slot| TargetView::of(slot));
        let targets: Vec<TargetView<'_>> = targets.collect();
        let shape = Shape {
            format,
            classic: self.settings.classic_histograms,
            now_ms,
        };
        let part = Writer::part(format);
        let mut counts = SeriesCounts::of(&board.checks);
        let mut tell_counted = |families: Vec<Family>| {
            counts.add(&families, format);
            tell(families)
        };
        for group in targets::GROUPS {
            for part in targets.chunks(part) {
                let family = group(part, shape, &mut self.births());
                tell_counted(vec![family])?;
            }
        }
        for group in checks::GROUPS {
            for start in (0..board.checks.len()).step_by(part) {
                let view = checks::View {
                    board: &board,
                    targets: &targets,
                    part: start..board.checks.len().min(start.saturating_add(part)),
                    place: self.place.labels(),
                    now_ms,
                };
                let family = group(&view, &mut self.births());
                tell_counted(vec![family])?;
            }
        }
        tell_counted(checks::measured(&board.checks, &targets))?;
        tell_counted(self.of_place(&board, &targets, shape))?;
        let counted = counts.told(&board.checks);
        tell(vec![counted])?;
        tell(process::families())
    }

    /// What is told of the daemon itself.
    fn of_place(&self, board: &Board, targets: &[TargetView<'_>], shape: Shape) -> Vec<Family> {
        let (place, born) = (self.place.labels(), self.place.born());
        let mut families =
            self.place
                .families((board, targets), shape, &self.settings, &mut self.births());
        families.extend(files::families(&board.edition.files, place));
        families.extend(self.room.families(place, born));
        families.extend(self.scrapes.families(place, born));
        families
    }

    /// Held while families are made, never while they are written: whoever reads slowly keeps nobody waiting.
    fn births(&self) -> MutexGuard<'_, Births> {
        self.births.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one rendering has to know.
#[derive(Debug, Clone, Copy)]
struct Shape {
    format: Format,
    classic: bool,
    now_ms: i64,
}
