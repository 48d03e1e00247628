//! The command `shop`: runs the shop until it is ended.

use std::{
    io::{self, Write},
    net::SocketAddr,
    thread,
    time::Duration,
};

use clap::Parser;
use leadsman_example_shop::{Fault, Options, Shop};

/// A small web shop for journeys to examine, whole or broken.
#[derive(Debug, Parser)]
#[command(name = "shop", version, about)]
struct Arguments {
    /// Where it listens.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,

    /// What is wrong with it.
    #[arg(long, value_name = "NAME", value_enum, default_value_t = Fault::Healthy)]
    fault: Fault,

    /// The password of its user, `synthetic`.
    #[arg(long, env = "SHOP_PASSWORD", hide_env_values = true, default_value = Options::PASSWORD)]
    password: String,

    /// How late each answer of a slow shop is, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 300)]
    slowness: u64,

    /// Where the fault can be changed while it runs: `curl -X PUT http://ADDRESS/faults/NAME`.
    #[arg(long, value_name = "ADDRESS")]
    control: Option<SocketAddr>,
}

fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let shop = Shop::start(&Options {
        listen: arguments.listen,
        password: arguments.password,
        fault: arguments.fault,
        slowness: Duration::from_millis(arguments.slowness),
        ..Options::default()
    })?;
    let mut out = io::stdout();
    writeln!(out, "the shop listens on {}", shop.url())?;
    if let Some(control) = arguments.control {
        let address = shop.open_control(control)?;
        writeln!(out, "its faults are at http://{address}/faults")?;
    }
    until_ended()
}

fn until_ended() -> ! {
    loop {
        thread::park();
    }
}
