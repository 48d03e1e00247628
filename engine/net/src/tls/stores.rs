//! Trust stores and client identities, read from their files once.

use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use leadsman_core::plan::{self, CaSource};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, TrustAnchor, pem::PemObject};

use crate::SetupError;

/// The authorities that a chain may lead to.
pub(super) struct Roots {
    /// Tells stores apart where judgements are kept.
    pub(super) id: u64,
    pub(super) anchors: Vec<TrustAnchor<'static>>,
}

impl std::fmt::Debug for Roots {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Roots({})", self.anchors.len())
    }
}

impl Roots {
    pub(super) fn read(sources: &[CaSource]) -> Result<Self, SetupError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let mut anchors = Vec::new();
        for source in sources {
            match source {
                CaSource::System => anchors.extend(system()),
                CaSource::File(path) => anchors.extend(from_file(path)?),
            }
        }
        Ok(Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            anchors,
        })
    }
}

/// Odd certificates in the machine's store are left out, as every other program does.
fn system() -> Vec<TrustAnchor<'static>> {
    let found = rustls_native_certs::load_native_certs();
    let anchors: Vec<_> = found
        .certs
        .iter()
        .filter_map(|der| anchor(der).ok())
        .collect();
    if anchors.is_empty() {
        tracing::warn!(errors = ?found.errors, "this machine trusts no certificate authority; install ca-certificates");
    }
    anchors
}

fn from_file(path: &Path) -> Result<Vec<TrustAnchor<'static>>, SetupError> {
    certificates(path, "certificates of authorities")?
        .iter()
        .map(|der| {
            anchor(der).map_err(|error| unusable(path, &error, "certificates of authorities"))
        })
        .collect()
}

fn anchor(der: &CertificateDer<'_>) -> Result<TrustAnchor<'static>, webpki::Error> {
    webpki::anchor_from_trusted_cert(der).map(|anchor| anchor.to_owned())
}

/// A client's chain and key.
pub(super) struct Identity {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
}

impl Identity {
    pub(super) fn read(identity: &plan::Identity) -> Result<Self, SetupError> {
        let key = PrivateKeyDer::from_pem_slice(&read(&identity.key)?)
            .map_err(|error| unusable(&identity.key, &error, "a private key"))?;
        let read = Self {
            chain: certificates(&identity.certificate, "a client's certificates")?,
            key,
        };
        rustls::crypto::aws_lc_rs::sign::any_supported_type(&read.key)
            .map_err(|error| unusable(&identity.key, &error, "a private key of a usual kind"))?;
        Ok(read)
    }
}

fn certificates(
    path: &Path,
    expected: &'static str,
) -> Result<Vec<CertificateDer<'static>>, SetupError> {
    let found = CertificateDer::pem_slice_iter(&read(path)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| unusable(path, &error, expected))?;
    if found.is_empty() {
        Err(unusable(path, &"there is none in it", expected))
    } else {
        Ok(found)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, SetupError> {
    std::fs::read(path).map_err(|error| SetupError::Unreadable {
        path: path.to_owned(),
        why: error.to_string(),
    })
}

fn unusable(path: &Path, why: &dyn std::fmt::Display, expected: &'static str) -> SetupError {
    SetupError::Unusable {
        path: path.to_owned(),
        why: why.to_string(),
        expected,
    }
}
