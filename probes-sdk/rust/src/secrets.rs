//! Secrets: a probe holds placeholders, never values. One that cannot be had is told of the step that wants it.

use crate::{Error, Result, raw::probe::secrets as raw, steps};

/// A placeholder for a secret, to be put into a request to a host that the secret is bound to.
pub fn placeholder(name: &str) -> Result<String> {
    steps::settle();
    raw::placeholder(name, "plain").map_err(Error::Undecided)
}

/// A placeholder in an encoding: `plain`, `base64`, `base64url`, `hex`, `percent` or `json`.
pub fn encoded(name: &str, encoding: &str) -> Result<String> {
    steps::settle();
    raw::placeholder(name, encoding).map_err(Error::Undecided)
}

/// The value of an `Authorization` header for HTTP basic authentication (RFC 7617).
pub fn basic(user: &str, password_name: &str) -> Result<String> {
    steps::settle();
    raw::basic(user, password_name)
        .map(|credentials| format!("Basic {credentials}"))
        .map_err(Error::Undecided)
}

/// The value of an `Authorization` header with a bearer token (RFC 6750).
pub fn bearer(name: &str) -> Result<String> {
    token("Bearer", name)
}

/// The value of an `Authorization` header of another scheme (RFC 9110 §11.1) that takes a token.
pub fn token(scheme: &str, name: &str) -> Result<String> {
    Ok(format!("{scheme} {}", placeholder(name)?))
}

/// The message authentication code (HMAC) of a message, keyed by a secret. `algorithm`: `sha256`, `sha512`
/// or `sha1`; `encoding`: `hex`, `base64` or `base64url`.
pub fn hmac(name: &str, algorithm: &str, message: &[u8], encoding: &str) -> Result<String> {
    steps::settle();
    raw::hmac(name, algorithm, message, encoding).map_err(Error::Undecided)
}

/// Makes a secret of a captured value and returns a placeholder for it: from then on the value is hidden in
/// all that the run leaves, and goes only to the target and to the hosts that the check is granted.
pub fn seal(value: &str) -> Result<String> {
    sealed(value, "plain")
}

/// The same in an encoding, as [`encoded`] has them.
pub fn sealed(value: &str, encoding: &str) -> Result<String> {
    raw::seal(value.as_bytes(), encoding).map_err(Error::Undecided)
}
