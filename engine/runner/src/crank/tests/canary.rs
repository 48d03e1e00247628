//! What a canary tells, and when it no longer does.

use std::sync::atomic::AtomicBool;

use leadsman_core::plan::Window;

use super::*;

/// Hears nothing from a public address, or an answer where `canary_answers` lets the canary's slot.
struct Silence {
    canary_answers: Mutex<Vec<bool>>,
}

const CANARY: u32 = 0;

impl Prober for Silence {
    async fn attempt(&self, order: Order) -> Report {
        use leadsman_core::{
            attempt::{Cause, Operation, Verdict},
            failure::{Failure, FailureKind},
            seam::{Answer, Call, HttpCall},
        };
        let answers =
            order.slot == CANARY && self.canary_answers.lock().unwrap().pop().unwrap_or(true);
        let kind = if answers {
            FailureKind::ConnectRefused
        } else {
            FailureKind::ConnectTimeout
        };
        let mut failure = Failure::new(kind, "nothing");
        failure.facts.remote = Some("1.1.1.1:443".parse().unwrap());
        let operation = Operation {
            started: 0,
            ended: Some(1),
            step: None,
            call: Arc::new(Call::Http(Box::new(HttpCall::get("https://t/")))),
            answer: Some(Arc::new(Answer::Http(Err(failure)))),
        };
        let verdict = if answers {
            Verdict::Pass
        } else {
            Verdict::Fail
        };
        let causes = if answers {
            vec![]
        } else {
            vec![Cause::Operation { index: 0 }.into()]
        };
        Report {
            verdict: Some(verdict),
            causes,
            operations: vec![operation],
            ..Report::not_started(0, Ending::Returned)
        }
    }
}

#[tokio::test(start_paused = true)]
async fn silence_is_held_against_the_canary_until_two_rounds_after_it_is_heard_again() {
    // Popped from the end: two rounds in which it is heard, one in which it is not, and then it always is.
    let prober = Silence {
        canary_answers: Mutex::new(vec![false, true, true]),
    };
    let canary = Entry {
        canary: true,
        ..entry(1, Retry::default())
    };
    let book = booked(
        prober,
        vec![canary, entry(1, Retry::default())],
        Duration::from_secs(10),
    )
    .await;
    assert_eq!(*book.healthy.lock().unwrap(), [false, true]);
    let finished = book.finished.lock().unwrap();
    let count = |reason| finished.iter().filter(|run| run.reason == reason).count();
    let excused = count(Reason::LocalNetwork);
    assert!((1..=3).contains(&excused), "{excused}");
    // The canary's own silence is a failure, as is the target's while the canary is heard.
    assert_eq!(count(Reason::ConnectTimeout) + excused, 11);
}

#[tokio::test(start_paused = true)]
async fn a_location_is_well_again_when_its_failing_canary_is_taken_away() {
    let prober = Silence {
        canary_answers: Mutex::new(vec![false; 100]),
    };
    let canary = Entry {
        canary: true,
        ..entry(1, Retry::default())
    };
    let (runner, changes, book) = looping(prober, vec![canary], clock());
    let control = Control::default();
    let change = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        let remove = vec![CANARY];
        changes
            .make(Change {
                put: vec![],
                remove,
            })
            .await;
        control.drain();
    };
    tokio::join!(runner.run(&control), change);
    assert_eq!(*book.healthy.lock().unwrap(), [false, true]);
}

#[tokio::test(start_paused = true)]
async fn a_location_is_well_again_when_what_its_failing_canary_said_is_stale() {
    let prober = Silence {
        canary_answers: Mutex::new(vec![false]),
    };
    let hourly = Entry {
        canary: true,
        ..entry(3_600, Retry::default())
    };
    // The machine sleeps for two hours, when the canary has had its only round.
    let has_slept = Arc::new(AtomicBool::new(false));
    let (time, slept) = (clock(), Arc::clone(&has_slept));
    let clock = move || {
        let (now, asleep) = (time(), i64::from(slept.load(Ordering::Relaxed)) * 7_200_000);
        Now {
            unix_ms: now.unix_ms + asleep,
            boot_ms: now.boot_ms + asleep,
            ..now
        }
    };
    let (runner, _changes, book) = looping(prober, vec![hourly, entry(1, Retry::default())], clock);
    let control = Control::default();
    let sleeps = async {
        while book.healthy.lock().unwrap().is_empty() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        has_slept.store(true, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_secs(10)).await;
        control.drain();
    };
    tokio::join!(runner.run(&control), sleeps);
    assert_eq!(*book.healthy.lock().unwrap(), [false, true]);
}

