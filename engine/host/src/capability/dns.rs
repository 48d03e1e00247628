//! `leadsman:dns/resolver`: questions, one crossing each.

use leadsman_core::{
    failure::Failure,
    seam::{Answer, Call, DnsCall, DnsRecord, DnsReply},
};
use wasmtime::component::Resource;

use super::facts::FailureHandle;
use crate::{
    bindings::leadsman::dns::resolver::{
        Answer as DnsAnswer, Host, HostPending, Question, ResourceRecord,
    },
    options::{Options, bad_request},
    pending::{Answered, Pending, Pollable},
    state::GuestState,
};

impl Host for GuestState {
    async fn send(
        &mut self,
        question: Question,
    ) -> wasmtime::Result<Result<DnsAnswer, Resource<FailureHandle>>> {
        self.crossed();
        let call = match asked(question) {
            Ok(call) => call,
            Err(failure) => return Ok(Err(self.failed(&failure, None)?)),
        };
        let answered = self.perform(Call::Dns(Box::new(call))).await?;
        respond(self, &answered)
    }

    fn start(&mut self, question: Question) -> wasmtime::Result<Resource<Pending>> {
        self.crossed();
        let pending = match asked(question) {
            Ok(call) => GuestState::start(self, Call::Dns(Box::new(call)))?,
            Err(failure) => Self::already(Answer::Dns(Err(failure))),
        };
        Ok(self.table.push(pending)?)
    }
}

impl HostPending for GuestState {
    fn subscribe(&mut self, handle: Resource<Pending>) -> wasmtime::Result<Resource<Pollable>> {
        self.crossed();
        self.pollable(&handle)
    }

    async fn finish(
        &mut self,
        handle: Resource<Pending>,
    ) -> wasmtime::Result<Result<DnsAnswer, Resource<FailureHandle>>> {
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

fn respond(
    state: &mut GuestState,
    answered: &Answered,
) -> wasmtime::Result<Result<DnsAnswer, Resource<FailureHandle>>> {
    let Answer::Dns(Ok(reply)) = answered.answer.as_ref() else {
        return Ok(Err(state.failure_in(answered)?));
    };
    let facts = state.facts_of(&answered.answer)?;
    Ok(Ok(DnsAnswer {
        rcode: reply.rcode,
        header_flags: flags(reply),
        answers: records(&reply.answers),
        authority: records(&reply.authority),
        additional: records(&reply.additional),
        facts,
    }))
}

fn flags(reply: &DnsReply) -> Vec<String> {
    let set = [
        (reply.authoritative, "aa"),
        (reply.truncated, "tc"),
        (reply.recursion_available, "ra"),
        (reply.authentic_data, "ad"),
    ];
    set.into_iter()
        .filter(|(on, _)| *on)
        .map(|(_, name)| name.to_owned())
        .collect()
}

fn records(records: &[DnsRecord]) -> Vec<ResourceRecord> {
    let lowered = records.iter().map(|record| ResourceRecord {
        name: record.name.clone(),
        record_type: record.record_type,
        class: record.class,
        ttl: record.ttl,
        text: record.text.clone(),
    });
    lowered.collect()
}

fn asked(question: Question) -> Result<DnsCall, Failure> {
    let mut options = Options::new(question.options);
    let class = options.number("class")?.unwrap_or(1);
    let call = DnsCall {
        name: question.name,
        record_type: question.record_type,
        class: u16::try_from(class)
            .map_err(|_| bad_request("the option `class` takes a number below 2^16"))?,
        server: options
            .text("server")?
            .unwrap_or_else(|| "system".to_owned()),
        transport: options
            .text("transport")?
            .unwrap_or_else(|| "udp".to_owned()),
        recursion: options.flag("recursion", true)?,
        dnssec: options.flag("dnssec", false)?,
        family: options.family()?,
        timeout: options.number("timeout")?,
    };
    options.finish()?;
    Ok(call)
}
