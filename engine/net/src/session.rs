//! One attempt's view of the network: whatever it opens is closed when it is dropped.

use std::sync::{Arc, Mutex, atomic::AtomicU32};

use leadsman_core::{
    egress::Egress,
    phase::Nanos,
    seam::{Answer, Call, TlsCall},
};
use tokio::{
    task::JoinSet,
    time::{Duration, Instant},
};

use crate::{
    Network, Placeholder,
    connector::Route,
    fault::Fault,
    http::{Kept, jars::Jars},
    secrets::Secrets,
    tcp::Streams,
    trace::Trace,
};

/// One attempt: its egress policy, deadline and secrets, its cookies and open connections.
#[derive(Debug)]
pub struct Session {
    pub(crate) network: Network,
    pub(crate) egress: Arc<Egress>,
    pub(crate) deadline: Instant,
    pub(crate) secrets: Arc<Secrets>,
    pub(crate) jars: Jars,
    pub(crate) kept: Mutex<Vec<Kept>>,
    pub(crate) streams: Streams,
    pub(crate) next_stream: AtomicU32,
    /// What HTTP/2 connections run beside their requests; ends with the session.
    pub(crate) tasks: Arc<Mutex<JoinSet<()>>>,
}

impl Session {
    /// Begins an attempt.
    pub fn new(
        network: Network,
        egress: impl Into<Arc<Egress>>,
        deadline: Instant,
        placeholders: Vec<Placeholder>,
    ) -> Self {
        Self {
            network,
            egress: egress.into(),
            deadline,
            secrets: Arc::new(Secrets::new(placeholders)),
            jars: Jars::default(),
            kept: Mutex::default(),
            streams: Streams::default(),
            next_stream: AtomicU32::new(1),
            tasks: Arc::default(),
        }
    }

    /// Lets a placeholder be swapped from now on, and says which text stands for its value.
    pub fn know(&self, placeholder: Placeholder) -> String {
        self.secrets.know(placeholder)
    }

    /// What this attempt's secrets are, to hide them in what it leaves.
    pub fn secrets(&self) -> Arc<Secrets> {
        Arc::clone(&self.secrets)
    }

    /// The value of a cookie that a session would send to a URL.
    pub fn cookie(&self, session: u32, url: &str, name: &str) -> Option<String> {
        let url = url::Url::parse(url).ok()?;
        let sent = self.jars.cookies(Some(session), &mut None, &url)?;
        let mut pairs = sent.split("; ").filter_map(|pair| pair.split_once('='));
        pairs
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.to_owned())
    }

    /// Closes a stream; one that is closed already stays so.
    pub fn close(&self, stream: u32) {
        self.tcp_close(stream);
    }

    /// Makes one call. Several may be in flight; a call whose future is dropped closes what it used.
    pub async fn perform(&self, call: &Call) -> Answer {
        match call {
            Call::Http(call) => Answer::Http(self.http(call).await),
            Call::Dns(call) => Answer::Dns(self.dns(call).await.map(Box::new)),
            Call::Tls(call) => self.look(call).await,
            Call::TcpConnect(call) => Answer::TcpConnect(self.tcp_connect(call).await),
            Call::TcpWrite {
                stream,
                bytes,
                timeout,
            } => Answer::TcpWrite(self.tcp_write(*stream, bytes, *timeout).await),
            Call::TcpRead(call) => Answer::TcpRead(self.tcp_read(call).await),
            Call::TcpClose { stream } => {
                self.tcp_close(*stream);
                Answer::TcpClose
            }
        }
    }

    /// When a call has to end.
    pub(crate) fn limit(&self, timeout: Option<Nanos>) -> Instant {
        let own = timeout.and_then(|nanos| Instant::now().checked_add(Duration::from_nanos(nanos)));
        own.map_or(self.deadline, |own| own.min(self.deadline))
    }

    /// A handshake to be looked at: a chain that does not verify is an answer, not a failure.
    async fn look(&self, call: &TlsCall) -> Answer {
        let limit = self.limit(call.timeout);
        let outcome = Trace::start()
            .run(limit, async |trace| {
                self.handshake_only(trace, call, limit).await
            })
            .await;
        Answer::Tls(match outcome {
            Ok(((), facts)) => Ok(facts),
            Err(failure) => match &failure.facts.tls {
                Some(tls)
                    if tls
                        .distrust
                        .as_ref()
                        .is_some_and(|distrust| distrust.kind == failure.kind) =>
                {
                    Ok(failure.facts)
                }
                _ => Err(failure),
            },
        })
    }

    async fn handshake_only(
        &self,
        trace: &mut Trace,
        call: &TlsCall,
        limit: Instant,
    ) -> Result<(), Fault> {
        let host = crate::http::plain_host(&call.host)?;
        let route = Route::to("tls", &host, call.port, call.family, limit);
        let stream = self.network.dial(trace, &self.egress, &route).await?;
        // With a client identity the judgement stays strict: it is not shown to whom we do not trust.
        let options = leadsman_core::seam::TlsOptions {
            insecure: call.tls.identity.is_none(),
            ..call.tls.clone()
        };
        let alpn = call
            .alpn
            .iter()
            .map(|name| name.clone().into_bytes())
            .collect();
        self.network
            .tls()
            .handshake(trace, stream, &host, &options, alpn)
            .await
            .map(drop)
    }
}
