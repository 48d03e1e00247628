//! The law over simulated time: ticks = runs + missed, whatever happens.

use std::{collections::BTreeMap, time::Duration};

use proptest::prelude::*;

use super::*;
use crate::{
    id::{CheckId, Location, TargetName},
    schedule::Rule,
};

const START: i64 = 1_790_000_000_000;

fn timetable(index: usize, rule: &Rule) -> Timetable {
    let check = CheckId::new(&format!("check/{index}")).unwrap();
    Timetable::new(
        rule,
        &check,
        &TargetName::new("t").unwrap(),
        &Location::new("l").unwrap(),
    )
    .unwrap()
}

fn every(index: usize, seconds: u64) -> Timetable {
    timetable(index, &Rule::Every(Duration::from_secs(seconds)))
}

/// Clocks that tests move.
#[derive(Clone, Copy)]
struct Clocks(Now);

impl Clocks {
    fn new() -> Self {
        Self(Now {
            unix_ms: START,
            monotonic_ms: 0,
            boot_ms: 0,
        })
    }

    fn pass(&mut self, ms: i64) {
        self.0.unix_ms += ms;
        self.0.monotonic_ms += ms;
        self.0.boot_ms += ms;
    }

    fn suspend(&mut self, ms: i64) {
        self.0.unix_ms += ms;
        self.0.boot_ms += ms;
    }

    fn set(&mut self, ms: i64) {
        self.0.unix_ms += ms;
    }
}

/// Books what the machine says, and holds it to the law.
#[derive(Default)]
struct Book {
    started: BTreeMap<u32, Vec<i64>>,
    running: Vec<u32>,
    missed: BTreeMap<MissedReason, u64>,
}

impl Book {
    fn take(&mut self, actions: &[Action]) {
        for action in actions {
            match action {
                Action::Start {
                    slot,
                    planned_unix_ms,
                } => {
                    assert!(!self.running.contains(slot), "overlap is forbidden");
                    self.running.push(*slot);
                    self.started
                        .entry(*slot)
                        .or_default()
                        .push(*planned_unix_ms);
                }
                Action::Missed { reason, count, .. } => {
                    *self.missed.entry(*reason).or_default() += count;
                }
            }
        }
    }

    fn runs(&self) -> u64 {
        self.started
            .values()
            .map(|ticks| u64::try_from(ticks.len()).unwrap())
            .sum()
    }
}

fn step(dispatcher: &mut Dispatcher, clocks: Clocks, event: Event, book: &mut Book) {
    let mut actions = Vec::new();
    dispatcher.step(clocks.0, event, &mut actions);
    book.take(&actions);
}

fn finish_all(dispatcher: &mut Dispatcher, clocks: Clocks, book: &mut Book) {
    for slot in std::mem::take(&mut book.running) {
        step(dispatcher, clocks, Event::Finished { slot }, book);
    }
}

#[test]
fn an_interval_runs_once_a_period() {
    let (mut clocks, mut book) = (Clocks::new(), Book::default());
    let mut dispatcher = Dispatcher::new(vec![every(0, 10)], 10, clocks.0);
    for _ in 0..600 {
        clocks.pass(100);
        step(&mut dispatcher, clocks, Event::Wake, &mut book);
        finish_all(&mut dispatcher, clocks, &mut book);
    }
    assert_eq!(book.runs(), 6);
    assert!(book.missed.is_empty());
}

#[test]
fn a_run_that_does_not_end_misses_the_next_tick_by_overlap() {
    let (mut clocks, mut book) = (Clocks::new(), Book::default());
    let mut dispatcher = Dispatcher::new(vec![every(0, 1)], 10, clocks.0);
    for _ in 0..50 {
        clocks.pass(100);
        step(&mut dispatcher, clocks, Event::Wake, &mut book);
    }
    assert_eq!((book.runs(), book.missed[&MissedReason::Overlap]), (1, 4));
}

#[test]
fn the_timetable_that_a_slot_has_already_changes_nothing_and_an_early_run_stays_due() {
    let (clocks, mut book) = (Clocks::new(), Book::default());
    let daily = || every(3, 86_400);
    let mut dispatcher = Dispatcher::new(vec![daily()], 10, clocks.0);
    let soon = dispatcher.next_tick(0).unwrap();
    assert_eq!(Some(soon), daily().soon_after_load(START));
    dispatcher.put(0, daily(), clocks.0);
    assert_eq!(dispatcher.next_tick(0), Some(soon));
    dispatcher.put(0, every(3, 43_200), clocks.0);
    assert_ne!(dispatcher.next_tick(0), Some(soon));
    step(&mut dispatcher, clocks, Event::Wake, &mut book);
    assert_eq!(book.runs(), 0);
}

