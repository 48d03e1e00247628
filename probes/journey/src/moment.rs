//! Instants in UTC, as templates write them.

use std::time::Duration;

use leadsman_sdk::settings::Timespan;

/// Seconds of a day.
const DAY: u64 = 86_400;

/// The forms that there are.
const FORMS: [&str; 4] = ["unix", "unix_ms", "iso", "date"];

/// What stands after `time.`: a form, and a distance from now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment<'a> {
    form: &'a str,
    later: bool,
    distance: Duration,
}

impl<'a> Moment<'a> {
    /// Reads `iso`, `date+7d` or `unix-1h`.
    pub(crate) fn parse(text: &'a str) -> Result<Self, String> {
        let at = text.find(['+', '-']).unwrap_or(text.len());
        let (form, distance) = text.split_at(at);
        if !FORMS.contains(&form) {
            return Err(format!(
                "`{form}` is no form of a time; there are `{}`",
                FORMS.join("`, `")
            ));
        }
        let written = distance.trim_start_matches(['+', '-']);
        let distance = match distance {
            "" => Timespan::default(),
            _ => Timespan::parse(written)?,
        };
        Ok(Self {
            form,
            later: !text.contains('-'),
            distance: distance.get(),
        })
    }

    /// The text, where now is that long after the Unix epoch.
    pub(crate) fn written(self, now: Duration) -> String {
        let instant = if self.later {
            now.saturating_add(self.distance)
        } else {
            now.saturating_sub(self.distance)
        };
        match self.form {
            "unix" => instant.as_secs().to_string(),
            "unix_ms" => instant.as_millis().to_string(),
            "date" => date(instant.as_secs()),
            _ => format!("{}T{}Z", date(instant.as_secs()), clock(instant.as_secs())),
        }
    }
}

fn clock(seconds: u64) -> String {
    let (hours, minutes) = (seconds % DAY / 3_600, seconds % 3_600 / 60);
    format!("{hours:02}:{minutes:02}:{:02}", seconds % 60)
}

/// The day in the Gregorian calendar: years are counted from March, so that the leap day is the last of its
/// year.
fn date(seconds: u64) -> String {
    let days = seconds / DAY + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let of_era_year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * of_era_year + of_era_year / 4 - of_era_year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = era * 400 + of_era_year + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_in_each_form() {
        let now = Duration::from_millis(1_709_208_000_500);
        for (text, written) in [
            ("unix", "1709208000"),
            ("unix_ms", "1709208000500"),
            ("iso", "2024-02-29T12:00:00Z"),
            ("date", "2024-02-29"),
            ("date+1d", "2024-03-01"),
            ("iso-12h1s", "2024-02-28T23:59:59Z"),
            ("date-60d", "2023-12-31"),
        ] {
            assert_eq!(Moment::parse(text).unwrap().written(now), written, "{text}");
        }
        assert_eq!(
            Moment::parse("date").unwrap().written(Duration::ZERO),
            "1970-01-01"
        );
    }

    #[test]
    fn what_is_no_form_says_which_there_are() {
        assert!(Moment::parse("rfc").unwrap_err().contains("unix_ms"));
        assert!(Moment::parse("iso+soon").is_err());
    }
}
