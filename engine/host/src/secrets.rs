//! The secrets of a plan, and the placeholders that stand for them in one attempt.

use std::collections::BTreeMap;

use aws_lc_rs::hmac;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use bytes::Bytes;
use leadsman_core::{digest::hex, egress::HostPattern, id::ResourceName};
use leadsman_net::{Placeholder, SecretValue};

/// Shortest value that can be made a secret, in bytes.
const SHORTEST: usize = 4;

/// A secret's value and the hosts that it is bound to.
#[derive(Clone)]
pub struct Secret {
    /// The value, or why it cannot be had.
    pub value: Result<Bytes, String>,
    /// Where it may go.
    pub hosts: Vec<HostPattern>,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secret")
            .field("hosts", &self.hosts)
            .finish_non_exhaustive()
    }
}

/// Every secret of a plan.
#[derive(Debug, Clone, Default)]
pub struct Secrets(BTreeMap<ResourceName, Secret>);

impl Secrets {
    /// These secrets.
    pub const fn new(secrets: BTreeMap<ResourceName, Secret>) -> Self {
        Self(secrets)
    }

    /// A placeholder for a secret in an encoding.
    pub(crate) fn placeholder(&self, name: &str, encoding: &str) -> Result<Placeholder, String> {
        let (secret, value) = self.get(name)?;
        let encoded = encode(value, encoding)?;
        Ok(stand_in(name, encoded, &secret.hosts))
    }

    /// What stands for a secret wherever it shows. A shorter one is hidden only where the probe has asked for it: it
    /// stands in half of what comes by chance.
    pub(crate) fn everywhere(&self, name: &str) -> Option<Placeholder> {
        let (_, value) = self.get(name).ok()?;
        let is_told_apart = value.len() >= SHORTEST;
        is_told_apart.then(|| self.placeholder(name, "plain").ok())?
    }

    /// A placeholder for a user's and a password's credentials (RFC 7617).
    pub fn basic(&self, user: &str, name: &str) -> Result<Placeholder, String> {
        let (secret, value) = self.get(name)?;
        let joined = [user.as_bytes(), b":", value].concat();
        let credentials = STANDARD.encode(joined).into_bytes();
        Ok(stand_in(name, credentials, &secret.hosts))
    }

    /// The message authentication code of a message, keyed by a secret.
    pub(crate) fn hmac(
        &self,
        name: &str,
        algorithm: &str,
        message: &[u8],
        encoding: &str,
    ) -> Result<String, String> {
        let (_, key) = self.get(name)?;
        let key = hmac::Key::new(digest(algorithm)?, key);
        let encoded = encode(hmac::sign(&key, message).as_ref(), encoding)?;
        String::from_utf8(encoded).map_err(|_| {
            "a code is no text: encode it as `hex`, `base64` or `base64url`".to_owned()
        })
    }

    fn get(&self, name: &str) -> Result<(&Secret, &[u8]), String> {
        let secret = ResourceName::new(name)
            .ok()
            .and_then(|name| self.0.get(&name));
        let secret =
            secret.ok_or_else(|| format!("the configuration defines no secret `{name}`"))?;
        let value = secret
            .value
            .as_ref()
            .map_err(|why| format!("the secret `{name}` cannot be read: {why}"))?;
        Ok((secret, value))
    }
}

/// A placeholder for a value that the guest has captured itself, and what hides the value.
pub(crate) fn seal(
    value: &[u8],
    encoding: &str,
    hosts: &[HostPattern],
) -> Result<[Placeholder; 2], String> {
    if value.len() < SHORTEST {
        return Err(format!(
            "a value of {} bytes is too short to be a secret: hiding it would hide half of everything",
            value.len()
        ));
    }
    let encoded = stand_in("captured", encode(value, encoding)?, hosts);
    let plain = Placeholder {
        value: SecretValue::new(value.to_vec()),
        ..stand_in("captured", Vec::new(), hosts)
    };
    Ok([plain, encoded])
}

/// What holds a placeholder is a secret already, with hosts of its own: it goes on as it is.
pub(crate) fn sealed_already(value: Vec<u8>, encoding: &str) -> Result<String, String> {
    let text = String::from_utf8(value)
        .ok()
        .filter(|_| encoding == "plain");
    text.ok_or_else(|| {
        "a value that holds a secret already can be sent as it is, not encoded: ask for the secret in that encoding".to_owned()
    })
}

/// A fresh text for each attempt, so that a placeholder says nothing beyond its run.
fn stand_in(name: &str, value: Vec<u8>, hosts: &[HostPattern]) -> Placeholder {
    let text = format!("leadsman-secret-{name}-{}", hex(&random()));
    Placeholder {
        text,
        value: SecretValue::new(value),
        hosts: hosts.to_vec(),
    }
}

