//! The daemon against real peers: Prometheus, nginx, Knot DNS and OpenSSL, all of them on loopback.

mod certificates;
mod command;
mod daemon;
mod ending;
mod evidence;
mod exposition;
mod fleet;
mod http;
mod knot;
mod locations;
mod nginx;
mod once;
mod process;
mod prometheus;
mod reload;
mod requests;
mod scrape;
mod secrets;
mod secured;
mod sli;
mod tls;
mod web;
mod zone;
