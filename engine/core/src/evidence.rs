//! What is kept of a run so that it can be asked about later: the record, cut to a size that is known.

mod cut;
mod weight;

use std::sync::Arc;

use bytes::Bytes;

use crate::{
    attempt::Report,
    facts::{Certificate, Facts, TlsFacts},
    record::RunRecord,
    seam::{Answer, Call},
};

pub use cut::Cut;
pub use weight::weight;

/// How much is kept of each check-target, and of all together. Bodies, headers and logs are cut; nothing else is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EvidenceLimits {
    /// Runs that did not pass, each with its whole record.
    pub failed_runs: usize,
    /// Runs of any outcome, each as a line of numbers.
    pub recent_runs: usize,
    /// Bytes of each body, in either direction.
    pub body_bytes: usize,
    /// Header fields of each answer.
    pub headers: usize,
    /// Bytes of each header field's value.
    pub header_bytes: usize,
    /// Lines of each attempt's log.
    pub log_lines: usize,
    /// Bytes of each of these lines.
    pub log_line_bytes: usize,
    /// Bytes of all whole records of a daemon.
    pub total_bytes: usize,
}

impl Default for EvidenceLimits {
    fn default() -> Self {
        Self {
            failed_runs: 10,
            recent_runs: 60,
            body_bytes: 200,
            headers: 32,
            header_bytes: 200,
            log_lines: 50,
            log_line_bytes: 200,
            total_bytes: 16 << 20,
        }
    }
}

impl EvidenceLimits {
    /// The highest values that there may be.
    pub const CEILING: Self = Self {
        failed_runs: 100,
        recent_runs: 60,
        body_bytes: 16 << 10,
        headers: 100,
        header_bytes: 8 << 10,
        log_lines: 1_000,
        log_line_bytes: 4 << 10,
        total_bytes: 1 << 30,
    };

    /// Each field with its name, its value and its ceiling.
    pub const fn fields(&self) -> [(&'static str, usize, usize); 8] {
        let top = Self::CEILING;
        [
            ("failed_runs", self.failed_runs, top.failed_runs),
            ("recent_runs", self.recent_runs, top.recent_runs),
            ("body_bytes", self.body_bytes, top.body_bytes),
            ("headers", self.headers, top.headers),
            ("header_bytes", self.header_bytes, top.header_bytes),
            ("log_lines", self.log_lines, top.log_lines),
            ("log_line_bytes", self.log_line_bytes, top.log_line_bytes),
            ("total_bytes", self.total_bytes, top.total_bytes),
        ]
    }

    /// The limits, none of them above its ceiling.
    #[must_use]
    pub fn capped(self) -> Self {
        let top = Self::CEILING;
        Self {
            failed_runs: self.failed_runs.min(top.failed_runs),
            recent_runs: self.recent_runs.min(top.recent_runs),
            body_bytes: self.body_bytes.min(top.body_bytes),
            headers: self.headers.min(top.headers),
            header_bytes: self.header_bytes.min(top.header_bytes),
            log_lines: self.log_lines.min(top.log_lines),
            log_line_bytes: self.log_line_bytes.min(top.log_line_bytes),
            total_bytes: self.total_bytes.min(top.total_bytes),
        }
    }

    /// Cuts a record to what is kept of it, and counts in it what was cut. What nobody else holds is cut in place; no
    /// buffer stays that came with the answer, which would keep all of it.
    pub fn keep(&self, record: &mut RunRecord) {
        for attempt in &mut record.attempts {
            self.report(Arc::make_mut(&mut attempt.report));
        }
    }

    fn report(&self, kept: &mut Report) {
        // What was cut before stays counted.
        let mut cut = std::mem::take(&mut kept.cut);
        cut::list(&mut kept.log, self.log_lines, &mut cut.log_lines);
        without_slack(kept);
        for line in &mut kept.log {
            cut.text(&mut line.message, self.log_line_bytes);
        }
        for operation in &mut kept.operations {
            self.call(Arc::make_mut(&mut operation.call), &mut cut);
            if let Some(answer) = &mut operation.answer {
                self.answer(Arc::make_mut(answer), &mut cut);
            }
        }
        kept.cut = cut;
    }

    fn call(&self, kept: &mut Call, cut: &mut Cut) {
        match kept {
            Call::Http(call) => {
                cut.bytes(&mut call.body, self.body_bytes);
                self.headers(&mut call.headers, cut);
            }
            Call::TcpWrite { bytes, .. } => cut.bytes(bytes, self.body_bytes),
            _ => {}
        }
    }

    fn answer(&self, kept: &mut Answer, cut: &mut Cut) {
        match kept {
            Answer::Http(Ok(reply)) => {
                cut.bytes(&mut reply.body, self.body_bytes);
                self.headers(&mut reply.headers, cut);
            }
            Answer::TcpRead(Ok(reply)) => cut.bytes(&mut reply.bytes, self.body_bytes),
            _ => {}
        }
        if let Some(facts) = kept.facts_mut() {
            without_der(facts);
        }
    }

    fn headers(&self, headers: &mut Vec<(String, Bytes)>, cut: &mut Cut) {
        cut::list(headers, self.headers, &mut cut.header_fields);
        for (name, value) in headers {
            cut.text(name, self.header_bytes);
            cut.bytes(value, self.header_bytes);
        }
    }
}

/// Lists that grew have room for more than is in them, which no budget counts.
fn without_slack(kept: &mut Report) {
    kept.causes.shrink_to_fit();
    kept.operations.shrink_to_fit();
    kept.steps.shrink_to_fit();
    kept.measures.shrink_to_fit();
}

/// Records never show it, and a chain of it is larger than all the rest.
fn without_der(facts: &mut Facts) {
    let Some(tls) = facts.tls.as_deref().filter(|tls| !tls.chain.is_empty()) else {
        return;
    };
    let bare = |certificate: &Certificate| Certificate {
        der: Bytes::new(),
        ..certificate.clone()
    };
    facts.tls = Some(Arc::new(TlsFacts {
        chain: tls.chain.iter().map(bare).collect(),
        ..tls.clone()
    }));
}

/// The first bytes that came from the target in the last attempt, of its last operation that has any: as
/// text that can be printed anywhere.
pub fn came(record: &RunRecord, most: usize) -> Option<String> {
    let operations = record.last()?.report.operations.iter().rev();
    let bytes = operations
        .filter_map(|operation| body(operation.answer.as_deref()?))
        .find(|bytes| !bytes.is_empty())?;
    let text = String::from_utf8_lossy(bytes.get(..most).unwrap_or(bytes));
    Some(text.chars().map(printable).collect())
}

/// White space is a space; what a terminal would obey is not shown.
fn printable(c: char) -> char {
    if c.is_whitespace() {
        return ' ';
    }
    let is_plain = matches!(c, '"' | '\'' | '\\') || c.escape_debug().len() == 1;
    if is_plain {
        c
    } else {
        char::REPLACEMENT_CHARACTER
    }
}

fn body(answer: &Answer) -> Option<&Bytes> {
    match answer {
        Answer::Http(Ok(reply)) => Some(&reply.body),
        Answer::TcpRead(Ok(reply)) => Some(&reply.bytes),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
