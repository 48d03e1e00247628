//! `leadsman:matching/expressions`: compiled expressions on bytes that the host already holds.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use wasmtime::component::Resource;

use crate::{
    bindings::leadsman::matching::expressions::{Host, HostBlob, Mismatch},
    expressions::{Subject, Trouble},
    state::GuestState,
};

/// Bytes that the host holds, parsed as JSON at most once.
#[derive(Debug)]
pub struct Blob {
    bytes: Bytes,
    json: OnceLock<Result<Arc<serde_json::Value>, String>>,
}

impl Blob {
    pub(crate) fn new(bytes: Bytes) -> Self {
        Self {
            bytes,
            json: OnceLock::new(),
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
}

impl Host for GuestState {
    fn holds(
        &mut self,
        format: String,
        expression: String,
        subject: Resource<Blob>,
    ) -> wasmtime::Result<Result<bool, Mismatch>> {
        self.crossed();
        let blob = self.table.get(&subject)?;
        Ok(self
            .expressions
            .holds(&format, &expression, blob)
            .map_err(mismatch))
    }

    fn holds_text(
        &mut self,
        format: String,
        expression: String,
        subject: String,
    ) -> wasmtime::Result<Result<bool, Mismatch>> {
        self.crossed();
        let blob = Blob::new(Bytes::from(subject));
        Ok(self
            .expressions
            .holds(&format, &expression, &blob)
            .map_err(mismatch))
    }

    fn find(
        &mut self,
        format: String,
        expression: String,
        subject: Resource<Blob>,
    ) -> wasmtime::Result<Result<Vec<Option<String>>, Mismatch>> {
        self.crossed();
        let blob = self.table.get(&subject)?;
        Ok(self
            .expressions
            .find(&format, &expression, blob)
            .map_err(mismatch))
    }

    fn find_text(
        &mut self,
        format: String,
        expression: String,
        subject: String,
    ) -> wasmtime::Result<Result<Vec<Option<String>>, Mismatch>> {
        self.crossed();
        let blob = Blob::new(Bytes::from(subject));
        Ok(self
            .expressions
            .find(&format, &expression, &blob)
            .map_err(mismatch))
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
        let bytes = &self.table.get(&handle)?.bytes;
        let start = usize::try_from(offset)?.min(bytes.len());
        let end = start
            .saturating_add(usize::try_from(length)?)
            .min(bytes.len());
        Ok(bytes.slice(start..end).to_vec())
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