fn digest(algorithm: &str) -> Result<hmac::Algorithm, String> {
    match algorithm {
        "sha256" => Ok(hmac::HMAC_SHA256),
        "sha512" => Ok(hmac::HMAC_SHA512),
        "sha1" => Ok(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
        other => Err(format!(
            "`{other}` is no algorithm; there are `sha256`, `sha512` and `sha1`"
        )),
    }
}

fn random() -> [u8; 12] {
    let mut bytes = [0; 12];
    // Twelve bytes are always filled at once; should the system have none, the placeholder is only less unique.
    let filled = rustix::rand::getrandom(&mut bytes[..], rustix::rand::GetRandomFlags::empty());
    debug_assert!(filled.is_ok(), "the system has random bytes");
    bytes
}

fn encode(value: &[u8], encoding: &str) -> Result<Vec<u8>, String> {
    Ok(match encoding {
        "plain" => value.to_vec(),
        "base64" => STANDARD.encode(value).into_bytes(),
        "base64url" => URL_SAFE_NO_PAD.encode(value).into_bytes(),
        "hex" => hex(value).into_bytes(),
        "percent" => percent(value).into_bytes(),
        "json" => leadsman_net::json(value),
        _ => {
            return Err(format!(
                "`{encoding}` is no encoding; there are `plain`, `base64`, `base64url`, `hex`, `percent` and `json`"
            ));
        }
    })
}

fn percent(bytes: &[u8]) -> String {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    bytes.iter().fold(String::new(), |mut text, byte| {
        if unreserved(*byte) {
            text.push(char::from(*byte));
        } else {
            text.push('%');
            text.push_str(&hex(&[*byte]).to_ascii_uppercase());
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> Secrets {
        let secret = Secret {
            value: Ok(Bytes::from("p&w")),
            hosts: vec![],
        };
        let gone = Secret {
            value: Err("no such file".to_owned()),
            hosts: vec![],
        };
        let named = |name: &str| ResourceName::new(name).unwrap();
        Secrets::new(BTreeMap::from([
            (named("login"), secret),
            (named("gone"), gone),
        ]))
    }

    #[test]
    fn a_placeholder_is_fresh_and_holds_nothing_of_the_secret() {
        let (first, second) = (
            secrets().placeholder("login", "plain").unwrap(),
            secrets().placeholder("login", "plain").unwrap(),
        );
        assert_ne!(first.text, second.text);
        assert!(!first.text.contains("p&w") && !format!("{first:?}").contains("p&w"));
    }

    #[test]
    fn encodings_are_what_they_are_called() {
        for (encoding, encoded) in [
            ("base64", "cCZ3"),
            ("base64url", "cCZ3"),
            ("hex", "702677"),
            ("percent", "p%26w"),
            ("json", "p&w"),
        ] {
            assert_eq!(
                encode(b"p&w", encoding).unwrap(),
                encoded.as_bytes(),
                "{encoding}"
            );
        }
        assert!(
            secrets()
                .placeholder("login", "rot13")
                .unwrap_err()
                .contains("base64url")
        );
    }

    /// RFC 4231, test case 2.
    #[test]
    fn a_message_authentication_code_is_that_of_the_standard() {
        let key = Secret {
            value: Ok(Bytes::from("Jefe")),
            hosts: vec![],
        };
        let secrets = Secrets::new(BTreeMap::from([(ResourceName::new("key").unwrap(), key)]));
        let code = |algorithm, encoding| {
            secrets.hmac("key", algorithm, b"what do ya want for nothing?", encoding)
        };
        assert_eq!(
            code("sha256", "hex").unwrap(),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert!(code("md5", "hex").unwrap_err().contains("sha256"));
        assert!(code("sha256", "plain").unwrap_err().contains("hex"));
    }

    #[test]
    fn what_stands_for_a_secret_is_not_bound_to_other_hosts_by_sealing_it() {
        let placeholder = secrets().placeholder("login", "plain").unwrap();
        let text = placeholder.text.clone();
        let known = leadsman_net::Secrets::default();
        assert!(!known.are_in(text.as_bytes()));
        let again = sealed_already(text.clone().into_bytes(), "plain");
        assert_eq!(again.as_deref(), Ok(text.as_str()));
        let encoded = sealed_already(text.into_bytes(), "base64");
        assert!(encoded.unwrap_err().contains("as it is"));
    }

    #[test]
    fn a_captured_value_that_is_too_short_is_not_made_a_secret() {
        assert!(
            seal(b"abc", "plain", &[])
                .unwrap_err()
                .contains("too short")
        );
        let [plain, encoded] = seal(b"p&wd", "percent", &[]).unwrap();
        assert_ne!(plain.text, encoded.text);
        assert_eq!(encoded.value, SecretValue::new("p%26wd"));
    }

    #[test]
    fn a_secret_that_cannot_be_had_says_why() {
        assert!(
            secrets()
                .placeholder("gone", "plain")
                .unwrap_err()
                .contains("no such file")
        );
        assert!(
            secrets()
                .basic("user", "other")
                .unwrap_err()
                .contains("defines no secret `other`")
        );
    }
}
