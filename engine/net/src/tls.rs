//! TLS handshakes that are recorded first and judged second.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use leadsman_core::{facts::TlsFacts, failure::FailureKind, phase::Phase, plan, seam::TlsOptions};
use rustls::{
    ClientConfig, SupportedCipherSuite, SupportedProtocolVersion, client::Resumption,
    crypto::CryptoProvider,
};
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

mod certificate;
mod judgement;
mod recorder;
mod stores;

use judgement::Judgements;
use recorder::Recorder;
use stores::{Identity, Roots};

use crate::{Moment, SetupError, fault::Fault, kind_of, trace::Trace};

/// Everything that handshakes need, prepared once.
pub(crate) struct Tls {
    own: Arc<Roots>,
    trust: BTreeMap<String, Arc<Roots>>,
    identities: BTreeMap<String, Identity>,
    provider: Arc<CryptoProvider>,
    /// By identity and versions; a handshake takes a copy and puts its own recorder in.
    configs: Mutex<HashMap<Shape, Arc<ClientConfig>>>,
    judgements: Arc<Judgements>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Shape {
    identity: Option<String>,
    min: Version,
    max: Version,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Version {
    Tls12,
    Tls13,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls")
            .field("own", &self.own)
            .field("trust", &self.trust)
            .finish_non_exhaustive()
    }
}

impl Tls {
    pub(crate) fn new(plan: &plan::Tls) -> Result<Self, SetupError> {
        let trust = plan
            .trust
            .iter()
            .map(|(name, sources)| Ok((name.to_string(), Arc::new(Roots::read(sources)?))))
            .collect::<Result<_, SetupError>>()?;
        let identities = plan
            .identities
            .iter()
            .map(|(name, identity)| Ok((name.to_string(), Identity::read(identity)?)))
            .collect::<Result<_, SetupError>>()?;
        Ok(Self {
            own: Arc::new(Roots::read(&plan.ca)?),
            trust,
            identities,
            provider: Arc::new(provider()),
            configs: Mutex::default(),
            judgements: Arc::default(),
        })
    }

    /// Shakes hands; whatever becomes of it, the trace gets what was shown.
    pub(crate) async fn handshake(
        &self,
        trace: &mut Trace,
        stream: TcpStream,
        host: &str,
        options: &TlsOptions,
        alpn: Vec<Vec<u8>>,
    ) -> Result<TlsStream<TcpStream>, Fault> {
        let name = server_name(options.server_name.as_deref().unwrap_or(host))?;
        let recorder = Arc::new(self.recorder(options)?);
        let verifier: Arc<Recorder> = Arc::clone(&recorder);
        let mut config = ClientConfig::clone(&*self.config(options)?);
        config.dangerous().set_certificate_verifier(verifier);
        config.alpn_protocols = alpn;
        trace.enter(Phase::Tls);
        let outcome = TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await;
        let agreed = outcome.as_ref().ok().map(|stream| stream.get_ref().1);
        trace.facts.tls = recorder.facts(agreed);
        outcome.map_err(|error| fault_of(&error, trace.facts.tls.as_deref()))
    }

    fn recorder(&self, options: &TlsOptions) -> Result<Recorder, Fault> {
        let roots = match &options.trust {
            None => &self.own,
            Some(name) => self
                .trust
                .get(name)
                .ok_or_else(|| missing("trust store", name, "tls.trust"))?,
        };
        Ok(Recorder::new(
            Arc::clone(roots),
            Arc::clone(&self.judgements),
            self.provider.signature_verification_algorithms,
            options.insecure,
        ))
    }

    fn config(&self, options: &TlsOptions) -> Result<Arc<ClientConfig>, Fault> {
        let shape = Shape {
            identity: options.identity.clone(),
            min: version(options.min_version.as_deref(), Version::Tls12)?,
            max: version(options.max_version.as_deref(), Version::Tls13)?,
        };
        if shape.identity.is_some() && options.insecure {
            return Err(Fault::bad_request(
                "a client identity is never sent to a server whose chain need not verify: drop `identity` or `insecure`",
            ));
        }
        let mut configs = self.configs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(config) = configs.get(&shape) {
            return Ok(Arc::clone(config));
        }
        let config = Arc::new(self.build(&shape)?);
        configs.insert(shape, Arc::clone(&config));
        Ok(config)
    }

