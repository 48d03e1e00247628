//! The shop, asked over real sockets: whole, and broken in each way.

mod client;
mod faults;
mod flow;
