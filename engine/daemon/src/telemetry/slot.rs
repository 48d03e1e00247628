//! One check-target: its numbers behind a lock of its own.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, AtomicU16, Ordering},
    },
    time::{Duration, SystemTime},
};

use leadsman_core::{
    attempt::{Assignment, RunCause},
    evidence::EvidenceLimits,
    id::RunId,
    outcome::{Outcome, Reason},
    plan::{Check, Objectives, OpenWindow},
    record::RunRecord,
    schedule::{Rule, Timetable},
};

use super::{
    CheckAbout, News, RecentRun,
    evidence::Evidence,
    exposition::{Label, written},
    lesson::Lesson,
    measures::Declared,
    numbers::Numbers,
    room::Room,
    states::{CheckState, FailedRun, MissedState},
};

/// The maintenance windows of a check.
pub(super) type Windows = Arc<[Arc<OpenWindow>]>;

/// Where no next tick was set.
const NO_TICK: i64 = i64::MIN;

/// One check on one target.
#[derive(Debug)]
pub(super) struct Slot {
    check: usize,
    labels: Arc<[Label]>,
    assignment: Arc<Assignment>,
    objectives: Objectives,
    freshness: Freshness,
    maintenance: Windows,
    account: Arc<Account>,
}

/// What goes on when the configuration changes.
#[derive(Debug)]
pub(super) struct Account {
    serial: u64,
    born: SystemTime,
    next_tick: AtomicI64,
    /// The last reason's number plus one; 0 before the first run.
    last_reason: AtomicU16,
    state: Mutex<State>,
}

impl Account {
    fn new(serial: u64, asked: &Arc<Assignment>, room: &Arc<Room>, born: SystemTime) -> Self {
        Self {
            serial,
            born,
            next_tick: AtomicI64::new(NO_TICK),
            last_reason: AtomicU16::new(0),
            state: Mutex::new(State {
                asked: Arc::clone(asked),
                is_answer_to_another: false,
                numbers: Arc::default(),
                missed: None,
                evidence: Evidence::new(room),
            }),
        }
    }

    /// The steps that the configuration names.
    fn declare(&self, steps: &[String], now: SystemTime) {
        self.lock().numbers().steps.declare(steps, now);
    }

    /// What is asked from now on. Where that is something else, what only the answers before told is forgotten:
    /// nobody would ever correct it. What was counted stays, and what a probe's attempts came to stays that probe's.
    fn ask(&self, asked: &Arc<Assignment>) {
        let mut state = self.lock();
        let before = std::mem::replace(&mut state.asked, Arc::clone(asked));
        let is_same_probe = before.probe == asked.probe;
        if is_same_probe && before.address == asked.address && before.settings == asked.settings {
            return;
        }
        state.is_answer_to_another = state.numbers.ledger.in_flight() > 0;
        let numbers = state.numbers();
        numbers.certificates = None;
        if !is_same_probe {
            numbers.measured.last.clear();
            numbers.part_from(&before.probe);
        }
    }

    /// A panic elsewhere leaves numbers that are still numbers.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct State {
    /// What the configuration asks now.
    asked: Arc<Assignment>,
    /// Whether the run under way was asked something else.
    is_answer_to_another: bool,
    /// Copied when they change while a scrape reads them, and only then.
    numbers: Arc<Numbers>,
    missed: Option<MissedState>,
    evidence: Evidence,
}

impl State {
    fn numbers(&mut self) -> &mut Numbers {
        Arc::make_mut(&mut self.numbers)
    }
}

impl Slot {
    /// The slot of an occupant; who had it before as the same occupant goes on with the same account.
    pub(super) fn new(
        (index, check, maintenance): (usize, &Check, &Windows),
        assignment: &Arc<Assignment>,
        serial: u64,
        (before, room): (Option<&Self>, &Arc<Room>),
        now: SystemTime,
    ) -> Self {
        let same = before.filter(|before| before.serial() == serial);
        let account = same.map_or_else(
            || Arc::new(Account::new(serial, assignment, room, now)),
            |before| Arc::clone(&before.account),
        );
        account.ask(assignment);
        account.declare(&check.steps, now);
        let labels = [
            written("check", assignment.check.as_str()),
            written("target", assignment.target.as_str()),
            written("location", assignment.location.as_str()),
        ];
        Self {
            check: index,
            labels: labels.into(),
            assignment: Arc::clone(assignment),
            objectives: check.objectives,
            freshness: Freshness::new(&check.rule, assignment),
            maintenance: Arc::clone(maintenance),
            account,
        }
    }

