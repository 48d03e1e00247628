//! `leadsman:tls/handshake`: handshakes to be looked at.

use leadsman_core::{
    failure::Failure,
    seam::{Answer, Call, TlsCall},
};
use wasmtime::component::Resource;

use super::facts::{FactsHandle, FailureHandle};
use crate::{
    bindings::leadsman::{
        net::types::Value,
        tls::handshake::{Host, HostPending},
    },
    options::Options,
    pending::{Answered, Pending, Pollable},
    state::GuestState,
};

type Inspected = Result<Resource<FactsHandle>, Resource<FailureHandle>>;

impl Host for GuestState {
    async fn inspect(
        &mut self,
        host: String,
        port: u16,
        options: Vec<(String, Value)>,
    ) -> wasmtime::Result<Inspected> {
        self.crossed();
        let call = match asked(host, port, options) {
            Ok(call) => call,
            Err(failure) => return Ok(Err(self.failed(&failure, None)?)),
        };
        let answered = self.perform(Call::Tls(Box::new(call))).await?;
        respond(self, &answered)
    }

    fn start(
        &mut self,
        host: String,
        port: u16,
        options: Vec<(String, Value)>,
    ) -> wasmtime::Result<Resource<Pending>> {
        self.crossed();
        let pending = match asked(host, port, options) {
            Ok(call) => GuestState::start(self, Call::Tls(Box::new(call)))?,
            Err(failure) => Self::already(Answer::Tls(Err(failure))),
        };
        Ok(self.table.push(pending)?)
    }
}

impl HostPending for GuestState {
    fn subscribe(&mut self, handle: Resource<Pending>) -> wasmtime::Result<Resource<Pollable>> {
        self.crossed();
        self.pollable(&handle)
    }

    async fn finish(&mut self, handle: Resource<Pending>) -> wasmtime::Result<Inspected> {
        self.crossed();
        match self.finished(&handle).await?.0 {
            Some(answered) => respond(self, &answered),
            None => Ok(Err(self.taken()?)),
        }
    }

    fn drop(&mut self, handle: Resource<Pending>) -> wasmtime::Result<()> {
        self.table.delete(handle)?;
        Ok(())
    }
}

fn respond(state: &mut GuestState, answered: &Answered) -> wasmtime::Result<Inspected> {
    match answered.answer.as_ref() {
        Answer::Tls(Ok(_)) => Ok(Ok(state.facts_of(&answered.answer)?)),
        _ => Ok(Err(state.failure_in(answered)?)),
    }
}

fn asked(host: String, port: u16, options: Vec<(String, Value)>) -> Result<TlsCall, Failure> {
    let mut options = Options::new(options);
    let alpn = options.text("alpn")?.unwrap_or_default();
    let call = TlsCall {
        host,
        port,
        alpn: alpn
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect(),
        family: options.family()?,
        tls: options.tls()?,
        timeout: options.number("timeout")?,
    };
    options.finish()?;
    Ok(call)
}
