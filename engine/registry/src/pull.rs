//! Asks a registry (OCI distribution specification 1.1).

use std::sync::Arc;

use bytes::Bytes;
use leadsman_core::{
    digest,
    egress::{Egress, EgressRules, HostPattern, PrivateRule},
    plan::{Image, ImageReference},
    seam::{Answer, Call, HttpCall, HttpReply},
};
use leadsman_net::{Network, Placeholder, Session};
use serde::Deserialize;
use tokio::time::{Duration, Instant};
use url::Url;

use crate::{
    LARGEST_COMPONENT, LARGEST_MANIFEST, LARGEST_PAYLOAD, MOST_SIGNATURES,
    artifact::{Artifact, Refused},
    challenge::Challenge,
    manifest::{MANIFEST, Manifest},
    signature::Signature,
};

/// The largest answer of a token service, in bytes.
const LARGEST_TOKEN: u64 = 64 << 10;

/// Why an image could not be fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PullError {
    /// Nobody answers.
    #[error("`{url}` cannot be asked: {why}")]
    Unreachable {
        /// What was asked for.
        url: String,
        /// Why.
        why: String,
    },
    /// The answer is a refusal.
    #[error("`{url}` answers {status}{told}")]
    Status {
        /// What was asked for.
        url: String,
        /// The status.
        status: u16,
        /// What else it says.
        told: String,
    },
    /// The registry wants to know who asks, in a way that cannot be met.
    #[error("`{url}` wants to know who asks: {why}")]
    Credentials {
        /// What was asked for.
        url: String,
        /// Why it cannot be told.
        why: String,
    },
    /// What came is not what it should be.
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// How registries are reached.
#[derive(Debug, Clone)]
pub struct Registry {
    /// The network of the plan.
    pub network: Network,
    /// The plan's rules of egress: a registry is granted by being written, and nothing else.
    pub rules: Arc<EgressRules>,
    /// How long one image may take.
    pub timeout: Duration,
}

impl Registry {
    /// Fetches an image, and its signatures where it has to be signed. `login` stands for the user and the password
    /// (RFC 7617), and goes only to the hosts that it is bound to.
    pub async fn pull(
        &self,
        image: &Image,
        login: Option<Placeholder>,
    ) -> Result<Artifact, PullError> {
        let mut asking = Asking::new(self, image, login)?;
        let reference = &image.reference;
        let manifest = asking
            .manifest(&format!("sha256:{}", reference.sha256))
            .await?;
        let found = digest::sha256(&manifest);
        if found != reference.sha256 {
            return Err(Refused::Manifest { found }.into());
        }
        let parsed = Manifest::parse(&manifest).map_err(Refused::NotAComponent)?;
        let layer = parsed.component().map_err(Refused::NotAComponent)?;
        let component = asking.blob(layer, LARGEST_COMPONENT).await?;
        let signatures = match image.signed_by {
            Some(_) => asking.signatures().await?,
            None => Vec::new(),
        };
        Ok(Artifact {
            manifest,
            component,
            signatures,
        })
    }
}

/// One image being asked for.
struct Asking<'a> {
    registry: &'a Registry,
    reference: &'a ImageReference,
    scheme: &'static str,
    session: Session,
    login: Option<Placeholder>,
    /// What is sent along once the registry has asked.
    authorization: Option<String>,
    deadline: Instant,
}

impl<'a> Asking<'a> {
    fn new(
        registry: &'a Registry,
        image: &'a Image,
        login: Option<Placeholder>,
    ) -> Result<Self, PullError> {
        let scheme = if image.plain_http { "http" } else { "https" };
        let base = format!("{scheme}://{}", image.reference.registry);
        let deadline = Instant::now() + registry.timeout;
        let egress = granted(&base, Arc::clone(&registry.rules))?;
        let placeholders = login.iter().cloned().collect();
        Ok(Self {
            session: Session::new(registry.network.clone(), egress, deadline, placeholders),
            registry,
            reference: &image.reference,
            scheme,
            login,
            authorization: None,
            deadline,
        })
    }

