//! A small web shop for journeys to examine: sign in, order, wait, read the receipt, cancel. It can be told to fail.
//!
//! ```
//! use leadsman_example_shop::{Fault, Options, Shop};
//!
//! let shop = Shop::start(&Options::default())?;
//! shop.set(Fault::NeverReady);
//! assert_eq!(shop.served("POST /api/orders"), 0);
//! assert_eq!(shop.open_orders(), 0);
//! println!("http://{}", shop.address());
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! It is a peer for tests and something to try a journey on, not a shop: everything is in memory, bounded, and gone when the
//! [`Shop`] is dropped. What it counts ([`Shop::served`], [`Shop::open_orders`]) is what the client cannot know: whether a request
//! came twice, and whether a journey left something behind.

mod fault;
mod options;
mod server;
mod store;
mod web;

#[cfg(test)]
mod tests;

pub use fault::{Fault, UnknownFault};
pub use options::Options;
pub use server::Shop;
