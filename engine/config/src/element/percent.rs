//! Promised shares: `99.9%`.

use serde_json::Number;

use crate::{
    notes::{Wrong, wrong},
    tree::{Node, Tree},
};

/// The share at `node`, above 0 and below 1.
pub(crate) fn percent(node: &Node) -> Result<f64, Wrong> {
    let text = node.text().ok_or_else(|| refused(node))?;
    let value: f64 = text
        .trim()
        .strip_suffix('%')
        .and_then(|number| number.trim().parse().ok())
        .ok_or_else(|| refused(node))?;
    if (value - 100.0).abs() < f64::EPSILON {
        return Err(wrong(
            "an objective of `100%` leaves no error budget",
            "write what the service really promises, for example `99.9%`",
        ));
    }
    if !(value > 0.0 && value < 100.0) {
        return Err(wrong(
            format!(
                "expected a share above 0% and below 100%, got {}",
                node.shown()
            ),
            "for example `99.9%`",
        ));
    }
    // The nearest number to the written share, without the noise of the division.
    format!("{:.12}", value / 100.0)
        .parse()
        .map_err(|_| refused(node))
}

fn refused(node: &Node) -> Wrong {
    let mend = match &node.value {
        Tree::Number(number) => written(number),
        _ => "write a share, for example `99.9%`".to_owned(),
    };
    wrong(format!("expected a percentage, got {}", node.shown()), mend)
}

/// The number as the share that was meant: one up to 1 is a share of 1, never of a hundred.
fn written(number: &Number) -> String {
    match number.as_f64() {
        Some(share) if share > 0.0 && share < 1.0 => {
            let share = format!("{:.10}", share * 100.0);
            let share = share.trim_end_matches('0').trim_end_matches('.');
            format!("write `{share}%`")
        }
        Some(share) if share > 1.0 && share < 100.0 => format!("write `{number}%`"),
        _ => "write a share, for example `99.9%`".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Span;

    #[test]
    fn a_share_lies_between_nothing_and_everything() {
        let read = |text: &str| {
            percent(&Node {
                at: Span::START,
                path: String::new(),
                value: Tree::Text(text.to_owned()),
                written: None,
            })
        };
        assert!((read("99.9%").unwrap() - 0.999).abs() < 1e-12);
        for text in ["100%", "0%", "-1%", "101%", "99.9", "%", "nan%", "inf%", ""] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_number_without_a_sign_is_never_mended_to_a_hundredth_of_what_was_meant() {
        for (number, mend) in [
            (0.999, "write `99.9%`"),
            (0.99995, "write `99.995%`"),
            (0.5, "write `50%`"),
            (1.0, "write a share, for example `99.9%`"),
            (99.9, "write `99.9%`"),
            (100.0, "write a share, for example `99.9%`"),
        ] {
            let refused = percent(&Node {
                at: Span::START,
                path: String::new(),
                value: Tree::Number(Number::from_f64(number).unwrap()),
                written: None,
            });
            assert_eq!(refused.unwrap_err().mend, mend, "{number}");
        }
    }
}