    fn url(&self, what: &str) -> String {
        let ImageReference {
            registry,
            repository,
            ..
        } = self.reference;
        format!("{}://{registry}/v2/{repository}/{what}", self.scheme)
    }

    async fn manifest(&mut self, named: &str) -> Result<Bytes, PullError> {
        let url = self.url(&format!("manifests/{named}"));
        self.get(&url, Some(MANIFEST), LARGEST_MANIFEST).await
    }

    async fn blob(&mut self, sha256: &str, most: u64) -> Result<Bytes, PullError> {
        let url = self.url(&format!("blobs/sha256:{sha256}"));
        self.get(&url, None, most).await
    }

    /// What signs the image: cosign keeps it beside the image, under a tag made of its digest.
    async fn signatures(&mut self) -> Result<Vec<Signature>, PullError> {
        let tag = format!("sha256-{}.sig", self.reference.sha256);
        let manifest = match self.manifest(&tag).await {
            Err(PullError::Status { status: 404, .. }) => return Err(Refused::Unsigned.into()),
            found => found?,
        };
        let manifest = Manifest::parse(&manifest).map_err(Refused::NotAComponent)?;
        let mut found = Vec::new();
        for (sha256, signature) in manifest.statements().take(MOST_SIGNATURES) {
            let sha256 = sha256.map_err(Refused::NotAComponent)?;
            let payload = self.blob(sha256, LARGEST_PAYLOAD).await?;
            found.push(Signature {
                // What is no text is no statement, and no signature fits it.
                payload: String::from_utf8_lossy(&payload).into_owned(),
                signature: signature.to_owned(),
            });
        }
        Ok(found)
    }

    /// Asks; where the registry wants to know who it is, tells it and asks again.
    async fn get(
        &mut self,
        url: &str,
        accept: Option<&str>,
        most: u64,
    ) -> Result<Bytes, PullError> {
        let mut reply = self.once(url, accept, most).await?;
        if reply.status == 401 && self.authorization.is_none() {
            self.authorize(url, &reply).await?;
            reply = self.once(url, accept, most).await?;
        }
        if reply.status == 401 {
            return Err(PullError::Credentials {
                url: url.to_owned(),
                why: "it does not take what it was told; check `basic`".to_owned(),
            });
        }
        accepted(url, reply)
    }

    async fn once(
        &self,
        url: &str,
        accept: Option<&str>,
        most: u64,
    ) -> Result<HttpReply, PullError> {
        let accept =
            accept.map(|kind| ("accept".to_owned(), Bytes::copy_from_slice(kind.as_bytes())));
        let authorization = self.authorization.clone();
        let authorization = authorization.map(|value| ("authorization".to_owned(), value.into()));
        let call = HttpCall {
            headers: accept.into_iter().chain(authorization).collect(),
            max_body: most,
            decompress: false,
            ..HttpCall::get(url)
        };
        performed(&self.session, call).await
    }

    async fn authorize(&mut self, url: &str, reply: &HttpReply) -> Result<(), PullError> {
        let wanted = |why: &str| PullError::Credentials {
            url: url.to_owned(),
            why: why.to_owned(),
        };
        let challenge = challenge(reply).ok_or_else(|| wanted("it does not say how"))?;
        let basic = self
            .login
            .as_ref()
            .map(|login| format!("Basic {}", login.text));
        self.authorization = Some(match challenge {
            Challenge::Basic => {
                basic.ok_or_else(|| wanted("add `basic: {user: …, secret: …}` to the probe"))?
            }
            Challenge::Bearer {
                realm,
                service,
                scope,
            } => {
                let parameters = [("service", service), ("scope", scope)];
                format!("Bearer {}", self.token(&realm, parameters, basic).await?)
            }
        });
        Ok(())
    }

