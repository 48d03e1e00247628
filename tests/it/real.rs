//! The daemon against real peers: Prometheus, nginx, Knot DNS, OpenSSL and Chromium, all of them on loopback.

mod certificates;
mod chromium;
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
mod page;
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
