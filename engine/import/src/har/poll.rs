//! Asking the same until the answer says something else: several entries, one step.

use std::time::Duration;

use super::pick::Pick;
use crate::{
    journey::{Expect, Until},
    value::{Leaf, Value},
};

/// What an answer that is waited for usually says it with.
const TELLING: [&str; 10] = [
    "status",
    "state",
    "phase",
    "ready",
    "done",
    "complete",
    "completed",
    "finished",
    "result",
    "progress",
];

/// Shortest deadline of a step that waits.
const SHORTEST: Duration = Duration::from_secs(10);

/// Longest deadline: a check's timeout has to hold it.
const LONGEST: Duration = Duration::from_mins(1);

/// Puts neighbours that ask the same into one, where the last answer differs; the others stay as they are.
pub(super) fn fold(picks: Vec<Pick>) -> Vec<(Pick, Option<Until>)> {
    let mut folded = Vec::new();
    let mut rest = picks.into_iter().peekable();
    while let Some(first) = rest.next() {
        let mut group = vec![first];
        while let Some(next) =
            rest.next_if(|next| group.first().is_some_and(|first| same(first, next)))
        {
            group.push(next);
        }
        match until(&group) {
            Some(until) => folded.extend(group.pop().map(|last| (last, Some(until)))),
            None => folded.extend(group.into_iter().map(|pick| (pick, None))),
        }
    }
    folded
}

fn same(one: &Pick, other: &Pick) -> bool {
    one.asked.method == "GET" && other.asked.method == "GET" && one.asked.url == other.asked.url
}

fn until(group: &[Pick]) -> Option<Until> {
    let (last, earlier) = group.split_last()?;
    let first = earlier.first()?;
    let answer = Value::read(&last.answered.body)?;
    let before: Vec<Value> = earlier
        .iter()
        .filter_map(|pick| Value::read(&pick.answered.body))
        .collect();
    if before.len() != earlier.len() {
        return None;
    }
    let (path, value) = told(&answer, &before)?;
    let starts = last.asked.start.saturating_sub(first.asked.start);
    let starts = Duration::from_millis(u64::try_from(starts).unwrap_or_default());
    let took = Duration::try_from_secs_f64(last.asked.took / 1000.0).unwrap_or_default();
    let gap = starts / u32::try_from(earlier.len()).unwrap_or(1);
    let seconds = (starts + took).as_secs() + 1;
    Some(Until {
        expect: Expect {
            json: vec![(path, value)],
            ..Expect::default()
        },
        every: rounded(gap),
        within: Duration::from_secs(seconds * 3).clamp(SHORTEST, LONGEST),
    })
}

/// The leaf that no earlier answer had: one with a telling key, else one that is true, false or a word.
fn told(answer: &Value, before: &[Value]) -> Option<(String, Value)> {
    let new = |leaf: &&Leaf<'_>| {
        let held = |value: &Value| {
            let leaves = value.leaves();
            leaves
                .iter()
                .any(|other| other.path == leaf.path && other.value == leaf.value)
        };
        *leaf.value != Value::Null && !before.iter().any(held)
    };
    let leaves = answer.leaves();
    let fresh: Vec<&Leaf<'_>> = leaves.iter().filter(new).collect();
    let telling = |leaf: &&&Leaf<'_>| {
        let key = leaf
            .keys
            .last()
            .copied()
            .unwrap_or_default()
            .to_ascii_lowercase();
        TELLING.contains(&key.as_str())
    };
    let word = |leaf: &&&Leaf<'_>| match leaf.value {
        Value::Bool(_) => true,
        Value::Text(text) => text.as_literal().is_some_and(|text| {
            !text.is_empty()
                && text.len() <= 30
                && text.chars().all(|c| c.is_alphabetic() || c == '_')
        }),
        _ => false,
    };
    let found = fresh
        .iter()
        .find(telling)
        .or_else(|| fresh.iter().find(word))?;
    Some((found.path.clone(), found.value.clone()))
}

/// As a person would say it: tenths of a second, above one second halves.
fn rounded(gap: Duration) -> Duration {
    let millis = u64::try_from(gap.as_millis()).unwrap_or(u64::MAX);
    let unit = if millis < 1000 { 100 } else { 500 };
    Duration::from_millis(((millis + unit / 2) / unit * unit).max(100))
}
