//! Secrets go out in place of their placeholders, only to their own hosts, and never come back in.

use std::{
    borrow::Cow,
    sync::{Arc, PoisonError, RwLock},
};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use bytes::Bytes;
use leadsman_core::{
    egress::{Destination, HostPattern},
    failure::FailureKind,
};

use crate::fault::Fault;

/// A secret's bytes; printing it shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretValue(Bytes);

impl SecretValue {
    /// Wraps the bytes.
    pub fn new(value: impl Into<Bytes>) -> Self {
        Self(value.into())
    }
}

impl std::fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// What stands for a secret on the guest's side, and where the secret may go.
///
/// The value may be any bytes, also an encoding that the host has made (`user:password` in base64).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placeholder {
    /// The text that the guest writes: letters, digits, `_`, `-` and `.`.
    pub text: String,
    /// What goes out instead.
    pub value: SecretValue,
    /// Where it may go.
    pub hosts: Vec<HostPattern>,
}

/// How a secret is written where its placeholder stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Plain,
    Url,
}

/// The placeholders of one attempt; a guest may ask for more while it runs.
#[derive(Debug, Default)]
pub struct Secrets(RwLock<Arc<Known>>);

/// The placeholders known at a moment.
#[derive(Debug, Default)]
struct Known {
    placeholders: Vec<Placeholder>,
    shapes: Vec<(Vec<u8>, usize)>,
}

impl Secrets {
    pub(crate) fn new(placeholders: Vec<Placeholder>) -> Self {
        Self(RwLock::new(Arc::new(Known::new(placeholders))))
    }

    /// Adds a placeholder, and says which text stands for its value: the one that is known already, where there is
    /// one, so that what is hidden and what is asked for compare as equal. Calls under way go on with what they knew.
    pub(crate) fn know(&self, placeholder: Placeholder) -> String {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let is_same = |known: &&Placeholder| {
            known.value == placeholder.value && known.hosts == placeholder.hosts
        };
        if let Some(same) = known.placeholders.iter().find(is_same) {
            return same.text.clone();
        }
        let text = placeholder.text.clone();
        let mut placeholders = known.placeholders.clone();
        placeholders.push(placeholder);
        *known = Arc::new(Known::new(placeholders));
        text
    }

    fn known(&self) -> Arc<Known> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether the bytes hold a placeholder.
    pub fn are_in(&self, bytes: &[u8]) -> bool {
        self.known().are_in(bytes)
    }

    /// The bytes with each placeholder replaced by its secret, where the destination may have it.
    pub(crate) fn reveal<'a>(
        &self,
        bytes: &'a [u8],
        destination: &Destination<'_>,
        place: Place,
    ) -> Result<Cow<'a, [u8]>, Fault> {
        self.known().reveal(bytes, destination, place)
    }

    /// The bytes with each placeholder replaced by its secret, for what stays on this side.
    pub fn open(&self, bytes: &[u8]) -> Vec<u8> {
        let known = self.known();
        let opened = known.placeholders.iter();
        opened.fold(bytes.to_vec(), |bytes, placeholder| {
            replace(&bytes, placeholder.text.as_bytes(), &placeholder.value.0)
        })
    }

    /// The bytes with each secret, in any of its encodings, shown as its placeholder.
    pub fn hide(&self, bytes: Bytes) -> Bytes {
        self.known().hide(bytes)
    }

    /// The same for text.
    pub fn hide_text(&self, text: String) -> String {
        self.known().hide_text(text)
    }
}

impl Known {
    fn new(placeholders: Vec<Placeholder>) -> Self {
        let mut shapes: Vec<_> = placeholders
            .iter()
            .enumerate()
            .flat_map(|(index, placeholder)| {
                shapes_of(&placeholder.value.0).map(move |shape| (shape, index))
            })
            .filter(|(shape, _)| !shape.is_empty())
            .collect();
        // The longest first, so that an encoding is not torn by a shorter one that it contains.
        shapes.sort_by_key(|(shape, _)| std::cmp::Reverse(shape.len()));
        shapes.dedup();
        Self {
            placeholders,
            shapes,
        }
    }

    fn are_in(&self, bytes: &[u8]) -> bool {
        self.placeholders
            .iter()
            .any(|placeholder| find(bytes, placeholder.text.as_bytes()).is_some())
    }

    fn reveal<'a>(
        &self,
        bytes: &'a [u8],
        destination: &Destination<'_>,
        place: Place,
    ) -> Result<Cow<'a, [u8]>, Fault> {
        let mut out = Cow::Borrowed(bytes);
        for placeholder in &self.placeholders {
            let text = placeholder.text.as_bytes();
            if find(&out, text).is_none() {
                continue;
            }
            placeholder.check(destination)?;
            let value = match place {
                Place::Plain => Cow::Borrowed(placeholder.value.0.as_ref()),
                Place::Url => Cow::Owned(percent(&placeholder.value.0)),
            };
            out = Cow::Owned(replace(&out, text, &value));
        }
        Ok(out)
    }

    fn hide(&self, bytes: Bytes) -> Bytes {
        let mut out = bytes;
        for (shape, index) in &self.shapes {
            if let (Some(_), Some(placeholder)) = (find(&out, shape), self.placeholders.get(*index))
            {
                out = replace(&out, shape, placeholder.text.as_bytes()).into();
            }
        }
        out
    }

    fn hide_text(&self, text: String) -> String {
        if self.shapes.is_empty() {
            return text;
        }
        String::from_utf8_lossy(&self.hide(text.into())).into_owned()
    }
}

