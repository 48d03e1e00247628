//! Users and their passwords.
//!
//! bcrypt is slow on purpose: it runs aside, one at a time, and what it found right is remembered by a
//! digest with a salt of this process. A user that does not exist takes as long as one that does.

use std::{
    collections::BTreeMap,
    fmt,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::http::HeaderValue;
use base64::{Engine, prelude::BASE64_STANDARD};
use bcrypt::HashParts;
use leadsman_config::Hidden;
use leadsman_core::{digest, plan::Complaint};
use tokio::sync::Semaphore;

/// How long a password waits for its turn.
const TURN: Duration = Duration::from_secs(10);

/// The longest password that is looked at; bcrypt itself sees the first 72 bytes.
const LONGEST: usize = 1024;

/// Whether somebody is who they say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// They are.
    Granted,
    /// They are not, or did not say.
    Refused,
    /// Too many are being asked at once.
    Busy,
}

/// The users there are.
pub(crate) struct Users {
    hashes: BTreeMap<String, Hidden>,
    /// What a stranger's password is compared with; it costs as much as the dearest of the others.
    decoy: String,
    salt: [u8; 32],
    /// By user, the digest of the password that was right.
    verified: Mutex<BTreeMap<String, String>>,
    turn: Arc<Semaphore>,
}

impl fmt::Debug for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Users({})", self.hashes.len())
    }
}

impl Users {
    /// `None` where there are none.
    pub(super) fn new(hashes: BTreeMap<String, Hidden>) -> Result<Option<Self>, Vec<Complaint>> {
        let parsed = hashes
            .iter()
            .map(|(name, hash)| (name, HashParts::from_str(&hash.0)));
        let mut dearest = 0;
        let mut wrong = Vec::new();
        for (name, parts) in parsed {
            match parts {
                Ok(parts) => dearest = dearest.max(parts.get_cost()),
                Err(_) => wrong.push(unusable(name)),
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let salt = salt().map_err(|why| vec![why])?;
        Ok((!hashes.is_empty()).then(|| Self {
            hashes,
            decoy: format!("$2b${dearest:02}${}", ".".repeat(53)),
            salt,
            verified: Mutex::default(),
            turn: Arc::new(Semaphore::new(1)),
        }))
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Judges an `Authorization`.
    pub(crate) async fn admit(self: &Arc<Self>, shown: Option<&HeaderValue>) -> Admission {
        let Some((user, password)) = shown.and_then(credentials) else {
            return Admission::Refused;
        };
        let mark = self.mark(&user, &password);
        if self.is_verified(&user, &mark) {
            return Admission::Granted;
        }
        let turn = tokio::time::timeout(TURN, Arc::clone(&self.turn).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else {
            return Admission::Busy;
        };
        // Somebody with the same password may have been first.
        if self.is_verified(&user, &mark) {
            return Admission::Granted;
        }
        let users = Arc::clone(self);
        let right = tokio::task::spawn_blocking(move || {
            let right = users.verify(&user, &password);
            if right {
                users.remember(user, mark);
            }
            // Only now: who hangs up does not make room for one more at once.
            drop(turn);
            right
        });
        match right.await {
            Ok(true) => Admission::Granted,
            Ok(false) | Err(_) => Admission::Refused,
        }
    }

    fn verify(&self, user: &str, password: &[u8]) -> bool {
        let known = self.hashes.get(user);
        let hash = known.map_or(self.decoy.as_str(), |hash| hash.0.as_str());
        let matches = bcrypt::verify(password, hash).unwrap_or(false);
        matches && known.is_some()
    }

    /// The salt is secret, so that nobody learns anything from how long two marks take to differ.
    fn mark(&self, user: &str, password: &[u8]) -> String {
        let parts = [
            self.salt.as_slice(),
            &user.len().to_be_bytes(),
            user.as_bytes(),
            password,
        ];
        digest::sha256(&parts.concat())
    }

    fn is_verified(&self, user: &str, mark: &String) -> bool {
        let verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        verified.get(user) == Some(mark)
    }

    fn remember(&self, user: String, mark: String) {
        let mut verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        verified.insert(user, mark);
    }
}

/// The user and the password of `Basic …`.
fn credentials(shown: &HeaderValue) -> Option<(String, Vec<u8>)> {
    let (scheme, encoded) = shown.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let mut user = BASE64_STANDARD.decode(encoded.trim()).ok()?;
    let colon = user.iter().position(|byte| *byte == b':')?;
    let password = user.split_off(colon).get(1..)?.to_vec();
    let user = String::from_utf8(user).ok()?;
    (password.len() <= LONGEST).then_some((user, password))
}

fn salt() -> Result<[u8; 32], Complaint> {
    let mut salt = [0; 32];
    let filled = rustix::rand::getrandom(&mut salt, rustix::rand::GetRandomFlags::empty());
    match filled {
        Ok(32) => Ok(salt),
        _ => Err(Complaint {
            pointer: "/basic_auth_users".to_owned(),
            message: "this machine gives no random bytes".to_owned(),
            hint: "let leadsman call `getrandom`, which a sandbox may forbid".to_owned(),
        }),
    }
}

fn unusable(name: &str) -> Complaint {
    let escaped = name.replace('~', "~0").replace('/', "~1");
    Complaint {
        pointer: format!("/basic_auth_users/{escaped}"),
        message: "this bcrypt hash cannot be used".to_owned(),
        hint: "write what `htpasswd -nBC 10 \"\"` prints behind the `:`".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_is_compared_with_a_hash_that_is_one() {
        let hash = Hidden(bcrypt::hash("secret", 5).unwrap());
        let users = Users::new([("alice".to_owned(), hash)].into())
            .unwrap()
            .unwrap();
        let parts = HashParts::from_str(&users.decoy).unwrap();
        assert_eq!(parts.get_cost(), 5);
        assert!(!bcrypt::verify("secret", &users.decoy).unwrap());
        assert!(users.verify("alice", b"secret") && !users.verify("bob", b"secret"));
    }
}
