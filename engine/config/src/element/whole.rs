//! Whole numbers with a range, and words out of a closed set.

use std::ops::RangeInclusive;

use crate::{
    nearest,
    notes::{Wrong, wrong},
    tree::{Node, Tree},
};

/// The whole number at `node`; a reference's text counts too.
pub(crate) fn whole(node: &Node, range: &RangeInclusive<u64>) -> Result<u64, Wrong> {
    let value = match &node.value {
        Tree::Number(number) => number.as_u64(),
        Tree::Text(text) if node.written.is_some() => text.trim().parse().ok(),
        _ => None,
    };
    value.filter(|value| range.contains(value)).ok_or_else(|| {
        wrong(
            format!(
                "expected a whole number from {} to {}, got {}",
                range.start(),
                range.end(),
                node.shown()
            ),
            "",
        )
    })
}

/// The value of the word at `node`.
pub(crate) fn choice<T: Copy>(node: &Node, choices: &[(&'static str, T)]) -> Result<T, Wrong> {
    let words = || choices.iter().map(|(word, _)| *word);
    let text = node.text().ok_or_else(|| {
        wrong(
            format!(
                "expected one of {}, got {}",
                nearest::listed(words()),
                node.shown()
            ),
            "",
        )
    })?;
    choices
        .iter()
        .find(|(word, _)| *word == text)
        .map(|(_, value)| *value)
        .ok_or_else(|| {
            wrong(
                format!(
                    "expected one of {}, got {}",
                    nearest::listed(words()),
                    node.shown()
                ),
                nearest::suggestion(text, words()),
            )
        })
}
