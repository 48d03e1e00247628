//! A web configuration, made ready to be served with.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use leadsman_config::Web;
use leadsman_core::plan::Complaint;
use rustls::ServerConfig;

use super::{rate::Rate, seen::Seen, tls, users::Users};

/// What is asked of everybody who comes.
#[derive(Debug, Default)]
pub(crate) struct Policy {
    /// TLS; plain HTTP without.
    pub(crate) tls: Option<Arc<ServerConfig>>,
    /// Headers of every response.
    pub(crate) headers: HeaderMap,
    /// Who may ask; everybody without.
    pub(crate) users: Option<Arc<Users>>,
    /// How often may be asked.
    pub(crate) rate: Option<Rate>,
    /// Whether a client has to show a certificate, and whether it is judged.
    certificates: (bool, bool),
}

impl Policy {
    /// Reads what the configuration names; everything that is wrong with it at once.
    pub(super) fn new(web: Web, seen: &mut Seen) -> Result<Self, Vec<Complaint>> {
        let certificates = web.tls.as_ref().map_or((false, false), |tls| {
            (tls.client_auth.is_mandatory(), tls.client_auth.verifies())
        });
        let tls = web.tls.map(|tls| tls::server(&tls, web.http2, seen));
        let users = Users::new(web.users);
        match (tls.transpose(), users) {
            (Ok(tls), Ok(users)) => Ok(Self {
                tls,
                headers: headers(web.headers),
                users: users.map(Arc::new),
                rate: web.rate.map(Rate::new),
                certificates,
            }),
            (tls, users) => {
                let (tls, users) = (tls.err(), users.err());
                Err(tls.into_iter().chain(users).flatten().collect())
            }
        }
    }

    /// How many users there are.
    pub(super) fn user_count(&self) -> usize {
        self.users.as_ref().map_or(0, |users| users.len())
    }

    /// Whether whoever comes may ask.
    pub(super) fn is_open(&self) -> bool {
        self.users.is_none() && self.certificates != (true, true)
    }

    /// What protects under another policy, and not under this one.
    pub(super) fn lacks(&self, other: &Self) -> Option<&'static str> {
        let (mine, theirs) = (self.certificates, other.certificates);
        if other.tls.is_some() && self.tls.is_none() {
            Some("has no TLS any more")
        } else if other.users.is_some() && self.users.is_none() {
            Some("has no users any more")
        } else if (theirs.0 && !mine.0) || (theirs.1 && !mine.1) {
            Some("asks less of clients' certificates")
        } else {
            None
        }
    }
}

/// Names and values were judged where they were read.
fn headers(all: impl IntoIterator<Item = (String, String)>) -> HeaderMap {
    all.into_iter()
        .filter_map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            Some((name, HeaderValue::from_str(&value).ok()?))
        })
        .collect()
}
