//! How what a run came to differs from the run before.

use leadsman_core::outcome::Reason;

/// What of a run is news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// It came to the same as the run before, or it is a first pass.
    Nothing,
    /// The outcome is the same, its reason is another.
    Reason,
    /// The outcome is another, or the first one and no plain pass.
    Outcome,
}

impl News {
    /// What is news after the reason before, if there was one.
    pub(super) fn of(before: Option<Reason>, now: Reason) -> Self {
        if before.unwrap_or(Reason::Ok) == now {
            return Self::Nothing;
        }
        match before {
            Some(before) if before.outcome() == now.outcome() => Self::Reason,
            _ => Self::Outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_one_of_the_outcome_or_of_its_reason_alone() {
        for (before, now, news) in [
            (None, Reason::Ok, News::Nothing),
            (None, Reason::HttpStatus, News::Outcome),
            (None, Reason::Degraded, News::Outcome),
            (Some(Reason::Ok), Reason::Ok, News::Nothing),
            (Some(Reason::HttpStatus), Reason::HttpStatus, News::Nothing),
            (Some(Reason::Ok), Reason::OkAfterRetry, News::Reason),
            (
                Some(Reason::ConnectRefused),
                Reason::HttpStatus,
                News::Reason,
            ),
            (Some(Reason::HttpStatus), Reason::Ok, News::Outcome),
            (
                Some(Reason::HttpStatus),
                Reason::ResolverDown,
                News::Outcome,
            ),
        ] {
            assert_eq!(News::of(before, now), news, "{before:?}, then {now:?}");
        }
    }
}
