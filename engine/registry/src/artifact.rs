//! What a registry gave, and the gate before it is used.

use bytes::Bytes;
use leadsman_core::{digest, plan::ImageReference};

use crate::{
    manifest::Manifest,
    signature::{PublicKey, Signature},
};

/// An image as it came from its registry; nothing in it is to be trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// The manifest.
    pub manifest: Bytes,
    /// The component.
    pub component: Bytes,
    /// Every statement that signs the manifest, where somebody asked for them.
    pub signatures: Vec<Signature>,
}

/// Why an image is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The manifest is another one.
    #[error(
        "the manifest's SHA-256 is {found}: that is not the image which the configuration names"
    )]
    Manifest {
        /// What it is.
        found: String,
    },
    /// The manifest is not a component's.
    #[error("{0}")]
    NotAComponent(String),
    /// The component is another one.
    #[error("the component's SHA-256 is {found}, its manifest says {expected}")]
    Component {
        /// What it is.
        found: String,
        /// What it has to be.
        expected: String,
    },
    /// Nobody has signed it.
    #[error(
        "the image has no signature: sign it with `cosign sign --key …`, or remove `signed_by`"
    )]
    Unsigned,
    /// Somebody else has.
    #[error("none of the image's {count} signatures is of the key that `signed_by` names")]
    Stranger {
        /// How many there are.
        count: usize,
    },
}

impl Artifact {
    /// The component, where it is the one that the reference names and the key, where one is asked for, has signed
    /// it.
    pub fn component(
        &self,
        of: &ImageReference,
        key: Option<&PublicKey>,
    ) -> Result<&Bytes, Refused> {
        let found = digest::sha256(&self.manifest);
        if found != of.sha256 {
            return Err(Refused::Manifest { found });
        }
        let manifest = Manifest::parse(&self.manifest).map_err(Refused::NotAComponent)?;
        let expected = manifest.component().map_err(Refused::NotAComponent)?;
        let found = digest::sha256(&self.component);
        if found != expected.to_ascii_lowercase() {
            let expected = expected.to_owned();
            return Err(Refused::Component { found, expected });
        }
        if let Some(key) = key {
            self.signed(&of.sha256, key)?;
        }
        Ok(&self.component)
    }

    fn signed(&self, sha256: &str, key: &PublicKey) -> Result<(), Refused> {
        if self.signatures.is_empty() {
            return Err(Refused::Unsigned);
        }
        let is_signed = |signature| key.has_signed(sha256, signature);
        if self.signatures.iter().any(is_signed) {
            return Ok(());
        }
        let count = self.signatures.len();
        Err(Refused::Stranger { count })
    }
}
