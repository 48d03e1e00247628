//! One address that a command asks for, as a step.

use super::{
    asked::Asked,
    setting::{refused, setting},
    words::Word,
};
use crate::{
    address::place,
    body,
    credential::Vault,
    journey::{Act, Auth, Body, Expect, Request, Step},
    left::Notes,
    own,
    secure::{Outside, basic, secure},
    text::Text,
    told,
    yaml::Node,
};

const FORM: &str = "application/x-www-form-urlencoded";
const UNSIGNED: &str = "curl does not send this password as it is, and `basic` would; where the server takes that, write `basic: {user: …, secret: NAME}`";

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
        Self::content(asked, &mut request);
        self.login(asked, &mut request);
        self.settings(asked, &mut request, url.line);
        secure(&mut request, self.vault, self.outside, self.notes, url.line);
        let mut comment = Vec::new();
        if asked.bodiless {
            comment.push(
                "the body, or a part of it, is missing: it is no text of the command line"
                    .to_owned(),
            );
        }
        if let (Some(way), None) = (asked.sign_in, &request.auth) {
            comment.push(format!(
                "the sign-in is missing: a journey has none like `--{way}`"
            ));
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
        let shown = told::address(&written);
        if !asked.globoff && written.contains(['{', '[', '}']) && !written.contains("://[") {
            let why =
                "it stands for several addresses; write one line for each, or add `--globoff`";
            self.notes.leave(url.line, shown, why);
            return None;
        }
        let found = place(&full(asked, url)).map_err(|why| {
            if let Ok(url) = url::Url::parse(&written) {
                self.vault.hide(url.password().unwrap_or_default());
            }
            self.notes.leave(
                url.line,
                &shown,
                format!("this address cannot be asked: {why}"),
            );
        });
        let found = found.ok()?;
        let mut request = Request {
            origin: found.origin,
            path: found.path,
            query: found.query,
            ..Request::default()
        };
        if let Some((user, password)) = found.login {
            let (user, password) = (Text::literal(user), Text::literal(password));
            if asked.sign_in.is_some() {
                self.unsigned(&user, &password);
                self.notes.leave(url.line, shown, UNSIGNED);
            } else {
                let auth = basic(user, &password, &request.origin, self.vault, self.outside);
                request.auth = Some(auth);
            }
        }
        Some(request)
    }

    /// Who does not sign in: what it is shown nowhere all the same.
    fn unsigned(&mut self, user: &Text, password: &Text) {
        let Some(user) = user.as_literal() else {
            return;
        };
        match password.as_literal() {
            Some("") => self.vault.hide(user),
            Some(password) => {
                self.vault.hide(password);
                self.vault.hide(&format!("{user}:{password}"));
            }
            None => {}
        }
    }

    fn headers(&mut self, asked: &Asked, request: &mut Request) {
        let json = asked.json.then(|| Text::literal("application/json"));
        let own = [
            ("accept", &json),
            ("user-agent", &asked.agent),
            ("referer", &asked.referer),
        ];
        for (name, value) in own {
            let value = value.as_ref().filter(|value| !value.is_empty());
            if let Some(value) = value.filter(|_| !names(asked, name)) {
                request.header(name, value.clone());
            }
        }
        if !names(asked, "cookie") {
            for cookie in &asked.cookies {
                request.header("cookie", cookie.clone());
            }
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
            // `Name;` sends a field without a value.
            let empty = written.strip_suffix(';').map(str::trim);
            match empty.filter(|name| !name.contains(char::is_whitespace)) {
                Some(name) => request.header(name, Text::default()),
                None => self.unsent(word, "it is no field, and curl sends none either"),
            }
            return;
        };
        let Some(name) = name.as_literal() else {
            return self.unsent(word, "the name of a field takes no variable");
        };
        let name = name.trim().to_ascii_lowercase();
        let value = trimmed(&value);
        if value.is_empty() && !always(&name) {
            return;
        }
        if own::repeats(&name, &value, &request.origin) || value.is_empty() {
            self.unsent(word, own::WHY);
        } else if name.starts_with("sec-")
            || matches!(
                name.as_str(),
                "priority" | "upgrade-insecure-requests" | "dnt"
            )
        {
            self.unsent(word, "a browser's own field, which a probe does not send");
        } else {
            request.header(&name, value);
        }
    }

    fn unsent(&mut self, word: &Word, why: &str) {
        let name = told::row(&word.text.spoken());
        self.notes.leave(word.line, format!("--header {name}"), why);
    }

    fn content(asked: &Asked, request: &mut Request) {
        let Some(data) = asked.data.as_ref().filter(|_| !asked.get) else {
            return;
        };
        let named = request.headers.iter();
        let mut given = named.filter(|(name, _)| name == "content-type");
        let kind = match (given.next(), given.next()) {
            (None, _) if names(asked, "content-type") => None,
            (None, _) if asked.json => Some("application/json".to_owned()),
            (None, _) => Some(FORM.to_owned()),
            (Some((_, kind)), None) => kind.as_literal().map(ToOwned::to_owned),
            (Some(_), Some(_)) => None,
        };
        let Some(kind) = kind else {
            // No type, several, or one that is only known when it runs: the fields stay as they are.
            request.body = Some(Body::Text(data.clone()));
            return;
        };
        body::set_exact(request, data, &kind);
    }

    fn login(&mut self, asked: &Asked, request: &mut Request) {
        let Some(word) = &asked.user else {
            return;
        };
        let parted = word.text.split_once(':');
        if asked.sign_in.is_some() {
            if let Some((user, password)) = &parted {
                self.unsigned(user, password);
            }
            return self.notes.leave(word.line, "--user …", UNSIGNED);
        }
        // What signs in is written by hand: curl sends that alone.
        if names(asked, "authorization") {
            if let Some((user, password)) = &parted {
                self.unsigned(user, password);
            }
            return;
        }
        let auth = match parted {
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

/// Whether a `--header` sends a field of this name, or takes it away: what curl itself would write there is not sent then.
fn names(asked: &Asked, name: &str) -> bool {
    asked.headers.iter().any(|word| {
        let parted = word.text.split_once(':').map(|(name, _)| name);
        let text = parted.as_ref().unwrap_or(&word.text).as_literal();
        // Without a colon, only `Name;` is a field.
        let known = match &parted {
            Some(_) => text,
            None => text.and_then(|text| text.strip_suffix(';')),
        };
        known.is_some_and(|known| known.trim().eq_ignore_ascii_case(name))
    })
}

/// Whether a probe sends the field whatever a request says, so that taking it away has no counterpart.
fn always(name: &str) -> bool {
    matches!(
        name,
        "accept-encoding" | "content-length" | "host" | "user-agent"
    )
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
