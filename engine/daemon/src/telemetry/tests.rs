//! The exposition as a whole: what it says, in every format, and that it adds up.

#![expect(
    clippy::float_cmp,
    reason = "what is compared is counted, or the same number written twice"
)]

mod created;
pub(crate) mod fixture;
mod formats;
mod golden;
mod law;
mod lean;
mod reading;
mod reloaded;
mod room;
mod states;
mod widespread;
