//! Settings from the command line.

use leadsman_core::{
    id::ProbeName,
    plan::{Catalog, Complaint, ProbeSource},
};
use serde_json::{Map, Value};

use crate::{args::Once, catalog::Probes, command::CommandError};

/// Settings from `--set`, typed and completed by the probe's own schema.
pub(super) fn settings(
    arguments: &Once,
    name: &ProbeName,
    source: &ProbeSource,
    probes: &Probes,
) -> Result<Value, CommandError> {
    let description = probes
        .describe(name, source)
        .map_err(|why| CommandError::Usage(format!("the probe `{name}` cannot be used: {why}")))?;
    let mut settings = Value::Object(Map::new());
    let mut given = Vec::new();
    for set in &arguments.set {
        let (key, text) = set
            .split_once('=')
            .ok_or_else(|| CommandError::Usage(format!("`{set}` is not `name=value`")))?;
        add(&mut given, key)?;
        let value = leadsman_config::coerce_set(&description.settings, key, text)
            .map_err(CommandError::Usage)?;
        insert(&mut settings, key, value);
    }
    let completed = leadsman_config::check_settings(&description, &settings)
        .map_err(|complaints| told(&complaints))?;
    judged(completed, name, source, probes)
}

/// The settings with `--step`: the journey stops after the step and says its variables.
pub(super) fn stopping(
    mut settings: Value,
    step: &str,
    (name, source): (&ProbeName, &ProbeSource),
    probes: &Probes,
) -> Result<Value, CommandError> {
    let description = probes
        .describe(name, source)
        .map_err(|why| CommandError::of_probe(name.as_str(), why))?;
    let known = description.settings.pointer("/properties/stop_after");
    let members = settings.as_object_mut().filter(|_| known.is_some());
    let members = members.ok_or_else(|| {
        CommandError::Usage(format!(
            "the probe `{name}` has no steps to stop at: leave `--step` out"
        ))
    })?;
    members.insert("stop_after".to_owned(), Value::from(step));
    judged(settings, name, source, probes)
}

fn judged(
    settings: Value,
    name: &ProbeName,
    source: &ProbeSource,
    probes: &Probes,
) -> Result<Value, CommandError> {
    let complaints = probes
        .validate(name, source, &settings.to_string())
        .map_err(CommandError::Usage)?;
    if complaints.is_empty() {
        Ok(settings)
    } else {
        Err(told(&complaints))
    }
}

/// Keeps a key that is given; one that would take another's value away is refused.
fn add<'a>(given: &mut Vec<&'a str>, key: &'a str) -> Result<(), CommandError> {
    let within = |earlier: &str| {
        let rest = earlier.strip_prefix(key);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    if let Some(earlier) = given.iter().find(|earlier| within(earlier)) {
        return Err(CommandError::Usage(format!(
            "`--set {key}=…` would replace `--set {earlier}=…`: give each setting once, and a list as `name=first,second`"
        )));
    }
    given.push(key);
    Ok(())
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

fn told(complaints: &[Complaint]) -> CommandError {
    let lines: Vec<String> = complaints
        .iter()
        .map(|complaint| {
            let hint = if complaint.hint.is_empty() {
                String::new()
            } else {
                format!(" ({})", complaint.hint)
            };
            let place = complaint.pointer.trim_start_matches('/').replace('/', ".");
            let colon = if place.is_empty() { "" } else { ": " };
            format!("{place}{colon}{}{hint}", complaint.message)
        })
        .collect();
    CommandError::Usage(format!("the settings do not fit: {}", lines.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_that_would_replace_an_earlier_one_is_refused() {
        let keep = |keys: &[&'static str]| {
            let mut given = Vec::new();
            keys.iter().try_for_each(|key| add(&mut given, key))
        };
        for fine in [
            &["a", "b"][..],
            &["a.b", "a.c"],
            &["ab", "a"],
            &["a", "a.b"],
        ] {
            assert!(keep(fine).is_ok(), "{fine:?}");
        }
        for twice in [&["a", "b", "a"][..], &["a.b", "a.b"], &["a.b", "a"]] {
            let why = keep(twice).unwrap_err().to_string();
            assert!(why.contains("give each setting once"), "{twice:?}: {why}");
        }
    }
}
