//! What a kept record takes in memory, near enough for a budget: its own bytes and all that hangs on
//! it. Names that the configuration holds anyway are not counted.

use std::{
    mem::{size_of, size_of_val},
    sync::Arc,
};

use bytes::Bytes;

use crate::{
    attempt::{Cause, Ending, Measure, Named, Operation, Report},
    facts::{Certificate, Facts, HttpFacts, TlsFacts},
    failure::Failure,
    record::RunRecord,
    seam::{Answer, Call, DnsRecord, DnsReply, HttpCall, HttpReply, TlsOptions},
};

/// What the allocator keeps beside each allocation.
const APIECE: usize = 16;

/// The bytes of a record and of what it alone holds.
pub fn weight(record: &RunRecord) -> usize {
    let texts = texts([&record.run, &record.address]) + text(&record.sentence);
    let attempts = list(&record.attempts, |attempt| {
        let own = &attempt.conclusion.sentence;
        let is_shared = Arc::ptr_eq(own, &record.sentence);
        report(&attempt.report) + if is_shared { 0 } else { text(own) }
    });
    size_of::<RunRecord>() + texts + attempts
}

/// What has no bytes is not allocated.
const fn allocated(bytes: usize) -> usize {
    if bytes == 0 { 0 } else { bytes + APIECE }
}

const fn text(text: &str) -> usize {
    allocated(text.len())
}

fn texts<'a, I: IntoIterator<Item = &'a String>>(all: I) -> usize {
    all.into_iter().map(|one| text(one)).sum()
}

const fn bytes(bytes: &Bytes) -> usize {
    allocated(bytes.len())
}

fn list<T>(items: &[T], each: impl Fn(&T) -> usize) -> usize {
    allocated(size_of_val(items)) + items.iter().map(each).sum::<usize>()
}

fn report(report: &Report) -> usize {
    let ending = match &report.ending {
        Ending::Trapped { message }
        | Ending::HostFailed { message }
        | Ending::NotLoaded { message } => text(message),
        _ => 0,
    };
    let steps = list(&report.steps, |step| texts([&step.name, &step.detail]));
    let log = list(&report.log, |line| texts([&line.level, &line.message]));
    size_of::<Report>()
        + APIECE
        + ending
        + list(&report.causes, cause)
        + list(&report.operations, operation)
        + steps
        + list(&report.measures, measure)
        + log
}

fn measure(measure: &Measure) -> usize {
    text(&measure.name) + list(&measure.labels, |(name, value)| texts([name, value]))
}

fn cause(named: &Named) -> usize {
    named.setting.as_ref().map_or(0, String::len) + said(&named.cause)
}

fn said(cause: &Cause) -> usize {
    match cause {
        Cause::Refused { failure: refused } => failure(refused),
        Cause::Assertion {
            kind,
            path,
            expected,
            got,
        } => texts([kind, path, expected, got]),
        Cause::Statement { message } => text(message),
        Cause::Operation { .. } => 0,
    }
}

fn operation(operation: &Operation) -> usize {
    let answered = |answered: &Answer| size_of::<Answer>() + APIECE + answer(answered);
    size_of::<Call>()
        + APIECE
        + call(&operation.call)
        + operation.answer.as_deref().map_or(0, answered)
}

fn call(call: &Call) -> usize {
    match call {
        Call::Http(call) => http_call(call),
        Call::Dns(call) => {
            size_of_val(call.as_ref()) + texts([&call.name, &call.server, &call.transport])
        }
        Call::Tls(call) => {
            let names = list(&call.alpn, |name| text(name));
            size_of_val(call.as_ref()) + text(&call.host) + names + tls_options(&call.tls)
        }
        Call::TcpConnect(call) => {
            let tls = call.tls.as_ref().map_or(0, tls_options);
            size_of_val(call.as_ref()) + text(&call.host) + tls
        }
        Call::TcpWrite { bytes: written, .. } => bytes(written),
        Call::TcpRead(call) => bytes(&call.until),
        Call::TcpClose { .. } => 0,
    }
}

fn http_call(call: &HttpCall) -> usize {
    let some = [&call.version, &call.resolve_to].into_iter().flatten();
    size_of::<HttpCall>()
        + texts([&call.method, &call.url])
        + headers(&call.headers)
        + bytes(&call.body)
        + texts(some)
        + tls_options(&call.tls)
}

fn headers(headers: &[(String, Bytes)]) -> usize {
    list(headers, |(name, value)| text(name) + bytes(value))
}

fn tls_options(options: &TlsOptions) -> usize {
    let TlsOptions {
        server_name,
        trust,
        identity,
        min_version,
        max_version,
        ..
    } = options;
    let all = [server_name, trust, identity, min_version, max_version];
    texts(all.into_iter().flatten())
}

fn answer(answer: &Answer) -> usize {
    match answer {
        Answer::Http(Ok(HttpReply {
            headers: fields,
            body,
            facts: learnt,
            ..
        })) => headers(fields) + bytes(body) + facts(learnt),
        Answer::Dns(Ok(reply)) => dns(reply),
        Answer::Tls(Ok(learnt)) | Answer::TcpWrite(Ok(learnt)) => facts(learnt),
        Answer::TcpConnect(Ok(reply)) => facts(&reply.facts),
        Answer::TcpRead(Ok(reply)) => bytes(&reply.bytes) + facts(&reply.facts),
        other => other.failure().map_or(0, failure),
    }
}

fn dns(reply: &DnsReply) -> usize {
    let record = |record: &DnsRecord| texts([&record.name, &record.text]);
    let sections = [&reply.answers, &reply.authority, &reply.additional];
    let sections: usize = sections.iter().map(|section| list(section, record)).sum();
    let texts = texts([&reply.server, &reply.transport]);
    size_of::<DnsReply>() + APIECE + sections + texts + facts(&reply.facts)
}

fn failure(failure: &Failure) -> usize {
    text(&failure.message) + facts(&failure.facts)
}

fn facts(facts: &Facts) -> usize {
    let learnt = facts.tls.as_deref().map_or(0, tls) + facts.http.as_deref().map_or(0, http);
    size_of::<Facts>() + APIECE + learnt
}

fn http(facts: &HttpFacts) -> usize {
    let texts = texts([&facts.version, &facts.final_url]);
    size_of::<HttpFacts>() + APIECE + texts + list(&facts.hops, |hop| text(&hop.url))
}

fn tls(facts: &TlsFacts) -> usize {
    let distrust = facts
        .distrust
        .as_ref()
        .map_or(0, |distrust| text(&distrust.message));
    size_of::<TlsFacts>()
        + APIECE
        + texts([&facts.version, &facts.cipher, &facts.server_name])
        + texts(&facts.alpn)
        + list(&facts.chain, certificate)
        + distrust
}

fn certificate(certificate: &Certificate) -> usize {
    let Certificate {
        subject,
        issuer,
        serial,
        signature_algorithm,
        sha256,
        ..
    } = certificate;
    texts([subject, issuer, serial, signature_algorithm, sha256])
        + list(&certificate.names, |name| text(name))
        + bytes(&certificate.der)
}
