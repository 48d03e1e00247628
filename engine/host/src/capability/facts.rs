//! `leadsman:net/types`: what the host learnt, and why an operation failed.

use std::sync::Arc;

use bytes::Bytes;
use leadsman_core::{
    facts::{Certificate, Facts},
    failure::Failure,
    phase::Phase,
    seam::Answer,
};
use wasmtime::component::Resource;

use super::expressions::Blob;
use crate::{
    bindings::leadsman::net::types::{Host, HostCertificate, HostFacts, HostFailure},
    options::bad_request,
    pending::Answered,
    state::GuestState,
};

/// The facts of one answer, shared with the run's record.
#[derive(Debug, Clone)]
pub struct FactsHandle(pub(crate) Source);

/// Where facts are kept.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// In an answer, failed or not.
    Answer(Arc<Answer>),
    /// On their own: of a request that was refused before it became a call.
    Own(Arc<Facts>),
}

impl FactsHandle {
    /// The facts.
    pub(crate) fn facts(&self) -> Option<&Facts> {
        match &self.0 {
            Source::Answer(answer) => answer.facts(),
            Source::Own(facts) => Some(facts),
        }
    }

    fn content(&self) -> Bytes {
        match &self.0 {
            Source::Answer(answer) => match answer.as_ref() {
                Answer::Http(Ok(reply)) => reply.body.clone(),
                Answer::TcpRead(Ok(reply)) => reply.bytes.clone(),
                _ => Bytes::new(),
            },
            Source::Own(_) => Bytes::new(),
        }
    }

    fn dns_text(&self, name: &str) -> Option<String> {
        match (&self.0, name) {
            (Source::Answer(answer), _) => match (answer.as_ref(), name) {
                (Answer::Dns(Ok(reply)), "server") => Some(reply.server.clone()),
                (Answer::Dns(Ok(reply)), "transport") => Some(reply.transport.clone()),
                _ => None,
            },
            (Source::Own(_), _) => None,
        }
    }
}

/// A failure, and which operation of the record it came from.
#[derive(Debug, Clone)]
pub struct FailureHandle {
    pub(crate) failure: Arc<Failure>,
    /// Index into the record's operations; `None` where the request never became a call.
    pub(crate) operation: Option<usize>,
}

impl Host for GuestState {}

impl HostFacts for GuestState {
    fn phase(
        &mut self,
        handle: Resource<FactsHandle>,
        name: String,
    ) -> wasmtime::Result<Option<u64>> {
        self.crossed();
        let facts = self.table.get(&handle)?.facts();
        Ok(facts.and_then(|facts| facts.phases.get(Phase::named(&name)?)))
    }

    fn total(&mut self, handle: Resource<FactsHandle>) -> wasmtime::Result<u64> {
        self.crossed();
        Ok(self
            .table
            .get(&handle)?
            .facts()
            .map_or(0, |facts| facts.phases.total()))
    }

    fn text(
        &mut self,
        handle: Resource<FactsHandle>,
        name: String,
    ) -> wasmtime::Result<Option<String>> {
        self.crossed();
        let handle = self.table.get(&handle)?;
        Ok(handle
            .dns_text(&name)
            .or_else(|| text(handle.facts()?, &name)))
    }

    fn number(
        &mut self,
        handle: Resource<FactsHandle>,
        name: String,
    ) -> wasmtime::Result<Option<i64>> {
        self.crossed();
        Ok(self
            .table
            .get(&handle)?
            .facts()
            .and_then(|facts| number(facts, &name)))
    }

    fn certificates(
        &mut self,
        handle: Resource<FactsHandle>,
    ) -> wasmtime::Result<Vec<Resource<Certificate>>> {
        self.crossed();
        let chain: Vec<Certificate> = match self
            .table
            .get(&handle)?
            .facts()
            .and_then(|facts| facts.tls.as_ref())
        {
            Some(tls) => tls.chain.clone(),
            None => Vec::new(),
        };
        chain
            .into_iter()
            .map(|certificate| Ok(self.table.push(certificate)?))
            .collect()
    }

    fn content(&mut self, handle: Resource<FactsHandle>) -> wasmtime::Result<Resource<Blob>> {
        self.crossed();
        let content = self.table.get(&handle)?.content();
        Ok(self.table.push(Blob::new(content))?)
    }

    fn drop(&mut self, handle: Resource<FactsHandle>) -> wasmtime::Result<()> {
        self.table.delete(handle)?;
        Ok(())
    }
}

fn text(facts: &Facts, name: &str) -> Option<String> {
    let (http, tls) = (facts.http.as_ref(), facts.tls.as_ref());
    let found = match name {
        "remote-address" => facts.remote?.to_string(),
        "http-version" => http?.version.clone(),
        "final-url" => http?.final_url.clone(),
        "tls-version" => tls?.version.clone(),
        "tls-cipher" => tls?.cipher.clone(),
        "alpn" => tls?.alpn.clone()?,
        "server-name" => tls?.server_name.clone(),
        "distrust" => tls?.distrust.as_ref()?.kind.as_str().to_owned(),
        "distrust-message" => tls?.distrust.as_ref()?.message.clone(),
        _ => return None,
    };
    (!found.is_empty()).then_some(found)
}

