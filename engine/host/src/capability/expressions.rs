//! `leadsman:matching/expressions`: compiled expressions on bytes that the host already holds.

use std::{
    borrow::Cow,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use scraper::Html;
use tokio::time::Instant;
use wasmtime::component::Resource;

use crate::{
    bindings::leadsman::matching::expressions::{Host, HostBlob, Mismatch},
    expressions::{Subject, Trouble},
    state::GuestState,
};

/// Bytes that the host holds, parsed as JSON and as HTML at most once.
#[derive(Debug)]
pub struct Blob {
    bytes: Bytes,
    json: OnceLock<Result<Arc<serde_json::Value>, String>>,
    html: OnceLock<Html>,
}

impl Blob {
    pub(crate) fn new(bytes: Bytes) -> Self {
        Self {
            bytes,
            json: OnceLock::new(),
            html: OnceLock::new(),
        }
    }
}

impl Subject for Blob {
    fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn json(&self) -> Result<Arc<serde_json::Value>, String> {
        let parsed = self
            .json
            .get_or_init(|| match serde_json::from_slice(&self.bytes) {
                Ok(value) => Ok(Arc::new(value)),
                Err(error) => Err(format!("the body is no JSON: {error}")),
            });
        parsed.clone()
    }

    fn html(&self) -> Cow<'_, Html> {
        let parse = || Html::parse_document(&String::from_utf8_lossy(&self.bytes));
        Cow::Borrowed(self.html.get_or_init(parse))
    }
}

impl Host for GuestState {
    async fn holds(
        &mut self,
        format: String,
        expression: String,
        subject: Resource<Blob>,
    ) -> wasmtime::Result<Result<bool, Mismatch>> {
        self.crossed();
        let length = self.table.get(&subject)?.bytes.len();
        self.works_on(length).await;
        let (blob, since) = (self.table.get(&subject)?, Instant::now());
        let found = self.expressions.holds(&format, &expression, blob);
        self.has_worked(since);
        Ok(found.map_err(mismatch))
    }

    async fn holds_text(
        &mut self,
        format: String,
        expression: String,
        subject: String,
    ) -> wasmtime::Result<Result<bool, Mismatch>> {
        self.crossed();
        self.works_on(subject.len()).await;
        let (blob, since) = (Blob::new(Bytes::from(subject)), Instant::now());
        let found = self.expressions.holds(&format, &expression, &blob);
        self.has_worked(since);
        Ok(found.map_err(mismatch))
    }

    async fn find(
        &mut self,
        format: String,
        expression: String,
        subject: Resource<Blob>,
    ) -> wasmtime::Result<Result<Vec<Option<String>>, Mismatch>> {
        self.crossed();
        let length = self.table.get(&subject)?.bytes.len();
        self.works_on(length).await;
        let (blob, since) = (self.table.get(&subject)?, Instant::now());
        let found = self.expressions.find(&format, &expression, blob);
        self.has_worked(since);
        Ok(found.map_err(mismatch))
    }

    async fn find_text(
        &mut self,
        format: String,
        expression: String,
        subject: String,
    ) -> wasmtime::Result<Result<Vec<Option<String>>, Mismatch>> {
        self.crossed();
        self.works_on(subject.len()).await;
        let (blob, since) = (Blob::new(Bytes::from(subject)), Instant::now());
        let found = self.expressions.find(&format, &expression, &blob);
        self.has_worked(since);
        Ok(found.map_err(mismatch))
    }

    fn variables(
        &mut self,
        format: String,
        expression: String,
    ) -> wasmtime::Result<Result<Vec<String>, Mismatch>> {
        self.crossed();
        Ok(self
            .expressions
            .variables(&format, &expression)
            .map_err(mismatch))
    }
}

impl GuestState {
    /// Bytes for the guest, without what it has made a secret.
    fn shown(&self, bytes: &Bytes) -> Bytes {
        match self.trace.content().hidden.clone() {
            Some(secrets) => secrets.hide(bytes.clone()),
            None => bytes.clone(),
        }
    }
}

impl HostBlob for GuestState {
    fn new(&mut self, bytes: Vec<u8>) -> wasmtime::Result<Resource<Blob>> {
        self.crossed();
        Ok(self.table.push(Blob::new(Bytes::from(bytes)))?)
    }

    fn size(&mut self, handle: Resource<Blob>) -> wasmtime::Result<u64> {
        self.crossed();
        Ok(u64::try_from(self.table.get(&handle)?.bytes.len())?)
    }

    fn read(
        &mut self,
        handle: Resource<Blob>,
        offset: u64,
        length: u32,
    ) -> wasmtime::Result<Vec<u8>> {
        self.crossed();
        let bytes = self.shown(&self.table.get(&handle)?.bytes);
        let start = usize::try_from(offset)?.min(bytes.len());
        let end = start
            .saturating_add(usize::try_from(length)?)
            .min(bytes.len());
        Ok(bytes.slice(start..end).to_vec())
    }

    fn contains(&mut self, handle: Resource<Blob>, bytes: Vec<u8>) -> wasmtime::Result<bool> {
        self.crossed();
        let finder = memchr::memmem::Finder::new(&bytes);
        Ok(finder.find(&self.table.get(&handle)?.bytes).is_some())
    }

    fn drop(&mut self, handle: Resource<Blob>) -> wasmtime::Result<()> {
        self.table.delete(handle)?;
        Ok(())
    }
}

fn mismatch(trouble: Trouble) -> Mismatch {
    match trouble {
        Trouble::Unknown(message) => Mismatch::UnknownExpression(message),
        Trouble::Unreadable(message) => Mismatch::Unreadable(message),
        Trouble::Evaluation(message) => Mismatch::Evaluation(message),
    }
}
