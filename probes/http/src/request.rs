//! The request that the settings describe.

use leadsman_probe_actions::http::FieldValue;
use leadsman_sdk::prelude::*;

use crate::HttpSettings;

/// Builds the request.
pub(crate) fn build(target: &Target, settings: &HttpSettings) -> Result<http::Request> {
    let target = Target::new(target.url(&settings.scheme));
    let url = target.join(settings.path.as_deref().unwrap_or_default())?;
    // It is all that the check does, and whoever writes `retries` beside its method has seen both.
    let request = http::Request::new(&settings.method, url).repeatable(true);
    let mut request = settings.transport().apply(request);
    let fields = settings.headers.iter();
    for (name, value) in fields.flat_map(|(name, all)| all.iter().map(move |value| (name, value))) {
        request = match value {
            FieldValue::Text(text) => request.header(name, text.as_bytes()),
            FieldValue::Secret { secret } => request.header(name, secrets::placeholder(secret)?),
        };
    }
    if let Some(body) = &settings.body {
        request = request.body(body.as_bytes());
    }
    if let Some(authorization) = authorization(settings)? {
        request = request.header("authorization", authorization);
    }
    Ok(request)
}

fn authorization(settings: &HttpSettings) -> Result<Option<String>> {
    match (&settings.basic, &settings.bearer) {
        (Some(basic), _) => secrets::basic(&basic.user, &basic.secret).map(Some),
        (None, Some(bearer)) => secrets::token(&bearer.r#type, &bearer.secret).map(Some),
        (None, None) => Ok(None),
    }
}

/// Reads an HTTP date as seconds since the Unix epoch, in any of its three forms (RFC 9110 §5.6.7):
/// `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994`.
pub(crate) fn http_date(text: &str) -> Option<f64> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let parts = text.split([' ', '\t', '-']).filter(|part| !part.is_empty());
    let parts: Vec<&str> = parts.skip(1).collect();
    let (day, name, year, clock) = match *parts.as_slice() {
        [name, day, clock, year, ..] if clock.contains(':') => (day, name, year, clock),
        [day, name, year, clock, ..] => (day, name, year, clock),
        _ => return None,
    };
    let month = i32::try_from(MONTHS.iter().position(|month| *month == name)?).ok()? + 1;
    let mut clock = (clock.split(':')).map(|part| part.parse::<u8>().ok().map(i32::from));
    let (hours, minutes, seconds) = (clock.next()??, clock.next()??, clock.next()??);
    let days = days_since_epoch(whole_year(year)?, month, day.parse::<u8>().ok()?.into());
    Some(f64::from(days) * 86_400.0 + f64::from(hours * 3_600 + minutes * 60 + seconds))
}

/// A year of two digits is one since the epoch: nothing on the web was modified before it, or will be after now.
fn whole_year(text: &str) -> Option<i32> {
    let year = i32::from(text.parse::<u16>().ok()?);
    Some(match (text.len(), year) {
        (2, 70..) => 1900 + year,
        (2, _) => 2000 + year,
        _ => year,
    })
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar: years are counted from March, so that the
/// leap day is the last of its year.
fn days_since_epoch(year: i32, month: i32, day: i32) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_http_date_is_read() {
        assert_eq!(
            http_date("Sun, 06 Nov 1994 08:49:37 GMT"),
            Some(784_111_777.0)
        );
        assert_eq!(http_date("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0.0));
        assert_eq!(
            http_date("Thu, 29 Feb 2024 12:00:00 GMT"),
            Some(1_709_208_000.0)
        );
        assert_eq!(http_date("yesterday"), None);
    }

    #[test]
    fn an_http_date_is_read_in_its_obsolete_forms_too() {
        for (text, seconds) in [
            ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777.0),
            ("Sun Nov  6 08:49:37 1994", 784_111_777.0),
            ("Thursday, 29-Feb-24 12:00:00 GMT", 1_709_208_000.0),
            ("Thursday, 01-Jan-70 00:00:00 GMT", 0.0),
        ] {
            assert_eq!(http_date(text), Some(seconds), "{text}");
        }
        for text in [
            "Sun Nov  6 08:49 1994",
            "Sunday, 06-Nov 08:49:37 GMT",
            "Sun, 06 Nov 4294967295 08:49:37 GMT",
        ] {
            assert_eq!(http_date(text), None, "{text}");
        }
    }
}
