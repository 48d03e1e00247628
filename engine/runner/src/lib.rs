//! Decide when each thing runs, and say what happened, in order.
//!
//! Every decision is the pure dispatcher's in core; this crate turns its crank: it waits, starts
//! what is to be started, and tells a [`Sink`] what happened. It knows neither Wasm nor HTTP: who
//! runs things is behind one trait of core, so that scheduling is tested with a script and a paused
//! clock.

mod alarm;
mod crank;
mod entry;
mod run;
mod turns;

pub use crank::{Change, Changes, Control, Runner, Sink};
pub use entry::Entry;
pub use run::run_once;
