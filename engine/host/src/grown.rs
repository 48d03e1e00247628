//! The host of a contract that has grown: one more method on a resource, one more interface, one more phase.
//! All else is what the host does today.

use leadsman_core::facts::Certificate;
use wasmtime::component::{HasSelf, Linker, Resource};

use crate::{
    bindings::{
        grown::leadsman::{later::counter, net::types as grown},
        leadsman::net::types as now,
    },
    capability::{
        expressions::Blob,
        facts::{FactsHandle, FailureHandle},
    },
    state::GuestState,
};

mod tests;

/// Puts what has grown over what is linked.
pub(crate) fn grow(linker: &mut Linker<GuestState>) {
    grown::add_to_linker::<_, HasSelf<GuestState>>(linker, |state| state).unwrap();
    counter::add_to_linker::<_, HasSelf<GuestState>>(linker, |state| state).unwrap();
}

impl counter::Host for GuestState {
    async fn count(&mut self) -> wasmtime::Result<u64> {
        self.crossed();
        Ok(self.trace.content().host_calls)
    }
}

impl grown::Host for GuestState {}

impl grown::HostFacts for GuestState {
    fn phase(&mut self, of: Resource<FactsHandle>, name: String) -> wasmtime::Result<Option<u64>> {
        if name == "handshake" {
            return Ok(Some(1));
        }
        now::HostFacts::phase(self, of, name)
    }

    fn total(&mut self, of: Resource<FactsHandle>) -> wasmtime::Result<u64> {
        now::HostFacts::total(self, of)
    }

    fn text(
        &mut self,
        of: Resource<FactsHandle>,
        name: String,
    ) -> wasmtime::Result<Option<String>> {
        now::HostFacts::text(self, of, name)
    }

    fn number(&mut self, of: Resource<FactsHandle>, name: String) -> wasmtime::Result<Option<i64>> {
        now::HostFacts::number(self, of, name)
    }

    fn certificates(
        &mut self,
        of: Resource<FactsHandle>,
    ) -> wasmtime::Result<Vec<Resource<Certificate>>> {
        now::HostFacts::certificates(self, of)
    }

    fn content(&mut self, of: Resource<FactsHandle>) -> wasmtime::Result<Resource<Blob>> {
        now::HostFacts::content(self, of)
    }

    fn grown_words(&mut self, _: Resource<FactsHandle>) -> wasmtime::Result<Vec<String>> {
        Ok(vec!["more".to_owned()])
    }

    fn drop(&mut self, of: Resource<FactsHandle>) -> wasmtime::Result<()> {
        now::HostFacts::drop(self, of)
    }
}

impl grown::HostFailure for GuestState {
    fn kind(&mut self, of: Resource<FailureHandle>) -> wasmtime::Result<String> {
        now::HostFailure::kind(self, of)
    }

    fn message(&mut self, of: Resource<FailureHandle>) -> wasmtime::Result<String> {
        now::HostFailure::message(self, of)
    }

    fn at(&mut self, of: Resource<FailureHandle>) -> wasmtime::Result<Option<String>> {
        now::HostFailure::at(self, of)
    }

    fn facts(&mut self, of: Resource<FailureHandle>) -> wasmtime::Result<Resource<FactsHandle>> {
        now::HostFailure::facts(self, of)
    }

    fn drop(&mut self, of: Resource<FailureHandle>) -> wasmtime::Result<()> {
        now::HostFailure::drop(self, of)
    }
}

impl grown::HostCertificate for GuestState {
    fn subject(&mut self, of: Resource<Certificate>) -> wasmtime::Result<String> {
        now::HostCertificate::subject(self, of)
    }

    fn issuer(&mut self, of: Resource<Certificate>) -> wasmtime::Result<String> {
        now::HostCertificate::issuer(self, of)
    }

    fn serial(&mut self, of: Resource<Certificate>) -> wasmtime::Result<String> {
        now::HostCertificate::serial(self, of)
    }

    fn not_before(&mut self, of: Resource<Certificate>) -> wasmtime::Result<i64> {
        now::HostCertificate::not_before(self, of)
    }

    fn not_after(&mut self, of: Resource<Certificate>) -> wasmtime::Result<i64> {
        now::HostCertificate::not_after(self, of)
    }

    fn names(&mut self, of: Resource<Certificate>) -> wasmtime::Result<Vec<String>> {
        now::HostCertificate::names(self, of)
    }

    fn sha256(&mut self, of: Resource<Certificate>) -> wasmtime::Result<String> {
        now::HostCertificate::sha256(self, of)
    }

    fn der(&mut self, of: Resource<Certificate>) -> wasmtime::Result<Vec<u8>> {
        now::HostCertificate::der(self, of)
    }

    fn drop(&mut self, of: Resource<Certificate>) -> wasmtime::Result<()> {
        now::HostCertificate::drop(self, of)
    }
}
