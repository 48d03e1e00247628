//! Names: of steps, and of variables.

use super::Request;
use crate::text::DOLLAR;

/// Names that templates have already.
pub(super) const BUILT_IN: [&str; 9] = [
    "secret", "target", "check", "location", "run", "unique", "random", "time", DOLLAR,
];

/// Longest name of a step, in characters.
const LONGEST_NAME: usize = 60;

/// The variable of a template: without its encoders, and without what comes after a point or a colon.
pub(super) fn base(template: &str) -> &str {
    template
        .split(['|', '.', ':', '+'])
        .next()
        .unwrap_or(template)
}

pub(super) fn request_name(request: &Request) -> String {
    let path = request.path.spoken();
    let path = path.split('?').next().unwrap_or_default();
    let name = format!("{} {path}", request.method);
    let name: String = name.chars().filter(|c| !c.is_control()).collect();
    if name.chars().count() <= LONGEST_NAME {
        return name;
    }
    let mut cut: String = name.chars().take(LONGEST_NAME - 1).collect();
    cut.push('…');
    cut
}

/// A name that a variable may have: words in small letters, none that templates have already.
pub(crate) fn variable(text: &str) -> String {
    let mut out = String::new();
    let mut small = false;
    for c in text.chars() {
        if !c.is_ascii_alphanumeric() {
            small = false;
            if !out.is_empty() && !out.ends_with('_') {
                out.push('_');
            }
            continue;
        }
        if c.is_ascii_uppercase() && small {
            out.push('_');
        }
        small = !c.is_ascii_uppercase();
        out.push(c.to_ascii_lowercase());
    }
    let out = out.trim_end_matches('_');
    if out.is_empty() || out.starts_with(|c: char| c.is_ascii_digit()) {
        return format!("value_{out}").trim_end_matches('_').to_owned();
    }
    if BUILT_IN.contains(&out) || out == "env" || out == "file" {
        return format!("{out}_value");
    }
    out.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_named_in_small_words() {
        for (text, name) in [
            ("orderId", "order_id"),
            ("X-CSRF-Token", "x_csrf_token"),
            ("location", "location_value"),
            ("1st", "value_1st"),
            ("", "value"),
            ("userID", "user_id"),
        ] {
            assert_eq!(variable(text), name);
        }
    }
}
