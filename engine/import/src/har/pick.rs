//! Which entries become steps: what the page is made of and what belongs to others is left out, redirects are followed again.

use url::Url;

use super::archive::Entry;
use crate::{
    address::{origin, site},
    left::Notes,
};

/// What a page loads to look like something.
const STATIC: [&str; 9] = [
    "image",
    "font",
    "stylesheet",
    "script",
    "media",
    "manifest",
    "texttrack",
    "imageset",
    "css",
];

const STATIC_ENDINGS: [&str; 24] = [
    "png",
    "jpg",
    "jpeg",
    "gif",
    "svg",
    "webp",
    "avif",
    "ico",
    "bmp",
    "css",
    "js",
    "mjs",
    "map",
    "woff",
    "woff2",
    "ttf",
    "otf",
    "eot",
    "mp4",
    "webm",
    "mp3",
    "ogg",
    "wasm",
    "webmanifest",
];

/// One step to be: the request that begins it, and the entry that has the answer.
#[derive(Debug, Clone)]
pub(super) struct Pick {
    pub(super) asked: Entry,
    pub(super) answered: Entry,
}

impl Pick {
    /// Whether the answer came from another address than was asked.
    pub(super) fn redirected(&self) -> bool {
        self.asked.url != self.answered.url
    }
}

/// The entries that become steps, and the origin that they belong to.
pub(super) fn pick(entries: Vec<Entry>, notes: &mut Notes) -> (Vec<Pick>, String) {
    let home = home(&entries);
    let mut picks = Vec::new();
    for pick in folded(entries) {
        match home
            .as_ref()
            .map_or(Some("there is no page that it belongs to"), |home| {
                reason(&pick, home)
            }) {
            Some(why) => notes.leave(pick.asked.line, pick.asked.shown(), why),
            None => picks.push(pick),
        }
    }
    (picks, home.as_ref().and_then(origin).unwrap_or_default())
}

/// The first page; where it sends on to another address of its own site, that one.
fn home(entries: &[Entry]) -> Option<Url> {
    let web = |entry: &&Entry| origin(&entry.url).is_some();
    let page = |entry: &&Entry| {
        entry.resource == "document" || (entry.resource.is_empty() && entry.kind == "text/html")
    };
    let first = entries
        .iter()
        .filter(web)
        .find(page)
        .or_else(|| entries.iter().filter(web).find(|entry| !is_static(entry)))?;
    let settled = entries
        .iter()
        .filter(web)
        .filter(page)
        .find(|entry| entry.redirect.is_none() && site(&entry.url) == site(&first.url));
    Some(settled.unwrap_or(first).url.clone())
}

/// Puts the entries of a chain of redirects into one.
fn folded(entries: Vec<Entry>) -> Vec<Pick> {
    let mut rest: Vec<Option<Entry>> = entries.into_iter().map(Some).collect();
    let mut picks = Vec::new();
    for at in 0..rest.len() {
        let Some(asked) = rest.get_mut(at).and_then(Option::take) else {
            continue;
        };
        let mut answered = asked.clone();
        while let Some(next) = next_hop(&answered, rest.get_mut(at..).unwrap_or_default()) {
            answered = next;
        }
        picks.push(Pick { asked, answered });
    }
    picks
}

fn next_hop(entry: &Entry, later: &mut [Option<Entry>]) -> Option<Entry> {
    let to = entry
        .redirect
        .as_ref()
        .filter(|_| is_redirect(entry.status))?;
    let kept = matches!(entry.status, 307 | 308);
    let fits = |next: &Entry| {
        let bare = |url: &Url| {
            let mut url = url.clone();
            url.set_fragment(None);
            url
        };
        bare(&next.url) == bare(to)
            && (next.method == entry.method || (!kept && next.method == "GET"))
    };
    later
        .iter_mut()
        .find(|next| next.as_ref().is_some_and(fits))?
        .take()
}

pub(super) fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// Why an entry is no step.
fn reason(pick: &Pick, home: &Url) -> Option<&'static str> {
    let entry = &pick.asked;
    let resource = entry.resource.as_str();
    let preflight = entry.headers.iter().any(|field| {
        field
            .name
            .eq_ignore_ascii_case("access-control-request-method")
    });
    if origin(&entry.url).is_none() || resource == "websocket" || pick.answered.status == 101 {
        return Some("a journey speaks HTTP, and no web sockets");
    }
    if site(&entry.url) != site(home) {
        return Some("it belongs to somebody else");
    }
    if resource == "preflight" || (entry.method == "OPTIONS" && preflight) {
        return Some("a question that browsers ask for themselves (CORS)");
    }
    if matches!(
        resource,
        "ping" | "beacon" | "cspviolationreport" | "csp_report" | "prefetch"
    ) {
        return Some("the browser's own report, not a part of what was done");
    }
    if resource == "eventsource" || pick.answered.kind == "text/event-stream" {
        return Some("a stream of events has no end that could be waited for");
    }
    if is_static(entry) || (entry.method == "GET" && is_static(&pick.answered)) {
        return Some("a static file of the page");
    }
    (pick.answered.status == 0).then_some("no answer was recorded")
}

fn is_static(entry: &Entry) -> bool {
    if entry.method != "GET" {
        return false;
    }
    let kind = entry.kind.as_str();
    let ending = entry
        .url
        .path()
        .rsplit_once('.')
        .map_or("", |(_, ending)| ending);
    let told = STATIC.contains(&entry.resource.as_str());
    let content = [
        "image/",
        "font/",
        "video/",
        "audio/",
        "text/css",
        "application/font",
        "application/wasm",
    ];
    told || content.iter().any(|begin| kind.starts_with(begin))
        || kind.ends_with("javascript")
        || kind == "application/manifest+json"
        || (STATIC_ENDINGS.contains(&ending.to_ascii_lowercase().as_str())
            && !kind.ends_with("json"))
}
