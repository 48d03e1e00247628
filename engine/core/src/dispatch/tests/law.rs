//! The law, whatever happens: each tick that is due becomes a run or is missed with a reason, once.

use std::ops::Range;

use proptest::prelude::*;

use super::*;

/// So many slots there are, most of them given and taken away as it comes.
const SLOTS: u32 = 20;

/// What is due in a slot by its timetables alone.
#[derive(Default)]
struct Planned {
    timetable: Option<Timetable>,
    /// The extra first tick.
    soon: Option<i64>,
    /// Since when it has this timetable.
    since: i64,
    /// Ticks of the timetables before.
    before: u64,
}

impl Planned {
    fn ticks(&self, now: i64) -> u64 {
        let Some(timetable) = &self.timetable else {
            return self.before;
        };
        let soon = self.soon.is_some_and(|soon| soon <= now);
        self.before + u64::from(soon) + timetable.count_between(self.since, now, u64::MAX)
    }

    /// From now on it has this one; what was due stays due.
    fn turn(&mut self, timetable: Option<Timetable>, soon: Option<i64>, now: i64) {
        *self = Self {
            timetable,
            soon,
            since: now,
            before: self.ticks(now),
        };
    }
}

#[derive(Debug, Clone)]
enum Happening {
    Pass(i64),
    Suspend(i64),
    SetForward(i64),
    FinishOldest,
    FinishAll,
    Put(u32, Rule),
    Remove(u32),
    Drain,
}

/// What happens, in spans of less than these.
fn happening(
    pass: i64,
    away: i64,
    rule: impl Strategy<Value = Rule>,
) -> impl Strategy<Value = Happening> {
    prop_oneof![
        80 => (1..pass).prop_map(Happening::Pass),
        10 => (2_500..away).prop_map(Happening::Suspend),
        10 => (2_500..away).prop_map(Happening::SetForward),
        40 => Just(Happening::FinishOldest),
        20 => Just(Happening::FinishAll),
        10 => (0..SLOTS, rule).prop_map(|(slot, rule)| Happening::Put(slot, rule)),
        10 => (0..SLOTS).prop_map(Happening::Remove),
        // Nothing starts after it, so it is rare.
        1 => Just(Happening::Drain),
    ]
}

/// A dispatcher, what it has said, and what it is held to.
struct Life {
    dispatcher: Dispatcher,
    capacity: usize,
    clocks: Clocks,
    book: Book,
    slots: Vec<Planned>,
    /// What was booked when it began to drain, but for what was missed by that.
    drained: Option<(u64, u64)>,
}

impl Life {
    fn new(timetables: Vec<Timetable>, capacity: usize, clocks: Clocks) -> Self {
        let now = clocks.0.unix_ms;
        let planned = |timetable: &Timetable| Planned {
            timetable: Some(timetable.clone()),
            soon: timetable.soon_after_load(now),
            since: now,
            before: 0,
        };
        let mut slots: Vec<Planned> = timetables.iter().map(planned).collect();
        slots.resize_with(usize::try_from(SLOTS).unwrap(), Planned::default);
        let mut life = Self {
            dispatcher: Dispatcher::new(timetables, capacity, clocks.0),
            capacity,
            clocks,
            book: Book::default(),
            slots,
            drained: None,
        };
        life.step(Event::Wake);
        life
    }

    fn live(&mut self, happenings: Vec<Happening>) {
        for happening in happenings {
            self.happen(happening);
            self.step(Event::Wake);
            self.hold();
        }
        for ticks in self.book.started.values() {
            assert!(
                ticks.windows(2).all(|pair| pair[0] < pair[1]),
                "no tick runs twice"
            );
        }
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Pass(ms) => self.clocks.pass(ms),
            Happening::Suspend(ms) => self.clocks.suspend(ms),
            Happening::SetForward(ms) => self.clocks.set(ms),
            Happening::FinishOldest if self.book.running.is_empty() => {}
            Happening::FinishOldest => {
                let slot = self.book.running.remove(0);
                self.step(Event::Finished { slot });
            }
            Happening::FinishAll => {
                finish_all(&mut self.dispatcher, self.clocks, &mut self.book);
            }
            Happening::Put(slot, rule) => self.put(slot, &rule),
            Happening::Remove(slot) => self.remove(slot),
            Happening::Drain => {
                if self.drained.is_none() {
                    self.drained = Some(self.besides_draining());
                }
                self.step(Event::Drain);
            }
        }
    }

    fn step(&mut self, event: Event) {
        step(&mut self.dispatcher, self.clocks, event, &mut self.book);
    }

    /// A change comes a moment after whatever else, and what was due by then is due.
    fn moment(&mut self) -> Now {
        self.clocks.pass(1);
        self.step(Event::Wake);
        self.clocks.0
    }

    fn put(&mut self, slot: u32, rule: &Rule) {
        let now = self.moment();
        let index = usize::try_from(slot).unwrap();
        let (timetable, planned) = (timetable(index, rule), &mut self.slots[index]);
        if planned.timetable.as_ref() != Some(&timetable) {
            let soon = timetable.soon_after_joining(now.unix_ms);
            let soon = soon.filter(|_| planned.timetable.is_none());
            planned.turn(Some(timetable.clone()), soon, now.unix_ms);
        }
        self.dispatcher.put(slot, timetable, now);
    }

    fn remove(&mut self, slot: u32) {
        let now = self.moment();
        self.slots[usize::try_from(slot).unwrap()].turn(None, None, now.unix_ms);
        let mut actions = Vec::new();
        self.dispatcher.remove(slot, &mut actions);
        for action in &actions {
            let Action::Missed {
                slot: whose,
                reason,
                ..
            } = action
            else {
                panic!("{action:?}");
            };
            assert_eq!((*whose, *reason), (slot, MissedReason::Disabled));
        }
        self.book.take(&actions);
    }

    /// Runs, and ticks that were missed for another reason than draining.
    fn besides_draining(&self) -> (u64, u64) {
        let mut missed = self.book.missed.clone();
        missed.remove(&MissedReason::Draining);
        (self.book.runs(), missed.values().sum())
    }

    fn hold(&self) {
        let now = self.clocks.0.unix_ms;
        for (slot, planned) in (0_u32..).zip(&self.slots) {
            let waiting = self.dispatcher.waiting.iter();
            let waiting = waiting.filter(|waiting| waiting.slot == slot).count();
            let booked = self.book.booked.get(&slot).copied().unwrap_or(0);
            let waiting = u64::try_from(waiting).unwrap();
            assert_eq!(planned.ticks(now), booked + waiting, "slot {slot}");
            let vacant = planned.timetable.is_none() && !self.book.running.contains(&slot);
            assert_eq!(self.dispatcher.is_vacant(slot), vacant, "slot {slot}");
        }
        assert!(self.dispatcher.running() <= self.capacity);
        assert_eq!(self.dispatcher.running(), self.book.running.len());
        match self.drained {
            Some(before) => assert_eq!(self.besides_draining(), before),
            None => assert!(!self.book.missed.contains_key(&MissedReason::Draining)),
        }
        if self.dispatcher.waiting() == 0 {
            let due = self.dispatcher.due.iter();
            let mut due: Vec<i64> = due.map(|Reverse((at, ..))| *at).collect();
            due.sort_unstable();
            let first_two = [due.first().copied(), due.get(1).copied()];
            assert_eq!(self.dispatcher.next_wakes(), first_two);
        }
    }
}

