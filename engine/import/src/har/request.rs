//! A recorded request as a step asks it again: without what the browser adds for itself, which is told.
//!
//! Cookies come from the jar, and the probe writes the fields of the connection. `Origin` and `Referer` are kept where a server
//! may check them against forged requests: in requests that change something and are a form or carry a CSRF token.

use super::{
    archive::{Entry, Field, PostData},
    fields::{self, Unsent},
    pick::{Pick, is_redirect},
};
use crate::{
    address::{encode, origin, place},
    body,
    credential::Vault,
    journey::{Act, Expect, NO_METHOD, Request, Step, is_method},
    left::Notes,
    secure::basic,
    text::Text,
    yaml::Node,
};

/// The step that asks again what was recorded.
pub(super) fn step(
    pick: &Pick,
    vault: &mut Vault,
    (notes, unsent): (&mut Notes, &mut Unsent),
) -> Option<Step> {
    let entry = &pick.asked;
    if !is_method(&entry.method) {
        notes.leave(entry.line, entry.shown(), NO_METHOD);
        return None;
    }
    let found = place(&Text::literal(entry.url.as_str()));
    let found = found.map_err(|why| notes.leave(entry.line, entry.shown(), why));
    let found = found.ok()?;
    let mut request = Request {
        method: entry.method.clone(),
        origin: found.origin,
        path: found.path,
        query: found.query,
        ..Request::default()
    };
    request.auth = found.login.map(|(user, password)| {
        let password = Text::literal(password);
        basic(
            Text::literal(user),
            &password,
            &request.origin,
            vault,
            &|_| None,
        )
    });
    let mut comment = Vec::new();
    if let Some(sent) = &entry.sent
        && !content(sent, entry, &mut request)
    {
        comment.push("the body is missing: it was not recorded as a text".to_owned());
        notes.leave(
            entry.line,
            entry.shown(),
            "its body is a multipart form or a file, which a journey does not send",
        );
    }
    headers(entry, &mut request, unsent);
    let status = match pick.answered.status {
        304 => 200,
        status => status,
    };
    if is_redirect(status) {
        request.set("redirects", Node::text("none"));
    }
    Some(Step {
        line: entry.line,
        comment,
        act: Act::Request(request),
        expect: Expect {
            status: Some(Node::number(status)),
            ..Expect::default()
        },
        ..Step::default()
    })
}

fn headers(entry: &Entry, request: &mut Request, unsent: &mut Unsent) {
    let checked = forgery_checked(entry);
    for Field { name, value } in &entry.headers {
        let name = name.to_ascii_lowercase();
        // What HTTP/2 writes as fields is the method and the address.
        if name.starts_with(':') {
            continue;
        }
        // A body brings its type.
        if name == "content-type" && request.body.is_some() {
            if value.is_empty() {
                unsent.add(entry.line, &name, "it names no type");
            }
            continue;
        }
        if let Some(why) = fields::unsent(&name, value, checked) {
            unsent.add(entry.line, &name, why);
            continue;
        }
        match name.as_str() {
            // A path of the recording would only be noise: servers check the origin.
            "referer" => match url::Url::parse(value).ok().as_ref().and_then(origin) {
                Some(from) => request.header(&name, Text::literal(format!("{from}/"))),
                None => unsent.add(entry.line, &name, "it is no address of the web"),
            },
            // One that was sent already would be taken for a repetition.
            _ if name.contains("idempotency")
                || name.ends_with("request-id")
                || name.ends_with("correlation-id") =>
            {
                request.header(&name, Text::template("random.uuid"));
            }
            _ => request.header(&name, Text::literal(value)),
        }
    }
}

/// Whether a server may check where the request comes from.
fn forgery_checked(entry: &Entry) -> bool {
    if matches!(entry.method.as_str(), "GET" | "HEAD" | "OPTIONS") {
        return false;
    }
    let telling = |text: &str| {
        let text = text.to_ascii_lowercase();
        text.contains("csrf") || text.contains("xsrf") || text.contains("authenticity_token")
    };
    let sent = entry.sent.as_ref();
    let form = sent.is_some_and(|sent| sent.mime_type.contains("form"));
    let body = sent
        .and_then(|sent| sent.text.as_deref())
        .unwrap_or_default();
    form || telling(body) || entry.headers.iter().any(|field| telling(&field.name))
}

/// Sets the body; whether it could be.
fn content(sent: &PostData, entry: &Entry, request: &mut Request) -> bool {
    let field = entry
        .headers
        .iter()
        .find(|field| field.name.eq_ignore_ascii_case("content-type"));
    let kind = match field {
        Some(field) => field.value.as_str(),
        None => sent.mime_type.as_str(),
    };
    if kind.to_ascii_lowercase().starts_with("multipart/") {
        return false;
    }
    let text = match &sent.text {
        Some(text) if !text.is_empty() => text.clone(),
        _ if sent.params.is_empty() => {
            let length = entry
                .headers
                .iter()
                .find(|field| field.name.eq_ignore_ascii_case("content-length"));
            return length.is_none_or(|field| field.value == "0");
        }
        _ => sent.params.iter().map(pair).collect::<Vec<_>>().join("&"),
    };
    let kind = (!kind.is_empty()).then_some(kind);
    body::set(request, &Text::literal(text), kind);
    true
}

fn pair(field: &Field) -> String {
    format!("{}={}", encode(&field.name), encode(&field.value))
}