#[test]
fn without_room_a_tick_waits_and_is_missed_by_overload_when_it_is_too_late() {
    let (mut clocks, mut book) = (Clocks::new(), Book::default());
    let mut dispatcher =
        Dispatcher::new((0..10).map(|index| every(index, 10)).collect(), 1, clocks.0);
    for _ in 0..90 {
        clocks.pass(100);
        step(&mut dispatcher, clocks, Event::Wake, &mut book);
    }
    assert_eq!(book.runs(), 1);
    clocks.pass(6_000);
    step(&mut dispatcher, clocks, Event::Wake, &mut book);
    assert!(book.missed[&MissedReason::Overload] >= 8);
}

#[test]
fn a_machine_that_slept_misses_what_it_slept_through_and_does_not_burst() {
    let (mut clocks, mut book) = (Clocks::new(), Book::default());
    let mut dispatcher = Dispatcher::new(vec![every(0, 10)], 10, clocks.0);
    clocks.suspend(3_600_000);
    step(&mut dispatcher, clocks, Event::Wake, &mut book);
    let (runs, missed) = (book.runs(), book.missed[&MissedReason::Suspended]);
    assert_eq!(runs + missed, 360);
    assert!(runs <= 1);
}

#[test]
fn a_dispatcher_that_was_kept_from_its_work_misses_what_came_due_meanwhile_as_late() {
    let (mut clocks, mut book) = (Clocks::new(), Book::default());
    let mut dispatcher = Dispatcher::new(vec![every(0, 10)], 10, clocks.0);
    clocks.pass(35_000);
    step(&mut dispatcher, clocks, Event::Wake, &mut book);
    let missed = book.missed[&MissedReason::Late];
    assert_eq!(book.missed.len(), 1);
    let ticks = every(0, 10).count_between(START, clocks.0.unix_ms, u64::MAX);
    assert_eq!(book.runs() + missed, ticks);
    assert!(missed >= 2, "{missed}");
}

#[test]
fn a_clock_set_forward_is_told_from_a_suspend_and_one_set_back_does_not_silence_an_interval() {
    let (mut clocks, mut book) = (Clocks::new(), Book::default());
    let mut dispatcher = Dispatcher::new(vec![every(0, 10)], 10, clocks.0);
    clocks.set(3_600_000);
    step(&mut dispatcher, clocks, Event::Wake, &mut book);
    finish_all(&mut dispatcher, clocks, &mut book);
    assert!(book.missed[&MissedReason::ClockJump] >= 359);
    clocks.set(-3_600_000);
    let before = book.runs();
    for _ in 0..600 {
        clocks.pass(100);
        step(&mut dispatcher, clocks, Event::Wake, &mut book);
        finish_all(&mut dispatcher, clocks, &mut book);
    }
    assert_eq!(book.runs() - before, 6);
}

#[test]
fn draining_starts_nothing_and_books_what_was_due() {
    let (mut clocks, mut book) = (Clocks::new(), Book::default());
    let mut dispatcher = Dispatcher::new(vec![every(0, 10), every(1, 10)], 10, clocks.0);
    step(&mut dispatcher, clocks, Event::Drain, &mut book);
    clocks.pass(10_000);
    step(&mut dispatcher, clocks, Event::Wake, &mut book);
    assert_eq!((book.runs(), book.missed[&MissedReason::Draining]), (0, 2));
}

#[test]
fn a_day_of_a_daily_check_at_half_past_two_has_one_tick_also_when_clocks_change() {
    let rule = Rule::Cron {
        expression: "30 2 * * *".to_owned(),
        zone: "Europe/Berlin".to_owned(),
    };
    let spring = "2026-03-28T12:00:00Z"
        .parse::<jiff::Timestamp>()
        .unwrap()
        .as_millisecond();
    let autumn = "2026-10-24T12:00:00Z"
        .parse::<jiff::Timestamp>()
        .unwrap()
        .as_millisecond();
    for start in [spring, autumn] {
        let mut clocks = Clocks(Now {
            unix_ms: start,
            monotonic_ms: 0,
            boot_ms: 0,
        });
        let mut book = Book::default();
        let mut dispatcher = Dispatcher::new(vec![timetable(0, &rule)], 10, clocks.0);
        for _ in 0..(24 * 60) {
            clocks.pass(60_000);
            step(&mut dispatcher, clocks, Event::Wake, &mut book);
            finish_all(&mut dispatcher, clocks, &mut book);
        }
        // The one soon after loading, and the day's own.
        assert_eq!(book.runs() + book.missed.values().sum::<u64>(), 2);
    }
}

