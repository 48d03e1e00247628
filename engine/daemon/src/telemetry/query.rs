//! What is asked of telemetry: checks, runs and the state of the whole, each from a moment's copy.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use leadsman_core::{
    id::{CheckId, Location, RunId},
    outcome::Outcome,
    record::RunRecord,
    widespread::Failing,
};
use serde::{Deserialize, Serialize};

use super::{
    CheckAbout, CheckState, FileState, RecentRun, RunSummary, Telemetry, board::Board,
    checks::CheckEntry, place::failing, slot::Slot, values::unix_ms,
};

/// How many runs are told where nobody says how many.
const USUAL_RUNS: usize = 100;

/// How many runs are told at most.
const MOST_RUNS: usize = 1_000;

/// Which check-targets are asked for, and how much of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CheckFilter {
    /// Those of this team.
    pub team: Option<String>,
    /// Those whose last run came to this.
    pub outcome: Option<Outcome>,
    /// Without the last failed run's steps.
    pub compact: bool,
}

/// Which runs are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RunFilter {
    /// Those of this check.
    pub check: Option<String>,
    /// Those of this target, by name.
    pub target: Option<String>,
    /// Those that came to this.
    pub outcome: Option<Outcome>,
    /// At most so many.
    pub limit: Option<usize>,
}

/// One check with all of its targets.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckDetail {
    /// The check.
    pub check: CheckId,
    /// What it is.
    #[serde(flatten)]
    pub about: Arc<CheckAbout>,
    /// Its targets.
    pub targets: Vec<TargetDetail>,
}

/// One target of a check, with its last runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TargetDetail {
    /// Its state.
    #[serde(flatten)]
    pub state: CheckState,
    /// Its last runs, oldest first.
    pub recent: Vec<RecentRun>,
}

/// How everything is, in numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// Where the prober stands.
    pub location: Location,
    /// Whether this location can judge.
    pub location_healthy: bool,
    /// The configuration in force.
    pub revision: String,
    /// When this daemon began.
    pub started_unix_ms: i64,
    /// How many checks run here.
    pub checks: usize,
    /// How many check-targets.
    pub targets: usize,
    /// How many of them failed last.
    pub failing: usize,
    /// How many of them could not be judged last, or have not run yet.
    pub unknown: usize,
    /// Whether so many fail at once that one cause may be behind them.
    pub widespread: bool,
    /// Ticks that did not become runs, by reason.
    pub missed: BTreeMap<&'static str, u64>,
    /// Files whose present content is not in force.
    pub bad_files: Vec<FileState>,
    /// Files that are in force and do less than they say.
    pub noticed_files: Vec<FileState>,
}

/// What the checks of one moment have in common.
struct Moment {
    now_ms: i64,
    failing: BTreeSet<CheckId>,
}

impl Moment {
    fn new(board: &Board, now_ms: i64) -> Self {
        let depends = board.checks.iter().any(CheckEntry::depends);
        let slots = board.order.iter().filter(|_| depends);
        let failing = slots.filter(|slot| slot.numbers_fail_at(now_ms));
        Self {
            now_ms,
            failing: failing
                .map(|slot| slot.assignment().check.clone())
                .collect(),
        }
    }

    fn state(&self, board: &Board, slot: &Slot, with_failure: bool) -> Option<CheckState> {
        let about = board.checks.get(slot.check())?.about();
        let mut state = slot.state(about, with_failure);
        state.in_maintenance = slot.in_maintenance(self.now_ms);
        let failing = about.depends_on.iter();
        let failing = failing.filter(|on| self.failing.contains(on));
        state.failing_dependencies = failing.cloned().collect();
        Some(state)
    }
}

impl Telemetry {
    /// Where the prober stands.
    pub fn location(&self) -> &Location {
        self.place.location()
    }

    /// The state of every check-target, in the plan's order.
    pub fn check_states(&self) -> Vec<CheckState> {
        self.checks(&CheckFilter::default())
    }

