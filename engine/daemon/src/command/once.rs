//! `leadsman once`: one run, shown to people or written for programs.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use leadsman_core::{
    attempt::{Assignment, Order, RunCause},
    egress::{Egress, EgressRules, HostPattern},
    id::{CheckId, Location, NameError, ProbeName, TargetName},
    limits::Limits,
    outcome::{Outcome, Reason},
    plan::{Network, Plan, ProbeSource, Retry, Tls},
    record::RunRecord,
};
use leadsman_host::{Roster, Secrets};
use leadsman_runner::run_once;
use serde_json::{Map, Value};

use super::CommandError;
use crate::{
    app::{self, AppError},
    args::Once,
    catalog::Probes,
    clock, descriptors,
    paint::Paint,
    secrets, waterfall,
};

/// Longest timeout of a run, as in a configuration.
const LONGEST: Duration = Duration::from_mins(2);

/// What is run, and on what.
struct Subject {
    assignment: Arc<Assignment>,
    source: ProbeSource,
    network: Network,
    tls: Tls,
    secrets: Secrets,
    retry: Retry,
}

/// Makes one run; the exit status is its outcome.
pub(super) fn once(arguments: &Once, cache: Option<PathBuf>) -> Result<ExitCode, CommandError> {
    descriptors::raise();
    let io = app::io_runtime()?;
    let probes = Probes::new(Arc::clone(&app::sandbox(cache, 64, &io)?));
    let subject = subject(arguments, &probes)?;
    let roster = roster(&subject, &probes)?;
    let order = Order {
        assignment: Arc::clone(&subject.assignment),
        slot: 0,
        run: format!("{:x}-once", clock::unix_ns() / 1_000_000),
        cause: RunCause::Once,
        planned_unix_ns: clock::unix_ns(),
        attempt: 1,
    };
    let record = io.block_on(run_once(&roster, order, subject.retry));
    show(arguments, &record)?;
    io.shutdown_background();
    Ok(ExitCode::from(status(record.reason)))
}

/// 0 pass, 1 degraded, 2 fail, 3 unknown.
fn status(reason: Reason) -> u8 {
    match (reason, reason.outcome()) {
        (Reason::Degraded, _) => 1,
        (_, Outcome::Pass) => 0,
        (_, Outcome::Fail) => 2,
        (_, Outcome::Unknown) => 3,
    }
}

fn show(arguments: &Once, record: &RunRecord) -> Result<(), CommandError> {
    let text = if arguments.json {
        serde_json::to_string_pretty(record).map_err(io::Error::other)?
    } else {
        waterfall::draw(record, Paint::for_stdout())
    };
    writeln!(io::stdout(), "{}", text.trim_end())?;
    Ok(())
}

fn roster(subject: &Subject, probes: &Probes) -> Result<Roster, CommandError> {
    let network =
        leadsman_net::Network::new(&subject.network, &subject.tls).map_err(AppError::from)?;
    let roster = Roster::new(
        Arc::clone(probes.sandbox()),
        network,
        Arc::new(subject.secrets.clone()),
    );
    let probe = probes.get(&subject.assignment.probe, &subject.source);
    let check = subject.assignment.check.to_string();
    roster
        .add(&subject.assignment, probe)
        .map_err(|source| AppError::Prepare { check, source })?;
    Ok(roster)
}

fn subject(arguments: &Once, probes: &Probes) -> Result<Subject, CommandError> {
    if let Some(config) = &arguments.config {
        let plan = app::load(config, probes)?;
        if plan
            .checks
            .iter()
            .any(|check| check.id.as_str() == arguments.subject)
        {
            return configured(arguments, &plan);
        }
        if !is_probe(&arguments.subject) {
            let known: Vec<&str> = plan.checks.iter().map(|check| check.id.as_str()).collect();
            let known = known.join("`, `");
            return Err(CommandError::Usage(format!(
                "no check `{}` runs here; there are `{known}`",
                arguments.subject
            )));
        }
    }
    bare(arguments, probes)
}

fn is_probe(subject: &str) -> bool {
    leadsman_probes::named(subject).is_some() || is_file(subject)
}

fn is_file(subject: &str) -> bool {
    subject.contains('/')
        || Path::new(subject)
            .extension()
            .is_some_and(|extension| extension == "wasm")
}

fn configured(arguments: &Once, plan: &Plan) -> Result<Subject, CommandError> {
    let mut targets = plan
        .checks
        .iter()
        .filter(|check| check.id.as_str() == arguments.subject)
        .flat_map(|check| {
            check
                .assignments
                .iter()
                .map(move |assignment| (assignment, check.retry))
        });
    let wanted = arguments.target.as_deref();
    let found = targets.find(|(assignment, _)| {
        wanted.is_none_or(|wanted| {
            wanted == assignment.target.as_str() || wanted == assignment.address
        })
    });
    let (assignment, retry) = found.ok_or_else(|| {
        CommandError::Usage(format!(
            "the check has no target `{}`",
            wanted.unwrap_or_default()
        ))
    })?;
    if !arguments.set.is_empty() {
        return Err(CommandError::Usage(
            "`--set` is for bundled probes and files; a check's settings are in its configuration"
                .to_owned(),
        ));
    }
    let source = plan
        .probes
        .get(&assignment.probe)
        .cloned()
        .unwrap_or(ProbeSource::Bundled);
    Ok(Subject {
        assignment: Arc::clone(assignment),
        source,
        network: plan.network.clone(),
        tls: plan.tls.clone(),
        secrets: secrets::read(plan).0,
        retry,
    })
}

