//! The verifier that records what is presented, then judges it, inside the handshake.
//!
//! rustls asks it before any client certificate or application byte is sent; a chain that is
//! refused here has still been seen.

use std::sync::{Arc, OnceLock, PoisonError};

use leadsman_core::facts::TlsFacts;
use rustls::{
    ClientConnection, DigitallySignedStruct, Error, ProtocolVersion, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature},
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::{
    judgement::{Judgement, Judgements, Question},
    stores::Roots,
};

/// One handshake's verifier.
#[derive(Debug)]
pub(super) struct Recorder {
    roots: Arc<Roots>,
    judgements: Arc<Judgements>,
    algorithms: WebPkiSupportedAlgorithms,
    insecure: bool,
    seen: OnceLock<(String, Arc<Judgement>)>,
}

impl Recorder {
    pub(super) fn new(
        roots: Arc<Roots>,
        judgements: Arc<Judgements>,
        algorithms: WebPkiSupportedAlgorithms,
        insecure: bool,
    ) -> Self {
        Self {
            roots,
            judgements,
            algorithms,
            insecure,
            seen: OnceLock::new(),
        }
    }

    /// What the handshake showed; nothing where it did not get as far as a certificate.
    pub(super) fn facts(&self, agreed: Option<&ClientConnection>) -> Option<Arc<TlsFacts>> {
        let (name, judgement) = self.seen.get()?;
        let version = agreed
            .and_then(|tls| tls.protocol_version())
            .map_or("", version_name);
        let cipher = agreed
            .and_then(|tls| tls.negotiated_cipher_suite())
            .map(|suite| suite.suite());
        let cipher = cipher
            .as_ref()
            .and_then(rustls::CipherSuite::as_str)
            .unwrap_or_default();
        let alpn = agreed.and_then(|tls| tls.alpn_protocol());
        let mut last = judgement
            .last
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = last.as_ref().filter(|last| {
            last.version == version
                && is_suite(&last.cipher, cipher)
                && last.alpn.as_deref().map(str::as_bytes) == alpn
        }) {
            return Some(Arc::clone(last));
        }
        let facts = Arc::new(TlsFacts {
            version: version.to_owned(),
            cipher: iana(cipher),
            alpn: alpn.map(|alpn| String::from_utf8_lossy(alpn).into_owned()),
            server_name: name.clone(),
            chain: judgement.chain.clone(),
            distrust: judgement
                .verdict
                .as_ref()
                .err()
                .map(|(distrust, _)| distrust.clone()),
            chain_valid_until: judgement.valid_until,
        });
        Some(Arc::clone(last.insert(facts)))
    }
}

fn version_name(version: ProtocolVersion) -> &'static str {
    match version {
        ProtocolVersion::TLSv1_2 => "TLS 1.2",
        ProtocolVersion::TLSv1_3 => "TLS 1.3",
        _ => "",
    }
}

/// rustls writes `TLS13_…` where IANA writes `TLS_…`.
fn iana(suite: &str) -> String {
    suite
        .strip_prefix("TLS13_")
        .map_or_else(|| suite.to_owned(), |rest| format!("TLS_{rest}"))
}

fn is_suite(named: &str, suite: &str) -> bool {
    let rest = |text: &str| text.find('_').map_or(0, |at| at + 1);
    named.get(rest(named)..) == suite.get(rest(suite)..)
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain: Vec<_> = std::iter::once(end_entity)
            .chain(intermediates)
            .cloned()
            .collect();
        let question = Question {
            chain: &chain,
            name: server_name,
            roots: &self.roots,
            algorithms: self.algorithms.all,
        };
        let judgement = self.judgements.ask(&question, now);
        let (_, judgement) = self
            .seen
            .get_or_init(|| (server_name.to_str().into_owned(), judgement));
        match &judgement.verdict {
            Err((_, error)) if !self.insecure => Err(Error::InvalidCertificate(error.clone())),
            _ => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