fn number(facts: &Facts, name: &str) -> Option<i64> {
    let (http, tls) = (facts.http.as_ref(), facts.tls.as_ref());
    match name {
        "status" => Some(i64::from(http?.status)),
        "redirects" => i64::try_from(http?.hops.len().saturating_sub(1)).ok(),
        "content-length" => i64::try_from(http?.content_length?).ok(),
        "wire-bytes" => i64::try_from(http?.wire_bytes).ok(),
        "body-bytes" => i64::try_from(http?.body_bytes).ok(),
        "chain-valid-until" => tls?.chain_valid_until,
        "leaf-not-after" => tls?.leaf_not_after(),
        "earliest-not-after" => tls?.earliest_not_after(),
        "reused" => Some(i64::from(facts.reused)),
        "family-fallback" => Some(i64::from(facts.family_fallback)),
        _ => None,
    }
}

impl HostFailure for GuestState {
    fn kind(&mut self, handle: Resource<FailureHandle>) -> wasmtime::Result<String> {
        self.crossed();
        Ok(self.table.get(&handle)?.failure.kind.as_str().to_owned())
    }

    fn message(&mut self, handle: Resource<FailureHandle>) -> wasmtime::Result<String> {
        self.crossed();
        Ok(self.table.get(&handle)?.failure.message.clone())
    }

    fn at(&mut self, handle: Resource<FailureHandle>) -> wasmtime::Result<Option<String>> {
        self.crossed();
        Ok(self
            .table
            .get(&handle)?
            .failure
            .phase
            .map(|phase| phase.as_str().to_owned()))
    }

    fn facts(
        &mut self,
        handle: Resource<FailureHandle>,
    ) -> wasmtime::Result<Resource<FactsHandle>> {
        self.crossed();
        let facts = self.table.get(&handle)?.failure.facts.as_ref().clone();
        Ok(self.table.push(FactsHandle(Source::Own(Arc::new(facts))))?)
    }

    fn drop(&mut self, handle: Resource<FailureHandle>) -> wasmtime::Result<()> {
        self.table.delete(handle)?;
        Ok(())
    }
}

impl HostCertificate for GuestState {
    fn subject(&mut self, handle: Resource<Certificate>) -> wasmtime::Result<String> {
        self.crossed();
        Ok(self.table.get(&handle)?.subject.clone())
    }

    fn issuer(&mut self, handle: Resource<Certificate>) -> wasmtime::Result<String> {
        self.crossed();
        Ok(self.table.get(&handle)?.issuer.clone())
    }

    fn serial(&mut self, handle: Resource<Certificate>) -> wasmtime::Result<String> {
        self.crossed();
        Ok(self.table.get(&handle)?.serial.clone())
    }

    fn not_before(&mut self, handle: Resource<Certificate>) -> wasmtime::Result<i64> {
        self.crossed();
        Ok(self.table.get(&handle)?.not_before)
    }

    fn not_after(&mut self, handle: Resource<Certificate>) -> wasmtime::Result<i64> {
        self.crossed();
        Ok(self.table.get(&handle)?.not_after)
    }

    fn names(&mut self, handle: Resource<Certificate>) -> wasmtime::Result<Vec<String>> {
        self.crossed();
        Ok(self.table.get(&handle)?.names.clone())
    }

    fn sha256(&mut self, handle: Resource<Certificate>) -> wasmtime::Result<String> {
        self.crossed();
        Ok(self.table.get(&handle)?.sha256.clone())
    }

    fn der(&mut self, handle: Resource<Certificate>) -> wasmtime::Result<Vec<u8>> {
        self.crossed();
        Ok(self.table.get(&handle)?.der.to_vec())
    }

    fn drop(&mut self, handle: Resource<Certificate>) -> wasmtime::Result<()> {
        self.table.delete(handle)?;
        Ok(())
    }
}

impl GuestState {
    /// Hands the facts of an answer to the guest.
    pub(crate) fn facts_of(
        &mut self,
        answer: &Arc<Answer>,
    ) -> wasmtime::Result<Resource<FactsHandle>> {
        Ok(self
            .table
            .push(FactsHandle(Source::Answer(Arc::clone(answer))))?)
    }

    /// Hands a failure to the guest.
    pub(crate) fn failed(
        &mut self,
        failure: &Failure,
        operation: Option<usize>,
    ) -> wasmtime::Result<Resource<FailureHandle>> {
        Ok(self.table.push(FailureHandle {
            failure: Arc::new(failure.clone()),
            operation,
        })?)
    }

    /// The failure of an answer that is one; an answer of another kind is a fault of ours.
    pub(crate) fn failure_in(
        &mut self,
        answered: &Answered,
    ) -> wasmtime::Result<Resource<FailureHandle>> {
        match answered.answer.failure() {
            Some(failure) => self.failed(failure, answered.operation),
            None => Err(wasmtime::Error::msg("an answer does not fit its call")),
        }
    }

    /// The failure of a handle that was asked twice.
    pub(crate) fn taken(&mut self) -> wasmtime::Result<Resource<FailureHandle>> {
        self.failed(
            &bad_request("this operation's answer was taken before"),
            None,
        )
    }
}
