//! Asks a running daemon, by the same network that probes use.

use std::{fmt::Display, net::IpAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use leadsman_core::{
    egress::{Cidr, Egress, EgressRules},
    plan::{CaSource, Network, Tls},
    seam::{Answer, Call, HttpCall, RedirectScope},
};
use leadsman_net::{Session, SetupError};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::{runtime::Runtime, time::Instant};
use url::{Url, form_urlencoded};

use crate::{app, args, command};

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The largest answer that is read.
const LARGEST: u64 = 256 << 20;

/// Why a daemon could not be asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    /// Nothing can be asked there.
    #[error("`--url {0}` is no address of a daemon; write it as `http://127.0.0.1:9617`")]
    Url(String),
    /// The network could not be prepared.
    #[error(transparent)]
    Network(#[from] SetupError),
    /// It could not be reached.
    #[error("the daemon at {url} cannot be asked: {why}; `--url` says where it serves")]
    Unreachable {
        /// Where.
        url: String,
        /// Why.
        why: String,
    },
    /// What answers is something else.
    #[error(
        "what answers at {url} is not leadsman's API, or that of another version: {why}; `--url` says where a daemon serves"
    )]
    Foreign {
        /// Where.
        url: String,
        /// Why.
        why: String,
    },
    /// It refuses.
    #[error("the daemon at {url} answers {status}: {why}")]
    Refused {
        /// Where.
        url: String,
        /// The status.
        status: u16,
        /// What it says.
        why: String,
    },
    /// It has nothing of that name.
    #[error("{0}")]
    Missing(String),
    /// No runtime could be started.
    #[error("{0}")]
    Start(String),
}

impl ClientError {
    /// The exit status.
    pub(crate) const fn status(&self) -> u8 {
        match self {
            Self::Url(_) | Self::Missing(_) => command::USAGE,
            _ => command::UNAVAILABLE,
        }
    }
}

/// Asks one daemon.
pub(crate) struct Client {
    runtime: Runtime,
    network: leadsman_net::Network,
    /// Without credentials, without a slash at its end.
    base: String,
    authorization: Option<String>,
    egress: Egress,
}

impl Client {
    /// A client of the daemon that the command line names.
    pub(crate) fn new(daemon: &args::Daemon) -> Result<Self, ClientError> {
        let no_url = || ClientError::Url(daemon.url.clone());
        let mut url = Url::parse(&daemon.url).map_err(|_| no_url())?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(no_url());
        }
        let authorization = authorization(&url);
        url.set_username("").map_err(|()| no_url())?;
        url.set_password(None).map_err(|()| no_url())?;
        let base = url.as_str().trim_end_matches('/').to_owned();
        let own = daemon.authorities.iter().cloned().map(CaSource::File);
        let tls = Tls {
            ca: std::iter::once(CaSource::System).chain(own).collect(),
            ..Tls::default()
        };
        Ok(Self {
            runtime: app::io_runtime().map_err(|error| ClientError::Start(error.to_string()))?,
            network: leadsman_net::Network::new(&Network::default(), &tls)?,
            egress: only(&base).ok_or_else(no_url)?,
            base,
            authorization,
        })
    }

    /// What it answers on a path.
    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        let (status, body) = self.ask(path)?;
        if status != 200 {
            return Err(self.refused(status, &body));
        }
        serde_json::from_slice(&body).map_err(|error| self.foreign(&error))
    }

    /// What an answer says that is JSON.
    pub(crate) fn read<T: DeserializeOwned>(&self, told: &Value) -> Result<T, ClientError> {
        T::deserialize(told).map_err(|error| self.foreign(&error))
    }

    /// What answers is something else.
    pub(crate) fn foreign(&self, why: &dyn Display) -> ClientError {
        ClientError::Foreign {
            url: self.base.clone(),
            why: why.to_string(),
        }
    }

    fn refused(&self, status: u16, body: &[u8]) -> ClientError {
        let told: Option<Value> = serde_json::from_slice(body).ok();
        let error = told.as_ref().and_then(|told| told.get("error")?.as_str());
        match (status, error) {
            (404, Some(why)) => ClientError::Missing(why.to_owned()),
            (404, None) => self.foreign(&"it answers 404"),
            (_, why) => ClientError::Refused {
                url: self.base.clone(),
                status,
                why: why.unwrap_or("it gives no reason").to_owned(),
            },
        }
    }

    fn ask(&self, path: &str) -> Result<(u16, Bytes), ClientError> {
        let mut call = HttpCall::get(format!("{}{path}", self.base));
        call.redirects = RedirectScope::None;
        call.max_body = LARGEST;
        call.decompress = false;
        let own = self.authorization.iter();
        let own = own.map(|value| ("authorization".to_owned(), Bytes::from(value.clone())));
        call.headers = own.collect();
        let answer = self.runtime.block_on(async {
            let deadline = Instant::now() + TIMEOUT;
            let session = Session::new(
                self.network.clone(),
                self.egress.clone(),
                deadline,
                Vec::new(),
            );
            session.perform(&Call::Http(Box::new(call))).await
        });
        match answer {
            Answer::Http(Ok(reply)) => Ok((reply.status, reply.body)),
            other => Err(ClientError::Unreachable {
                url: self.base.clone(),
                why: other
                    .failure()
                    .map(|failure| failure.message.clone())
                    .unwrap_or_default(),
            }),
        }
    }
}

/// Basic authentication (RFC 7617), where the URL has a user.
fn authorization(url: &Url) -> Option<String> {
    use base64::Engine;
    let user = Some(url.username()).filter(|user| !user.is_empty())?;
    let pair = format!(
        "{}:{}",
        decoded(user),
        decoded(url.password().unwrap_or(""))
    );
    let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
    Some(format!("Basic {encoded}"))
}

/// In a form a plus is a space; in a URL's user it is a plus.
fn decoded(text: &str) -> String {
    let text = text
        .replace('+', "%2B")
        .replace('&', "%26")
        .replace('=', "%3D");
    let mut pairs = form_urlencoded::parse(text.as_bytes());
    pairs
        .next()
        .map(|(name, _)| name.into_owned())
        .unwrap_or_default()
}

/// Who starts a command says where it goes: to this daemon, at whatever address, and nowhere else.
fn only(base: &str) -> Option<Egress> {
    let all = |base: IpAddr| Cidr { base, bits: 0 };
    let v4 = all(std::net::Ipv4Addr::UNSPECIFIED.into());
    let v6 = all(std::net::Ipv6Addr::UNSPECIFIED.into());
    let rules = EgressRules {
        allow: vec![v4, v6],
        ..EgressRules::default()
    };
    Some(Egress {
        rules: Arc::new(rules),
        grants: Vec::new(),
        target: leadsman_config::target_pattern(base).ok()?,
        within: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_of_a_url_signs_in() {
        let of = |url: &str| authorization(&Url::parse(url).unwrap());
        assert_eq!(of("http://127.0.0.1:9617"), None);
        let aladdin = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==";
        let url = "https://Aladdin:open%20sesame@lead.test";
        assert_eq!(of(url).as_deref(), Some(aladdin));
        assert_eq!(decoded("a+b%26c=d&e%40"), "a+b&c=d&e@");
    }
}