#[test]
fn without_a_turn_to_be_had_ticks_wait_and_are_missed_by_overload() {
    let (mut clocks, mut book) = (Clocks::new(), Book::default());
    let mut dispatcher = Dispatcher::new(
        (0..10).map(|index| every(index, 10)).collect(),
        10,
        clocks.0,
    );
    dispatcher.set_room(3);
    for _ in 0..160 {
        clocks.pass(100);
        step(&mut dispatcher, clocks, Event::Wake, &mut book);
    }
    assert_eq!(book.runs(), 3);
    assert!(book.missed[&MissedReason::Overload] >= 7);
}

#[test]
fn a_slot_that_is_removed_is_vacant_when_its_run_has_ended() {
    let (mut clocks, mut book) = (Clocks::new(), Book::default());
    let mut dispatcher = Dispatcher::new(vec![every(0, 1)], 10, clocks.0);
    clocks.pass(1_000);
    step(&mut dispatcher, clocks, Event::Wake, &mut book);
    dispatcher.remove(0, &mut Vec::new());
    clocks.pass(60_000);
    step(&mut dispatcher, clocks, Event::Wake, &mut book);
    assert!(!dispatcher.is_vacant(0));
    finish_all(&mut dispatcher, clocks, &mut book);
    assert!(dispatcher.is_vacant(0));
    assert_eq!((book.runs(), book.missed.len()), (1, 0));
}

#[test]
fn a_tick_that_waits_where_its_check_is_removed_is_missed_as_disabled() {
    let (mut clocks, mut book) = (Clocks::new(), Book::default());
    let mut dispatcher = Dispatcher::new(vec![every(0, 10), every(1, 10)], 1, clocks.0);
    while dispatcher.waiting() == 0 {
        clocks.pass(100);
        step(&mut dispatcher, clocks, Event::Wake, &mut book);
    }
    let waiting = 1 - book.running[0];
    let mut actions = Vec::new();
    dispatcher.remove(waiting, &mut actions);
    book.take(&actions);
    assert_eq!(
        (book.runs(), &book.missed),
        (1, &BTreeMap::from([(MissedReason::Disabled, 1)]))
    );
    assert_eq!(dispatcher.waiting(), 0);
}

#[test]
fn the_same_timetable_put_again_neither_loses_nor_doubles_a_tick() {
    let (mut clocks, mut book) = (Clocks::new(), Book::default());
    let mut dispatcher = Dispatcher::new(vec![every(0, 10)], 10, clocks.0);
    for _ in 0..6_000 {
        clocks.pass(10);
        step(&mut dispatcher, clocks, Event::Wake, &mut book);
        dispatcher.put(0, every(0, 10), clocks.0);
        finish_all(&mut dispatcher, clocks, &mut book);
    }
    assert_eq!((book.runs(), book.missed.len()), (6, 0));
}

#[derive(Debug, Clone)]
enum Happening {
    Pass(i64),
    Suspend(i64),
    FinishOldest,
    FinishAll,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        8 => (1_i64..3_000).prop_map(Happening::Pass),
        1 => (2_500_i64..120_000).prop_map(Happening::Suspend),
        4 => Just(Happening::FinishOldest),
        2 => Just(Happening::FinishAll),
    ]
}

