//! One address that a command asks for, as a step.

use std::time::Duration;

use super::{asked::Asked, words::Word};
use crate::{
    address::place,
    body,
    credential::Vault,
    document::shown,
    journey::{Act, Auth, Expect, Request, Step},
    left::Notes,
    secure::{Outside, basic, secure},
    text::Text,
    yaml::Node,
};

const FORM: &str = "application/x-www-form-urlencoded";

/// Header fields that the probe writes itself.
const OWN: [&str; 7] = [
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "proxy-connection",
    "te",
    "transfer-encoding",
];

/// Makes the steps of `asked`.
pub(super) struct Steps<'a> {
    pub(super) notes: &'a mut Notes,
    pub(super) vault: &'a mut Vault,
    pub(super) outside: Outside<'a>,
}

impl Steps<'_> {
    /// The step; `None`, with a note, where the address cannot be asked.
    pub(super) fn step(&mut self, asked: &Asked, url: &Word) -> Option<Step> {
        let mut request = self.address(asked, url)?;
        request.method = method(asked);
        self.headers(asked, &mut request);
        self.content(asked, &mut request);
        self.login(asked, &mut request);
        self.settings(asked, &mut request, url.line);
        secure(&mut request, self.vault, self.outside);
        let mut comment = Vec::new();
        if asked.bodiless {
            comment.push("the body is missing: it is not in the command line".to_owned());
        }
        Some(Step {
            line: url.line,
            comment,
            act: Act::Request(request),
            expect: expected(asked),
            ..Step::default()
        })
    }

    fn address(&mut self, asked: &Asked, url: &Word) -> Option<Request> {
        let written = url.text.spoken();
        if !asked.globoff && written.contains(['{', '[', '}']) && !written.contains("://[") {
            let why =
                "it stands for several addresses; write one line for each, or add `--globoff`";
            self.notes.leave(url.line, &written, why);
            return None;
        }
        let found = place(&full(asked, url)).map_err(|why| {
            if let Ok(url) = url::Url::parse(&written) {
                self.vault.hide(url.password().unwrap_or_default());
            }
            self.notes.leave(
                url.line,
                &written,
                format!("this address cannot be asked: {why}"),
            );
        });
        let found = found.ok()?;
        let auth = found.login.map(|(user, password)| {
            basic(
                Text::literal(user),
                &Text::literal(password),
                &found.origin,
                self.vault,
                self.outside,
            )
        });
        Some(Request {
            origin: found.origin,
            path: found.path,
            query: found.query,
            auth,
            ..Request::default()
        })
    }

    fn headers(&mut self, asked: &Asked, request: &mut Request) {
        if asked.json {
            request.header("accept", Text::literal("application/json"));
        }
        let own = [("user-agent", &asked.agent), ("referer", &asked.referer)];
        for (name, value) in own {
            if let Some(value) = value.as_ref().filter(|value| !value.is_empty()) {
                request.header(name, value.clone());
            }
        }
        for cookie in &asked.cookies {
            request.header("cookie", cookie.clone());
        }
        for word in &asked.headers {
            self.header(word, request);
        }
        if let Some(token) = &asked.bearer {
            let mut value = Text::literal("Bearer ");
            value.append(token.clone());
            request.header("authorization", value);
        }
    }

    fn header(&mut self, word: &Word, request: &mut Request) {
        let written = word.text.spoken();
        if written.starts_with('@') {
            let why = "the fields in that file are not known here";
            return self
                .notes
                .leave(word.line, format!("--header {written}"), why);
        }
        let parted = word.text.split_once(':');
        let Some((name, value)) = parted else {
            // `Name;` sends a field without a value; anything else is sent by curl as nothing at all.
            if let Some(name) = written.strip_suffix(';') {
                request.header(name.trim(), Text::default());
            }
            return;
        };
        let name = name.spoken().trim().to_ascii_lowercase();
        let value = trimmed(&value);
        if matches!(
            name.as_str(),
            "accept" | "user-agent" | "referer" | "content-type"
        ) {
            request.without_header(&name);
        }
        if value.is_empty() {
            return;
        }
        if OWN.contains(&name.as_str()) {
            self.notes.leave(
                word.line,
                format!("--header {written}"),
                "the probe writes this field itself",
            );
        } else if name.starts_with("sec-")
            || matches!(
                name.as_str(),
                "priority" | "upgrade-insecure-requests" | "dnt"
            )
        {
            self.notes.leave(
                word.line,
                format!("--header {written}"),
                "a browser's own field, which a probe does not send",
            );
        } else {
            request.header(&name, value);
        }
    }

    fn content(&mut self, asked: &Asked, request: &mut Request) {
        let Some(data) = asked.data.as_ref().filter(|_| !asked.get) else {
            return;
        };
        let given = request.header_named("content-type").map(Text::written);
        let removed = asked.headers.iter().any(|word| {
            let name = word.text.spoken();
            name.trim().to_ascii_lowercase() == "content-type:"
        });
        let kind = match given {
            Some(kind) => Some(kind),
            None if removed => None,
            None if asked.json => Some("application/json".to_owned()),
            None => Some(FORM.to_owned()),
        };
        body::set(request, data, kind.as_deref());
    }

    fn login(&mut self, asked: &Asked, request: &mut Request) {
        let Some(word) = &asked.user else {
            return;
        };
        let auth = match word.text.split_once(':') {
            Some((user, password)) => {
                basic(user, &password, &request.origin, self.vault, self.outside)
            }
            None => Auth::Basic {
                user: word.text.clone(),
                secret: self.vault.name("login", None, &request.origin),
            },
        };
        request.auth = Some(auth);
    }

    fn settings(&mut self, asked: &Asked, request: &mut Request, line: usize) {
        if !asked.follow {
            request.set("redirects", Node::text("none"));
        }
        if asked.follow && asked.method.is_some() && request.method != "GET" {
            let why =
                "curl keeps this method at each redirect; here 301, 302 and 303 go on with GET";
            self.notes.leave(
                line,
                format!("--location --request {}", request.method),
                why,
            );
        }
        for (name, value, line) in &asked.settings {
            if !setting(name, value, request) {
                let what = format!("--{name} {value}");
                self.notes.leave(*line, what, refused(name));
            }
        }
    }
}

