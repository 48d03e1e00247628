//! The name that was probably meant.

/// How far apart two names may be, as a share of the longer one, to be taken for each other.
const ALIKE: f64 = 0.6;

/// The candidate that is most like `name`, if any is like it at all.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let name = name.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| {
            (
                strsim::normalized_damerau_levenshtein(&name, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// The advice for a name that is not one of `candidates`.
pub(crate) fn suggestion<'a, I: IntoIterator<Item = &'a str> + Clone>(
    name: &str,
    candidates: I,
) -> String {
    if let Some(near) = nearest(name, candidates.clone()) {
        return format!("did you mean `{near}`?");
    }
    let all = listed(candidates);
    if all.is_empty() {
        "define it first: there is none yet".to_owned()
    } else {
        format!("known are {all}")
    }
}

/// The names in backticks, separated by commas.
pub(crate) fn listed<'a, I: IntoIterator<Item = &'a str>>(names: I) -> String {
    names
        .into_iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_slip_finds_its_name_and_a_stranger_finds_none() {
        for (name, expected) in [
            ("intervall", Some("interval")),
            ("tiemout", Some("timeout")),
            ("xyz", None),
            ("", None),
        ] {
            assert_eq!(
                nearest(name, ["interval", "timeout", "labels"]),
                expected,
                "{name}"
            );
        }
    }
}
