//! A component in a registry, as configurations name it.
//!
//! The reference is `REGISTRY/REPOSITORY@sha256:DIGEST` as in the OCI distribution specification 1.1. There is
//! neither a default registry nor a tag: what a probe is must not change under those that it pages.

use std::{fmt, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::{egress::HostPattern, id::ResourceName};

/// A component in a registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Image {
    /// Which.
    pub reference: ImageReference,
    /// The public key (PEM) that has to have signed it.
    pub signed_by: Option<PathBuf>,
    /// Whether the registry is asked without TLS.
    pub plain_http: bool,
    /// Who asks, where the registry wants to know.
    pub login: Option<Login>,
}

/// A user, and the secret that is the password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Login {
    /// The user.
    pub user: String,
    /// The password.
    pub secret: ResourceName,
}

/// Where an image is, and which one it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ImageReference {
    /// The registry's host, with its port where it is not the scheme's own.
    pub registry: String,
    /// The repository's name.
    pub repository: String,
    /// The SHA-256 of the image's manifest, in lower-case hexadecimal.
    pub sha256: String,
}

impl TryFrom<String> for ImageReference {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let unpinned = || format!("`{text}` has no digest: a tag may be another image tomorrow");
        let (place, digest) = text.split_once('@').ok_or_else(unpinned)?;
        let odd = || format!("`{digest}` is not `sha256:` and 64 hexadecimal digits");
        let sha256 = digest.strip_prefix("sha256:").filter(|hex| is_digest(hex));
        let sha256 = sha256.ok_or_else(odd)?;
        let (registry, repository) = place.split_once('/').ok_or_else(|| no_registry(&text))?;
        if !registry.contains(['.', ':']) && registry != "localhost" {
            return Err(no_registry(&text));
        }
        HostPattern::try_from(format!("https://{registry}"))?;
        let named = repository.split('/').all(is_path_component);
        if !named {
            return Err(format!(
                "`{repository}` is not a repository's name: lower-case words with `.`, `_` or `-` between them, separated by `/`; a tag has no place beside a digest"
            ));
        }
        Ok(Self {
            registry: registry.to_owned(),
            repository: repository.to_owned(),
            sha256: sha256.to_ascii_lowercase(),
        })
    }
}

fn no_registry(text: &str) -> String {
    format!("`{text}` names no registry: its host comes first")
}

fn is_digest(hex: &str) -> bool {
    hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_path_component(word: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let mut bytes = word.bytes();
    bytes.next().is_some_and(is_plain)
        && word.bytes().next_back().is_some_and(is_plain)
        && bytes.all(|byte| is_plain(byte) || matches!(byte, b'.' | b'_' | b'-'))
}

impl From<ImageReference> for String {
    fn from(reference: ImageReference) -> Self {
        reference.to_string()
    }
}

impl fmt::Display for ImageReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            registry,
            repository,
            sha256,
        } = self;
        write!(f, "{registry}/{repository}@sha256:{sha256}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ImageReference, String> {
        ImageReference::try_from(text.to_owned())
    }

    #[test]
    fn a_reference_has_a_registry_a_repository_and_a_digest() {
        let digest = "0c5E".repeat(16);
        for place in [
            "registry.example/probes/s3",
            "localhost/s3",
            "127.0.0.1:5000/a.b/c__d-1",
            "[::1]:5000/x",
        ] {
            let read = read(&format!("{place}@sha256:{digest}")).unwrap();
            assert_eq!(
                read.to_string(),
                format!("{place}@sha256:{}", digest.to_lowercase())
            );
        }
    }

    #[test]
    fn what_is_no_reference_is_refused_with_its_reason() {
        let digest = "0c5e".repeat(16);
        for (text, told) in [
            ("registry.example/probes/s3:1.2".to_owned(), "has no digest"),
            (
                "registry.example/probes/s3@sha256:0c5e".to_owned(),
                "64 hexadecimal digits",
            ),
            (
                format!("registry.example/probes/s3@sha512:{digest}"),
                "64 hexadecimal digits",
            ),
            (format!("probes/s3@sha256:{digest}"), "names no registry"),
            (format!("s3@sha256:{digest}"), "names no registry"),
            (
                format!("registry.example/Probes@sha256:{digest}"),
                "is not a repository's name",
            ),
            (
                format!("registry.example/probes/s3:1@sha256:{digest}"),
                "a tag has no place",
            ),
            (
                format!("registry.example/../s3@sha256:{digest}"),
                "is not a repository's name",
            ),
            (format!("registry.example:x/s3@sha256:{digest}"), "port"),
        ] {
            let refused = read(&text).unwrap_err();
            assert!(refused.contains(told), "{text}: {refused}");
        }
    }
}
