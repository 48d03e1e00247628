//! Credentials: what looks like one, and the secrets that stand for those that were found.

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{address::encode, text::Text, yaml::Node};

/// Parts of names that say that the value is nobody else's business.
const TELLING: [&str; 15] = [
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "privatekey",
    "credential",
    "authorization",
    "csrf",
    "xsrf",
    "jwt",
    "sessionid",
];

/// Names that say so only as a whole.
const WHOLE: [&str; 12] = [
    "pwd",
    "pass",
    "pin",
    "otp",
    "cvv",
    "cvc",
    "auth",
    "sid",
    "session",
    "sessid",
    "signature",
    "apikey",
];

/// Beginnings and endings of names that count or measure: their numbers are no credentials.
const COUNTING_BEGINNINGS: [&str; 2] = ["max", "min"];
const COUNTING_ENDINGS: [&str; 12] = [
    "tokens",
    "count",
    "length",
    "size",
    "limit",
    "ttl",
    "timeout",
    "lifetime",
    "seconds",
    "expiresin",
    "expires",
    "version",
];

/// Shortest value that is looked for within longer texts.
const SHORTEST_WITHIN: usize = 6;

/// Shortest value of a cookie that is taken for a credential, whatever its name.
const SHORTEST_COOKIE: usize = 8;

/// Whether a field of this name holds a credential.
pub(crate) fn is_credential(name: &str) -> bool {
    let name = letters(name);
    WHOLE.contains(&name.as_str()) || TELLING.iter().any(|part| name.contains(part))
}

/// The same where its value is a number: `max_tokens` says how many, `pin` which one.
pub(crate) fn is_credential_number(name: &str) -> bool {
    let plain = letters(name);
    let counts = COUNTING_BEGINNINGS
        .iter()
        .any(|part| plain.starts_with(part))
        || COUNTING_ENDINGS.iter().any(|part| plain.ends_with(part));
    is_credential(name) && !counts
}

fn letters(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// Whether a cookie holds one: by its name, or because its value is long enough.
pub(crate) fn is_credential_cookie(name: &str, value: &str) -> bool {
    is_credential(name) || value.len() >= SHORTEST_COOKIE
}

#[derive(Debug)]
struct Secret {
    name: String,
    env: String,
    value: Option<String>,
    hosts: Vec<String>,
}

/// The secrets that the journey needs.
#[derive(Debug)]
pub(crate) struct Vault {
    prefix: String,
    secrets: Vec<Secret>,
    hidden: Vec<String>,
}

impl Vault {
    pub(crate) fn new(prefix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
            secrets: Vec::new(),
            hidden: Vec::new(),
        }
    }

    /// The secret's name for a value that was found; `what` says what it is.
    pub(crate) fn keep(&mut self, what: &str, value: &str, origin: &str) -> String {
        let same = |secret: &&mut Secret| secret.value.as_deref() == Some(value);
        if let Some(secret) = self.secrets.iter_mut().find(same) {
            return bind(secret, origin);
        }
        self.add(what, None, Some(value), origin)
    }

    /// The secret's name for a value that the input does not have; it stands in `env`, or where its name says.
    pub(crate) fn name(&mut self, what: &str, env: Option<&str>, origin: &str) -> String {
        let wanted = env.map(ToOwned::to_owned);
        let same = |secret: &&mut Secret| {
            secret.value.is_none() && wanted.as_ref().is_some_and(|env| *env == secret.env)
        };
        if let Some(secret) = self.secrets.iter_mut().find(same) {
            return bind(secret, origin);
        }
        self.add(what, env, None, origin)
    }

    /// A value that must not be shown although no secret stands for it.
    pub(crate) fn hide(&mut self, value: &str) {
        self.hidden.push(value.to_owned());
    }

    fn add(&mut self, what: &str, env: Option<&str>, value: Option<&str>, origin: &str) -> String {
        let plain = format!("{}-{}", self.prefix, named(what));
        let taken = |name: &String| !self.secrets.iter().any(|secret| secret.name == *name);
        let numbered = (2..).map(|number| format!("{plain}-{number}"));
        let name = std::iter::once(plain.clone())
            .chain(numbered)
            .find(taken)
            .unwrap_or_default();
        let derived = || name.to_ascii_uppercase().replace(['-', '.'], "_");
        self.secrets.push(Secret {
            env: env.map_or_else(derived, ToOwned::to_owned),
            name: name.clone(),
            value: value.map(ToOwned::to_owned),
            hosts: vec![origin.to_owned()],
        });
        name
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .secrets
            .iter()
            .map(|secret| secret.name.as_str())
            .collect();
        names.sort_unstable();
        names
    }

    /// The section `secrets`.
    pub(crate) fn node(&self) -> Node {
        let mut secrets: Vec<&Secret> = self.secrets.iter().collect();
        secrets.sort_by_key(|secret| &secret.name);
        Node::map(secrets.into_iter().map(|secret| {
            let read = [
                ("env", Node::text(&secret.env)),
                ("hosts", Node::texts(&secret.hosts)),
            ];
            (&secret.name, Node::map(read))
        }))
    }

    /// Puts the secret in each place where its value stands within a longer text.
    pub(crate) fn replace_in(&self, text: &mut Text) {
        for secret in &self.secrets {
            let value = secret.value.as_deref().unwrap_or_default();
            if value.len() < SHORTEST_WITHIN {
                continue;
            }
            let name = format!("secret:{}", secret.name);
            text.replace(value, &name);
            let encoded = encode(value);
            if encoded != value {
                text.replace(&encoded, &format!("{name}|percent"));
            }
        }
    }

    /// Whether a value that is secret, or hidden, stands in `text`.
    pub(crate) fn reveals(&self, text: &str) -> bool {
        let values = self
            .secrets
            .iter()
            .filter_map(|secret| secret.value.as_deref());
        values
            .chain(self.hidden.iter().map(String::as_str))
            .any(|value| value.len() >= SHORTEST_WITHIN && text.contains(value))
    }

    /// `text` without any value that is secret, in any form that the input may have it in.
    pub(crate) fn hidden_in(&self, text: &str) -> String {
        let values = self
            .secrets
            .iter()
            .filter_map(|secret| secret.value.as_deref());
        let mut forms: Vec<String> = values
            .chain(self.hidden.iter().map(String::as_str))
            .filter(|value| !value.trim().is_empty())
            .flat_map(|value| [value.to_owned(), encode(value), STANDARD.encode(value)])
            .collect();
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        forms
            .iter()
            .fold(text.to_owned(), |text, form| match form.len() {
                0..SHORTEST_WITHIN if text != *form => whole_words(&text, form),
                _ => text.replace(form.as_str(), "***"),
            })
    }
}