fn refused(name: &str) -> &'static str {
    match name {
        "resolve" | "connect-to" => "it is for another host, or has no address",
        "tlsv1" => "TLS 1.0 and 1.1 are not spoken; without it, TLS 1.2 and newer are",
        "http2" => "without TLS, HTTP/2 needs `--http2-prior-knowledge`",
        _ => "this value has no counterpart here",
    }
}

/// Sets what the option says; whether it could.
fn setting(name: &str, value: &str, request: &mut Request) -> bool {
    let made = match name {
        "insecure" => Some(("insecure", Node::Bool(true))),
        "max-time" => seconds(value).map(|time| ("timeout", Node::text(time))),
        "http1.1" => Some(("version", Node::text("HTTP/1.1"))),
        "http2" => return request.origin.starts_with("https://"),
        "http2-prior-knowledge" => Some(("version", Node::text("HTTP/2"))),
        "ipv4" => Some(("family", Node::text("v4"))),
        "ipv6" => Some(("family", Node::text("v6"))),
        "tlsv1.2" => Some(("tls_min", Node::text("TLS 1.2"))),
        "tlsv1.3" => Some(("tls_min", Node::text("TLS 1.3"))),
        "tls-max" => tls(value).map(|version| ("tls_max", version)),
        "max-redirs" => value
            .parse::<u8>()
            .ok()
            .map(|most| ("max_redirects", Node::number(most))),
        "resolve" => {
            resolved(value, &request.origin).map(|place| ("resolve_to", Node::text(place)))
        }
        "connect-to" => {
            connected(value, &request.origin).map(|place| ("resolve_to", Node::text(place)))
        }
        "range" => {
            request.header("range", Text::literal(format!("bytes={value}")));
            return true;
        }
        _ => None,
    };
    match made {
        Some((key, node)) => {
            request.set(key, node);
            true
        }
        None => false,
    }
}

pub(crate) fn tls(value: &str) -> Option<Node> {
    matches!(value, "1.2" | "1.3").then(|| Node::text(format!("TLS {value}")))
}