proptest! {
    #[test]
    fn every_tick_is_a_run_or_is_missed_with_a_reason(
        periods in prop::collection::vec(1_u64..60, 1..20),
        capacity in 1_usize..8,
        happenings in prop::collection::vec(happening(), 1..200),
    ) {
        let (mut clocks, mut book) = (Clocks::new(), Book::default());
        let timetables: Vec<Timetable> = periods.iter().enumerate().map(|(index, period)| every(index, *period)).collect();
        let mut dispatcher = Dispatcher::new(timetables.clone(), capacity, clocks.0);
        for happening in happenings {
            match happening {
                Happening::Pass(ms) => clocks.pass(ms),
                Happening::Suspend(ms) => clocks.suspend(ms),
                Happening::FinishOldest if !book.running.is_empty() => {
                    let slot = book.running.remove(0);
                    step(&mut dispatcher, clocks, Event::Finished { slot }, &mut book);
                }
                Happening::FinishOldest => {}
                Happening::FinishAll => finish_all(&mut dispatcher, clocks, &mut book),
            }
            step(&mut dispatcher, clocks, Event::Wake, &mut book);
            prop_assert!(dispatcher.running() <= capacity);
            prop_assert_eq!(dispatcher.running(), book.running.len());
            let ticks: u64 = timetables.iter().map(|timetable| timetable.count_between(START, clocks.0.unix_ms, u64::MAX)).sum();
            let waiting = u64::try_from(dispatcher.waiting()).unwrap();
            prop_assert_eq!(ticks, book.runs() + book.missed.values().sum::<u64>() + waiting);
            if waiting == 0 {
                let mut due: Vec<i64> = dispatcher.due.iter().map(|Reverse((at, ..))| *at).collect();
                due.sort_unstable();
                let first_two = [due.first().copied(), due.get(1).copied()];
                prop_assert_eq!(dispatcher.next_wakes(), first_two);
            }
        }
        for ticks in book.started.values() {
            prop_assert!(ticks.windows(2).all(|pair| pair[0] < pair[1]), "no tick runs twice");
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

#[derive(Debug, Clone)]
enum OnADay {
    Pass(i64),
    Suspend(i64),
    SetForward(i64),
    FinishAll,
}

fn on_a_day() -> impl Strategy<Value = OnADay> {
    prop_oneof![
        8 => (1_i64..600_000).prop_map(OnADay::Pass),
        1 => (2_500_i64..7_200_000).prop_map(OnADay::Suspend),
        1 => (2_500_i64..7_200_000).prop_map(OnADay::SetForward),
        4 => Just(OnADay::FinishAll),
    ]
}

proptest! {
    #[test]
    fn the_law_holds_for_calendars_on_days_on_which_clocks_change_and_where_clocks_are_set(
        eve in prop::sample::select(&EVES[..]),
        calendars in prop::collection::vec(prop::sample::select(&CALENDARS[..]), 1..6),
        periods in prop::collection::vec(30_u64..7_200, 0..4),
        capacity in 1_usize..6,
        happenings in prop::collection::vec(on_a_day(), 1..150),
    ) {
        let start = eve.parse::<jiff::Timestamp>().unwrap().as_millisecond();
        let mut clocks = Clocks(Now { unix_ms: start, monotonic_ms: 0, boot_ms: 0 });
        let calendars = calendars.iter().map(|expression| Rule::Cron {
            expression: (*expression).to_owned(),
            zone: "Europe/Berlin".to_owned(),
        });
        let periods = periods.iter().map(|seconds| Rule::Every(Duration::from_secs(*seconds)));
        let timetables: Vec<Timetable> =
            calendars.chain(periods).enumerate().map(|(index, rule)| timetable(index, &rule)).collect();
        let mut book = Book::default();
        let mut dispatcher = Dispatcher::new(timetables.clone(), capacity, clocks.0);
        for happening in happenings {
            match happening {
                OnADay::Pass(ms) => clocks.pass(ms),
                OnADay::Suspend(ms) => clocks.suspend(ms),
                OnADay::SetForward(ms) => clocks.set(ms),
                OnADay::FinishAll => finish_all(&mut dispatcher, clocks, &mut book),
            }
            step(&mut dispatcher, clocks, Event::Wake, &mut book);
            let now = clocks.0.unix_ms;
            let due = |timetable: &Timetable| {
                let soon = timetable.soon_after_load(start).is_some_and(|soon| soon <= now);
                timetable.count_between(start, now, u64::MAX) + u64::from(soon)
            };
            let ticks: u64 = timetables.iter().map(due).sum();
            let waiting = u64::try_from(dispatcher.waiting()).unwrap();
            prop_assert_eq!(ticks, book.runs() + book.missed.values().sum::<u64>() + waiting);
        }
        for ticks in book.started.values() {
            prop_assert!(ticks.windows(2).all(|pair| pair[0] < pair[1]), "no tick runs twice");
        }
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
