//! The TLS that the endpoints speak.

use std::sync::Arc;

use leadsman_config::{ClientAuth, Pem, PemSource, TlsVersion, WebTls};
use leadsman_core::plan::Complaint;
use rustls::{
    RootCertStore, ServerConfig, SupportedProtocolVersion,
    crypto::CryptoProvider,
    server::{NoServerSessionStorage, WebPkiClientVerifier, danger::ClientCertVerifier},
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

use super::{clients::Clients, seen::Seen};

/// TLS as it is configured; everything that is wrong with its files at once.
pub(super) fn server(
    tls: &WebTls,
    http2: bool,
    seen: &mut Seen,
) -> Result<Arc<ServerConfig>, Vec<Complaint>> {
    let chain = certificates(&tls.certificate, seen);
    let key = key(&tls.key, seen);
    let provider = Arc::new(provider(tls));
    let clients = clients(tls, &provider, seen);
    let (chain, key, clients) = match (chain, key, clients) {
        (Ok(chain), Ok(key), Ok(clients)) => (chain, key, clients),
        (chain, key, clients) => {
            let all = [chain.err(), key.err(), clients.err()];
            return Err(all.into_iter().flatten().collect());
        }
    };
    let builder = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions(tls))
        .map_err(|error| {
            let why = format!("TLS cannot be set up like this: {error}");
            vec![complaint(SECTION, why, "use fewer restrictions")]
        })?;
    let mut config = builder
        .with_client_cert_verifier(clients)
        .with_single_cert(chain, key)
        .map_err(|error| {
            let why = match error {
                rustls::Error::InconsistentKeys(_) => "the certificate has another key".to_owned(),
                other => format!("this key and its certificate cannot be used: {other}"),
            };
            let mend = "write the key that the certificate was made for";
            vec![complaint(tls.key.pointer, why, mend)]
        })?;
    config.ignore_client_order = tls.own_order;
    // A client's certificate is judged anew with each connection.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.alpn_protocols = protocols(http2);
    Ok(Arc::new(config))
}

const SECTION: &str = "/tls_server_config";

/// What is offered by ALPN, the best first.
fn protocols(http2: bool) -> Vec<Vec<u8>> {
    let offered: &[&str] = if http2 {
        &["h2", "http/1.1"]
    } else {
        &["http/1.1"]
    };
    offered
        .iter()
        .map(|name| name.as_bytes().to_vec())
        .collect()
}

type Versions = [&'static SupportedProtocolVersion];
static BOTH: &Versions = &[&rustls::version::TLS13, &rustls::version::TLS12];
static ONLY_12: &Versions = &[&rustls::version::TLS12];
static ONLY_13: &Versions = &[&rustls::version::TLS13];

const fn versions(tls: &WebTls) -> &'static Versions {
    match (tls.min, tls.max) {
        (_, TlsVersion::Tls12) => ONLY_12,
        (TlsVersion::Tls13, _) => ONLY_13,
        (TlsVersion::Tls12, TlsVersion::Tls13) => BOTH,
    }
}

/// The suites and groups that are wanted, in the order that they are written in. A list of suites leaves
/// those of TLS 1.3 as they are, as in Go.
fn provider(tls: &WebTls) -> CryptoProvider {
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    if let Some(wanted) = &tls.cipher_suites {
        let (mut kept, old): (Vec<_>, Vec<_>) = provider
            .cipher_suites
            .into_iter()
            .partition(|suite| suite.version() == &rustls::version::TLS13);
        kept.extend(chosen(&old, wanted, |suite| u16::from(suite.suite())));
        provider.cipher_suites = kept;
    }
    if let Some(wanted) = &tls.groups {
        provider.kx_groups = chosen(&provider.kx_groups, wanted, |group| u16::from(group.name()));
    }
    provider
}

fn chosen<T: Copy>(all: &[T], wanted: &[u16], number: impl Fn(&T) -> u16) -> Vec<T> {
    wanted
        .iter()
        .filter_map(|wanted| all.iter().find(|one| number(one) == *wanted).copied())
        .collect()
}

/// Who asks for clients' certificates, and judges them.
fn clients(
    tls: &WebTls,
    provider: &Arc<CryptoProvider>,
    seen: &mut Seen,
) -> Result<Arc<dyn ClientCertVerifier>, Complaint> {
    if tls.client_auth == ClientAuth::NoClientCert {
        return Ok(WebPkiClientVerifier::no_client_auth());
    }
    let judge = match &tls.client_ca {
        Some(authority) if tls.client_auth.verifies() => Some(judge(authority, provider, seen)?),
        _ => None,
    };
    Ok(Arc::new(Clients {
        judge,
        is_mandatory: tls.client_auth.is_mandatory(),
        names: tls.client_sans.clone(),
        algorithms: provider.signature_verification_algorithms,
    }))
}

fn judge(
    authority: &Pem,
    provider: &Arc<CryptoProvider>,
    seen: &mut Seen,
) -> Result<Arc<dyn ClientCertVerifier>, Complaint> {
    let refused = |why: String| {
        let mend = "write a PEM text with the certificate of the clients' authority";
        complaint(authority.pointer, why, mend)
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(authority, seen)? {
        roots
            .add(certificate)
            .map_err(|error| refused(format!("this is no authority's certificate: {error}")))?;
    }
    let built =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build();
    let built: Arc<dyn ClientCertVerifier> =
        built.map_err(|error| refused(format!("clients cannot be verified by this: {error}")))?;
    Ok(built)
}

fn certificates(pem: &Pem, seen: &mut Seen) -> Result<Vec<CertificateDer<'static>>, Complaint> {
    let mend = "write a PEM text with certificates, the server's own first";
    let found = CertificateDer::pem_slice_iter(&text(pem, seen)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| complaint(pem.pointer, format!("this is not PEM: {error}"), mend))?;
    if found.is_empty() {
        return Err(complaint(
            pem.pointer,
            "there is no certificate in it",
            mend,
        ));
    }
    Ok(found)
}

fn key(pem: &Pem, seen: &mut Seen) -> Result<PrivateKeyDer<'static>, Complaint> {
    let mend = "write a PEM text with a private key that is not encrypted";
    // The parser's own words may repeat what it read.
    PrivateKeyDer::from_pem_slice(&text(pem, seen)?)
        .map_err(|_| complaint(pem.pointer, "there is no private key in it", mend))
}

fn text(pem: &Pem, seen: &mut Seen) -> Result<Vec<u8>, Complaint> {
    match &pem.source {
        PemSource::Inline(text) => Ok(text.0.clone().into_bytes()),
        PemSource::File(path) => seen.read(path).map_err(|error| {
            let why = format!("`{}` cannot be read: {error}", path.display());
            complaint(
                pem.pointer,
                why,
                "relative paths start at the folder of this file",
            )
        }),
    }
}

fn complaint(pointer: &str, message: impl Into<String>, mend: &str) -> Complaint {
    Complaint {
        pointer: pointer.to_owned(),
        message: message.into(),
        hint: mend.to_owned(),
    }
}