    /// The state of the check-targets that are asked for, in the plan's order.
    pub fn checks(&self, filter: &CheckFilter) -> Vec<CheckState> {
        let board = self.board.load();
        let moment = Moment::new(&board, self.now_ms());
        let wanted = |state: &CheckState| {
            let last = state.last.as_ref().map(|last| last.outcome);
            (filter.team.is_none() || filter.team == state.about.team)
                && (filter.outcome.is_none() || filter.outcome == last)
        };
        let states = board.order.iter();
        let states = states.filter_map(|slot| moment.state(&board, slot, !filter.compact));
        states.filter(wanted).collect()
    }

    /// One check with its targets and their last runs.
    pub fn check(&self, id: &str) -> Option<CheckDetail> {
        let board = self.board.load();
        let (index, entry) = board.find(id)?;
        let moment = Moment::new(&board, self.now_ms());
        let slots = board.order.iter().filter(|slot| slot.check() == index);
        let targets = slots.filter_map(|slot| {
            Some(TargetDetail {
                state: moment.state(&board, slot, true)?,
                recent: slot.recent(),
            })
        });
        Some(CheckDetail {
            check: CheckId::new(id).ok()?,
            about: Arc::clone(entry.about()),
            targets: targets.collect(),
        })
    }

    /// The runs that are kept and asked for, newest first.
    pub fn runs(&self, filter: &RunFilter) -> Vec<RunSummary> {
        let wanted = |record: &RunRecord| {
            let outcome = filter.outcome;
            outcome.is_none_or(|outcome| record.outcome == outcome)
        };
        let board = self.board.load();
        let slots = board.order.iter().filter(|slot| is_asked(slot, filter));
        let mut records: Vec<Arc<RunRecord>> = slots.flat_map(|slot| slot.records()).collect();
        records.retain(|record| wanted(record));
        records.sort_by_key(|record| Reverse(record.ended_unix_ns()));
        records.truncate(filter.limit.unwrap_or(USUAL_RUNS).min(MOST_RUNS));
        records
            .iter()
            .map(|record| RunSummary::of(record))
            .collect()
    }

    /// The record of a run, while it is kept.
    pub fn run(&self, id: &str) -> Option<Arc<RunRecord>> {
        let mut looked = 0;
        self.search(RunId::parse(id)?, &mut looked)
    }

    /// Also counts the records that were looked at.
    pub(super) fn search(&self, id: RunId, looked: &mut usize) -> Option<Arc<RunRecord>> {
        let board = self.board.load();
        let mut slots = board.order.iter();
        slots.find_map(|slot| slot.record(id, looked))
    }

    /// How many check-targets fail now that were to be well.
    pub fn failing(&self) -> Failing {
        let (board, now_ms) = (self.board.load(), self.now_ms());
        let outcomes = (board.order.iter()).map(|slot| slot.numbers().judged(now_ms));
        failing(outcomes)
    }

    /// How everything is.
    pub fn status(&self) -> Status {
        let board = self.board.load();
        let mut missed = BTreeMap::new();
        let outcomes = board.order.iter().map(|slot| slot.tally(&mut missed));
        let seen = failing(outcomes);
        let files = |wanted: fn(&&FileState) -> bool| {
            let files = board.edition.files.iter();
            files.filter(wanted).cloned().collect()
        };
        Status {
            location: self.place.location().clone(),
            location_healthy: self.place.is_healthy(),
            revision: board.edition.revision.clone(),
            started_unix_ms: unix_ms(self.place.born()),
            checks: board.checks.len(),
            targets: board.order.len(),
            failing: seen.failing,
            unknown: board.order.len() - seen.judged,
            widespread: self.failing().is_widespread(),
            missed,
            bad_files: files(|file| !file.loaded),
            noticed_files: files(|file| !file.notices.is_empty()),
        }
    }

    fn now_ms(&self) -> i64 {
        unix_ms((self.settings.clock)())
    }
}

fn is_asked(slot: &Slot, filter: &RunFilter) -> bool {
    let assignment = slot.assignment();
    let is = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|one| one == is);
    is(&filter.check, assignment.check.as_str()) && is(&filter.target, assignment.target.as_str())
}
