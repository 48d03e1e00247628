//! The file that secures the endpoints, in the format of Prometheus' exporter-toolkit.
//!
//! What files hold is judged by the caller, who reads them; a complaint of its own comes out at
//! the line that it is about.

use std::{collections::BTreeMap, fmt, path::Path, path::PathBuf, time::Duration};

use leadsman_core::plan::Complaint;

mod http;
mod names;
mod redaction;
#[cfg(test)]
mod tests;
mod tls;
mod users;

use crate::{
    Problems,
    notes::{Notes, wrong},
    table::{Keys, Table},
    tree::{self, Node, Span},
};

/// How the endpoints are secured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Web {
    /// `tls_server_config`; without it, the endpoints speak plain HTTP.
    pub tls: Option<WebTls>,
    /// Whether HTTP/2 is offered to clients that come by TLS.
    pub http2: bool,
    /// Headers of every response, by name.
    pub headers: BTreeMap<String, String>,
    /// Users and the bcrypt hashes of their passwords; empty where nobody has to say who they are.
    pub users: BTreeMap<String, Hidden>,
    /// How often requests are answered at most.
    pub rate: Option<RateLimit>,
}

/// `tls_server_config`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebTls {
    /// The server's chain.
    pub certificate: Pem,
    /// The server's key.
    pub key: Pem,
    /// What is asked of clients.
    pub client_auth: ClientAuth,
    /// The authorities that a client's chain must lead to.
    pub client_ca: Option<Pem>,
    /// The alternative names of which a client's certificate must have one; `None` where any will do.
    pub client_sans: Option<Vec<String>>,
    /// The lowest version.
    pub min: TlsVersion,
    /// The highest version.
    pub max: TlsVersion,
    /// IANA's numbers of the cipher suites up to TLS 1.2, the best first; `None` for all.
    pub cipher_suites: Option<Vec<u16>>,
    /// IANA's numbers of the groups for the key exchange, the best first; `None` for all.
    pub groups: Option<Vec<u16>>,
    /// Whether the server's order of cipher suites counts, not the client's.
    pub own_order: bool,
}

/// A PEM text, or the file that has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pem {
    /// Where in the file it is written, as a JSON pointer.
    pub pointer: &'static str,
    /// What is written there.
    pub source: PemSource,
}

/// Where a PEM text is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PemSource {
    /// In the web configuration itself.
    Inline(Hidden),
    /// In a file.
    File(PathBuf),
}

/// What is asked of clients; the names are those of Go's `crypto/tls`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuth {
    /// No certificate.
    NoClientCert,
    /// A certificate, but none will do too, and any.
    RequestClientCert,
    /// Any certificate, whoever signed it.
    RequireAnyClientCert,
    /// A certificate may be missing, but not be wrong.
    VerifyClientCertIfGiven,
    /// A certificate that one of the authorities signed.
    RequireAndVerifyClientCert,
}

impl ClientAuth {
    /// Whether a certificate's chain is judged.
    pub const fn verifies(self) -> bool {
        matches!(
            self,
            Self::VerifyClientCertIfGiven | Self::RequireAndVerifyClientCert
        )
    }

    /// Whether a client without a certificate is turned away.
    pub const fn is_mandatory(self) -> bool {
        matches!(
            self,
            Self::RequireAnyClientCert | Self::RequireAndVerifyClientCert
        )
    }
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

/// A bucket of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// How long one token takes to come.
    pub interval: Duration,
    /// How many tokens there can be.
    pub burst: u32,
}

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(pub String);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

const ROOT: Keys = Keys {
    known: &[
        "tls_server_config",
        "http_server_config",
        "basic_auth_users",
        "rate_limit",
    ],
    later: &[],
};

/// Reads a web configuration, and has `prepare` make of it what is to be served with. Every mistake at
/// once, also those of which `prepare` complains; an empty file is right and secures nothing.
pub fn load_web<T>(
    path: &Path,
    text: &str,
    prepare: impl FnOnce(Web) -> Result<T, Vec<Complaint>>,
) -> Result<T, Problems> {
    let notes = Notes::new(path, text);
    let root = tree::parse(text, &notes);
    let web = root
        .as_ref()
        .and_then(|root| web(root, &notes))
        .filter(|_| notes.count() == 0);
    let prepared = web.and_then(|web| {
        let complained = |list: Vec<Complaint>| {
            for complaint in list {
                locate(root.as_ref(), complaint, &notes);
            }
        };
        prepare(web).map_err(complained).ok()
    });
    notes
        .conclude(prepared)
        .map_err(|problems| redaction::redact(problems, root.as_ref()))
}

/// What the file says; mistakes are noted.
fn web(root: &Node, notes: &Notes<'_>) -> Option<Web> {
    let table = Table::open(root, ROOT, notes)?;
    let tls = table
        .get("tls_server_config")
        .map(|node| tls::read(node, notes));
    let http = http::read(table.get("http_server_config"), notes);
    let users = users::read(table.get("basic_auth_users"), notes);
    let rate = table
        .get("rate_limit")
        .and_then(|node| http::rate(node, notes));
    Some(Web {
        tls: tls.flatten(),
        http2: http.http2,
        headers: http.headers,
        users,
        rate,
    })
}

/// Notes a complaint at the value that its pointer leads to.
fn locate(root: Option<&Node>, complaint: Complaint, notes: &Notes<'_>) {
    let keys = complaint.pointer.split('/').skip(1);
    let found = keys.fold(root, |node, key| {
        let key = key.replace("~1", "/").replace("~0", "~");
        Some(node?.child(&key)?.1)
    });
    let what = wrong(complaint.message, complaint.hint);
    match found {
        Some(node) => notes.say(node, what),
        None => notes.say_at(Span::START, "", what),
    }
}