/// Short values are hidden where they stand alone: within words they would hide letters.
fn whole_words(text: &str, value: &str) -> String {
    let word = |c: char| c.is_alphanumeric();
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(value) {
        out.push_str(before);
        let alone = !before.ends_with(word) && !after.starts_with(word);
        out.push_str(if alone { "***" } else { value });
        rest = after;
    }
    out.push_str(rest);
    out
}

fn bind(secret: &mut Secret, origin: &str) -> String {
    if !secret.hosts.iter().any(|host| host == origin) {
        secret.hosts.push(origin.to_owned());
    }
    secret.name.clone()
}

/// What a secret holds, as a part of its name.
fn named(what: &str) -> String {
    let words: String = what
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                ' '
            }
        })
        .collect();
    let words: Vec<&str> = words.split_whitespace().take(4).collect();
    if words.is_empty() {
        return "secret".to_owned();
    }
    words.join("-").chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_tell_of_a_credential() {
        for name in [
            "password",
            "user[password]",
            "X-Api-Key",
            "accessToken",
            "csrf_token",
            "PIN",
            "client_secret",
        ] {
            assert!(is_credential(name), "{name}");
        }
        for name in ["user", "pinned", "passenger", "author", "company"] {
            assert!(!is_credential(name), "{name}");
        }
    }

    #[test]
    fn a_number_that_counts_is_no_credential() {
        for name in ["pin", "OTP", "admin_password", "account_passcode"] {
            assert!(is_credential_number(name), "{name}");
        }
        for name in ["max_tokens", "totalTokens", "token_expires_in", "amount"] {
            assert!(!is_credential_number(name), "{name}");
        }
    }

    #[test]
    fn one_value_is_one_secret_and_is_shown_nowhere() {
        let mut vault = Vault::new("shop");
        let first = vault.keep("password", "hunter22", "https://a.example");
        let again = vault.keep("pass", "hunter22", "https://b.example");
        let other = vault.keep("password", "hunter33", "https://a.example");
        assert_eq!(
            (first.as_str(), again.as_str(), other.as_str()),
            ("shop-password", "shop-password", "shop-password-2")
        );
        assert_eq!(vault.hidden_in("a=hunter22&b=aHVudGVyMzM="), "a=***&b=***");
        let mut text = Text::literal("x-hunter22");
        vault.replace_in(&mut text);
        assert_eq!(text.written(), "x-${secret:shop-password}");
    }
}
