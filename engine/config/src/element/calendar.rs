//! Cron expressions and time zones.

use std::{cell::RefCell, collections::BTreeMap, time::Duration};

use croner::{
    Cron,
    errors::CronError,
    parser::{CronParser, Seconds, Year},
};
use leadsman_core::{schedule, zone};

use crate::{
    nearest,
    notes::{Wrong, wrong},
    tree::Node,
};

/// The fields of a cron expression; the first may be left out.
const FIELDS: [&str; 6] = [
    "second",
    "minute",
    "hour",
    "day-of-month",
    "month",
    "day-of-week",
];

/// The cron expression at `node`: five fields, or six with seconds first.
pub(crate) fn cron(node: &Node) -> Result<String, Wrong> {
    let text = node.expect_text("a cron expression as text")?;
    let fields = text.split_whitespace().count();
    if !text.starts_with('@') && !(5..=6).contains(&fields) {
        return Err(wrong(
            format!("a cron expression has five fields, or six with seconds first, got {fields}"),
            "minute, hour, day of month, month, day of week: for example `0 8 * * MON-FRI`",
        ));
    }
    let cron = parse(text).map_err(|error| refused(text, &error))?;
    if !schedule::ever_comes(&cron) {
        return Err(wrong(
            format!("the cron expression {} never comes", node.shown()),
            "no month has such a day: change its day-of-month or its month field",
        ));
    }
    Ok(text.to_owned())
}

const MINUTE: Duration = Duration::from_mins(1);

/// The smallest gaps of cron expressions, each looked for once: many checks of a file have the same.
#[derive(Default)]
pub(crate) struct Gaps(RefCell<BTreeMap<String, Option<Duration>>>);

impl Gaps {
    /// The smallest gap between two ticks of a cron expression that is known to parse, where it is below this.
    pub(crate) fn below(&self, least: Duration, expression: &str) -> Option<Duration> {
        // Without a field for seconds none is below a minute: most are not looked for at all.
        let has_seconds = expression.split_whitespace().count() > 5;
        if !has_seconds && least <= MINUTE {
            return None;
        }
        self.smallest(expression).filter(|gap| *gap < least)
    }

    fn smallest(&self, expression: &str) -> Option<Duration> {
        let known = self.0.borrow().get(expression).copied();
        if let Some(gap) = known {
            return gap;
        }
        let cron = parse(expression).ok();
        let gap = cron.as_ref().and_then(schedule::smallest_gap);
        self.0.borrow_mut().insert(expression.to_owned(), gap);
        gap
    }
}

fn parse(text: &str) -> Result<Cron, CronError> {
    let parser = CronParser::builder()
        .seconds(Seconds::Optional)
        .year(Year::Disallowed)
        .build();
    parser.parse(text)
}

fn refused(text: &str, error: &CronError) -> Wrong {
    let example = "minute, hour, day of month, month, day of week: for example `0 8 * * MON-FRI`";
    if let Some((name, field, error)) = culprit(text) {
        return wrong(
            format!(
                "the {name} field `{field}` of the cron expression does not parse: {}",
                reason(&error)
            ),
            example,
        );
    }
    wrong(
        format!("the cron expression does not parse: {}", reason(error)),
        example,
    )
}

/// The first field that does not parse even among `*`.
fn culprit(text: &str) -> Option<(&'static str, &str, CronError)> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let names = FIELDS.iter().skip(FIELDS.len().checked_sub(fields.len())?);
    fields
        .iter()
        .enumerate()
        .zip(names)
        .find_map(|((index, field), name)| {
            let alone: Vec<&str> = (0..fields.len())
                .map(|other| if other == index { *field } else { "*" })
                .collect();
            parse(&alone.join(" "))
                .err()
                .map(|error| (*name, *field, error))
        })
}

fn reason(error: &CronError) -> String {
    let why = match error {
        CronError::InvalidPattern(why)
        | CronError::IllegalCharacters(why)
        | CronError::ComponentError(why) => why.clone(),
        other => other.to_string(),
    };
    why.trim_end_matches('.').to_lowercase()
}

/// The IANA time zone at `node`.
pub(crate) fn zone(node: &Node) -> Result<String, Wrong> {
    let text = node.expect_text("a time zone's name")?;
    if zone::named(text).is_some() {
        return Ok(text.to_owned());
    }
    let known: Vec<String> = zone::names().collect();
    let mend = nearest::nearest(text, known.iter().map(String::as_str)).map_or_else(
        || "use an IANA name, for example `Europe/Berlin` or `UTC`".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    Err(wrong(format!("unknown time zone {}", node.shown()), mend))
}
