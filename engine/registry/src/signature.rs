//! Who has signed an image: cosign's signatures by a key, checked without a network.
//!
//! The signed statement is the "simple signing" JSON of cosign's signature specification; what it signs is the
//! digest of the image's manifest. The key is a PEM file as `cosign generate-key-pair` writes it (ECDSA on P-256),
//! or of P-384 or Ed25519.

use std::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ED25519, UnparsedPublicKey,
    VerificationAlgorithm,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use rustls_pki_types::{SubjectPublicKeyInfoDer, pem::PemObject};
use serde::{Deserialize, Serialize};
use x509_parser::{oid_registry, prelude::FromDer, x509::SubjectPublicKeyInfo};

/// A statement, and the signature over its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// The statement (JSON).
    pub payload: String,
    /// Over it, in base64.
    pub signature: String,
}

/// A key that signatures are held against.
pub struct PublicKey {
    algorithm: &'static dyn VerificationAlgorithm,
    point: Vec<u8>,
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicKey")
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

/// Why a key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is none.
    #[error("it holds no public key in PEM (`-----BEGIN PUBLIC KEY-----`)")]
    NotPem,
    /// Another kind of key.
    #[error("its key is neither ECDSA on P-256 or P-384 nor Ed25519")]
    Unknown,
}

impl PublicKey {
    /// The key of a PEM file.
    pub fn from_pem(text: &[u8]) -> Result<Self, KeyError> {
        let der = SubjectPublicKeyInfoDer::from_pem_slice(text).map_err(|_| KeyError::NotPem)?;
        let (_, info) = SubjectPublicKeyInfo::from_der(&der).map_err(|_| KeyError::NotPem)?;
        let curve = info.algorithm.parameters.as_ref();
        let curve = curve.and_then(|curve| curve.as_oid().ok());
        let is_ed25519 = info.algorithm.algorithm == oid_registry::OID_SIG_ED25519;
        let algorithm: &'static dyn VerificationAlgorithm = match curve {
            Some(oid) if oid == oid_registry::OID_EC_P256 => &ECDSA_P256_SHA256_ASN1,
            Some(oid) if oid == oid_registry::OID_NIST_EC_P384 => &ECDSA_P384_SHA384_ASN1,
            None if is_ed25519 => &ED25519,
            _ => return Err(KeyError::Unknown),
        };
        Ok(Self {
            algorithm,
            point: info.subject_public_key.data.to_vec(),
        })
    }

    /// Whether the signature is this key's, over a statement about this manifest.
    pub(crate) fn has_signed(&self, sha256: &str, by: &Signature) -> bool {
        let Ok(signature) = STANDARD.decode(&by.signature) else {
            return false;
        };
        let key = UnparsedPublicKey::new(self.algorithm, &self.point);
        key.verify(by.payload.as_bytes(), &signature).is_ok() && speaks_of(&by.payload, sha256)
    }
}

/// Whether a statement is about the manifest of that digest.
fn speaks_of(payload: &str, sha256: &str) -> bool {
    let Ok(statement) = serde_json::from_str::<serde_json::Value>(payload) else {
        return false;
    };
    let said = |pointer: &str| {
        statement
            .pointer(pointer)
            .and_then(serde_json::Value::as_str)
    };
    said("/critical/type") == Some("cosign container image signature")
        && said("/critical/image/docker-manifest-digest")
            .and_then(|text| text.strip_prefix("sha256:"))
            == Some(sha256)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::{
        rand::SystemRandom,
        signature::{Ed25519KeyPair, KeyPair as _},
    };

    use super::*;

    /// What precedes a key's 32 bytes in its `SubjectPublicKeyInfo` (RFC 8410).
    const ED25519_INFO: [u8; 12] = [
        0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
    ];

    fn pair() -> (Ed25519KeyPair, PublicKey) {
        let pair = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(pair.as_ref()).unwrap();
        let info = [&ED25519_INFO, pair.public_key().as_ref()].concat();
        let key = PublicKey::from_pem(pem(&info).as_bytes()).unwrap();
        (pair, key)
    }

    fn pem(info: &[u8]) -> String {
        let text = STANDARD.encode(info);
        format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n")
    }

    fn statement(sha256: &str, kind: &str) -> String {
        format!(
            r#"{{"critical":{{"identity":{{}},"image":{{"docker-manifest-digest":"sha256:{sha256}"}},"type":"{kind}"}},"optional":null}}"#
        )
    }

    #[test]
    fn a_signature_counts_for_its_key_its_manifest_and_its_purpose_alone() {
        const KIND: &str = "cosign container image signature";
        let ((pair, key), (_, other)) = (pair(), pair());
        let (ours, theirs) = ("ab".repeat(32), "cd".repeat(32));
        let sign = |payload: String| Signature {
            signature: STANDARD.encode(pair.sign(payload.as_bytes())),
            payload,
        };
        let signed = sign(statement(&ours, KIND));
        assert!(key.has_signed(&ours, &signed));
        assert!(!other.has_signed(&ours, &signed));
        assert!(!key.has_signed(&theirs, &signed));
        assert!(!key.has_signed(&ours, &sign(statement(&ours, "another purpose"))));
        assert!(!key.has_signed(&ours, &sign("no JSON".into())));
        for changed in ["", "!", "AAAA"] {
            let changed = Signature {
                signature: changed.to_owned(),
                ..signed.clone()
            };
            assert!(!key.has_signed(&ours, &changed));
        }
        let moved = Signature {
            payload: statement(&theirs, KIND),
            ..signed
        };
        assert!(!key.has_signed(&theirs, &moved));
    }

    #[test]
    fn what_is_no_key_says_so() {
        // A key that agrees on secrets and signs nothing (X25519).
        let mut info = [&ED25519_INFO[..], &[7; 32]].concat();
        info[8] = 0x6e;
        let other = pem(&info);
        for (text, expected) in [
            ("", KeyError::NotPem),
            (
                "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
                KeyError::NotPem,
            ),
            (other.as_str(), KeyError::Unknown),
        ] {
            assert_eq!(
                PublicKey::from_pem(text.as_bytes()).unwrap_err(),
                expected,
                "{text}"
            );
        }
    }
}