/// A bundled probe or a component file, with settings from the command line.
fn bare(arguments: &Once, probes: &Probes) -> Result<Subject, CommandError> {
    let target = arguments.target.as_deref();
    let target = target.ok_or_else(|| {
        CommandError::Usage("say what to examine with `--target ADDRESS`".to_owned())
    })?;
    let source = if is_file(&arguments.subject) {
        ProbeSource::File {
            path: PathBuf::from(&arguments.subject),
            sha256: None,
        }
    } else {
        ProbeSource::Bundled
    };
    let stem = Path::new(&arguments.subject)
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default();
    let named = |error: NameError| CommandError::Usage(error.to_string());
    let name = ProbeName::new(&stem).map_err(named)?;
    let settings = settings(arguments, &name, &source, probes)?;
    let assignment = Assignment {
        check: CheckId::new(&stem).map_err(named)?,
        target: TargetName::new(target).map_err(named)?,
        address: target.to_owned(),
        location: Location::new("local").map_err(named)?,
        probe: name,
        settings: settings.to_string().into(),
        labels: BTreeMap::new(),
        timeout: timeout(&arguments.timeout)?,
        limits: Limits::default(),
        egress: egress(arguments, target)?,
        secrets: Vec::new(),
    };
    Ok(Subject {
        assignment: Arc::new(assignment),
        source,
        network: Network::default(),
        tls: Tls::default(),
        secrets: Secrets::default(),
        retry: Retry::default(),
    })
}

fn timeout(text: &str) -> Result<u64, CommandError> {
    let parsed = leadsman_config::duration(text).map_err(CommandError::Usage)?;
    if parsed.is_zero() || parsed > LONGEST {
        return Err(CommandError::Usage(format!(
            "a timeout is between 1 ms and {} s",
            LONGEST.as_secs()
        )));
    }
    Ok(u64::try_from(parsed.as_nanos()).unwrap_or(u64::MAX))
}

fn egress(arguments: &Once, target: &str) -> Result<Egress, CommandError> {
    let granted = arguments
        .grants
        .iter()
        .map(|grant| HostPattern::try_from(grant.clone()).map_err(CommandError::Usage));
    let target = leadsman_config::target_pattern(target).map_err(CommandError::Usage)?;
    Ok(Egress {
        rules: Arc::new(EgressRules::default()),
        grants: granted.collect::<Result<_, _>>()?,
        target,
    })
}

/// Settings from `--set`, typed and completed by the probe's own schema.
fn settings(
    arguments: &Once,
    name: &ProbeName,
    source: &ProbeSource,
    probes: &Probes,
) -> Result<Value, CommandError> {
    use leadsman_core::plan::Catalog;
    let description = probes
        .describe(name, source)
        .map_err(|why| CommandError::Usage(format!("the probe `{name}` cannot be used: {why}")))?;
    let mut settings = Value::Object(Map::new());
    for set in &arguments.set {
        let (key, text) = set
            .split_once('=')
            .ok_or_else(|| CommandError::Usage(format!("`{set}` is not `name=value`")))?;
        let value = leadsman_config::coerce_set(&description.settings, key, text)
            .map_err(CommandError::Usage)?;
        insert(&mut settings, key, value);
    }
    let completed = leadsman_config::check_settings(&description, &settings)
        .map_err(|complaints| told(&complaints))?;
    let complaints = probes
        .validate(name, source, &completed.to_string())
        .map_err(CommandError::Usage)?;
    if complaints.is_empty() {
        Ok(completed)
    } else {
        Err(told(&complaints))
    }
}

/// Sets a value at a dotted key.
fn insert(settings: &mut Value, key: &str, value: Value) {
    match key.split_once('.') {
        None => {
            if let Some(members) = settings.as_object_mut() {
                members.insert(key.to_owned(), value);
            }
        }
        Some((first, rest)) => {
            if let Some(members) = settings.as_object_mut() {
                insert(
                    members
                        .entry(first)
                        .or_insert_with(|| Value::Object(Map::new())),
                    rest,
                    value,
                );
            }
        }
    }
}

fn told(complaints: &[leadsman_core::plan::Complaint]) -> CommandError {
    let lines: Vec<String> = complaints
        .iter()
        .map(|complaint| {
            let hint = if complaint.hint.is_empty() {
                String::new()
            } else {
                format!(" ({})", complaint.hint)
            };
            let place = complaint.pointer.trim_start_matches('/').replace('/', ".");
            format!("{place}: {}{hint}", complaint.message)
        })
        .collect();
    CommandError::Usage(format!("the settings do not fit: {}", lines.join("; ")))
}
