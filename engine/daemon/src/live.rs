//! The plan in force and what holds it: read again while it runs, a file at a time.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use leadsman_config::{Problem, Problems};
use leadsman_core::{
    attempt::Assignment,
    id::ProbeName,
    plan::{Check, Plan, ProbeSource, Retry, Window},
    schedule::{Rule, Timetable},
};
use leadsman_host::{Place, Probe, Roster};
use leadsman_runner::{Change, Entry};
use tokio::runtime::Handle;

use crate::{
    app::AppError,
    catalog::Probes,
    configuration::{Configuration, Loaded, Scope},
    fetch::Fetcher,
    ground::{Ground, Mark},
    seats::{Arrangement, Seats},
    telemetry::{Edition, FileState, ProbeState, Telemetry},
};

/// What sits in a slot now.
#[derive(Debug, Clone, PartialEq)]
struct Held {
    assignment: Arc<Assignment>,
    rule: Rule,
    retry: Retry,
    canary: bool,
    /// Of a canary: when what it comes to tells nothing.
    maintenance: Vec<Window>,
    /// Which of the probes of that name it runs.
    probe: u64,
}

impl Held {
    /// What runs, wherever it is written.
    fn without_lines(&self) -> Self {
        let assignment = Assignment {
            written: None,
            places: None,
            ..self.assignment.as_ref().clone()
        };
        Self {
            assignment: Arc::new(assignment),
            ..self.clone()
        }
    }
}

/// Everything that a reload changes.
#[derive(Debug)]
pub struct Live {
    configuration: Configuration,
    probes: Arc<Probes>,
    fetcher: Fetcher,
    seats: Seats,
    held: BTreeMap<u32, Held>,
    ground: Ground,
    /// What the plan in force stood on when somebody looked last.
    seen: Mark,
    plan: Plan,
    /// The plan that the files say, where it is not the one in force.
    refused: Option<Refused>,
    roster: Arc<Roster>,
}

/// A plan that could not be put in force: it is tried again when what it stands on is no longer the same.
#[derive(Debug)]
struct Refused {
    plan: Plan,
    /// What it stood on.
    mark: Mark,
}

/// What the first reading comes to.
#[derive(Debug)]
pub struct Beginning {
    /// What goes on.
    pub live: Live,
    /// The entries of the slots, from the first one on.
    pub entries: Vec<Entry>,
    /// Who sits where.
    pub arrangement: Arrangement,
    /// What telemetry tells of it.
    pub edition: Edition,
}

/// What a reload did.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Reloaded {
    /// Whether every file is in force as it is.
    pub ok: bool,
    /// Check-targets that came.
    pub added: usize,
    /// Check-targets that changed; that lines of a file have moved changes none.
    pub changed: usize,
    /// Check-targets that left.
    pub removed: usize,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// What is wrong with files whose last good version stays in force.
    pub problems: Vec<Problem>,
    /// What is in force and does less than its owner means.
    pub notices: Vec<Problem>,
}

impl Live {
    /// Reads the configuration for the first time.
    pub fn begin(
        mut configuration: Configuration,
        probes: Arc<Probes>,
        io: &Handle,
    ) -> Result<Beginning, AppError> {
        let mut read = || {
            let loaded = configuration.load(Scope::Everything);
            loaded.map_err(AppError::Configuration)
        };
        let mut loaded = read()?;
        let ground = Ground::read(&loaded.plan)?;
        let fetcher = Fetcher::new(Arc::clone(&probes));
        if fetcher.settle(&loaded.plan, &ground, io) {
            loaded = read()?;
        }
        loaded.problems.iter().for_each(complain);
        loaded.notices.iter().for_each(notice);
        let (network, secrets) = (ground.network.clone(), Arc::clone(&ground.secrets));
        let roster = Roster::new(Arc::clone(probes.sandbox()), network, secrets);
        let seen = ground.mark.clone();
        let mut live = Self {
            configuration,
            seats: Seats::default(),
            held: BTreeMap::new(),
            ground,
            plan: loaded.plan,
            seen,
            refused: None,
            roster: Arc::new(roster),
            probes,
            fetcher,
        };
        let arrangement = live.seats.arrange(&live.plan.checks);
        let held = held(&live.plan, &live.probes, &arrangement);
        live.prepare(&held, held.keys().copied().collect())?;
        let entries = held.values().map(entry).collect::<Result<Vec<_>, _>>()?;
        live.held = held;
        let edition = live.edition(loaded.files, loaded.revision);
        Ok(Beginning {
            live,
            entries,
            arrangement,
            edition,
        })
    }

