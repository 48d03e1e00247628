//! Every decision of the dispatcher as one pure state machine: `step(now, event) -> actions`.
//!
//! The runner only turns the crank, and the simulation runs this machine, not a model of it. No tick
//! is ever nothing: it is started or missed, with a reason, and a late one never causes a burst.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
};

use serde::{Deserialize, Serialize};

use crate::schedule::Timetable;

/// An instant, on the three clocks that tell a suspend from a clock that was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Now {
    /// The wall clock, in milliseconds since the Unix epoch.
    pub unix_ms: i64,
    /// A clock that never jumps and stands still in suspend, in milliseconds.
    pub monotonic_ms: i64,
    /// The same, but running on in suspend.
    pub boot_ms: i64,
}

/// Why a tick did not become a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissedReason {
    /// The run before it had not ended.
    Overlap,
    /// It was noticed too late.
    Late,
    /// There was no room for it in time.
    Overload,
    /// The machine slept.
    Suspended,
    /// The wall clock was set.
    ClockJump,
    /// The daemon is about to end.
    Draining,
    /// The check is switched off.
    Disabled,
    /// Another prober owns it.
    NotOwner,
}

impl MissedReason {
    /// Every reason.
    pub const ALL: [Self; 8] = [
        Self::Overlap,
        Self::Late,
        Self::Overload,
        Self::Suspended,
        Self::ClockJump,
        Self::Draining,
        Self::Disabled,
        Self::NotOwner,
    ];

    /// The label's value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Overlap => "overlap",
            Self::Late => "late",
            Self::Overload => "overload",
            Self::Suspended => "suspended",
            Self::ClockJump => "clock_jump",
            Self::Draining => "draining",
            Self::Disabled => "disabled",
            Self::NotOwner => "not_owner",
        }
    }
}

/// What the dispatcher hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// Time has passed.
    Wake,
    /// The run of a slot has ended.
    Finished {
        /// Whose.
        slot: u32,
    },
    /// No new ticks from now on.
    Drain,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// Start a run.
    Start {
        /// Whose.
        slot: u32,
        /// The tick's planned instant, in Unix milliseconds.
        planned_unix_ms: i64,
    },
    /// Book ticks that will not run.
    Missed {
        /// Whose.
        slot: u32,
        /// Why.
        reason: MissedReason,
        /// The first one's planned instant, in Unix milliseconds.
        planned_unix_ms: i64,
        /// How many.
        count: u64,
    },
}

/// The wall clock may drift from the monotonic one by this much before it counts as a jump.
const JUMP_MS: i64 = 2_000;

/// Missed calendar ticks are counted one by one, up to here.
const MOST_COUNTED: u64 = 1_000_000;

#[derive(Debug, Clone, Default)]
struct Slot {
    /// `None` where nothing is due any more.
    timetable: Option<Timetable>,
    running: bool,
    /// Which of its timetables this is: what is due by an earlier one is void.
    edition: u32,
}

/// A tick that waits for room.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    slot: u32,
    planned: i64,
    latest: i64,
}

/// An instant, a slot, and the edition of its timetable.
type Due = (i64, u32, u32);

/// The dispatcher.
#[derive(Debug, Clone)]
pub struct Dispatcher {
    slots: Vec<Slot>,
    due: BinaryHeap<Reverse<Due>>,
    waiting: VecDeque<Waiting>,
    running: usize,
    capacity: usize,
    room: usize,
    draining: bool,
    last: Now,
}

impl Dispatcher {
    /// A dispatcher of these timetables, loaded now, with room for so many runs at once.
    pub fn new(timetables: Vec<Timetable>, capacity: usize, now: Now) -> Self {
        let mut dispatcher = Self {
            slots: Vec::new(),
            due: BinaryHeap::new(),
            waiting: VecDeque::new(),
            running: 0,
            capacity,
            room: usize::MAX,
            draining: false,
            last: now,
        };
        for (index, timetable) in (0_u32..).zip(timetables) {
            let soon = timetable.soon_after_load(now.unix_ms);
            dispatcher.plan_from(index, timetable, (soon, now));
        }
        dispatcher
    }

    /// Gives a slot another timetable; the one that it has changes nothing. A new slot may run once soon; a
    /// run under way goes on. Take a step at this same instant before: what was due by then is due.
    pub fn put(&mut self, index: u32, timetable: Timetable, now: Now) {
        if self.timetable(index) == Some(&timetable) {
            return;
        }
        let is_new = self.timetable(index).is_none();
        let soon = timetable.soon_after_joining(now.unix_ms).filter(|_| is_new);
        self.plan_from(index, timetable, (soon, now));
    }

