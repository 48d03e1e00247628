//! The words of the domain and the pure functions over them.
//!
//! Judgement must be repeatable: nothing here reads a clock, a file, the environment or the network.
//! Time and randomness come in as arguments.

pub mod attempt;
pub mod canary;
pub mod classify;
pub mod digest;
pub mod dispatch;
pub mod egress;
pub mod evidence;
pub mod facts;
pub mod failure;
pub mod few;
pub mod id;
pub mod ledger;
pub mod limits;
pub mod outcome;
pub mod phase;
pub mod places;
pub mod plan;
pub mod record;
pub mod redact;
pub mod schedule;
pub mod seam;
pub mod widespread;
pub mod zone;
