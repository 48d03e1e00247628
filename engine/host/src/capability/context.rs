//! `leadsman:probe/context`: what this attempt is.

use std::time::Duration;

use leadsman_core::attempt::Assignment;
use tokio::time::Instant;

use crate::{
    bindings::leadsman::probe::context::Host,
    state::{GuestState, unix_now},
};

/// Random bytes at a time.
const RANDOM: usize = 4096;

impl Host for GuestState {
    fn settings(&mut self) -> wasmtime::Result<String> {
        self.crossed();
        Ok(self.order.assignment.settings.as_ref().to_owned())
    }

    fn written_settings(&mut self) -> wasmtime::Result<String> {
        self.crossed();
        let Assignment {
            settings, written, ..
        } = self.order.assignment.as_ref();
        Ok(written.as_ref().unwrap_or(settings).as_ref().to_owned())
    }

    fn target(&mut self) -> wasmtime::Result<String> {
        self.crossed();
        Ok(self.order.assignment.address.clone())
    }

    fn target_name(&mut self) -> wasmtime::Result<String> {
        self.crossed();
        Ok(self.order.assignment.target.to_string())
    }

    fn check(&mut self) -> wasmtime::Result<String> {
        self.crossed();
        Ok(self.order.assignment.check.to_string())
    }

    fn labels(&mut self) -> wasmtime::Result<Vec<(String, String)>> {
        self.crossed();
        Ok(self.order.assignment.labels.clone().into_iter().collect())
    }

    fn run_id(&mut self) -> wasmtime::Result<String> {
        self.crossed();
        Ok(self.order.run.clone())
    }

    fn attempt(&mut self) -> wasmtime::Result<u32> {
        self.crossed();
        Ok(self.order.attempt)
    }

    fn location(&mut self) -> wasmtime::Result<String> {
        self.crossed();
        Ok(self.order.assignment.location.to_string())
    }

    fn scheduled_at(&mut self) -> wasmtime::Result<u64> {
        self.crossed();
        Ok(u64::try_from(self.order.planned_unix_ns).unwrap_or(0))
    }

    fn now(&mut self) -> wasmtime::Result<u64> {
        self.crossed();
        Ok(nanos(self.began.elapsed()))
    }

    fn wall_clock(&mut self) -> wasmtime::Result<u64> {
        self.crossed();
        Ok(u64::try_from(unix_now()).unwrap_or(0))
    }

    fn remaining(&mut self) -> wasmtime::Result<u64> {
        self.crossed();
        Ok(nanos(
            self.deadline.saturating_duration_since(Instant::now()),
        ))
    }

    async fn sleep(&mut self, nanoseconds: u64) -> wasmtime::Result<()> {
        self.crossed();
        let timer = self.timer(Duration::from_nanos(nanoseconds));
        self.trace.fall_asleep();
        timer.signal.wait().await;
        self.trace.wake_up();
        Ok(())
    }

    fn random(&mut self, length: u32) -> wasmtime::Result<Vec<u8>> {
        self.crossed();
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(RANDOM).min(RANDOM)];
        let mut filled = 0;
        while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            filled += rustix::rand::getrandom(rest, rustix::rand::GetRandomFlags::empty())?;
        }
        Ok(bytes)
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
