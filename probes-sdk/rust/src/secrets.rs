//! Secrets: a probe holds placeholders, never values.

use crate::{Error, Result, raw::probe::secrets as raw};

/// A placeholder for a secret, to be put into a request to a host that the secret is bound to.
pub fn placeholder(name: &str) -> Result<String> {
    raw::placeholder(name, "plain").map_err(Error::Undecided)
}

/// A placeholder in an encoding: `plain`, `base64`, `base64url`, `hex` or `percent`.
pub fn encoded(name: &str, encoding: &str) -> Result<String> {
    raw::placeholder(name, encoding).map_err(Error::Undecided)
}

/// The value of an `Authorization` header for HTTP basic authentication (RFC 7617).
pub fn basic(user: &str, password_name: &str) -> Result<String> {
    raw::basic(user, password_name)
        .map(|credentials| format!("Basic {credentials}"))
        .map_err(Error::Undecided)
}

/// The value of an `Authorization` header with a bearer token (RFC 6750).
pub fn bearer(name: &str) -> Result<String> {
    Ok(format!("Bearer {}", placeholder(name)?))
}