    /// The occupant's number.
    pub(super) fn serial(&self) -> u64 {
        self.account.serial
    }

    /// Since when its account counts.
    pub(super) fn born(&self) -> SystemTime {
        self.account.born
    }

    /// How the reason differs from the last run's.
    pub(super) fn changed(&self, reason: Reason) -> News {
        let number = Reason::ALL.iter().position(|known| *known == reason);
        let number = number
            .and_then(|number| u16::try_from(number + 1).ok())
            .unwrap_or(0);
        let before = self.account.last_reason.swap(number, Ordering::Relaxed);
        let before = usize::from(before).checked_sub(1);
        let before = before.and_then(|before| Reason::ALL.get(before));
        News::of(before.copied(), reason)
    }

    /// Whether the instant, in Unix milliseconds, lies in a maintenance window.
    pub(super) fn in_maintenance(&self, unix_ms: i64) -> bool {
        self.maintenance
            .iter()
            .any(|window| window.contains(unix_ms))
    }

    pub(super) fn started(&self) {
        self.lock().numbers().ledger.start();
    }

    pub(super) fn missed(&self, missed: MissedState) {
        let mut state = self.lock();
        state.numbers().ledger.miss(missed.reason, missed.count);
        state.missed = Some(missed);
    }

    pub(super) fn finished(
        &self,
        mut record: Arc<RunRecord>,
        declared: &Declared,
        limits: &EvidenceLimits,
    ) -> Arc<RunRecord> {
        if record.cause != RunCause::Tick {
            return record;
        }
        let lesson = Lesson::of(&record);
        let fresh_until_ms = self.freshness.until(record.ended_unix_ns() / 1_000_000);
        limits.keep(Arc::make_mut(&mut record));
        let in_maintenance = self.in_maintenance(record.planned_unix_ns / 1_000_000);
        let mut state = self.lock();
        let is_answer_to_another = std::mem::take(&mut state.is_answer_to_another);
        let State { asked, numbers, .. } = &mut *state;
        let numbers = Arc::make_mut(numbers);
        numbers.book(&record, &self.objectives, in_maintenance);
        numbers.count(&lesson, &record, &asked.probe);
        // One that began between the reload here and at the runner may be another probe's, too.
        if record.probe == asked.probe && !is_answer_to_another {
            numbers.learn(&lesson, &record, declared);
        }
        numbers.fresh_until_ms = fresh_until_ms;
        let kept = Arc::clone(&record);
        state.evidence.take(kept, &lesson.phases, limits);
        record
    }

    /// The records that are kept.
    pub(super) fn records(&self) -> Vec<Arc<RunRecord>> {
        self.lock().evidence.records().map(Arc::clone).collect()
    }

    /// The record of a run, where it is kept here.
    pub(super) fn record(&self, run: RunId, looked: &mut usize) -> Option<Arc<RunRecord>> {
        self.lock().evidence.find(run, looked).map(Arc::clone)
    }

    /// Keeps no more than its share where all room is taken.
    pub(super) fn keep_to_share(&self) {
        self.lock().evidence.keep_to_share();
    }

    /// The last runs, oldest first.
    pub(super) fn recent(&self) -> Vec<RecentRun> {
        let recent = self.lock().evidence.recent.clone();
        recent.told()
    }

    /// Adds what was missed; returns what the last run came to.
    pub(super) fn tally(&self, missed: &mut BTreeMap<&'static str, u64>) -> Option<Outcome> {
        let state = self.lock();
        for (reason, count) in state.numbers.ledger.missed.iter() {
            *missed.entry(reason.as_str()).or_default() += count;
        }
        state.numbers.outcome()
    }

