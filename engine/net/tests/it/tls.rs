//! Chains: captured first, judged second.

use std::{net::SocketAddr, sync::Arc};

use leadsman_core::{
    facts::Facts,
    failure::{Failure, FailureKind},
    phase::Phase,
    plan::{self, CaSource},
    seam::{Answer, Call, Family, HttpCall, TlsCall, TlsOptions},
};
use leadsman_net::{Network, Session};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::AsyncWriteExt;
use tokio_rustls::TlsAcceptor;

use crate::peers::{http, peer, read_head, session_on};

pub(crate) type Issuer = CertifiedIssuer<'static, KeyPair>;

pub(crate) fn authority() -> Issuer {
    root("an authority")
}

fn ca(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn root(name: &str) -> Issuer {
    let params = ca(name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

pub(crate) fn params(name: &str) -> CertificateParams {
    CertificateParams::new(vec![name.to_owned()]).unwrap()
}

/// A server with a certificate by the authority, or by itself where there is none.
pub(crate) async fn server(
    params: CertificateParams,
    issuer: Option<&Issuer>,
    alpn: &[&str],
) -> SocketAddr {
    let key = KeyPair::generate().unwrap();
    let certificate = match issuer {
        Some(issuer) => params.signed_by(&key, issuer).unwrap(),
        None => params.self_signed(&key).unwrap(),
    };
    serving(vec![certificate.der().clone()], &key, alpn).await
}

/// What accepts connections with this chain.
pub(crate) fn accepting(
    chain: Vec<CertificateDer<'static>>,
    key: &KeyPair,
    alpn: &[&str],
) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    TlsAcceptor::from(Arc::new(config))
}

/// A server that presents this chain.
async fn serving(chain: Vec<CertificateDer<'static>>, key: &KeyPair, alpn: &[&str]) -> SocketAddr {
    let acceptor = accepting(chain, key, alpn);
    peer(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                    serve_h2(stream).await;
                    return;
                }
                read_head(&mut stream).await;
                drop(
                    stream
                        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                        .await,
                );
                drop(stream.shutdown().await);
            }
        }
    })
    .await
}

/// Just enough of HTTP/2: settings both ways, then an answer without body to each request.
async fn serve_h2(mut stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin) {
    use tokio::io::AsyncReadExt;
    stream
        .write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0])
        .await
        .unwrap();
    stream.read_exact(&mut [0; 24]).await.unwrap();
    loop {
        let mut head = [0; 9];
        if stream.read_exact(&mut head).await.is_err() {
            return;
        }
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        stream
            .read_exact(&mut vec![0; usize::try_from(length).unwrap()])
            .await
            .unwrap();
        match (head[3], head[4] & 1) {
            (4, 0) => stream
                .write_all(&[0, 0, 0, 4, 1, 0, 0, 0, 0])
                .await
                .unwrap(),
            // HPACK: 0x88 is `:status: 200`; flags end the header block and the stream.
            (1, _) => {
                let mut answer = [0, 0, 1, 1, 5, 0, 0, 0, 0, 0x88];
                answer[5..9].copy_from_slice(&head[5..]);
                stream.write_all(&answer).await.unwrap();
            }
            _ => {}
        }
        stream.flush().await.unwrap();
    }
}

pub(crate) fn trusting(issuer: &Issuer) -> Session {
    trusting_all(&[issuer])
}

fn trusting_all(issuers: &[&Issuer]) -> Session {
    session_on(network_of(issuers), "127.0.0.1", Vec::new())
}

/// A network that trusts these and nobody else.
pub(crate) fn network_of(issuers: &[&Issuer]) -> Network {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.pem");
    let pems: String = issuers.iter().map(|issuer| issuer.pem()).collect();
    std::fs::write(&file, pems).unwrap();
    let tls = plan::Tls {
        ca: vec![CaSource::File(file)],
        ..plan::Tls::default()
    };
    Network::new(&plan::Network::default(), &tls).unwrap()
}

pub(crate) fn call(address: SocketAddr) -> HttpCall {
    let tls = TlsOptions {
        server_name: Some("good.example".to_owned()),
        ..TlsOptions::default()
    };
    HttpCall {
        tls,
        timeout: Some(5_000_000_000),
        ..HttpCall::get(format!("https://{address}/"))
    }
}

