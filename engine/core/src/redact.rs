//! Hides in a report what turned out to be a secret only after it had come in.

use std::sync::Arc;

use bytes::Bytes;

use crate::{
    attempt::{Cause, Ending, Report},
    failure::Failure,
    seam::{Answer, Call, DnsReply, HttpCall, HttpReply},
};

/// What replaces secrets in bytes.
pub type Hide<'a> = &'a dyn Fn(Bytes) -> Bytes;

/// Puts everything that a report tells through `hide`.
pub fn redact(report: &mut Report, hide: Hide<'_>) {
    if let Ending::Trapped { message } | Ending::HostFailed { message } = &mut report.ending {
        text(message, hide);
    }
    for named in &mut report.causes {
        cause(&mut named.cause, hide);
    }
    for operation in &mut report.operations {
        call(Arc::make_mut(&mut operation.call), hide);
        if let Some(answered) = &mut operation.answer {
            answer(Arc::make_mut(answered), hide);
        }
    }
    for step in &mut report.steps {
        text(&mut step.detail, hide);
    }
    for measure in &mut report.measures {
        measure
            .labels
            .iter_mut()
            .for_each(|(_, value)| text(value, hide));
    }
    report
        .log
        .iter_mut()
        .for_each(|line| text(&mut line.message, hide));
}

fn cause(cause: &mut Cause, hide: Hide<'_>) {
    match cause {
        Cause::Operation { .. } => {}
        Cause::Refused { failure } => failed(failure, hide),
        Cause::Assertion {
            path,
            expected,
            got,
            ..
        } => [path, expected, got]
            .into_iter()
            .for_each(|part| text(part, hide)),
        Cause::Statement { message } => text(message, hide),
    }
}

fn call(call: &mut Call, hide: Hide<'_>) {
    match call {
        Call::Http(call) => {
            let HttpCall {
                url, headers, body, ..
            } = call.as_mut();
            text(url, hide);
            fields(headers, hide);
            bytes(body, hide);
        }
        Call::Dns(call) => text(&mut call.name, hide),
        Call::TcpWrite { bytes: written, .. } => bytes(written, hide),
        Call::Tls(_) | Call::TcpConnect(_) | Call::TcpRead(_) | Call::TcpClose { .. } => {}
    }
}

fn answer(answer: &mut Answer, hide: Hide<'_>) {
    match answer {
        Answer::Http(Ok(HttpReply { headers, body, .. })) => {
            fields(headers, hide);
            bytes(body, hide);
        }
        Answer::Dns(Ok(reply)) => records(reply, hide),
        Answer::TcpRead(Ok(reply)) => bytes(&mut reply.bytes, hide),
        Answer::Http(Err(failure))
        | Answer::Dns(Err(failure))
        | Answer::Tls(Err(failure))
        | Answer::TcpConnect(Err(failure))
        | Answer::TcpWrite(Err(failure))
        | Answer::TcpRead(Err(failure)) => failed(failure, hide),
        Answer::Tls(Ok(_))
        | Answer::TcpConnect(Ok(_))
        | Answer::TcpWrite(Ok(_))
        | Answer::TcpClose => {}
    }
    let http = answer.facts_mut().and_then(|facts| facts.http.as_mut());
    if let Some(http) = http {
        text(&mut http.final_url, hide);
        http.hops
            .iter_mut()
            .for_each(|hop| text(&mut hop.url, hide));
    }
}

fn records(reply: &mut DnsReply, hide: Hide<'_>) {
    let sections = [
        &mut reply.answers,
        &mut reply.authority,
        &mut reply.additional,
    ];
    for record in sections.into_iter().flatten() {
        text(&mut record.text, hide);
    }
}

fn failed(failure: &mut Failure, hide: Hide<'_>) {
    text(&mut failure.message, hide);
}

fn fields(headers: &mut [(String, Bytes)], hide: Hide<'_>) {
    for (_, value) in headers {
        bytes(value, hide);
    }
}

fn bytes(content: &mut Bytes, hide: Hide<'_>) {
    *content = hide(std::mem::take(content));
}

fn text(content: &mut String, hide: Hide<'_>) {
    let hidden = hide(Bytes::from(std::mem::take(content)));
    *content = String::from_utf8_lossy(&hidden).into_owned();
}