/// A canary that is never heard, and how often it runs.
fn lost(seconds: u64) -> (Silence, Entry) {
    let prober = Silence {
        canary_answers: Mutex::new(vec![false; 100]),
    };
    let canary = Entry {
        canary: true,
        ..entry(seconds, Retry::default())
    };
    (prober, canary)
}

/// The same check on the same target, as another reading of the file has it.
fn read_again(entry: &Entry, address: &str) -> Entry {
    let assignment = Assignment {
        address: address.to_owned(),
        ..entry.assignment.as_ref().clone()
    };
    Entry {
        assignment: Arc::new(assignment),
        ..entry.clone()
    }
}

#[tokio::test(start_paused = true)]
async fn a_canary_in_its_maintenance_excuses_nobody() {
    let (prober, canary) = lost(1);
    let always = Window {
        cron: "* * * * *".to_owned(),
        zone: "UTC".to_owned(),
        length: Duration::from_hours(1),
    };
    let canary = Entry {
        maintenance: [always.opened().unwrap()].into(),
        ..canary
    };
    let book = booked(
        prober,
        vec![canary, entry(1, Retry::default())],
        Duration::from_secs(5),
    )
    .await;
    assert!(book.healthy.lock().unwrap().is_empty());
    let finished = book.finished.lock().unwrap();
    assert!(finished.len() >= 8, "{}", finished.len());
    for run in finished.iter() {
        assert_eq!(run.reason, Reason::ConnectTimeout);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_canary_said_stays_where_only_its_lines_move_and_goes_where_its_question_does() {
    for (address, told) in [("127.0.0.1", vec![false]), ("127.0.0.2", vec![false, true])] {
        let (prober, canary) = lost(3_600);
        let again = read_again(&canary, address);
        let (runner, changes, book) = looping(prober, vec![canary], clock());
        let control = Control::default();
        let change = async {
            while book.healthy.lock().unwrap().is_empty() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            let put = vec![(CANARY, again)];
            changes
                .make(Change {
                    put,
                    remove: vec![],
                })
                .await;
            control.drain();
        };
        tokio::join!(runner.run(&control), change);
        assert_eq!(*book.healthy.lock().unwrap(), told, "{address}");
    }
}

/// Hears nothing, after a while.
struct Slow(Silence);

impl Prober for Slow {
    async fn attempt(&self, order: Order) -> Report {
        tokio::time::sleep(Duration::from_millis(500)).await;
        self.0.attempt(order).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_canarys_run_from_before_a_change_tells_nothing_and_is_not_excused_by_what_it_said_before()
 {
    let (prober, canary) = lost(1);
    let again = read_again(&canary, "127.0.0.1");
    let (runner, changes, book) = looping(Slow(prober), vec![canary], clock());
    let control = Control::default();
    let change = async {
        // Its first round has told; the next one is under way.
        while *book.started.lock().unwrap() < 3 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let put = vec![(CANARY, again)];
        changes
            .make(Change {
                put,
                remove: vec![],
            })
            .await;
        control.drain();
    };
    tokio::join!(runner.run(&control), change);
    assert_eq!(*book.healthy.lock().unwrap(), [false]);
    let finished = book.finished.lock().unwrap();
    assert!(finished.len() >= 3, "{}", finished.len());
    for run in finished.iter() {
        assert_eq!(
            run.reason,
            Reason::ConnectTimeout,
            "it excuses others, not itself"
        );
    }
}