fn seconds(value: &str) -> Option<String> {
    let seconds: f64 = value.parse().ok()?;
    let time = Duration::try_from_secs_f64(seconds).ok()?;
    (!time.is_zero()).then(|| shown(time))
}

/// Host and port of an origin.
fn ends(origin: &str) -> Option<(String, String)> {
    let url = url::Url::parse(origin).ok()?;
    let port = url.port_or_known_default()?;
    Some((url.host_str()?.to_owned(), port.to_string()))
}

/// `host:port:address[,address…]`: the first address, where it is for this origin.
pub(crate) fn resolved(value: &str, origin: &str) -> Option<String> {
    let (host, port) = ends(origin)?;
    let mut parts = value.trim_start_matches('+').splitn(3, ':');
    let fits = parts
        .next()
        .is_some_and(|name| name == "*" || name.eq_ignore_ascii_case(&host))
        && parts.next()? == port;
    let address = parts.next()?.split(',').next()?.trim();
    if !fits || address.is_empty() {
        return None;
    }
    let bare = address.trim_matches(['[', ']']);
    Some(if bare.contains(':') {
        format!("[{bare}]:{port}")
    } else {
        format!("{bare}:{port}")
    })
}

/// `host1:port1:host2:port2`, where the first two are this origin's or empty.
pub(crate) fn connected(value: &str, origin: &str) -> Option<String> {
    let (host, port) = ends(origin)?;
    let mut parts = Vec::new();
    let mut rest = value;
    for _ in 0..4 {
        let (part, after) = match rest
            .strip_prefix('[')
            .and_then(|inner| inner.split_once(']'))
        {
            Some((inner, after)) => (format!("[{inner}]"), after),
            None => {
                let (part, _) = rest.split_once(':').unwrap_or((rest, ""));
                (part.to_owned(), rest.strip_prefix(part).unwrap_or_default())
            }
        };
        parts.push(part);
        rest = after.strip_prefix(':').unwrap_or(after);
    }
    let [name, at, to, to_port] = <[String; 4]>::try_from(parts).ok()?;
    let fits =
        (name.is_empty() || name.eq_ignore_ascii_case(&host)) && (at.is_empty() || at == port);
    let to = if to.is_empty() { host } else { to };
    let to_port = if to_port.is_empty() { port } else { to_port };
    fits.then(|| format!("{to}:{to_port}"))
}

/// The address with its scheme, and with what `-G` and `--url-query` put into the query.
fn full(asked: &Asked, url: &Word) -> Text {
    let (mut address, _) = url
        .text
        .split_once('#')
        .unwrap_or((url.text.clone(), Text::default()));
    if !address.spoken().contains("://") {
        let mut schemed = Text::literal("http://");
        schemed.append(address);
        address = schemed;
    }
    let data = asked.data.as_ref().filter(|_| asked.get);
    for part in data.into_iter().chain(&asked.query) {
        let between = if address.spoken().contains('?') {
            "&"
        } else {
            "?"
        };
        address.push(between);
        address.append(part.clone());
    }
    address
}

fn method(asked: &Asked) -> String {
    let implied = match (&asked.data, asked.head, asked.get) {
        (_, true, _) => "HEAD",
        (Some(_), _, false) => "POST",
        _ if asked.bodiless && !asked.get => "POST",
        _ => "GET",
    };
    asked.method.clone().unwrap_or_else(|| implied.to_owned())
}

fn trimmed(text: &Text) -> Text {
    let mut out = Text::default();
    let start = text.split_once(' ').filter(|(before, _)| before.is_empty());
    out.append(start.map_or_else(|| text.clone(), |(_, rest)| rest));
    match out.as_literal() {
        Some(literal) => Text::literal(literal.trim()),
        None => out,
    }
}

fn expected(asked: &Asked) -> Expect {
    if asked.fail {
        return Expect {
            status: Some(Node::text("200-399")),
            ..Expect::default()
        };
    }
    Expect {
        comment: vec!["curl without --fail takes any status: say which one is well".to_owned()],
        status: Some(Node::text("100-599")),
        ..Expect::default()
    }
}
