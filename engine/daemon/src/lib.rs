//! The only place where everything meets: wiring, telemetry, the command line and HTTP endpoints.

pub mod access;
pub mod app;
pub mod args;
pub mod catalog;
pub(crate) mod client;
pub mod clock;
pub mod command;
pub mod configuration;
pub mod descriptors;
pub mod ground;
pub mod live;
pub mod logging;
pub mod memory;
pub mod paint;
pub mod reload;
pub mod seats;
pub mod secrets;
pub mod serve;
pub mod sink;
pub mod systemd;
pub mod telemetry;
pub mod waterfall;
pub mod web;