    /// Whether the target fails, as far as is known.
    pub(super) fn numbers_fail_at(&self, now_ms: i64) -> bool {
        self.lock().numbers.fails_at(now_ms)
    }

    pub(super) fn set_next_tick(&self, unix_ms: i64) {
        self.account.next_tick.store(unix_ms, Ordering::Relaxed);
    }

    /// Where other measures are declared than before: keeps the series that still are, which count there.
    pub(super) fn measure(&self, declared: &Declared) {
        let mut state = self.lock();
        if state.numbers.measured.last.is_empty() {
            return;
        }
        let last = &mut state.numbers().measured.last;
        last.retain(|series, _| declared.has(series) && declared.admits_one_more());
    }

    pub(super) fn numbers(&self) -> Arc<Numbers> {
        Arc::clone(&self.lock().numbers)
    }

    /// The numbers, and the last run that did not pass.
    pub(super) fn at_this_moment(&self) -> (Arc<Numbers>, Option<Arc<RunRecord>>) {
        let state = self.lock();
        let failed = state.evidence.last_failed().cloned();
        (Arc::clone(&state.numbers), failed)
    }

    pub(super) fn state(&self, about: &Arc<CheckAbout>, with_failure: bool) -> CheckState {
        let (last, last_pass, missed, failed) = {
            let state = self.lock();
            let ledger = &state.numbers.ledger;
            (
                ledger.last.clone(),
                ledger.last_pass_unix_ns,
                state.missed,
                state
                    .evidence
                    .last_failed()
                    .filter(|_| with_failure)
                    .cloned(),
            )
        };
        let next = self.account.next_tick.load(Ordering::Relaxed);
        CheckState {
            check: self.assignment.check.clone(),
            target: self.assignment.target.clone(),
            address: self.assignment.address.clone(),
            location: self.assignment.location.clone(),
            probe: self.assignment.probe.clone(),
            about: Arc::clone(about),
            in_maintenance: false,
            failing_dependencies: Vec::new(),
            last: last.map(Into::into),
            last_pass_unix_ms: last_pass.map(|unix_ns| unix_ns / 1_000_000),
            next_tick_unix_ms: (next != NO_TICK).then_some(next),
            last_missed: missed,
            last_failed: failed.map(|record| FailedRun::of(&record)),
        }
    }

    pub(super) const fn check(&self) -> usize {
        self.check
    }

    pub(super) const fn labels(&self) -> &Arc<[Label]> {
        &self.labels
    }

    pub(super) fn assignment(&self) -> &Assignment {
        &self.assignment
    }

    pub(super) const fn objectives(&self) -> &Objectives {
        &self.objectives
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.account.lock()
    }
}

/// How long an outcome speaks for its target: max(2 × interval, interval + timeout).
#[derive(Debug)]
struct Freshness {
    interval_ms: Option<i64>,
    timeout_ms: i64,
    /// Of a calendar, whose intervals differ.
    calendar: Option<Timetable>,
}

impl Freshness {
    fn new(rule: &Rule, assignment: &Assignment) -> Self {
        let timeout_ms = millis(Duration::from_nanos(assignment.timeout));
        match rule {
            Rule::Every(interval) => Self {
                interval_ms: Some(millis(*interval)),
                timeout_ms,
                calendar: None,
            },
            Rule::Cron { .. } => {
                let Assignment {
                    check,
                    target,
                    location,
                    ..
                } = assignment;
                let calendar = Timetable::new(rule, check, target, location).ok();
                Self {
                    interval_ms: None,
                    timeout_ms,
                    calendar,
                }
            }
        }
    }

    fn until(&self, ended_ms: i64) -> i64 {
        let next = |after: i64| match (self.interval_ms, &self.calendar) {
            (Some(interval), _) => Some(after.saturating_add(interval)),
            (None, calendar) => calendar.as_ref()?.next_after(after),
        };
        let Some(first) = next(ended_ms) else {
            return i64::MAX;
        };
        let second = next(first).unwrap_or(first);
        second.max(first.saturating_add(self.timeout_ms))
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
