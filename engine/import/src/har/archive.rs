//! The archive as it was recorded: Chrome's, Firefox's and Playwright's flavours of HAR 1.2.

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use url::Url;

use crate::left::ImportError;

const MEND: &str =
    "save the recording again: in a browser's network panel, \"Save all as HAR with content\"";

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow)]
    log: Log<'a>,
}

#[derive(Deserialize)]
struct Log<'a> {
    #[serde(borrow)]
    entries: Vec<&'a RawValue>,
}

/// One request and its answer, as the archive has them.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    started_date_time: Option<String>,
    time: Option<f64>,
    request: RawRequest,
    response: Option<RawResponse>,
    #[serde(rename = "_resourceType")]
    resource: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawRequest {
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<Field>,
    post_data: Option<PostData>,
}

/// A header field.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Field {
    pub(super) name: String,
    #[serde(default)]
    pub(super) value: String,
}

/// The request's body.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PostData {
    #[serde(default)]
    pub(super) mime_type: String,
    pub(super) text: Option<String>,
    #[serde(default)]
    pub(super) params: Vec<Field>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawResponse {
    #[serde(default)]
    status: f64,
    #[serde(default)]
    headers: Vec<Field>,
    content: Option<Content>,
    #[serde(default, rename = "redirectURL")]
    redirect_url: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    mime_type: Option<String>,
    text: Option<String>,
    encoding: Option<String>,
}

/// One request and its answer.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) line: usize,
    /// When it began, in milliseconds.
    pub(super) start: i64,
    /// How long it took, in milliseconds.
    pub(super) took: f64,
    pub(super) method: String,
    pub(super) url: Url,
    pub(super) headers: Vec<Field>,
    pub(super) sent: Option<PostData>,
    /// What the browser asked it for (`document`, `xhr`, `image` …); empty where it does not say.
    pub(super) resource: String,
    /// 0 where there was no answer.
    pub(super) status: u16,
    pub(super) answer: Vec<Field>,
    pub(super) kind: String,
    pub(super) body: String,
    pub(super) redirect: Option<Url>,
}

impl Entry {
    /// What it is, without what may be secret in it.
    pub(super) fn shown(&self) -> String {
        let mut url = self.url.clone();
        url.set_query(None);
        url.set_fragment(None);
        // An address that takes no user has none to hide.
        let hidden = url.set_username("").is_ok() && url.set_password(None).is_ok();
        let shown = if hidden || !self.url.has_authority() {
            url.as_str()
        } else {
            url.path()
        };
        format!("{} {shown}", self.method)
    }
}

/// Reads the archive; its entries in the order of time.
pub(super) fn read(text: &str) -> Result<Vec<Entry>, ImportError> {
    let file: File<'_> = serde_json::from_str(text).map_err(|error| {
        ImportError::new(
            error.line().max(1),
            format!("this is not a HAR: {}", plain(&error)),
            MEND,
        )
    })?;
    let mut entries = Vec::new();
    for raw in file.log.entries {
        entries.push(entry(raw.get(), line_of(text, raw.get()))?);
    }
    // Chrome writes entries in the order in which they ended.
    entries.sort_by_key(|entry| entry.start);
    Ok(entries)
}

/// The line of `part`, which is a slice of `text`.
fn line_of(text: &str, part: &str) -> usize {
    let offset = part.as_ptr().addr().saturating_sub(text.as_ptr().addr());
    let before = text.as_bytes().get(..offset).unwrap_or_default();
    before
        .iter()
        .fold(1, |lines, byte| lines + usize::from(*byte == b'\n'))
}

/// The mistake without the place, which is said in another way.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ")
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn entry(text: &str, line: usize) -> Result<Entry, ImportError> {
    let refused = |at: usize, why: String| {
        ImportError::new(at, format!("this entry cannot be read: {why}"), MEND)
    };
    let raw: Raw = serde_json::from_str(text)
        .map_err(|error| refused(line + error.line().saturating_sub(1), plain(&error)))?;
    let url = Url::parse(&raw.request.url)
        .map_err(|error| refused(line, format!("its address: {error}")))?;
    let response = raw.response.unwrap_or(RawResponse {
        status: 0.0,
        headers: Vec::new(),
        content: None,
        redirect_url: String::new(),
    });
    let redirect = redirect(&url, &response);
    let (kind, body) = content(response.content);
    Ok(Entry {
        line,
        start: raw.started_date_time.as_deref().map_or(0, millis),
        took: raw.time.unwrap_or_default().max(0.0),
        method: raw.request.method.to_ascii_uppercase(),
        url,
        headers: raw.request.headers,
        sent: raw.request.post_data,
        resource: raw.resource.unwrap_or_default().to_ascii_lowercase(),
        status: status(response.status),
        answer: response.headers,
        kind,
        body,
        redirect,
    })
}

fn millis(text: &str) -> i64 {
    text.parse::<Timestamp>()
        .map_or(0, Timestamp::as_millisecond)
}

/// Chrome writes 0 for no answer, Playwright -1.
fn status(number: f64) -> u16 {
    (100..=599_u16)
        .find(|status| (f64::from(*status) - number).abs() < 0.5)
        .unwrap_or_default()
}

fn redirect(url: &Url, response: &RawResponse) -> Option<Url> {
    let location = response
        .headers
        .iter()
        .find(|field| field.name.eq_ignore_ascii_case("location"));
    let written = match location {
        Some(field) => field.value.as_str(),
        None => response.redirect_url.as_str(),
    };
    (!written.is_empty())
        .then(|| url.join(written).ok())
        .flatten()
}

fn content(content: Option<Content>) -> (String, String) {
    let Some(content) = content else {
        return (String::new(), String::new());
    };
    let kind = content.mime_type.unwrap_or_default();
    let kind = kind
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let text = content.text.unwrap_or_default();
    let encoded = content
        .encoding
        .is_some_and(|encoding| encoding.eq_ignore_ascii_case("base64"));
    if !encoded {
        return (kind, text);
    }
    let bytes = STANDARD.decode(text.trim()).unwrap_or_default();
    (kind, String::from_utf8(bytes).unwrap_or_default())
}