    fn plan_from(&mut self, index: u32, timetable: Timetable, (soon, now): (Option<i64>, Now)) {
        let Some(slot) = self.grown(index) else {
            return;
        };
        let next = soon.or_else(|| timetable.next_after(now.unix_ms));
        slot.edition = slot.edition.wrapping_add(1);
        slot.timetable = Some(timetable);
        let edition = slot.edition;
        self.due
            .extend(next.map(|at| Reverse((at, index, edition))));
    }

    /// Nothing is due any more in a slot. A run under way goes on; a tick that waits is missed.
    pub fn remove(&mut self, index: u32, actions: &mut Vec<Action>) {
        let Some(slot) = self.slot_mut(index) else {
            return;
        };
        slot.timetable = None;
        slot.edition = slot.edition.wrapping_add(1);
        self.waiting.retain(|waiting| {
            let is_other = waiting.slot != index;
            if !is_other {
                let planned = waiting.planned;
                actions.push(missed(index, MissedReason::Disabled, planned, 1));
            }
            is_other
        });
    }

    /// Whether a slot has neither a timetable nor a run: another check-target may have it.
    pub fn is_vacant(&self, index: u32) -> bool {
        let slot = usize::try_from(index)
            .ok()
            .and_then(|index| self.slots.get(index));
        slot.is_none_or(|slot| slot.timetable.is_none() && !slot.running)
    }

    /// How many more runs may start before the next call of this.
    pub const fn set_room(&mut self, room: usize) {
        self.room = room;
    }

    fn grown(&mut self, index: u32) -> Option<&mut Slot> {
        let index = usize::try_from(index).ok()?;
        if self.slots.len() <= index {
            self.slots.resize_with(index + 1, Slot::default);
        }
        self.slots.get_mut(index)
    }

    /// Takes an event, and appends what is to be done.
    pub fn step(&mut self, now: Now, event: Event, actions: &mut Vec<Action>) {
        let jump = self.jump(now);
        self.last = now;
        if jump == Some(MissedReason::ClockJump) {
            self.replan_after_a_step_back(now);
        }
        match event {
            Event::Wake => {}
            Event::Finished { slot } => self.finished(slot),
            Event::Drain => self.drain(actions),
        }
        self.overdue(now, jump, actions);
        self.expire(now, actions);
        self.admit(actions);
    }

    /// When to wake next, and when to wake after that as far as it is known now, in Unix milliseconds.
    pub fn next_wakes(&self) -> [Option<i64>; 2] {
        // The second of a heap is one of its root's two children.
        let due = self.due.as_slice().iter().take(3);
        let due = due.map(|Reverse((at, ..))| *at);
        let expiring = self.waiting.iter().take(2);
        let expiring = expiring.map(|waiting| waiting.latest + 1);
        due.chain(expiring)
            .fold([None, None], |[first, second], at| match (first, second) {
                (None, _) => [Some(at), None],
                (Some(one), _) if at < one => [Some(at), first],
                (_, None) => [first, Some(at)],
                (_, Some(two)) => [first, Some(at.min(two))],
            })
    }

    /// The next tick of a slot, in Unix milliseconds.
    pub fn next_tick(&self, slot: u32) -> Option<i64> {
        self.due
            .iter()
            .find(|Reverse((_, index, edition))| {
                *index == slot && self.edition(*index) == Some(*edition)
            })
            .map(|Reverse((at, ..))| *at)
    }

    /// The tick of a slot after an instant, both in Unix milliseconds, by its timetable alone.
    pub fn planned_after(&self, slot: u32, unix_ms: i64) -> Option<i64> {
        self.slots
            .get(usize::try_from(slot).ok()?)?
            .timetable
            .as_ref()?
            .next_after(unix_ms)
    }

    fn edition(&self, index: u32) -> Option<u32> {
        let slot = self.slots.get(usize::try_from(index).ok()?)?;
        Some(slot.edition)
    }

    fn timetable(&self, index: u32) -> Option<&Timetable> {
        let slot = self.slots.get(usize::try_from(index).ok()?)?;
        slot.timetable.as_ref()
    }

    /// Runs that have started and not ended.
    pub const fn running(&self) -> usize {
        self.running
    }

    /// Ticks that wait for room.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether clocks have moved apart since the last event, and how.
    fn jump(&self, now: Now) -> Option<MissedReason> {
        let passed = now.monotonic_ms - self.last.monotonic_ms;
        let slept = now.boot_ms - self.last.boot_ms - passed;
        let stepped = now.unix_ms - self.last.unix_ms - passed - slept;
        if slept > JUMP_MS {
            Some(MissedReason::Suspended)
        } else if stepped.abs() > JUMP_MS {
            Some(MissedReason::ClockJump)
        } else {
            None
        }
    }

