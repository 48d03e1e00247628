//! The dispatcher over simulated time, one thing after the other; `law` holds it to the law whatever happens.

mod law;

use std::{collections::BTreeMap, time::Duration};

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

/// Books what the machine says.
#[derive(Default)]
struct Book {
    started: BTreeMap<u32, Vec<i64>>,
    running: Vec<u32>,
    missed: BTreeMap<MissedReason, u64>,
    /// Ticks of each slot that were started or missed.
    booked: BTreeMap<u32, u64>,
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
                    *self.booked.entry(*slot).or_default() += 1;
                    self.started
                        .entry(*slot)
                        .or_default()
                        .push(*planned_unix_ms);
                }
                Action::Missed {
                    slot,
                    reason,
                    count,
                    ..
                } => {
                    *self.missed.entry(*reason).or_default() += count;
                    *self.booked.entry(*slot).or_default() += count;
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
