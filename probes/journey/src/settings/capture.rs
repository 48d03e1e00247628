//! Where a variable's value comes from.

use leadsman_sdk::prelude::*;

/// Where a value comes from: exactly one of `json`, `css`, `cel`, `header`, `cookie` and `from`, or `regex` on
/// the body; `regex` beside another source takes a part of that value.
#[derive(Debug, Settings)]
pub struct Capture {
    /// A JSONPath into the body.
    pub json: Option<JsonPath>,
    /// A regular expression: its first group, or the whole match.
    pub regex: Option<Regex>,
    /// A CSS selector into the body: an element's text, or the attribute after `@`.
    pub css: Option<Css>,
    /// A CEL expression over `body`.
    pub cel: Option<Cel>,
    /// A header field.
    pub header: Option<String>,
    /// A cookie: the jar's, or, of a fresh request, the one that its answer sets.
    pub cookie: Option<String>,
    /// Something else that the step taught, such as `status`.
    pub from: Option<String>,
    /// Keep everything that is found, as a list.
    #[setting(default = false)]
    pub all: bool,
    /// Hide the value in all that the run leaves.
    #[setting(default = false)]
    pub secret: bool,
    /// What is taken where nothing is found.
    pub default: Option<String>,
}

/// The one source of a capture.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Source<'a> {
    /// A JSONPath.
    Json(&'a JsonPath),
    /// A regular expression on the body.
    Regex(&'a Regex),
    /// A CSS selector.
    Css(&'a Css),
    /// A CEL expression.
    Cel(&'a Cel),
    /// A header field.
    Header(&'a str),
    /// A cookie.
    Cookie(&'a str),
    /// Something that the step taught.
    From(&'a str),
}

/// What `from` can name.
pub(crate) const FROM: [&str; 13] = [
    "status",
    "url",
    "body",
    "duration",
    "http_version",
    "tls_version",
    "remote_address",
    "certificate_subject",
    "certificate_issuer",
    "certificate_sha256",
    "certificate_not_after",
    "rcode",
    "answer",
];

impl Capture {
    /// The source, where there is exactly one.
    pub(crate) fn source(&self) -> Option<Source<'_>> {
        let found = [
            self.json.as_ref().map(Source::Json),
            self.css.as_ref().map(Source::Css),
            self.cel.as_ref().map(Source::Cel),
            self.header.as_deref().map(Source::Header),
            self.cookie.as_deref().map(Source::Cookie),
            self.from.as_deref().map(Source::From),
        ];
        let mut found = found.into_iter().flatten();
        match (found.next(), found.next(), &self.regex) {
            (Some(source), None, _) => Some(source),
            (None, None, Some(regex)) => Some(Source::Regex(regex)),
            _ => None,
        }
    }

    /// What takes a part of the source's value.
    pub(crate) fn part(&self) -> Option<&Regex> {
        self.regex
            .as_ref()
            .filter(|_| !matches!(self.source(), Some(Source::Regex(_))))
    }
}

impl std::fmt::Display for Source<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Json(path) => write!(f, "`{path}`"),
            Self::Regex(regex) => write!(f, "`{regex}`"),
            Self::Css(css) => write!(f, "`{css}`"),
            Self::Cel(cel) => write!(f, "`{cel}`"),
            Self::Header(name) => write!(f, "a header field `{name}`"),
            Self::Cookie(name) => write!(f, "a cookie `{name}`"),
            Self::From(name) => write!(f, "`{name}`"),
        }
    }
}
