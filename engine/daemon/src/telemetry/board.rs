//! What a scrape shows of one configuration; a reload puts another one in its place.

use std::{collections::BTreeMap, sync::Arc, time::SystemTime};

use leadsman_core::{
    id::{Location, ProbeName},
    plan::{Check, MeasureDescription, OpenWindow, Plan, Window},
};

use super::{
    checks::CheckEntry,
    departed::Departed,
    files::FileState,
    probes::ProbeState,
    room::Room,
    slot::{Slot, Windows},
};
use crate::seats::Seat;

/// What is told of a configuration.
#[derive(Debug, Clone, Default)]
pub struct Edition {
    /// Its revision, for `leadsman_config_info`.
    pub revision: String,
    /// What each probe declares that it measures; anything else is dropped and counted.
    pub measures: BTreeMap<ProbeName, Arc<[MeasureDescription]>>,
    /// The files that it came from.
    pub files: Vec<FileState>,
    /// The probes that its checks use.
    pub probes: Vec<ProbeState>,
}

/// Windows that were opened: a fleet has few, and each is some kilobytes.
#[derive(Default)]
struct Calendar(BTreeMap<Window, Arc<OpenWindow>>);

impl Calendar {
    /// A window that cannot be opened was refused when the configuration was read.
    fn windows(&mut self, check: &Check) -> Windows {
        let opened = check.maintenance.iter().filter_map(|window| {
            if let Some(open) = self.0.get(window) {
                return Some(Arc::clone(open));
            }
            let open = Arc::new(window.opened().ok()?);
            self.0.insert(window.clone(), Arc::clone(&open));
            Some(open)
        });
        opened.collect()
    }
}

/// The check-targets of one configuration.
#[derive(Debug)]
pub(super) struct Board {
    /// By slot number.
    slots: Vec<Option<Arc<Slot>>>,
    /// In the plan's order.
    pub(super) order: Vec<Arc<Slot>>,
    pub(super) checks: Vec<CheckEntry>,
    pub(super) departed: Departed,
    /// Every location of the fleet.
    pub(super) locations: Vec<Location>,
    pub(super) edition: Edition,
}

impl Board {
    /// The board of a plan whose check-targets sit so; accounts go on from the board before, and share the
    /// room for what is kept.
    pub(super) fn new(
        plan: &Plan,
        seats: &[Vec<Seat>],
        edition: Edition,
        (before, room): (Option<&Self>, &Arc<Room>),
        now: SystemTime,
    ) -> Self {
        let mut board = Self {
            slots: Vec::new(),
            order: Vec::new(),
            checks: Vec::with_capacity(plan.checks.len()),
            departed: before
                .map(|before| before.departed.clone())
                .unwrap_or_default(),
            locations: plan.locations.clone(),
            edition,
        };
        let mut calendar = Calendar::default();
        for (index, (check, seats)) in plan.checks.iter().zip(seats).enumerate() {
            let known = before.and_then(|before| before.check(check.id.as_str()));
            let mut entry = CheckEntry::new(check, &board.edition.measures, (known, now));
            let windows = calendar.windows(check);
            for (assignment, seat) in check.assignments.iter().zip(seats) {
                let predecessor = before.and_then(|before| before.slot(seat.slot));
                let slot = Slot::new(
                    (index, check, &windows),
                    assignment,
                    seat.serial,
                    (predecessor, room),
                    now,
                );
                entry.counts_since(slot.born());
                slot.measure(entry.measures());
                board.seat(seat.slot, Arc::new(slot));
            }
            board.checks.push(entry);
        }
        if let Some(before) = before {
            board.part_from(before);
        }
        room.divide(board.order.len());
        board
    }

    fn seat(&mut self, slot: u32, occupant: Arc<Slot>) {
        let Ok(index) = usize::try_from(slot) else {
            return;
        };
        if self.slots.len() <= index {
            self.slots.resize_with(index + 1, || None);
        }
        if let Some(place) = self.slots.get_mut(index) {
            *place = Some(Arc::clone(&occupant));
        }
        self.order.push(occupant);
    }

    /// Whoever sat there before and is not here any more has left.
    fn part_from(&mut self, before: &Self) {
        let stays: std::collections::HashSet<u64> =
            self.order.iter().map(|slot| slot.serial()).collect();
        for slot in before
            .order
            .iter()
            .filter(|slot| !stays.contains(&slot.serial()))
        {
            self.departed.take(slot);
        }
        self.departed.keep_only(&self.checks);
    }

    pub(super) fn slot(&self, slot: u32) -> Option<&Slot> {
        self.slots.get(usize::try_from(slot).ok()?)?.as_deref()
    }

    fn check(&self, id: &str) -> Option<&CheckEntry> {
        self.find(id).map(|(_, check)| check)
    }

    /// A check and its place.
    pub(super) fn find(&self, id: &str) -> Option<(usize, &CheckEntry)> {
        let at = self.checks.binary_search_by(|check| check.id().cmp(id));
        let at = at.ok()?;
        Some((at, self.checks.get(at)?))
    }
}
