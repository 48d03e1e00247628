//! Credentials in a request become references to secrets.

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    credential::{Vault, is_credential, is_credential_cookie},
    journey::{Auth, Body, Request},
    text::Text,
    value::Value,
};

/// The environment variable that a variable's value comes from, where it comes from outside.
pub(crate) type Outside<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Takes each credential out of `request`.
pub(crate) fn secure(request: &mut Request, vault: &mut Vault, outside: Outside<'_>) {
    let origin = request.origin.clone();
    let mut keep = Keeper {
        vault,
        outside,
        origin,
    };
    authorization(request, &mut keep);
    cookies(request, &mut keep);
    for (name, value) in &mut request.headers {
        if is_credential(name) {
            keep.replace(name, value);
        }
    }
    for param in &mut request.query {
        if is_credential(&param.name) {
            keep.replace(&param.name, &mut param.value);
        }
    }
    match &mut request.body {
        Some(Body::Form(fields)) => {
            for field in fields.iter_mut().filter(|field| is_credential(&field.name)) {
                keep.replace(&field.name, &mut field.value);
            }
        }
        Some(Body::Json(value)) => {
            for (key, leaf) in value.leaves_mut() {
                if let (true, Value::Text(text)) = (is_credential(&key), leaf) {
                    keep.replace(&key, text);
                }
            }
        }
        _ => {}
    }
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

    fn replace(&mut self, what: &str, text: &mut Text) {
        if text.is_empty()
            || text
                .as_template()
                .is_some_and(|name| name.starts_with("secret:"))
        {
            return;
        }
        if let Some(name) = self.secret(what, text) {
            *text = Text::template(format!("secret:{name}"));
        }
    }
}

/// A user and a password.
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
    if let (Some(user), Some(password)) = (user.as_literal(), password.as_literal()) {
        keep.vault.hide(&format!("{user}:{password}"));
    }
    let secret = keep.secret("login", password);
    let secret = secret.unwrap_or_else(|| keep.vault.name("login", None, origin));
    Auth::Basic { user, secret }
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
