//! `leadsman:aio/poll`: waiting for one or several operations.

use std::time::Duration;

use futures_util::future::select_all;
use wasmtime::component::Resource;

use crate::{
    bindings::leadsman::aio::poll::{Host, HostPollable},
    pending::Pollable,
    state::GuestState,
};

impl Host for GuestState {
    async fn select(
        &mut self,
        handles: Vec<Resource<Pollable>>,
        timeout_ns: Option<u64>,
    ) -> wasmtime::Result<Vec<u32>> {
        self.crossed();
        let mut signals = Vec::with_capacity(handles.len() + 1);
        for handle in &handles {
            signals.push(self.table.get(handle)?.0.clone());
        }
        let timer = timeout_ns.map(|ns| self.timer(Duration::from_nanos(ns)));
        if let Some(timer) = &timer {
            signals.push(timer.signal.clone());
        }
        if !signals.is_empty() {
            select_all(signals.iter().map(|signal| Box::pin(signal.wait()))).await;
        }
        let ready = (0_u32..).zip(signals.iter().take(handles.len()));
        Ok(ready
            .filter(|(_, signal)| signal.is_set())
            .map(|(index, _)| index)
            .collect())
    }
}

impl HostPollable for GuestState {
    fn ready(&mut self, handle: Resource<Pollable>) -> wasmtime::Result<bool> {
        self.crossed();
        Ok(self.table.get(&handle)?.0.is_set())
    }

    async fn block(&mut self, handle: Resource<Pollable>) -> wasmtime::Result<()> {
        self.crossed();
        let signal = self.table.get(&handle)?.0.clone();
        signal.wait().await;
        Ok(())
    }

    fn drop(&mut self, handle: Resource<Pollable>) -> wasmtime::Result<()> {
        self.table.delete(handle)?;
        Ok(())
    }
}
