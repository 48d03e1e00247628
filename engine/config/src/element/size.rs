//! Sizes: bytes with a unit, as in `64MiB`.

use super::duration::{leading, scaled};
use crate::{
    notes::{Wrong, wrong},
    tree::{Node, Tree, shortened},
};

const MEND: &str = "write a number and a unit, for example `64KiB`, `64MiB` or `1GiB`";

const UNITS: [(&str, u64); 7] = [
    ("B", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
];

/// The size at `node`, in bytes.
pub(crate) fn size(node: &Node) -> Result<u64, Wrong> {
    match &node.value {
        Tree::Text(text) => parse(text),
        Tree::Number(number) => Err(wrong(
            format!("a size needs a unit, got `{number}`"),
            format!("write `{number}B` for bytes"),
        )),
        _ => Err(wrong(
            format!("expected a size, got {}", node.shown()),
            MEND,
        )),
    }
}

/// The bytes that `text` says.
pub(crate) fn parse(text: &str) -> Result<u64, Wrong> {
    let refused = || wrong(format!("expected a size, got `{}`", shortened(text)), MEND);
    let (number, unit) = leading(text.trim(), |c| c.is_ascii_digit() || c == '.');
    let bytes = UNITS
        .iter()
        .find(|(name, _)| *name == unit.trim())
        .map(|(_, bytes)| *bytes)
        .ok_or_else(refused)?;
    scaled(number, bytes).ok_or_else(refused)
}

/// The size in the largest binary unit that is exact.
pub(crate) fn shown(bytes: u64) -> String {
    let exact = [("GiB", 1_u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    let found = exact
        .into_iter()
        .find(|(_, unit)| bytes >= *unit && bytes.is_multiple_of(*unit));
    found.map_or_else(
        || format!("{bytes}B"),
        |(name, unit)| format!("{}{name}", bytes / unit),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_a_number_with_a_unit() {
        for (text, bytes) in [
            ("64MiB", 64 << 20),
            ("1.5KiB", 1_536),
            ("10B", 10),
            ("2 kB", 2_000),
        ] {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
        for text in ["", "64", "MiB", "-1B", "1TiB", "99999999999GiB", "64mib"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_size_is_shown_in_the_largest_exact_unit() {
        for (bytes, text) in [(64 << 20, "64MiB"), (1_000, "1000B"), (1 << 10, "1KiB")] {
            assert_eq!(shown(bytes), text);
        }
    }
}