    /// A token of the service that the registry names.
    async fn token(
        &self,
        realm: &str,
        parameters: [(&str, Option<String>); 2],
        basic: Option<String>,
    ) -> Result<String, PullError> {
        let failed = |why: String| PullError::Credentials {
            url: realm.to_owned(),
            why,
        };
        let mut url = Url::parse(realm).map_err(|error| failed(error.to_string()))?;
        if self.scheme == "https" && url.scheme() != "https" {
            return Err(failed("a token would be asked for without TLS".to_owned()));
        }
        for (name, value) in parameters {
            if let Some(value) = value {
                url.query_pairs_mut().append_pair(name, &value);
            }
        }
        let authorization = basic.map(|value| ("authorization".to_owned(), value.into()));
        let call = HttpCall {
            headers: authorization.into_iter().collect(),
            max_body: LARGEST_TOKEN,
            ..HttpCall::get(url.as_str())
        };
        let reply = performed(&self.elsewhere(&url)?, call).await?;
        let body = accepted(realm, reply)?;
        let token: Token =
            serde_json::from_slice(&body).map_err(|error| failed(error.to_string()))?;
        let token = token.token.or(token.access_token);
        token.ok_or_else(|| failed("its answer has no token".to_owned()))
    }

    /// A token service may be private where the registry itself is, or where the operator lets the password go.
    fn elsewhere(&self, url: &Url) -> Result<Session, PullError> {
        let base = url[..url::Position::BeforePath].to_owned();
        let mut rules = self.registry.rules.as_ref().clone();
        let host = url.host_str().unwrap_or_default();
        let own = HostPattern::of_address(&self.url(""));
        let bound = self.login.iter().flat_map(|login| &login.hosts);
        let mut written = own.iter().chain(bound);
        if !written.any(|pattern| pattern.covers_host(host)) {
            rules.private = PrivateRule::Deny;
        }
        let egress = granted(&base, Arc::new(rules))?;
        let placeholders = self.login.iter().cloned().collect();
        Ok(Session::new(
            self.registry.network.clone(),
            egress,
            self.deadline,
            placeholders,
        ))
    }
}

#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

fn granted(base: &str, rules: Arc<EgressRules>) -> Result<Egress, PullError> {
    let target = HostPattern::try_from(base.to_owned()).map_err(|why| PullError::Unreachable {
        url: base.to_owned(),
        why,
    })?;
    Ok(Egress {
        rules,
        target: Some(target),
        ..Egress::default()
    })
}

async fn performed(session: &Session, call: HttpCall) -> Result<HttpReply, PullError> {
    let url = call.url.clone();
    match session.perform(&Call::Http(Box::new(call))).await {
        Answer::Http(Ok(reply)) => Ok(reply),
        other => Err(PullError::Unreachable {
            url,
            why: other
                .failure()
                .map(|failure| failure.message.clone())
                .unwrap_or_default(),
        }),
    }
}

fn challenge(reply: &HttpReply) -> Option<Challenge> {
    let fields = reply
        .headers
        .iter()
        .filter(|(name, _)| name == "www-authenticate");
    let mut fields = fields.filter_map(|(_, value)| std::str::from_utf8(value).ok());
    fields.find_map(Challenge::parse)
}

/// The body of an answer that is one; else what the registry says (an error's `message`, where it has one).
fn accepted(url: &str, reply: HttpReply) -> Result<Bytes, PullError> {
    if reply.status == 200 {
        return Ok(reply.body);
    }
    let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let told = body
        .pointer("/errors/0/message")
        .and_then(serde_json::Value::as_str);
    Err(PullError::Status {
        url: url.to_owned(),
        status: reply.status,
        told: told
            .map(|told| format!(" ({})", shortened(told)))
            .unwrap_or_default(),
    })
}

fn shortened(text: &str) -> String {
    let plain = text.chars().filter(|letter| !letter.is_control());
    plain.take(200).collect()
}
