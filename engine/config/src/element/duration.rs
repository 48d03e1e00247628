//! Durations: a number and a unit, several from large to small, as in `1h30m` or `500ms`.

use std::time::Duration;

use crate::{
    notes::{Wrong, wrong},
    tree::{Node, Tree, shortened},
};

const MEND: &str = "write a number and a unit, for example `500ms`, `30s`, `5m`, `1h30m` or `7d`";

/// Nanoseconds in each unit, from large to small.
const UNITS: [(&str, u64); 8] = [
    ("w", 604_800_000_000_000),
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("ms", 1_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// The duration at `node`.
pub(crate) fn duration(node: &Node) -> Result<Duration, Wrong> {
    match &node.value {
        Tree::Text(text) => parse(text),
        Tree::Number(number) if number.as_u64() == Some(0) => Ok(Duration::ZERO),
        Tree::Number(number) => Err(wrong(
            format!("a duration needs a unit, got `{number}`"),
            format!("write `{number}s` for seconds"),
        )),
        _ => Err(wrong(
            format!("expected a duration, got {}", node.shown()),
            MEND,
        )),
    }
}

/// The duration at `node`, between two others.
pub(crate) fn within(
    node: &Node,
    least: Duration,
    most: Duration,
    what: &str,
) -> Result<Duration, Wrong> {
    let value = duration(node)?;
    let (low, high) = (shown(least), shown(most));
    if value < least {
        return Err(wrong(
            format!("the {what} {} is shorter than {low}", node.shown()),
            format!("write `{low}` or more"),
        ));
    }
    if value > most {
        return Err(wrong(
            format!("the {what} {} is longer than {high}", node.shown()),
            format!("write `{high}` or less"),
        ));
    }
    Ok(value)
}

/// The duration that `text` says.
pub(crate) fn parse(text: &str) -> Result<Duration, Wrong> {
    let refused = || {
        wrong(
            format!("expected a duration, got `{}`", shortened(text)),
            MEND,
        )
    };
    let mut rest = text.trim();
    let (mut total, mut below) = (0_u64, u64::MAX);
    if rest.is_empty() {
        return Err(refused());
    }
    while !rest.is_empty() {
        let (number, tail) = leading(rest, |c| c.is_ascii_digit() || c == '.');
        let (unit, tail) = leading(tail, |c| c.is_ascii_alphabetic());
        let nanos = UNITS
            .iter()
            .find(|(name, _)| *name == unit)
            .map(|(_, nanos)| *nanos)
            .ok_or_else(refused)?;
        if nanos >= below {
            return Err(refused());
        }
        let part = scaled(number, nanos).ok_or_else(refused)?;
        total = total.checked_add(part).ok_or_else(refused)?;
        (rest, below) = (tail, nanos);
    }
    Ok(Duration::from_nanos(total))
}

/// The duration as one would write it: in the largest unit that is exact.
pub(crate) fn shown(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    let exact = [
        ("d", 86_400_000_000_000_u128),
        ("h", 3_600_000_000_000),
        ("m", 60_000_000_000),
        ("s", 1_000_000_000),
        ("ms", 1_000_000),
        ("us", 1_000),
    ];
    match exact
        .into_iter()
        .find(|(_, unit)| nanos >= *unit && nanos.is_multiple_of(*unit))
    {
        // Up to two minutes, seconds read more easily than minutes.
        Some(("m", _)) if nanos <= 120_000_000_000 => format!("{}s", nanos / 1_000_000_000),
        Some((name, unit)) => format!("{}{name}", nanos / unit),
        None if nanos == 0 => "0s".to_owned(),
        None => format!("{nanos}ns"),
    }
}

/// `number`, which may have a fraction, times `unit`, exactly; `None` where it cannot be.
pub(super) fn scaled(number: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let mut total = whole.parse::<u64>().ok()?.checked_mul(unit)?;
    let digits = u32::try_from(fraction.len())
        .ok()
        .filter(|digits| *digits <= 9)?;
    let part = fraction.parse::<u64>().ok()?.checked_mul(unit)?;
    total = total.checked_add(part / 10_u64.checked_pow(digits)?)?;
    Some(total)
}

/// The longest start of `text` whose characters are `wanted`, and the rest.
pub(super) fn leading(text: &str, wanted: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|c| !wanted(c)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_numbers_with_units_from_large_to_small() {
        for (text, millis) in [
            ("500ms", 500),
            ("30s", 30_000),
            ("1h30m", 5_400_000),
            ("1.5s", 1_500),
            ("7d", 604_800_000),
            ("0s", 0),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_duration_is_refused() {
        for text in [
            "",
            "s",
            "30",
            "30x",
            "1m1h",
            "1s1s",
            "-1s",
            "1..5s",
            "99999999999w",
            "1 s",
            "ä",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_duration_is_shown_as_one_would_write_it() {
        for (millis, text) in [
            (500, "500ms"),
            (30_000, "30s"),
            (60_000, "60s"),
            (300_000, "5m"),
            (3_600_000, "1h"),
            (0, "0s"),
            (1_500, "1500ms"),
        ] {
            assert_eq!(shown(Duration::from_millis(millis)), text);
        }
    }
}