impl Placeholder {
    fn check(&self, destination: &Destination<'_>) -> Result<(), Fault> {
        if self.hosts.iter().any(|host| host.covers(destination)) {
            return Ok(());
        }
        let bound: Vec<_> = self.hosts.iter().map(ToString::to_string).collect();
        Err(Fault::new(
            FailureKind::SecretUnavailable,
            format!(
                "the secret behind `{}` is bound to [{}] and not to {destination}: add it to the secret's `hosts`",
                self.text,
                bound.join(", ")
            ),
        ))
    }
}

fn shapes_of(value: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let encoded = [
        STANDARD.encode(value),
        STANDARD_NO_PAD.encode(value),
        URL_SAFE_NO_PAD.encode(value),
    ];
    [value.to_vec(), percent(value), hex(value), json(value)]
        .into_iter()
        .chain(encoded.map(String::into_bytes))
}

fn hex(value: &[u8]) -> Vec<u8> {
    leadsman_core::digest::hex(value).into_bytes()
}

/// As it stands between the quotes of a JSON string; a value that is no text has no such shape.
pub fn json(value: &[u8]) -> Vec<u8> {
    let quoted = std::str::from_utf8(value).map(|text| serde_json::Value::from(text).to_string());
    let quoted = quoted.unwrap_or_default().into_bytes();
    let inner = quoted
        .strip_prefix(b"\"")
        .and_then(|rest| rest.strip_suffix(b"\""));
    inner.unwrap_or_default().to_vec()
}

fn percent(value: &[u8]) -> Vec<u8> {
    const HEX: [u8; 16] = *b"0123456789ABCDEF";
    let digit = |nibble: u8| HEX.get(usize::from(nibble)).copied().unwrap_or(b'0');
    let mut out = Vec::with_capacity(value.len());
    for byte in value {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            out.push(*byte);
        } else {
            out.extend([b'%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    out
}

/// Where `needle` first stands in `hay`.
pub(crate) fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    if needle.is_empty() {
        return None;
    }
    hay.windows(needle.len())
        .position(|window| window == needle)
}

fn replace(hay: &[u8], needle: &[u8], by: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(hay.len());
    let mut rest = hay;
    while let Some((before, after)) = find(rest, needle).and_then(|at| rest.split_at_checked(at)) {
        out.extend_from_slice(before);
        out.extend_from_slice(by);
        rest = after.get(needle.len()..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> Secrets {
        Secrets::new(vec![Placeholder {
            text: "SECRET-1".to_owned(),
            value: SecretValue::new(&b"p/w&d"[..]),
            hosts: vec![HostPattern::try_from("https://example.org".to_owned()).unwrap()],
        }])
    }

    const OWN: Destination<'_> = Destination {
        scheme: "https",
        host: "example.org",
        port: 443,
    };

    #[test]
    fn a_value_has_one_text_however_often_it_is_asked_for() {
        let secrets = secrets();
        let again = |text: &str, host: &str| {
            secrets.know(Placeholder {
                text: text.to_owned(),
                value: SecretValue::new(&b"p/w&d"[..]),
                hosts: vec![HostPattern::try_from(host.to_owned()).unwrap()],
            })
        };
        assert_eq!(again("SECRET-2", "https://example.org"), "SECRET-1");
        assert_eq!(secrets.hide_text("p/w&d".to_owned()), "SECRET-1");
        // Where it may go is part of it.
        assert_eq!(again("SECRET-3", "https://example.com"), "SECRET-3");
    }

    #[test]
    fn a_secret_goes_to_its_own_host_only() {
        let secrets = secrets();
        assert_eq!(
            *secrets.reveal(b"a SECRET-1 b", &OWN, Place::Plain).unwrap(),
            *b"a p/w&d b"
        );
        assert_eq!(
            *secrets.reveal(b"/x?t=SECRET-1", &OWN, Place::Url).unwrap(),
            *b"/x?t=p%2Fw%26d"
        );
        let other = Destination {
            host: "evil.example",
            ..OWN
        };
        let fault = secrets
            .reveal(b"SECRET-1", &other, Place::Plain)
            .unwrap_err();
        assert_eq!(fault.kind, FailureKind::SecretUnavailable);
        assert!(
            fault.message.contains("https://example.org") && !fault.message.contains("p/w&d"),
            "{}",
            fault.message
        );
    }

    #[test]
    fn what_comes_back_shows_the_placeholder_in_every_encoding() {
        let secrets = secrets();
        for shape in ["p/w&d", "p%2Fw%26d", "cC93JmQ=", "cC93JmQ", "702f772664"] {
            assert_eq!(
                secrets.hide(format!("<{shape}>").into()),
                "<SECRET-1>",
                "{shape}"
            );
        }
        assert_eq!(format!("{:?}", SecretValue::new("x")), "…");
    }

    #[test]
    fn a_secret_within_a_json_string_is_hidden_too() {
        let quoted = Placeholder {
            text: "SECRET-2".to_owned(),
            value: SecretValue::new(&b"a\"b\\c"[..]),
            hosts: vec![],
        };
        let hidden = Secrets::new(vec![quoted]).hide(r#"{"p":"a\"b\\c"}"#.into());
        assert_eq!(hidden, r#"{"p":"SECRET-2"}"#);
    }

    #[test]
    fn what_is_signed_on_this_side_holds_the_value() {
        assert_eq!(secrets().open(b"x=SECRET-1"), b"x=p/w&d");
    }
}
