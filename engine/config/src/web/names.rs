//! Go's names of what TLS can be made of.

use super::{ClientAuth, TlsVersion};
use crate::{
    element::whole::choice,
    nearest,
    notes::{Wrong, wrong},
    tree::Node,
};

const CLIENT_AUTH: [(&str, ClientAuth); 6] = [
    ("NoClientCert", ClientAuth::NoClientCert),
    ("RequestClientCert", ClientAuth::RequestClientCert),
    ("RequireAnyClientCert", ClientAuth::RequireAnyClientCert),
    (
        "VerifyClientCertIfGiven",
        ClientAuth::VerifyClientCertIfGiven,
    ),
    (
        "RequireAndVerifyClientCert",
        ClientAuth::RequireAndVerifyClientCert,
    ),
    // An older name of the toolkit's.
    ("RequireClientCert", ClientAuth::RequireAnyClientCert),
];

const VERSIONS: [(&str, TlsVersion); 2] =
    [("TLS12", TlsVersion::Tls12), ("TLS13", TlsVersion::Tls13)];

/// Cipher suites by Go's names. Those of TLS 1.3 may be listed, and are always on, as in Go.
const CIPHER_SUITES: [(&str, u16); 9] = [
    ("TLS_AES_128_GCM_SHA256", 0x1301),
    ("TLS_AES_256_GCM_SHA384", 0x1302),
    ("TLS_CHACHA20_POLY1305_SHA256", 0x1303),
    ("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", 0xc02b),
    ("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", 0xc02c),
    ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", 0xc02f),
    ("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", 0xc030),
    ("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", 0xcca8),
    ("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", 0xcca9),
];

/// Groups by Go's names of the curves.
const GROUPS: [(&str, u16); 3] = [("CurveP256", 23), ("CurveP384", 24), ("X25519", 29)];

/// What is asked of clients.
pub(super) fn client_auth(node: &Node) -> Result<ClientAuth, Wrong> {
    choice(node, &CLIENT_AUTH)
}

/// A version of TLS by its name; older ones are told apart from slips.
pub(super) fn version(node: &Node) -> Result<TlsVersion, Wrong> {
    if matches!(node.text(), Some("TLS10" | "TLS11")) {
        return Err(wrong(
            format!("rustls has nothing below TLS 1.2, got {}", node.shown()),
            "write `TLS12` or `TLS13`",
        ));
    }
    choice(node, &VERSIONS)
}

/// The number of a cipher suite.
pub(super) fn cipher_suite(node: &Node) -> Result<u16, Wrong> {
    named(node, &CIPHER_SUITES, "cipher suite", |name| {
        name.starts_with("TLS_") && (name.contains("_CBC_") || name.contains("_RC4_"))
            || name.starts_with("TLS_RSA_")
    })
}

/// The number of a group.
pub(super) fn group(node: &Node) -> Result<u16, Wrong> {
    named(node, &GROUPS, "curve", |name| name == "CurveP521")
}

/// The number of a name; names of Go's that rustls has not are told apart from slips.
fn named(
    node: &Node,
    known: &[(&'static str, u16)],
    what: &str,
    lacking: impl Fn(&str) -> bool,
) -> Result<u16, Wrong> {
    let text = node.expect_text(&format!("the name of a {what}"))?;
    let names = || known.iter().map(|(name, _)| *name);
    if let Some((_, number)) = known.iter().find(|(name, _)| *name == text) {
        return Ok(*number);
    }
    if lacking(text) {
        let message = format!("rustls does not have the {what} {}", node.shown());
        return Err(wrong(
            message,
            format!("remove it; known are {}", nearest::listed(names())),
        ));
    }
    Err(wrong(
        format!("unknown {what} {}", node.shown()),
        nearest::suggestion(text, names()),
    ))
}