    /// A clock set back must not silence an interval until it has caught up. A calendar never fires
    /// an instant twice: its next tick stays where it was.
    fn replan_after_a_step_back(&mut self, now: Now) {
        let replanned = self
            .due
            .drain()
            .filter_map(|Reverse((at, index, edition))| {
                let slot = self.slots.get(usize::try_from(index).ok()?)?;
                let timetable = slot
                    .timetable
                    .as_ref()
                    .filter(|_| slot.edition == edition)?;
                Some(Reverse((
                    timetable.replanned(at, now.unix_ms),
                    index,
                    edition,
                )))
            });
        self.due = replanned.collect::<Vec<_>>().into();
    }

    fn finished(&mut self, slot: u32) {
        if let Some(slot) = self.slot_mut(slot).filter(|slot| slot.running) {
            slot.running = false;
            self.running -= 1;
        }
    }

    fn drain(&mut self, actions: &mut Vec<Action>) {
        self.draining = true;
        for waiting in std::mem::take(&mut self.waiting) {
            actions.push(missed(
                waiting.slot,
                MissedReason::Draining,
                waiting.planned,
                1,
            ));
        }
    }

    /// Takes every due tick from the heap and plans the one after it.
    fn overdue(&mut self, now: Now, jump: Option<MissedReason>, actions: &mut Vec<Action>) {
        while let Some(Reverse((planned, index, edition))) = self
            .due
            .peek()
            .copied()
            .filter(|Reverse((at, ..))| *at <= now.unix_ms)
        {
            self.due.pop();
            let current = self.edition(index) == Some(edition);
            let Some(timetable) = self.timetable(index).filter(|_| current) else {
                continue;
            };
            let latest = planned + timetable.lateness_ms();
            let mut current = planned;
            if now.unix_ms > latest {
                let last = timetable.last_in_time(planned, now.unix_ms);
                let lost = timetable.count_between(
                    planned,
                    last.map_or(now.unix_ms, |last| last - 1),
                    MOST_COUNTED,
                );
                let reason = if self.draining {
                    MissedReason::Draining
                } else {
                    jump.unwrap_or(MissedReason::Late)
                };
                actions.push(missed(index, reason, planned, lost + 1));
                current = last.unwrap_or(now.unix_ms);
                if let Some(last) = last {
                    self.tick(index, last, actions);
                }
            } else {
                self.tick(index, planned, actions);
            }
            self.plan(index, current);
        }
    }

    fn plan(&mut self, index: u32, after: i64) {
        let next = self
            .timetable(index)
            .and_then(|timetable| timetable.next_after(after));
        let edition = self.edition(index).unwrap_or(0);
        self.due
            .extend(next.map(|next| Reverse((next, index, edition))));
    }

    /// A tick that is not too late: it overlaps, waits for room, or is refused while draining.
    fn tick(&mut self, index: u32, planned: i64, actions: &mut Vec<Action>) {
        let Some(slot) = self.slots.get(usize::try_from(index).unwrap_or(usize::MAX)) else {
            return;
        };
        let lateness = slot.timetable.as_ref().map_or(0, Timetable::lateness_ms);
        let latest = planned + lateness;
        let waits = self.waiting.iter().any(|waiting| waiting.slot == index);
        if self.draining {
            actions.push(missed(index, MissedReason::Draining, planned, 1));
        } else if slot.running || waits {
            actions.push(missed(index, MissedReason::Overlap, planned, 1));
        } else {
            self.waiting.push_back(Waiting {
                slot: index,
                planned,
                latest,
            });
        }
    }

    /// What waited too long is missed.
    fn expire(&mut self, now: Now, actions: &mut Vec<Action>) {
        self.waiting.retain(|waiting| {
            let in_time = now.unix_ms <= waiting.latest;
            if !in_time {
                actions.push(missed(
                    waiting.slot,
                    MissedReason::Overload,
                    waiting.planned,
                    1,
                ));
            }
            in_time
        });
    }

    /// Starts what there is room for, in order.
    fn admit(&mut self, actions: &mut Vec<Action>) {
        while self.running < self.capacity && self.room > 0 {
            let Some(next) = self.waiting.pop_front() else {
                return;
            };
            if let Some(slot) = self.slot_mut(next.slot) {
                slot.running = true;
                self.running += 1;
                self.room -= 1;
                actions.push(Action::Start {
                    slot: next.slot,
                    planned_unix_ms: next.planned,
                });
            }
        }
    }

    fn slot_mut(&mut self, slot: u32) -> Option<&mut Slot> {
        self.slots.get_mut(usize::try_from(slot).ok()?)
    }
}

const fn missed(slot: u32, reason: MissedReason, planned_unix_ms: i64, count: u64) -> Action {
    Action::Missed {
        slot,
        reason,
        planned_unix_ms,
        count,
    }
}

#[cfg(test)]
mod tests;