    /// The plan in force.
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Where every slot is ready.
    pub const fn roster(&self) -> &Arc<Roster> {
        &self.roster
    }

    /// Where vacant slots are told.
    pub fn vacancies(&self) -> crate::seats::Vacancies {
        self.seats.vacancies()
    }

    /// Whether a file has changed, or what a file names: certificates and secrets always count, also those
    /// of a plan that was refused.
    pub fn has_changed(&self, scope: Scope) -> bool {
        let refused = self.refused.as_ref();
        self.configuration.has_changed(scope)
            || Mark::of(&self.plan) != self.seen
            || refused.is_some_and(|refused| Mark::of(&refused.plan) != refused.mark)
    }

    /// Begins to fetch what checks need and is not here, on the runtime that this is called on.
    pub fn fetch(&self) {
        self.fetcher.look(&self.plan, &self.ground);
    }

    /// Reads the configuration again, and says what has to change. Blocks while probes are compiled. An
    /// error leaves everything as it was.
    pub fn reload(
        &mut self,
        scope: Scope,
        telemetry: &Telemetry,
    ) -> Result<(Change, Reloaded), AppError> {
        let begun = Instant::now();
        let loaded = self
            .configuration
            .load(scope)
            .map_err(AppError::Configuration)?;
        // Looked at before it is read: a file that comes meanwhile is news.
        let mark = Mark::of(&loaded.plan);
        match self.replace(&loaded, &mark, telemetry) {
            Ok((change, counts)) => {
                self.refused = None;
                self.seen = mark;
                Ok((change, told(loaded, counts, begun.elapsed())))
            }
            Err(error) => {
                let plan = loaded.plan;
                self.refused = Some(Refused { plan, mark });
                self.renew();
                Err(error)
            }
        }
    }

    /// What goes on although another plan was refused goes on with certificates and secrets as they are now.
    fn renew(&mut self) {
        self.seen = Mark::of(&self.plan);
        let renewed = self.ground.changed(&self.plan, &self.seen);
        let Some(ground) = renewed.ok().flatten() else {
            return;
        };
        let before = std::mem::replace(&mut self.ground, ground);
        let slots = self.held.keys().copied().collect();
        if self.prepare(&self.held, slots).is_err() {
            self.ground = before;
        }
    }

    /// Puts the plan in force with the ground that it stands on, or neither.
    fn replace(
        &mut self,
        loaded: &Loaded,
        mark: &Mark,
        telemetry: &Telemetry,
    ) -> Result<(Change, [usize; 3]), AppError> {
        self.stays(&loaded.plan)?;
        let ground = self.ground.changed(&loaded.plan, mark)?;
        let is_new_ground = ground.is_some();
        let ground_before = ground.map(|ground| std::mem::replace(&mut self.ground, ground));
        let outcome = self.apply(loaded, is_new_ground, telemetry);
        if let (Err(_), Some(before)) = (&outcome, ground_before) {
            self.ground = before;
        }
        outcome
    }

    /// Phases, labels and all that was counted are of the location in which the daemon began.
    fn stays(&self, plan: &Plan) -> Result<(), AppError> {
        if plan.location == self.plan.location {
            return Ok(());
        }
        Err(AppError::Moved {
            before: self.plan.location.clone(),
            now: plan.location.clone(),
        })
    }

