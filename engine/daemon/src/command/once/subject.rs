//! What is run once: a check of a configuration, a bundled probe, or a component file.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use leadsman_config::Files;
use leadsman_core::{
    attempt::Assignment,
    egress::{Egress, EgressRules, HostPattern},
    id::{CheckId, Location, NameError, ProbeName, TargetName},
    limits::Limits,
    plan::{Check, Network, Plan, ProbeSource, Retry, Tls},
};
use leadsman_host::Secrets;
use tokio::runtime::Runtime;

use super::settings;
use crate::{
    app,
    args::Once,
    catalog::Probes,
    command::{CommandError, is_file},
    secrets,
};

/// How long an attempt may take where nobody says, as in a configuration.
const USUAL: &str = "10s";

/// Longest timeout of an attempt, as in a configuration.
const LONGEST: Duration = Duration::from_mins(2);

/// What is run, and on what.
pub(super) struct Subject {
    /// One probe on each of its targets.
    pub(super) assignments: Vec<Arc<Assignment>>,
    /// Whether it is no check of a configuration, and nothing of one holds for it.
    pub(super) is_bare: bool,
    pub(super) source: ProbeSource,
    pub(super) network: Network,
    pub(super) tls: Tls,
    pub(super) secrets: Secrets,
    pub(super) retry: Retry,
}

/// What the command line names.
pub(super) fn subject(
    arguments: &Once,
    probes: &Arc<Probes>,
    io: &Runtime,
    files: &dyn Files,
) -> Result<Subject, CommandError> {
    let mut subject = found(arguments, probes, io, files)?;
    if let Some(step) = &arguments.step {
        for assignment in &mut subject.assignments {
            let settings = serde_json::from_str(&assignment.settings).unwrap_or_default();
            let probe = (&assignment.probe, &subject.source);
            let settings = settings::stopping(settings, step, probe, probes)?;
            Arc::make_mut(assignment).set_settings(settings.to_string());
        }
    }
    Ok(subject)
}

fn found(
    arguments: &Once,
    probes: &Arc<Probes>,
    io: &Runtime,
    files: &dyn Files,
) -> Result<Subject, CommandError> {
    if let Some(config) = &arguments.config {
        let plan = app::load_whole(config, files, probes, io)?;
        let mut checks = plan.checks.iter();
        if let Some(check) = checks.find(|check| check.id.as_str() == arguments.subject) {
            return configured(arguments, &plan, check);
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

fn configured(arguments: &Once, plan: &Plan, check: &Check) -> Result<Subject, CommandError> {
    if !arguments.set.is_empty() {
        return Err(CommandError::Usage(
            "`--set` is for bundled probes and files; a check's settings are in its configuration"
                .to_owned(),
        ));
    }
    let timeout = arguments.timeout.as_deref().map(timeout).transpose()?;
    let grants = grants(arguments)?;
    let chosen = chosen(check, arguments.target.as_deref())?;
    let source = chosen
        .first()
        .and_then(|assignment| plan.probes.get(&assignment.probe))
        .cloned()
        .unwrap_or(ProbeSource::Bundled);
    let chosen = chosen.into_iter();
    Ok(Subject {
        assignments: chosen
            .map(|assignment| adjusted(assignment, timeout, &grants))
            .collect(),
        is_bare: false,
        source,
        network: plan.network.clone(),
        tls: plan.tls.clone(),
        secrets: secrets::read(plan).0,
        retry: check.retry,
    })
}

/// The target of this name, else those at this address; all of them where none is named.
fn chosen<'c>(
    check: &'c Check,
    wanted: Option<&str>,
) -> Result<Vec<&'c Arc<Assignment>>, CommandError> {
    let all = || check.assignments.iter();
    let none = |why| Err(CommandError::Usage(why));
    let Some(wanted) = wanted else {
        let all: Vec<_> = all().collect();
        return if all.is_empty() {
            none(format!("the check `{}` has no targets", check.id))
        } else {
            Ok(all)
        };
    };
    if let Some(named) = all().find(|assignment| assignment.target.as_str() == wanted) {
        return Ok(vec![named]);
    }
    let there: Vec<_> = all()
        .filter(|assignment| assignment.address == wanted)
        .collect();
    if there.is_empty() {
        none(format!("the check has no target `{wanted}`"))
    } else {
        Ok(there)
    }
}

/// What the command line says stands in place of the configured timeout, and beside the configured grants.
fn adjusted(
    assignment: &Arc<Assignment>,
    timeout: Option<u64>,
    grants: &[HostPattern],
) -> Arc<Assignment> {
    let mut adjusted = Arc::clone(assignment);
    if let Some(timeout) = timeout {
        Arc::make_mut(&mut adjusted).timeout = timeout;
    }
    if !grants.is_empty() {
        let egress = &mut Arc::make_mut(&mut adjusted).egress;
        Arc::make_mut(egress).grants.extend_from_slice(grants);
    }
    adjusted
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
    let settings = settings::settings(arguments, &name, &source, probes)?;
    let assignment = Assignment {
        check: CheckId::new(&stem).map_err(named)?,
        target: TargetName::new(target).map_err(named)?,
        address: target.to_owned(),
        location: Location::new("local").map_err(named)?,
        probe: name,
        settings: settings.to_string().into(),
        labels: BTreeMap::new(),
        timeout: timeout(arguments.timeout.as_deref().unwrap_or(USUAL))?,
        limits: Limits::default(),
        egress: Arc::new(egress(arguments, target)?),
        secrets: Vec::new(),
        written: None,
        places: None,
    };
    Ok(Subject {
        assignments: vec![Arc::new(assignment)],
        is_bare: true,
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

fn grants(arguments: &Once) -> Result<Vec<HostPattern>, CommandError> {
    let grants = arguments.grants.iter().cloned();
    let grants = grants.map(|grant| HostPattern::try_from(grant).map_err(CommandError::Usage));
    grants.collect()
}

fn egress(arguments: &Once, target: &str) -> Result<Egress, CommandError> {
    let target = leadsman_config::target_pattern(target).map_err(CommandError::Usage)?;
    Ok(Egress {
        rules: Arc::new(EgressRules::default()),
        grants: grants(arguments)?,
        target,
        within: None,
    })
}
