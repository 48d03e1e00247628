//! Run a component once, inside limits, with only what it was granted.
//!
//! One store, one instance, one run: nothing of a run outlives it. Guests that compute run on threads of
//! their own, apart from sockets, timers and timestamps: with both together, four busy guests
//! delayed a 1 ms timer to 574 ms. A guest is stopped two ways, always both: by an epoch deadline
//! with a CPU budget for code that computes, and by a timeout around the run for code that waits.

mod attempt;
mod bindings;
#[expect(
    unreachable_pub,
    reason = "the generated bindings re-export the types behind resources"
)]
mod capability;
mod component;
mod descriptions;
mod engine;
mod expressions;
#[cfg(test)]
mod grown;
mod guests;
mod meter;
mod options;
mod output;
#[expect(
    unreachable_pub,
    reason = "the generated bindings re-export the types behind resources"
)]
mod pending;
mod placement;
mod roster;
mod secrets;
mod state;
mod ticker;
mod trace;
mod underway;
mod watchdog;

pub use component::{LoadError, Probe, is_inert};
pub use engine::{Sandbox, SandboxError, SandboxSettings};
pub use expressions::{Expressions, complaints};
pub use roster::{Place, PrepareError, Roster};
pub use secrets::{Secret, Secrets};
pub use watchdog::{Pulse, Watchdog, stalls};
