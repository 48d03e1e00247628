//! How a shop starts.

use std::{
    fmt::{self, Debug, Formatter},
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use crate::Fault;

/// How a shop starts; the default is healthy, on a free loopback port.
#[derive(Clone)]
pub struct Options {
    /// Where it listens; port 0 is any free one.
    pub listen: SocketAddr,
    /// The password of its only user, `synthetic`.
    pub password: String,
    /// What is wrong with it.
    pub fault: Fault,
    /// How many times an order is looked at until it is ready: the third GET finds it so.
    pub ready_after: u32,
    /// How late answers are under [`Fault::Slow`].
    pub slowness: Duration,
}

impl Options {
    /// The password that everybody knows.
    pub const PASSWORD: &'static str = "correct horse";
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            password: Self::PASSWORD.to_owned(),
            fault: Fault::Healthy,
            ready_after: 3,
            slowness: Duration::from_millis(300),
        }
    }
}

impl Debug for Options {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("listen", &self.listen)
            .field("password", &"…")
            .field("fault", &self.fault)
            .field("ready_after", &self.ready_after)
            .field("slowness", &self.slowness)
            .finish()
    }
}