/// A look at what is shown there.
pub(crate) fn inspection(address: SocketAddr) -> Call {
    Call::Tls(Box::new(TlsCall {
        host: "127.0.0.1".to_owned(),
        port: address.port(),
        alpn: Vec::new(),
        family: Family::Auto,
        tls: call(address).tls,
        timeout: Some(5_000_000_000),
    }))
}

async fn look(session: &Session, address: SocketAddr) -> Result<Box<Facts>, Failure> {
    match session.perform(&inspection(address)).await {
        Answer::Tls(answer) => answer,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_good_chain_is_described_with_its_end() {
    let issuer = authority();
    let mut leaf = params("good.example");
    leaf.not_after = date_time_ymd(2090, 1, 1);
    let address = server(leaf, Some(&issuer), &["http/1.1"]).await;
    let session = trusting(&issuer);
    let reply = http(&session, call(address)).await.unwrap();
    assert_eq!(reply.body.as_ref(), b"ok");
    let tls = reply.facts.tls.unwrap();
    assert_eq!(
        (tls.version.as_str(), tls.alpn.as_deref()),
        ("TLS 1.3", Some("http/1.1"))
    );
    assert!(
        tls.cipher.starts_with("TLS_") && !tls.cipher.contains("TLS13"),
        "{}",
        tls.cipher
    );
    assert_eq!(
        (tls.server_name.as_str(), tls.distrust.as_ref()),
        ("good.example", None)
    );
    assert_eq!(tls.chain[0].names, ["good.example"]);
    assert_eq!(tls.chain_valid_until, Some(tls.chain[0].not_after + 1));
    assert!(reply.facts.phases.get(Phase::Tls).is_some());
    let again = http(&session, call(address)).await.unwrap();
    assert!(Arc::ptr_eq(&tls, &again.facts.tls.unwrap()));
}

#[tokio::test]
async fn each_bad_chain_is_refused_by_name_and_seen_all_the_same() {
    let issuer = authority();
    let mut expired = params("good.example");
    (expired.not_before, expired.not_after) =
        (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
    let mut early = params("good.example");
    (early.not_before, early.not_after) = (date_time_ymd(2080, 1, 1), date_time_ymd(2090, 1, 1));
    let table = [
        (expired, Some(&issuer), FailureKind::TlsExpired),
        (early, Some(&issuer), FailureKind::TlsNotYetValid),
        (
            params("other.example"),
            Some(&issuer),
            FailureKind::TlsNameMismatch,
        ),
        (params("good.example"), None, FailureKind::TlsUnknownIssuer),
    ];
    let session = trusting(&issuer);
    for (params, by, kind) in table {
        let address = server(params, by, &[]).await;
        let failure = http(&session, call(address)).await.unwrap_err();
        assert_eq!(
            (failure.kind, failure.phase),
            (kind, Some(Phase::Tls)),
            "{failure}"
        );
        let tls = failure.facts.tls.unwrap();
        assert_eq!((tls.chain.len(), tls.chain_valid_until), (1, None));
        assert_eq!(tls.distrust.as_ref().unwrap().kind, kind);
        let facts = look(&session, address).await.unwrap();
        let seen = facts.tls.unwrap();
        assert_eq!(
            (seen.version.as_str(), seen.distrust.as_ref().unwrap().kind),
            ("TLS 1.3", kind)
        );
        let insecure = call(address);
        let insecure = HttpCall {
            tls: TlsOptions {
                insecure: true,
                ..insecure.tls.clone()
            },
            ..insecure
        };
        assert_eq!(http(&session, insecure).await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn an_unequal_version_fails_the_handshake() {
    let issuer = authority();
    let address = server(params("good.example"), Some(&issuer), &[]).await;
    let session = trusting(&issuer);
    let older = TlsOptions {
        max_version: Some("TLS 1.2".to_owned()),
        ..call(address).tls
    };
    let reply = http(
        &session,
        HttpCall {
            tls: older,
            ..call(address)
        },
    )
    .await
    .unwrap();
    assert_eq!(reply.facts.tls.unwrap().version, "TLS 1.2");
    let unknown = TlsOptions {
        min_version: Some("TLS 1.1".to_owned()),
        ..TlsOptions::default()
    };
    let failure = http(
        &session,
        HttpCall {
            tls: unknown,
            ..call(address)
        },
    )
    .await
    .unwrap_err();
    assert_eq!(failure.kind, FailureKind::BadRequest);
}

#[tokio::test]
async fn what_is_no_tls_fails_the_handshake() {
    let address = crate::peers::answering("220 smtp.example\r\n\r\n").await;
    let garbage = peer(|mut stream| async move {
        drop(stream.write_all(b"220 smtp.example ESMTP\r\n").await);
        read_head(&mut stream).await;
    })
    .await;
    let session = trusting(&authority());
    let failure = look(&session, garbage).await.unwrap_err();
    assert_eq!(
        (failure.kind, failure.phase),
        (FailureKind::TlsHandshake, Some(Phase::Tls))
    );
    let silent = HttpCall {
        timeout: Some(crate::peers::SHORT),
        ..call(address)
    };
    let failure = http(&session, silent).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::TlsTimeout);
}

/// A leaf until 2040 by an authority in the middle, which the first root has signed until 2030 and the
/// second one until 2050.
struct Crossed {
    roots: [Issuer; 2],
    middle: [CertificateDer<'static>; 2],
    leaf: CertificateDer<'static>,
    key: KeyPair,
}

impl Crossed {
    fn new() -> Self {
        let roots = [root("the first root"), root("the second root")];
        let (middle_key, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let signed = |root: &Issuer, year| {
            let mut params = ca("in the middle");
            params.not_after = date_time_ymd(year, 1, 1);
            let certificate = params.signed_by(&middle_key, root).unwrap();
            certificate.der().clone()
        };
        let middle = [signed(&roots[0], 2030), signed(&roots[1], 2050)];
        let mut leaf = params("good.example");
        leaf.not_after = date_time_ymd(2040, 1, 1);
        let issuer = rcgen::Issuer::new(ca("in the middle"), middle_key);
        let leaf = leaf.signed_by(&key, &issuer).unwrap().der().clone();
        Self {
            roots,
            middle,
            leaf,
            key,
        }
    }

    /// Until when the chain with these of the two in the middle verifies, for who trusts these roots.
    async fn until(&self, middle: &[usize], trusted: &[usize]) -> Option<i64> {
        let middle = middle.iter().map(|which| self.middle[*which].clone());
        let chain = std::iter::once(self.leaf.clone()).chain(middle).collect();
        let address = serving(chain, &self.key, &[]).await;
        let trusted: Vec<&Issuer> = trusted.iter().map(|which| &self.roots[*which]).collect();
        let facts = look(&trusting_all(&trusted), address).await.unwrap();
        facts.tls.unwrap().chain_valid_until
    }
}

#[tokio::test]
async fn a_cross_signed_chain_is_good_until_its_last_path_ends() {
    let crossed = Crossed::new();
    let after = |year| date_time_ymd(year, 1, 1).unix_timestamp() + 1;
    for (middle, trusted, until) in [
        (&[0, 1][..], &[0, 1][..], Some(after(2040))),
        (&[1, 0], &[0, 1], Some(after(2040))),
        (&[0], &[0, 1], Some(after(2030))),
        (&[0, 1], &[0], Some(after(2030))),
        (&[0, 1], &[1], Some(after(2040))),
        (&[0], &[1], None),
    ] {
        let found = crossed.until(middle, trusted).await;
        assert_eq!(found, until, "presented {middle:?}, trusted {trusted:?}");
    }
}

#[tokio::test]
async fn a_missing_or_empty_file_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.pem");
    let tls = plan::Tls {
        ca: vec![CaSource::File(file.clone())],
        ..plan::Tls::default()
    };
    let error = Network::new(&plan::Network::default(), &tls)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("ca.pem") && error.contains("cannot read"),
        "{error}"
    );
    std::fs::write(&file, "nothing").unwrap();
    let error = Network::new(&plan::Network::default(), &tls)
        .unwrap_err()
        .to_string();
    assert!(error.contains("ca.pem") && error.contains("PEM"), "{error}");
}