/// Evenings before a day of which the zone skips or repeats an hour, and an ordinary one.
const EVES: [&str; 3] = [
    "2026-03-28T20:00:00Z",
    "2026-10-24T20:00:00Z",
    "2026-06-15T20:00:00Z",
];

/// Calendars whose ticks fall into the hour that is skipped or repeated, or lie around it.
const CALENDARS: [&str; 5] = [
    "30 2 * * *",
    "*/7 * * * *",
    "0 */2 * * *",
    "15 3 * * 0",
    "0 0 * * *",
];

fn seconds(range: Range<u64>) -> impl Strategy<Value = Rule> {
    range.prop_map(|seconds| Rule::Every(Duration::from_secs(seconds)))
}

/// A calendar, or an interval of half a minute to two hours.
fn on_a_day() -> impl Strategy<Value = Rule> {
    let calendars = prop::sample::select(&CALENDARS[..]);
    let calendar = calendars.prop_map(|expression| Rule::Cron {
        expression: expression.to_owned(),
        zone: "Europe/Berlin".to_owned(),
    });
    prop_oneof![3 => calendar, 2 => seconds(30..7_200)]
}

fn timetables(rules: &[Rule]) -> Vec<Timetable> {
    let rules = rules.iter().enumerate();
    rules.map(|(index, rule)| timetable(index, rule)).collect()
}

proptest! {
    #[test]
    fn every_tick_is_a_run_or_is_missed_with_a_reason(
        rules in prop::collection::vec(seconds(1..60), 1..20),
        capacity in 1_usize..8,
        happenings in prop::collection::vec(happening(3_000, 120_000, seconds(1..60)), 1..200),
    ) {
        Life::new(timetables(&rules), capacity, Clocks::new()).live(happenings);
    }

    #[test]
    fn the_law_holds_for_calendars_on_days_on_which_clocks_change_and_where_clocks_are_set(
        eve in prop::sample::select(&EVES[..]),
        rules in prop::collection::vec(on_a_day(), 1..9),
        capacity in 1_usize..6,
        happenings in prop::collection::vec(happening(600_000, 7_200_000, on_a_day()), 1..150),
    ) {
        let unix_ms = eve.parse::<jiff::Timestamp>().unwrap().as_millisecond();
        let clocks = Clocks(Now { unix_ms, monotonic_ms: 0, boot_ms: 0 });
        Life::new(timetables(&rules), capacity, clocks).live(happenings);
    }

    #[test]
    fn a_clock_that_is_set_back_neither_bursts_nor_silences_an_interval(
        period in 1_u64..600,
        back in 2_500_i64..7_200_000,
        rounds in 1_i64..50,
    ) {
        let (mut clocks, mut book) = (Clocks::new(), Book::default());
        let period_ms = i64::try_from(period).unwrap() * 1_000;
        let mut dispatcher = Dispatcher::new(vec![every(0, period)], 10, clocks.0);
        clocks.pass(period_ms);
        step(&mut dispatcher, clocks, Event::Wake, &mut book);
        finish_all(&mut dispatcher, clocks, &mut book);
        let before = book.runs() + book.missed.values().sum::<u64>();
        clocks.set(-back);
        for _ in 0..rounds {
            clocks.pass(period_ms);
            step(&mut dispatcher, clocks, Event::Wake, &mut book);
            finish_all(&mut dispatcher, clocks, &mut book);
        }
        let after = book.runs() + book.missed.values().sum::<u64>() - before;
        let rounds = u64::try_from(rounds).unwrap();
        prop_assert!(after <= rounds + 1 && after + 1 >= rounds, "{after} in {rounds} periods");
    }
}
