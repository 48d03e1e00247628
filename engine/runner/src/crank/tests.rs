//! The loop under a paused clock, with a scripted prober.

use std::{collections::BTreeMap, sync::Mutex, time::Duration};

use leadsman_core::{
    attempt::{Ending, Report},
    id::{CheckId, Location, ProbeName, TargetName},
    limits::Limits,
    outcome::{Outcome, Reason},
    plan::Retry,
    schedule::{Rule, Timetable},
};
use tokio::time::Instant;

use super::*;

mod canary;

const START: i64 = 1_790_000_000_000;

/// Takes so long, and ends so, run after run.
struct Script {
    takes: Duration,
    endings: Mutex<Vec<Ending>>,
}

impl Prober for Script {
    async fn attempt(&self, _: Order) -> Report {
        tokio::time::sleep(self.takes).await;
        let ending = self
            .endings
            .lock()
            .unwrap()
            .pop()
            .unwrap_or(Ending::Returned);
        let verdict = Some(leadsman_core::attempt::Verdict::Unknown);
        Report {
            verdict,
            ..Report::not_started(0, ending)
        }
    }
}

#[derive(Default)]
struct Book {
    started: Mutex<u64>,
    missed: Mutex<BTreeMap<MissedReason, u64>>,
    finished: Mutex<Vec<Arc<RunRecord>>>,
    vacant: Mutex<Vec<u32>>,
    healthy: Mutex<Vec<bool>>,
}

impl Sink for Book {
    fn started(&self, _: u32) {
        *self.started.lock().unwrap() += 1;
    }

    fn missed(&self, _: u32, reason: MissedReason, _: i64, count: u64) {
        *self.missed.lock().unwrap().entry(reason).or_default() += count;
    }

    fn finished(&self, _: u32, record: Arc<RunRecord>) {
        self.finished.lock().unwrap().push(record);
    }

    fn planned(&self, _: u32, _: i64) {}

    fn vacant(&self, slot: u32) {
        self.vacant.lock().unwrap().push(slot);
    }

    fn location(&self, healthy: bool) {
        self.healthy.lock().unwrap().push(healthy);
    }
}

fn entry(seconds: u64, retry: Retry) -> Entry {
    let rule = Rule::Every(Duration::from_secs(seconds));
    let (check, target) = (CheckId::new("c").unwrap(), TargetName::new("t").unwrap());
    let location = Location::new("l").unwrap();
    let timetable = Timetable::new(&rule, &check, &target, &location).unwrap();
    let assignment = Assignment {
        check,
        target,
        address: "127.0.0.1".to_owned(),
        location,
        probe: ProbeName::new("p").unwrap(),
        settings: "{}".into(),
        labels: BTreeMap::new(),
        timeout: 1_000_000_000,
        limits: Limits::default(),
        egress: Arc::default(),
        secrets: Vec::new(),
        written: None,
        places: None,
    };
    Entry {
        assignment: Arc::new(assignment),
        timetable,
        retry,
        canary: false,
        maintenance: Arc::default(),
    }
}

fn clock() -> impl Fn() -> Now + Send + Sync + 'static {
    let began = Instant::now();
    move || {
        let passed = i64::try_from(began.elapsed().as_millis()).unwrap();
        Now {
            unix_ms: START + passed,
            monotonic_ms: passed,
            boot_ms: passed,
        }
    }
}

/// A loop over these entries with room for ten runs at once, and what it books.
fn looping<P: Prober>(
    prober: P,
    entries: Vec<Entry>,
    clock: impl Fn() -> Now + Send + Sync + 'static,
) -> (Runner<P, Book>, Changes, Arc<Book>) {
    let book = Arc::new(Book::default());
    let (runner, changes) =
        Runner::new((Arc::new(prober), Arc::clone(&book)), entries, 10, clock, 1);
    (runner, changes, book)
}

/// Runs for so long, drains, and returns what was booked.
async fn booked<P: Prober>(prober: P, entries: Vec<Entry>, lasts: Duration) -> Arc<Book> {
    let (runner, _changes, book) = looping(prober, entries, clock());
    let control = Control::default();
    let stopper = control.clone();
    let stop = async move {
        tokio::time::sleep(lasts).await;
        stopper.drain();
    };
    tokio::join!(runner.run(&control), stop);
    book
}

#[tokio::test(start_paused = true)]
async fn ten_periods_give_ten_runs_that_all_end() {
    let script = Script {
        takes: Duration::from_millis(100),
        endings: Mutex::default(),
    };
    let book = booked(
        script,
        vec![entry(1, Retry::default())],
        Duration::from_secs(10),
    )
    .await;
    assert_eq!(*book.started.lock().unwrap(), 10);
    assert_eq!(book.finished.lock().unwrap().len(), 10);
}

