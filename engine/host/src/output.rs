//! What a guest prints, kept in the run's bounded log; a panic's message comes this way.

use std::sync::Arc;

use bytes::Bytes;
use leadsman_core::limits::Limit;
use tokio::io::AsyncWrite;
use wasmtime_wasi::{
    cli::{IsTerminal, StdoutStream},
    p2::{OutputStream, Pollable, StreamResult},
};

use crate::trace::Trace;

/// Where standard output and standard error go.
#[derive(Clone)]
pub(crate) struct Output(pub(crate) Arc<Trace>);

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(tokio::io::sink())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {}
}

impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        append(&self.0, &String::from_utf8_lossy(&bytes));
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(4096)
    }
}

/// Guests print a line in several writes; they are put together again.
fn append(trace: &Trace, text: &str) {
    let joined = {
        let mut content = trace.content();
        match content.log.last_mut() {
            Some(line) if line.level == "output" && !line.message.ends_with('\n') => {
                let room = 16_384_usize.saturating_sub(line.message.len());
                line.message.extend(text.chars().take(room));
                if text.len() > room {
                    content.cut(Limit::Log);
                }
                true
            }
            _ => false,
        }
    };
    if !joined {
        trace.log("output", text);
    }
}
