//! The one integration binary: each further one would link the whole Wasm compiler again.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod arrows;
mod contract;
mod examples;
mod guests;
mod journeys;
mod packages;
mod real;
mod targets;