/// Panics in its first run, and is well after that.
#[derive(Default)]
struct Broken(AtomicU64);

impl Prober for Broken {
    async fn attempt(&self, _: Order) -> Report {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let run = self.0.fetch_add(1, Ordering::Relaxed);
        assert!(run > 0, "the host is broken");
        Report::not_started(0, Ending::Returned)
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_panics_ends_as_internal_and_its_slot_goes_on() {
    let book = booked(
        Broken::default(),
        vec![entry(1, Retry::default())],
        Duration::from_secs(10),
    )
    .await;
    assert_eq!(*book.started.lock().unwrap(), 10);
    assert_eq!(*book.missed.lock().unwrap(), BTreeMap::new());
    let finished = book.finished.lock().unwrap();
    assert_eq!(finished.len(), 10);
    let first = &finished[0];
    assert_eq!(
        (first.reason, first.outcome),
        (Reason::Internal, Outcome::Unknown)
    );
    assert_eq!(first.check.as_str(), "c");
    assert_eq!(first.attempts[0].report.ending.as_str(), "host_failed");
    assert_eq!(
        (first.run.as_str(), finished[1].run.as_str()),
        ("1-0", "1-1")
    );
    assert!(first.planned_unix_ns > 0);
}

#[tokio::test(start_paused = true)]
async fn draining_waits_for_the_run_under_way() {
    let script = Script {
        takes: Duration::from_secs(5),
        endings: Mutex::default(),
    };
    let book = booked(
        script,
        vec![entry(1, Retry::default())],
        Duration::from_millis(1_500),
    )
    .await;
    assert_eq!(
        (
            *book.started.lock().unwrap(),
            book.finished.lock().unwrap().len()
        ),
        (1, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_slow_run_misses_ticks_by_overlap() {
    let script = Script {
        takes: Duration::from_millis(2_500),
        endings: Mutex::default(),
    };
    let book = booked(
        script,
        vec![entry(1, Retry::default())],
        Duration::from_secs(9),
    )
    .await;
    let missed = book.missed.lock().unwrap();
    assert_eq!(
        (
            *book.started.lock().unwrap(),
            missed.get(&MissedReason::Overlap)
        ),
        (3, Some(&6))
    );
}

#[tokio::test(start_paused = true)]
async fn attempts_are_repeated_and_each_is_recorded() {
    let endings = Mutex::new(vec![
        Ending::Returned,
        Ending::Trapped {
            message: "once".to_owned(),
        },
    ]);
    let script = Script {
        takes: Duration::from_millis(10),
        endings,
    };
    let retry = Retry {
        attempts: 1,
        delay: Duration::from_millis(50),
    };
    let book = booked(script, vec![entry(1, retry)], Duration::from_millis(1_100)).await;
    let finished = book.finished.lock().unwrap();
    let reasons: Vec<Reason> = finished[0]
        .attempts
        .iter()
        .map(|attempt| attempt.conclusion.reason)
        .collect();
    assert_eq!(reasons, [Reason::ProbeTrap, Reason::ProbeUndecided]);
    assert_eq!(finished[0].outcome, Outcome::Unknown);
}

#[tokio::test(start_paused = true)]
async fn a_change_leaves_other_slots_and_runs_under_way_alone() {
    let script = Script {
        takes: Duration::from_millis(400),
        endings: Mutex::default(),
    };
    let book = Arc::new(Book::default());
    let (runner, changes) = Runner::new(
        (Arc::new(script), Arc::clone(&book)),
        vec![entry(1, Retry::default()), entry(1, Retry::default())],
        10,
        clock(),
        1,
    );
    let control = Control::default();
    let change = async {
        for round in 0..100 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let put = vec![(2, entry(1, Retry::default()))];
            let (put, remove) = if round % 2 == 0 {
                (put, vec![])
            } else {
                (vec![], vec![2])
            };
            changes.make(Change { put, remove }).await;
        }
        changes
            .make(Change {
                put: vec![],
                remove: vec![1],
            })
            .await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        control.drain();
    };
    tokio::join!(runner.run(&control), change);
    let (started, finished) = (
        *book.started.lock().unwrap(),
        book.finished.lock().unwrap().len(),
    );
    assert_eq!(u64::try_from(finished).unwrap(), started);
    // Ten of each of the two that stayed, and some of the third.
    assert!((20..=32).contains(&started), "{started}");
    assert_eq!(book.missed.lock().unwrap().get(&MissedReason::Late), None);
    assert!(book.vacant.lock().unwrap().contains(&1));
}
