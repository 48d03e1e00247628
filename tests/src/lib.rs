//! The proving ground: an engine in this process, scripted peers, and misbehaving guests.

pub mod engine;
pub mod guests;
pub mod peer;
pub mod site;
