//! Yes or no.

use crate::{
    notes::Wrong,
    tree::{Node, Tree},
};

/// How to mend what is no word for yes or no at all.
const MEND: &str = "write one of the two, without quotes";

/// `true` or `false`.
pub(crate) fn boolean(node: &Node) -> Result<bool, Wrong> {
    match node.value {
        Tree::Bool(value) => Ok(value),
        _ => Err(node.not("`true` or `false`", mend(node))),
    }
}

fn mend(node: &Node) -> &'static str {
    if node.written.is_some() {
        return "write the word itself: what a reference stands for is a text";
    }
    meant(node.text())
}

/// How to write what a text, or what is none, was probably meant to say.
pub(crate) fn meant(text: Option<&str>) -> &'static str {
    let Some(text) = text else { return MEND };
    if matches!(text, "true" | "false") {
        return "remove the quotes";
    }
    match text.to_lowercase().as_str() {
        "true" | "yes" | "on" => "write `true`",
        "false" | "no" | "off" => "write `false`",
        _ => MEND,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_another_language_is_mended_to_the_one_of_the_two_that_it_means() {
        for (text, mend) in [
            (Some("true"), "remove the quotes"),
            (Some("TRUE"), "write `true`"),
            (Some("yes"), "write `true`"),
            (Some("Off"), "write `false`"),
            (Some("perhaps"), MEND),
            (None, MEND),
        ] {
            assert_eq!(meant(text), mend, "{text:?}");
        }
    }
}
