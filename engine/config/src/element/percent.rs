//! Promised shares: `99.9%`.

use crate::{
    notes::{Wrong, wrong},
    tree::Node,
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
        crate::tree::Tree::Number(number) => format!("write `{number}%`"),
        _ => "write a share, for example `99.9%`".to_owned(),
    };
    wrong(format!("expected a percentage, got {}", node.shown()), mend)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::{Span, Tree};

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
}