    fn build(&self, shape: &Shape) -> Result<ClientConfig, Fault> {
        let internal = |error: rustls::Error| {
            Fault::new(FailureKind::Internal, format!("TLS set-up: {error}"))
        };
        let placeholder = Recorder::new(
            Arc::clone(&self.own),
            Arc::clone(&self.judgements),
            self.provider.signature_verification_algorithms,
            false,
        );
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(versions(shape)?)
            .map_err(internal)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(placeholder));
        let mut config = match &shape.identity {
            None => builder.with_no_client_auth(),
            Some(name) => {
                let identity = self
                    .identities
                    .get(name)
                    .ok_or_else(|| missing("client identity", name, "tls.identities"))?;
                builder
                    .with_client_auth_cert(identity.chain.clone(), identity.key.clone_key())
                    .map_err(internal)?
            }
        };
        // A full handshake per run is the point.
        config.resumption = Resumption::disabled();
        Ok(config)
    }
}

/// What is spoken, in the order that browsers prefer: AES-128 with SHA-256, which machines have instructions for,
/// before AES-256 with SHA-384.
fn provider() -> CryptoProvider {
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    let is_long = |suite: &SupportedCipherSuite| {
        let name = suite.suite().as_str();
        !name.is_some_and(|name| name.contains("AES_128_GCM"))
    };
    // Stable: among themselves they stay in the library's order.
    let suites = &mut provider.cipher_suites;
    suites.sort_by_key(|suite| (suite.tls13().is_none(), is_long(suite)));
    provider
}

fn missing(what: &str, name: &str, key: &str) -> Fault {
    Fault::bad_request(format!(
        "there is no {what} `{name}`: define it under `{key}`"
    ))
}

fn server_name(host: &str) -> Result<ServerName<'static>, Fault> {
    let plain = host.strip_suffix('.').unwrap_or(host);
    ServerName::try_from(plain.to_owned())
        .map_err(|_| Fault::bad_request(format!("`{host}` is no name for TLS")))
}

fn version(text: Option<&str>, default: Version) -> Result<Version, Fault> {
    match text {
        None => Ok(default),
        Some("TLS 1.2") => Ok(Version::Tls12),
        Some("TLS 1.3") => Ok(Version::Tls13),
        Some(other) => Err(Fault::bad_request(format!(
            "`{other}` is not spoken: write `TLS 1.2` or `TLS 1.3`"
        ))),
    }
}

type Versions = [&'static SupportedProtocolVersion];
static BOTH: &Versions = &[&rustls::version::TLS13, &rustls::version::TLS12];
static ONLY_12: &Versions = &[&rustls::version::TLS12];
static ONLY_13: &Versions = &[&rustls::version::TLS13];

fn versions(shape: &Shape) -> Result<&'static Versions, Fault> {
    match (shape.min, shape.max) {
        (Version::Tls12, Version::Tls13) => Ok(BOTH),
        (Version::Tls12, Version::Tls12) => Ok(ONLY_12),
        (Version::Tls13, Version::Tls13) => Ok(ONLY_13),
        (Version::Tls13, Version::Tls12) => {
            Err(Fault::bad_request("`min_version` is above `max_version`"))
        }
    }
}

/// Our own judgement first; what the other side or the transport says comes second.
fn fault_of(error: &std::io::Error, shown: Option<&TlsFacts>) -> Fault {
    let refused = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>())
        .is_some_and(|error| matches!(error, rustls::Error::InvalidCertificate(_)));
    match shown.and_then(|facts| facts.distrust.as_ref()) {
        Some(distrust) if refused => Fault::new(distrust.kind, distrust.message.clone()),
        _ if refused => Fault::new(
            FailureKind::TlsBadCertificate,
            format!("the certificate is bad: {error}"),
        ),
        _ => Fault::new(
            kind_of(error, Moment::Handshaking),
            format!("the TLS handshake failed: {error}"),
        ),
    }
}
