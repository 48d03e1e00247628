//! `leadsman:net/tcp`: streams.

use std::sync::Arc;

use bytes::Bytes;
use leadsman_core::{
    failure::Failure,
    seam::{Answer, Call, TcpConnect, TcpRead},
};
use wasmtime::component::Resource;

use super::facts::{FactsHandle, FailureHandle};
use crate::{
    bindings::leadsman::net::{
        tcp::{Host, HostConnection},
        types::Value,
    },
    options::Options,
    state::GuestState,
};

/// An open stream of the session.
#[derive(Debug)]
pub struct Connection {
    stream: u32,
    opened: Arc<Answer>,
}

impl Host for GuestState {
    async fn connect(
        &mut self,
        host: String,
        port: u16,
        options: Vec<(String, Value)>,
    ) -> wasmtime::Result<Result<Resource<Connection>, Resource<FailureHandle>>> {
        self.crossed();
        let call = match asked(host, port, options) {
            Ok(call) => call,
            Err(failure) => return Ok(Err(self.failed(&failure, None)?)),
        };
        let answered = self.perform(Call::TcpConnect(Box::new(call))).await?;
        match answered.answer.as_ref() {
            Answer::TcpConnect(Ok(reply)) => {
                let connection = Connection {
                    stream: reply.stream,
                    opened: Arc::clone(&answered.answer),
                };
                Ok(Ok(self.table.push(connection)?))
            }
            _ => Ok(Err(self.failure_in(&answered)?)),
        }
    }
}

impl HostConnection for GuestState {
    fn facts(&mut self, handle: Resource<Connection>) -> wasmtime::Result<Resource<FactsHandle>> {
        self.crossed();
        let opened = Arc::clone(&self.table.get(&handle)?.opened);
        self.facts_of(&opened)
    }

    async fn write(
        &mut self,
        handle: Resource<Connection>,
        bytes: Vec<u8>,
    ) -> wasmtime::Result<Result<(), Resource<FailureHandle>>> {
        self.crossed();
        let stream = self.table.get(&handle)?.stream;
        let answered = self
            .perform(Call::TcpWrite {
                stream,
                bytes: Bytes::from(bytes),
                timeout: None,
            })
            .await?;
        match answered.answer.as_ref() {
            Answer::TcpWrite(Ok(_)) => Ok(Ok(())),
            _ => Ok(Err(self.failure_in(&answered)?)),
        }
    }

    async fn read(
        &mut self,
        handle: Resource<Connection>,
        max: u32,
        options: Vec<(String, Value)>,
    ) -> wasmtime::Result<Result<Vec<u8>, Resource<FailureHandle>>> {
        self.read_until(handle, Vec::new(), max, options).await
    }

    async fn read_until(
        &mut self,
        handle: Resource<Connection>,
        delimiter: Vec<u8>,
        max: u32,
        options: Vec<(String, Value)>,
    ) -> wasmtime::Result<Result<Vec<u8>, Resource<FailureHandle>>> {
        self.crossed();
        let timeout = match timeout(options) {
            Ok(timeout) => timeout,
            Err(failure) => return Ok(Err(self.failed(&failure, None)?)),
        };
        let stream = self.table.get(&handle)?.stream;
        let call = TcpRead {
            stream,
            max,
            until: Bytes::from(delimiter),
            timeout,
        };
        let answered = self.perform(Call::TcpRead(call)).await?;
        match answered.answer.as_ref() {
            Answer::TcpRead(Ok(reply)) => Ok(Ok(reply.bytes.to_vec())),
            _ => Ok(Err(self.failure_in(&answered)?)),
        }
    }

    fn drop(&mut self, handle: Resource<Connection>) -> wasmtime::Result<()> {
        let connection = self.table.delete(handle)?;
        if let Some(session) = &self.session {
            session.close(connection.stream);
        }
        Ok(())
    }
}

fn timeout(options: Vec<(String, Value)>) -> Result<Option<u64>, Failure> {
    let mut options = Options::new(options);
    let timeout = options.number("timeout")?;
    options.finish()?;
    Ok(timeout)
}

fn asked(host: String, port: u16, options: Vec<(String, Value)>) -> Result<TcpConnect, Failure> {
    let mut options = Options::new(options);
    let encrypted = options.flag("tls", false)?;
    let tls = options.tls()?;
    let call = TcpConnect {
        host,
        port,
        family: options.family()?,
        tls: encrypted.then_some(tls),
        timeout: options.number("timeout")?,
    };
    options.finish()?;
    Ok(call)
}