    fn apply(
        &mut self,
        loaded: &Loaded,
        is_new_ground: bool,
        telemetry: &Telemetry,
    ) -> Result<(Change, [usize; 3]), AppError> {
        let arrangement = self.seats.arrange(&loaded.plan.checks);
        let mut held = held(&loaded.plan, &self.probes, &arrangement);
        // Who runs and who is prepared refer to one and the same assignment.
        for (slot, known) in &self.held {
            if let Some(same) = held.get_mut(slot).filter(|new| *new == known) {
                same.clone_from(known);
            }
        }
        let differs = |slot: &u32| self.held.get(slot) != held.get(slot);
        let changed: Vec<u32> = held.keys().copied().filter(differs).collect();
        let moved = moved(&self.held, &held, &changed);
        let ready = if is_new_ground {
            held.keys().copied().collect()
        } else {
            changed.clone()
        };
        let known_plan = std::mem::replace(&mut self.plan, loaded.plan.clone());
        if let Err(error) = self.prepare(&held, ready) {
            self.seats.arrange(&known_plan.checks);
            self.plan = known_plan;
            return Err(error);
        }
        let put = changed
            .iter()
            .filter_map(|slot| Some((*slot, held.get(slot)?)))
            .map(|(slot, held)| Ok((slot, entry(held)?)))
            .collect::<Result<Vec<_>, AppError>>()?;
        let added = changed
            .iter()
            .filter(|slot| !self.held.contains_key(slot))
            .count();
        let differ = changed.len() - added - moved;
        let counts = [added, differ, arrangement.left.len()];
        self.held = held;
        let edition = self.edition(loaded.files.clone(), loaded.revision.clone());
        telemetry.reload(&self.plan, &arrangement.seats, edition);
        let change = Change {
            put,
            remove: arrangement.left,
        };
        Ok((change, counts))
    }

    /// Once the change is in force, what nobody has any more is forgotten.
    pub fn tidy(&self) {
        self.roster.clear(&self.seats.vacancies().list());
        if self.refused.is_none() {
            self.probes.keep_only(&self.plan.probes);
        }
    }

    fn prepare(&self, held: &BTreeMap<u32, Held>, slots: Vec<u32>) -> Result<(), AppError> {
        let places = slots.into_iter().filter_map(|slot| {
            let assignment = Arc::clone(&held.get(&slot)?.assignment);
            let source = self
                .plan
                .probes
                .get(&assignment.probe)
                .ok_or_else(|| format!("the plan has no probe `{}`", assignment.probe));
            let probe = source.and_then(|source| self.probes.get(&assignment.probe, source));
            Some(Place {
                slot,
                assignment,
                probe,
            })
        });
        let places: Vec<Place> = places.collect();
        let ground = &self.ground;
        let prepared = self.roster.put(&ground.network, &ground.secrets, &places);
        prepared.map_err(|(slot, source)| AppError::Prepare {
            check: held
                .get(&slot)
                .map(|held| held.assignment.check.to_string())
                .unwrap_or_default(),
            source,
        })
    }

    fn edition(&self, files: Vec<FileState>, revision: String) -> Edition {
        let described = self.plan.probes.iter().filter_map(|(name, source)| {
            let probe = self.probes.get(name, source).ok()?;
            Some((name.clone(), probe.description.measures.as_slice().into()))
        });
        Edition {
            revision,
            measures: described.collect(),
            files,
            probes: self.probe_states(),
        }
    }

    /// The probes of checks that run here: the rest is not loaded.
    fn probe_states(&self) -> Vec<ProbeState> {
        let mut checks: BTreeMap<&ProbeName, usize> = BTreeMap::new();
        for check in &self.plan.checks {
            if let Some(assignment) = check.assignments.first() {
                *checks.entry(&assignment.probe).or_default() += 1;
            }
        }
        let used = checks.into_iter();
        used.filter_map(|(name, checks)| {
            let source = self.plan.probes.get(name)?;
            let probe = self.probes.get(name, source).ok();
            Some(probe_state(name, source, probe.as_deref(), checks))
        })
        .collect()
    }
}

