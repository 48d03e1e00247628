//! `[Options]` of an entry.

use std::time::Duration;

use super::{asked::header, file::Row};
use crate::{
    curl::setting::{connected, resolved, tls},
    document::shown,
    journey::Request,
    left::{ImportError, Notes},
    text::Text,
    told,
    yaml::Node,
};

/// How long between two tries, where the file does not say.
const INTERVAL: Duration = Duration::from_secs(1);

const TIME: &str = "write a number with `ms`, `s` or `m`";

/// What the options say beside the request's own settings.
#[derive(Debug, Default)]
pub(super) struct Set {
    pub(super) follow: bool,
    pub(super) delay: Option<Duration>,
    pub(super) retry: Option<u32>,
    pub(super) interval: Option<Duration>,
    pub(super) skip: bool,
    pub(super) user: Option<(Text, Text)>,
    /// `user` does not sign in by basic authentication.
    pub(super) otherwise: bool,
    /// Variables that are set from here on.
    pub(super) variables: Vec<(String, Text)>,
}

/// Reads the rows, and sets what belongs to the request.
pub(super) fn read(
    rows: &[&Row],
    request: &mut Request,
    notes: &mut Notes,
) -> Result<Set, ImportError> {
    let mut set = Set::default();
    for row in rows {
        let (name, value) = row.pair()?;
        let written = value.written();
        let name = name.spoken();
        match name.as_str() {
            "variable" => match definition(&value) {
                Some(variable) => set.variables.push(variable),
                None => notes.leave(
                    row.line,
                    told::row(&row.raw),
                    "write `variable: name=value`",
                ),
            },
            "user" => match value.split_once(':') {
                Some(user) => set.user = Some(user),
                None => notes.leave(row.line, told::row(&row.raw), "write `user: name:password`"),
            },
            "header" => match value.split_once(':') {
                Some((name, value)) => {
                    let value = value.map(|text| text.trim().to_owned());
                    header(row, (name.spoken().trim(), value), request, notes);
                }
                None => notes.leave(row.line, told::row(&row.raw), "write `header: name: value`"),
            },
            _ if value.as_literal().is_none() => {
                notes.leave(
                    row.line,
                    told::row(&row.raw),
                    "an option takes no variable here",
                );
            }
            "delay" => set.delay = Some(time(&written, "ms", row)?),
            "retry-interval" => set.interval = Some(time(&written, "ms", row)?),
            "max-time" => {
                let limit = time(&written, "s", row)?;
                request.set("timeout", Node::text(shown(limit)));
            }
            "retry" => set.retry = Some(written.parse().unwrap_or(u32::MAX)),
            _ => plain(&name, &written, row, request, &mut set, notes),
        }
    }
    Ok(set)
}

fn plain(
    name: &str,
    value: &str,
    row: &Row,
    request: &mut Request,
    set: &mut Set,
    notes: &mut Notes,
) {
    let on = value == "true";
    let made = match name {
        "location" => {
            set.follow = on;
            return;
        }
        "location-trusted" => {
            set.follow = on;
            return notes.leave(
                row.line,
                told::row(&row.raw),
                "redirects are followed, but credentials are never sent to another origin",
            );
        }
        "skip" => {
            set.skip = on;
            return;
        }
        "digest" | "negotiate" | "ntlm" if !on => return,
        "aws-sigv4" | "digest" | "negotiate" | "ntlm" => {
            set.otherwise = true;
            None
        }
        "output" | "verbose" | "very-verbose" | "verbosity" | "compressed" => return,
        "insecure" | "http1.1" | "http2" | "http2-prior-knowledge" | "ipv4" | "ipv6" if !on => {
            return;
        }
        "insecure" => Some(("insecure", Node::Bool(true))),
        "http1.1" => Some(("version", Node::text("HTTP/1.1"))),
        "http2" if request.origin.starts_with("https://") => return,
        "http2-prior-knowledge" if request.origin.starts_with("https://") => {
            Some(("version", Node::text("HTTP/2")))
        }
        "ipv4" => Some(("family", Node::text("v4"))),
        "ipv6" => Some(("family", Node::text("v6"))),
        "max-redirs" => value
            .parse::<u8>()
            .ok()
            .filter(|most| *most <= 20)
            .map(|most| ("max_redirects", Node::number(most))),
        "tls-min" => tls(value).map(|version| ("tls_min", version)),
        "tls-max" => tls(value).map(|version| ("tls_max", version)),
        "resolve" => {
            resolved(value, &request.origin).map(|place| ("resolve_to", Node::text(place)))
        }
        "connect-to" => {
            connected(value, &request.origin).map(|place| ("resolve_to", Node::text(place)))
        }
        _ => None,
    };
    match made {
        Some((key, node)) => request.set(key, node),
        None => notes.leave(row.line, told::row(&row.raw), why(name)),
    }
}

fn why(name: &str) -> &'static str {
    match name {
        "repeat" => "a step is done once, or once for each item of a list (`each`)",
        "cert" | "key" => {
            "name the certificate and its key under `tls: {identities: …}` and write `identity: NAME` in the request"
        }
        "cacert" => {
            "name the authorities under `tls: {trust: …}` and write `trust: NAME` in the request"
        }
        "aws-sigv4" | "digest" | "negotiate" | "ntlm" => {
            "a journey signs in with `basic`, `bearer`, `oauth2` or `sign`; `user` is left out, for `basic` would send its password as it is"
        }
        "proxy" => "a probe goes to its target directly, never through a proxy",
        "resolve" | "connect-to" => "it is for another host, or has no address",
        _ => "a journey has no such option, or not with this value",
    }
}

/// `name=value`.
fn definition(value: &Text) -> Option<(String, Text)> {
    let (name, value) = value.split_once('=')?;
    let quoted = |text: &str| text.trim_matches('"').to_owned();
    Some((
        crate::journey::variable(name.as_literal()?.trim()),
        value.map(quoted),
    ))
}

/// A number with a unit, or of the option's own.
fn time(value: &str, own: &str, row: &Row) -> Result<Duration, ImportError> {
    let digits = value.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = value.strip_prefix(digits).unwrap_or_default();
    let each = match if unit.is_empty() { own } else { unit } {
        "ms" => Some(1),
        "s" => Some(1_000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        _ => None,
    };
    let millis = digits
        .parse::<u64>()
        .ok()
        .zip(each)
        .and_then(|(number, each)| number.checked_mul(each));
    let wrong = || {
        ImportError::new(
            row.line,
            format!("`{}` is no duration", crate::left::excerpt(value)),
            TIME,
        )
    };
    millis.map(Duration::from_millis).ok_or_else(wrong)
}

impl Set {
    /// How often, and for how long at most, it is tried again.
    pub(super) fn until(&self) -> Option<(Duration, Duration)> {
        let tries = self.retry.filter(|tries| *tries > 0)?;
        let every = self
            .interval
            .unwrap_or(INTERVAL)
            .max(Duration::from_millis(100));
        let within = every.saturating_mul(tries);
        Some((
            every,
            within.clamp(Duration::from_secs(1), Duration::from_mins(1)),
        ))
    }
}
