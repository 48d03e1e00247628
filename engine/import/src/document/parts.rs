//! The parts of a step: what is asked, and what is expected.

use super::Entries;
use crate::{
    address::{bare, joined, mapping, plain, unique},
    journey::{Auth, Body, Expect, Request},
    text::Text,
    yaml::Node,
};

pub(super) fn request(request: &Request, home: &str) -> Node {
    let mut entries = Entries::new();
    if request.method != "GET" {
        entries.push(("method", Node::text(&request.method)));
    }
    let mapped = unique(&request.query) && !bare(&request.query);
    let path = path(request, mapped);
    if request.origin == home {
        entries.push(("path", Node::text(path)));
    } else {
        entries.push(("url", Node::text(format!("{}{path}", request.origin))));
    }
    if mapped && !request.query.is_empty() {
        entries.push(("query", mapping(&request.query)));
    }
    let mut headers = headers(request);
    let repeated = matches!(&request.body, Some(Body::Form(fields)) if !unique(fields));
    if repeated && request.header_named("content-type").is_none() {
        headers.push((
            "content-type",
            Node::text("application/x-www-form-urlencoded"),
        ));
    }
    if let (Some(Auth::Key(secret)), None) = (&request.auth, request.header_named("authorization"))
    {
        headers.push(("authorization", key(secret)));
    }
    if !headers.is_empty() {
        entries.push(("headers", Node::map(headers)));
    }
    // As with curl, a field that is written counts, and not who would sign in beside it.
    let signs_in = request.auth.as_ref();
    let signs_in = signs_in.filter(|_| request.header_named("authorization").is_none());
    entries.extend(signs_in.and_then(auth));
    entries.extend(request.body.as_ref().map(body));
    entries.extend(request.settings.iter().cloned());
    Node::map(entries)
}

/// Each name once, where it comes first; a list where it has several fields.
fn headers(request: &Request) -> Vec<(&str, Node)> {
    let mut headers: Vec<(&str, Vec<Node>)> = Vec::new();
    for (name, value) in &request.headers {
        let value = Node::text(value.written());
        match headers.iter_mut().find(|(known, _)| known == name) {
            Some((_, values)) => values.push(value),
            None => headers.push((name, vec![value])),
        }
    }
    let field = |values: Vec<Node>| match <[Node; 1]>::try_from(values) {
        Ok([value]) => value,
        Err(values) => Node::List(values),
    };
    let headers = headers.into_iter();
    headers
        .map(|(name, values)| (name, field(values)))
        .collect()
}

fn path(request: &Request, mapped: bool) -> String {
    let path = request.path.written();
    let between = if path.contains('?') { '&' } else { '?' };
    match request.query.as_slice() {
        [] => path,
        _ if mapped => path,
        query if bare(query) => format!("{path}{between}{}", plain(query)),
        query => format!("{path}{between}{}", joined(query)),
    }
}

fn auth(auth: &Auth) -> Option<(&'static str, Node)> {
    Some(match auth {
        Auth::Basic { user, secret } => {
            let basic = [
                ("user", Node::text(user.written())),
                ("secret", Node::text(secret)),
            ];
            ("basic", Node::map(basic))
        }
        Auth::Bearer(token) => ("bearer", Node::text(token.written())),
        Auth::BearerSecret(name) => ("bearer", Node::map([("secret", Node::text(name))])),
        Auth::Key(_) => return None,
    })
}

/// Basic authentication in which the user is the secret: `basic` has none for it.
fn key(secret: &str) -> Node {
    let comment = "the secret holds the user with a colon behind it, `USER:`: there is no password";
    Node::text(format!("Basic ${{secret:{secret}|base64}}")).under(vec![comment.to_owned()])
}

fn body(body: &Body) -> (&'static str, Node) {
    match body {
        Body::Text(text) => ("body", Node::text(text.written())),
        Body::Json(value) => ("json", value.node()),
        Body::Form(fields) if unique(fields) => ("form", mapping(fields)),
        Body::Form(fields) => ("body", Node::text(joined(fields))),
    }
}

pub(super) fn expect(expect: &Expect) -> Entries {
    let mut entries = Entries::new();
    entries.extend(expect.status.clone().map(|status| ("status", status)));
    if !expect.headers.is_empty() {
        entries.push(("headers", Node::List(expect.headers.clone())));
    }
    let body = expected_body(expect);
    if !body.is_empty() {
        entries.push(("body", Node::map(body)));
    }
    if !expect.versions.is_empty() {
        entries.push(("versions", Node::texts(&expect.versions)));
    }
    entries.extend(
        expect
            .redirects
            .map(|count| ("redirects", Node::number(count))),
    );
    if !expect.certificate.is_empty() {
        let facts = expect.certificate.iter();
        let facts = facts.map(|(key, value)| (*key, Node::text(value)));
        entries.push(("certificate", Node::map(facts)));
    }
    entries
}

fn expected_body(expect: &Expect) -> Entries {
    let mut body = Entries::new();
    for (key, texts) in [
        ("contains", &expect.contains),
        ("not_contains", &expect.not_contains),
    ] {
        if !texts.is_empty() {
            body.push((key, Node::texts(texts.iter().map(Text::written))));
        }
    }
    if !expect.json.is_empty() {
        let values = expect.json.iter().map(|(path, value)| (path, value.node()));
        body.push(("json", Node::map(values)));
    }
    if !expect.html.is_empty() {
        let texts = expect.html.iter();
        let texts = texts.map(|(selector, text)| (selector, Node::text(text.written())));
        body.push(("html", Node::map(texts)));
    }
    for (key, expression) in &expect.expressions {
        let node = Node::text(expression);
        match body.iter_mut().find(|(known, _)| known == key) {
            Some((_, Node::List(list))) => list.push(node),
            _ => body.push((key, Node::List(vec![node]))),
        }
    }
    body
}
