//! Whole numbers with a range, and words out of a closed set.

use std::ops::RangeInclusive;

use serde_json::Number;

use crate::{
    nearest,
    notes::{Wrong, wrong},
    tree::{Node, Tree},
};

/// How to write a whole number that is none, or looks like none.
pub(crate) const DIGITS: &str = "write it in digits, without a fraction or quotes";

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
            mend(node, value, range),
        )
    })
}

/// The way into the range.
fn mend(node: &Node, value: Option<u64>, range: &RangeInclusive<u64>) -> String {
    let negative = |number: &Number| number.as_i64().is_some_and(i64::is_negative);
    let is_negative = matches!(&node.value, Tree::Number(number) if negative(number));
    match value {
        Some(value) if value > *range.end() => format!("write `{}` or less", range.end()),
        None if !is_negative => DIGITS.to_owned(),
        _ => format!("write `{}` or more", range.start()),
    }
}

/// The value of the word at `node`.
pub(crate) fn choice<T: Copy>(node: &Node, choices: &[(&'static str, T)]) -> Result<T, Wrong> {
    let words = || choices.iter().map(|(word, _)| *word);
    let refused = |mend: String| {
        wrong(
            format!(
                "expected one of {}, got {}",
                nearest::listed(words()),
                node.shown()
            ),
            mend,
        )
    };
    let text = node
        .text()
        .ok_or_else(|| refused("write one of these words".to_owned()))?;
    choices
        .iter()
        .find(|(word, _)| *word == text)
        .map(|(_, value)| *value)
        .ok_or_else(|| refused(nearest::suggestion(text, words())))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::tree::Span;

    fn node(value: Tree) -> Node {
        Node {
            at: Span::START,
            path: String::new(),
            value,
            written: None,
        }
    }

    fn number(value: &Value) -> Node {
        node(Tree::Number(value.as_number().unwrap().clone()))
    }

    #[test]
    fn what_is_out_of_the_range_is_told_the_way_into_it() {
        for (value, mend) in [
            (json!(0), "write `1` or more"),
            (json!(-1), "write `1` or more"),
            (json!(11), "write `10` or less"),
            (json!(1.5), DIGITS),
        ] {
            let refused = whole(&number(&value), &(1..=10)).unwrap_err();
            assert_eq!(refused.mend, mend, "{value}");
        }
        let quoted = node(Tree::Text("7".to_owned()));
        assert_eq!(whole(&quoted, &(1..=10)).unwrap_err().mend, DIGITS);
    }

    #[test]
    fn what_is_no_word_is_told_to_be_one() {
        let choices = [("auto", 0), ("v4", 4)];
        for value in [json!(4), json!(0)] {
            let refused = choice(&number(&value), &choices).unwrap_err();
            assert_eq!(refused.mend, "write one of these words", "{value}");
        }
        assert_eq!(choice(&node(Tree::Text("v4".to_owned())), &choices), Ok(4));
    }
}
