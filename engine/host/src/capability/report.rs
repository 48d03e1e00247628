//! `leadsman:probe/report`: what the probe has to say, bounded.

use leadsman_core::attempt::{Cause, Measure};
use wasmtime::component::Resource;

use super::facts::FailureHandle;
use crate::{
    bindings::leadsman::probe::report::{Host, HostStep},
    state::GuestState,
    trace::shortened,
};

/// Labels of one measure at most, and bytes of a label's value.
const LABELS: (usize, usize) = (5, 128);

/// An open step; `None` where the limit cut it.
#[derive(Debug)]
pub struct StepHandle(Option<usize>);

impl Host for GuestState {
    fn because(&mut self, failure: Resource<FailureHandle>) -> wasmtime::Result<()> {
        self.crossed();
        let failure = self.table.get(&failure)?;
        let cause = match failure.operation {
            Some(index) => Cause::Operation { index },
            None => Cause::Refused {
                failure: failure.failure.as_ref().clone(),
            },
        };
        self.trace.because(cause);
        Ok(())
    }

    fn assertion(
        &mut self,
        kind: String,
        path: String,
        expected: String,
        got: String,
    ) -> wasmtime::Result<()> {
        self.crossed();
        self.trace.because(Cause::Assertion {
            kind: shortened(&kind),
            path: shortened(&self.discreet(path)),
            expected: shortened(&self.discreet(expected)),
            got: shortened(&self.discreet(got)),
        });
        Ok(())
    }

    fn statement(&mut self, message: String) -> wasmtime::Result<()> {
        self.crossed();
        self.trace.because(Cause::Statement {
            message: shortened(&self.discreet(message)),
        });
        Ok(())
    }

    fn about(&mut self, pointer: String) -> wasmtime::Result<()> {
        self.crossed();
        self.trace.about(&pointer);
        Ok(())
    }

    fn unrepeatable(&mut self) -> wasmtime::Result<()> {
        self.crossed();
        self.trace.forbid_repetition();
        Ok(())
    }

    fn end_step(&mut self, ok: bool, detail: String) -> wasmtime::Result<()> {
        self.crossed();
        self.trace.end_carried(ok, &self.discreet(detail));
        Ok(())
    }

    fn log(&mut self, level: String, message: String) -> wasmtime::Result<()> {
        self.crossed();
        let known = ["trace", "debug", "info", "warn", "error"];
        let level = known
            .into_iter()
            .find(|known| *known == level)
            .unwrap_or("info");
        self.trace.log(level, &self.discreet(message));
        Ok(())
    }

    fn measure(
        &mut self,
        name: String,
        value: f64,
        labels: Vec<(String, String)>,
    ) -> wasmtime::Result<()> {
        self.crossed();
        let labels = labels.into_iter().take(LABELS.0);
        let labels = labels
            .map(|(key, value)| (key, self.discreet(value).chars().take(LABELS.1).collect()))
            .collect();
        self.trace.measure(Measure {
            name,
            value,
            labels,
        });
        Ok(())
    }
}

impl GuestState {
    /// A text without what the guest has made a secret: before it is cut, for a cut one is not recognised.
    fn discreet(&self, text: String) -> String {
        match self.trace.content().hidden.clone() {
            Some(secrets) => secrets.hide_text(text),
            None => text,
        }
    }
}

impl HostStep for GuestState {
    fn new(&mut self, name: String) -> wasmtime::Result<Resource<StepHandle>> {
        self.crossed();
        let step = StepHandle(self.trace.open(&name));
        Ok(self.table.push(step)?)
    }

    fn finish(
        &mut self,
        handle: Resource<StepHandle>,
        ok: bool,
        detail: String,
    ) -> wasmtime::Result<()> {
        self.crossed();
        if let Some(step) = self.table.get(&handle)?.0 {
            self.trace.close(step, Some(ok), &self.discreet(detail));
        }
        Ok(())
    }

    fn drop(&mut self, handle: Resource<StepHandle>) -> wasmtime::Result<()> {
        if let Some(step) = self.table.delete(handle)?.0 {
            self.trace.close(step, None, "");
        }
        Ok(())
    }
}