fn probe_state(
    name: &ProbeName,
    source: &ProbeSource,
    probe: Option<&Probe>,
    checks: usize,
) -> ProbeState {
    let (source, sha256) = match source {
        ProbeSource::Bundled => ("bundled".to_owned(), None),
        ProbeSource::File { path, sha256 } => (path.display().to_string(), sha256.clone()),
        ProbeSource::Image(image) => {
            let reference = &image.reference;
            (reference.to_string(), Some(reference.sha256.clone()))
        }
    };
    ProbeState {
        name: name.to_string(),
        version: probe
            .map(|probe| probe.description.version.clone())
            .unwrap_or_default(),
        source,
        sha256,
        imports: probe.map(|probe| probe.imports.clone()).unwrap_or_default(),
        checks,
    }
}

fn told(loaded: Loaded, [added, changed, removed]: [usize; 3], took: Duration) -> Reloaded {
    Reloaded {
        ok: loaded.problems.is_empty(),
        added,
        changed,
        removed,
        seconds: took.as_secs_f64(),
        problems: loaded.problems,
        notices: loaded.notices,
    }
}

/// Says in the log why a file is not in force.
pub fn complain(problem: &Problem) {
    tracing::error!(%problem, "a file is not in force as it is; its last good version is");
}

/// Says in the log what a file does not do although it is in force.
pub fn notice(notice: &Problem) {
    tracing::warn!(%notice, "a file is in force and does less than it says");
}

/// Says why nothing was changed.
pub fn refuse(problems: &Problems) {
    problems.iter().for_each(|problem| {
        tracing::error!(%problem, "the configuration is not in force; the one before stays");
    });
}

fn held(plan: &Plan, probes: &Probes, arrangement: &Arrangement) -> BTreeMap<u32, Held> {
    let editions = plan.probes.iter();
    let editions = editions.map(|(name, source)| (name, probes.edition(name, source)));
    let editions = &editions.collect::<BTreeMap<&ProbeName, u64>>();
    let checks = plan.checks.iter().zip(&arrangement.seats);
    let held = checks.flat_map(|(check, seats)| {
        let assignments = check.assignments.iter().zip(seats);
        assignments.map(move |(assignment, seat)| {
            let probe = editions.get(&assignment.probe).copied();
            let held = hold(check, assignment, probe.unwrap_or_default());
            (seat.slot, held)
        })
    });
    held.collect()
}

fn hold(check: &Check, assignment: &Arc<Assignment>, probe: u64) -> Held {
    Held {
        assignment: Arc::clone(assignment),
        rule: check.rule.clone(),
        retry: check.retry,
        canary: check.canary,
        maintenance: (check.maintenance.iter().filter(|_| check.canary).cloned()).collect(),
        probe,
    }
}

/// How many of these slots hold what they held before, but for the lines on which it is written.
fn moved(before: &BTreeMap<u32, Held>, now: &BTreeMap<u32, Held>, changed: &[u32]) -> usize {
    let is_moved = |slot: &&u32| match (before.get(slot), now.get(slot)) {
        (Some(before), Some(now)) => before.without_lines() == now.without_lines(),
        _ => false,
    };
    changed.iter().filter(is_moved).count()
}

fn entry(held: &Held) -> Result<Entry, AppError> {
    let Assignment {
        check,
        target,
        location,
        ..
    } = held.assignment.as_ref();
    let timetable =
        Timetable::new(&held.rule, check, target, location).map_err(|source| AppError::Rule {
            check: check.to_string(),
            source,
        })?;
    Ok(Entry {
        assignment: Arc::clone(&held.assignment),
        timetable,
        retry: held.retry,
        canary: held.canary,
        maintenance: (held.maintenance.iter())
            .filter_map(|window| window.opened().ok())
            .collect(),
    })
}
