//! Credentials in a request become references to secrets.

mod within;

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    address::Param,
    credential::{Vault, is_credential, is_credential_cookie, is_credential_number},
    journey::{Auth, Body, Request},
    left::Notes,
    text::Text,
    value::Value,
};

/// The environment variable that a variable's value comes from, where it comes from outside.
pub(crate) type Outside<'a> = &'a dyn Fn(&str) -> Option<String>;

const NUMBER: &str = "a secret stands for this number, and is sent as a text";

/// Takes each credential out of `request`, which stands in `line`.
pub(crate) fn secure(
    request: &mut Request,
    vault: &mut Vault,
    outside: Outside<'_>,
    notes: &mut Notes,
    line: usize,
) {
    let origin = request.origin.clone();
    let mut keep = Keeper {
        vault,
        outside,
        origin,
    };
    authorization(request, &mut keep);
    cookies(request, &mut keep);
    for (name, value) in &mut request.headers {
        if name == "referer" {
            within::field(value, &mut keep);
        }
        if is_credential(name) {
            keep.replace(name, value);
        }
    }
    params(&mut request.query, &mut keep);
    within::address(&mut request.path, &mut keep);
    match &mut request.body {
        Some(Body::Form(fields)) => params(fields, &mut keep),
        Some(Body::Json(value)) => {
            for key in json(value, &mut keep) {
                notes.leave(line, key, NUMBER);
            }
        }
        Some(Body::Text(text)) => within::body(text, &mut keep),
        None => {}
    }
}

fn params(params: &mut [Param], keep: &mut Keeper<'_>) {
    for param in params {
        if is_credential(&param.name) {
            keep.replace(&param.name, &mut param.value);
        }
    }
}

/// Takes the values under telling keys; returns the keys of those that were numbers.
fn json(value: &mut Value, keep: &mut Keeper<'_>) -> Vec<String> {
    let mut numbers = Vec::new();
    for (key, leaf) in value.leaves_mut() {
        match leaf {
            Value::Text(text) if is_credential(&key) => keep.replace(&key, text),
            Value::Number(number) if is_credential_number(&key) => {
                let mut text = Text::literal(number.as_str());
                keep.replace(&key, &mut text);
                *leaf = Value::Text(text);
                numbers.push(key);
            }
            _ => {}
        }
    }
    numbers
}

struct Keeper<'a> {
    vault: &'a mut Vault,
    outside: Outside<'a>,
    origin: String,
}

impl Keeper<'_> {
    /// The secret that stands for `text`; `None` where the journey itself makes it.
    fn secret(&mut self, what: &str, text: &Text) -> Option<String> {
        if let Some(value) = text.as_literal() {
            return Some(self.vault.keep(what, value, &self.origin));
        }
        let env = (self.outside)(text.as_template()?)?;
        Some(self.vault.name(what, Some(&env), &self.origin))
    }

    /// The template of that secret; `None` also where nothing is there, or a secret already.
    fn template(&mut self, what: &str, text: &Text) -> Option<String> {
        let known = text
            .as_template()
            .is_some_and(|name| name.starts_with("secret:"));
        if known || text.is_empty() {
            return None;
        }
        let name = self.secret(what, text)?;
        Some(format!("secret:{name}"))
    }

    /// The secret for a user without a password: with the colon that the server takes behind it.
    fn key(&mut self, user: &Text) -> Option<String> {
        if let Some(user) = user.as_literal().filter(|user| !user.is_empty()) {
            self.vault.hide(user);
            let value = format!("{user}:");
            return Some(self.vault.keep("login", &value, &self.origin));
        }
        // What that variable holds has no colon.
        let env = format!("{}_LOGIN", (self.outside)(user.as_template()?)?);
        Some(self.vault.name("login", Some(&env), &self.origin))
    }

    fn replace(&mut self, what: &str, text: &mut Text) {
        if let Some(template) = self.template(what, text) {
            *text = Text::template(template);
        }
    }
}

/// A user and a password; where there is none, the user is the credential, as keys of an API are sent.
pub(crate) fn basic(
    user: Text,
    password: &Text,
    origin: &str,
    vault: &mut Vault,
    outside: Outside<'_>,
) -> Auth {
    let mut keep = Keeper {
        vault,
        outside,
        origin: origin.to_owned(),
    };
    if password.is_empty()
        && let Some(secret) = keep.key(&user)
    {
        return Auth::Key(secret);
    }
    if let (Some(user), Some(password)) = (user.as_literal(), password.as_literal()) {
        keep.vault.hide(&format!("{user}:{password}"));
    }
    let secret = keep.secret("login", password);
    let secret = secret.unwrap_or_else(|| keep.vault.name("login", None, origin));
    Auth::Basic { user, secret }
}

/// The template that stands for the value of the variable `name`; `None` where that is no credential.
pub(crate) fn held(
    name: &str,
    value: &Text,
    origin: &str,
    vault: &mut Vault,
    outside: Outside<'_>,
) -> Option<String> {
    let mut keep = Keeper {
        vault,
        outside,
        origin: origin.to_owned(),
    };
    is_credential(name).then(|| keep.template(name, value))?
}

fn authorization(request: &mut Request, keep: &mut Keeper<'_>) {
    let Some(value) = request.header_named("authorization").cloned() else {
        return;
    };
    let Some((scheme, token)) = value.split_once(' ') else {
        return;
    };
    let auth = match scheme.as_literal().map(str::to_ascii_lowercase).as_deref() {
        Some("bearer") => Some(match keep.secret("token", &token) {
            Some(secret) => Auth::BearerSecret(secret),
            None => Auth::Bearer(token),
        }),
        Some("basic") => token.as_literal().and_then(|token| decoded(token, keep)),
        _ => None,
    };
    if auth.is_some() {
        request.without_header("authorization");
        request.auth = auth;
    }
}

fn decoded(token: &str, keep: &mut Keeper<'_>) -> Option<Auth> {
    let text = String::from_utf8(STANDARD.decode(token.trim()).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    keep.vault.hide(token);
    let (user, password) = (Text::literal(user), Text::literal(password));
    Some(basic(
        user,
        &password,
        &keep.origin,
        keep.vault,
        keep.outside,
    ))
}

/// Each cookie by itself: the language somebody chose is no credential, a session is.
fn cookies(request: &mut Request, keep: &mut Keeper<'_>) {
    for (name, value) in &mut request.headers {
        if name != "cookie" {
            continue;
        }
        let mut made = Text::default();
        for (index, pair) in value.split(';').into_iter().enumerate() {
            if index > 0 {
                made.push("; ");
            }
            made.append(cookie(&pair, keep));
        }
        *value = made;
    }
}

fn cookie(pair: &Text, keep: &mut Keeper<'_>) -> Text {
    let pair = match pair.as_literal() {
        Some(literal) => Text::literal(literal.trim()),
        None => pair.clone(),
    };
    let Some((name, mut value)) = pair.split_once('=') else {
        return pair;
    };
    let known = name.as_literal().unwrap_or_default().trim().to_owned();
    let outside = value
        .as_template()
        .is_some_and(|name| (keep.outside)(name).is_some());
    if outside || is_credential_cookie(&known, value.as_literal().unwrap_or_default()) {
        keep.replace(&known, &mut value);
    }
    let mut made = Text::literal(format!("{known}="));
    made.append(value);
    made
}
