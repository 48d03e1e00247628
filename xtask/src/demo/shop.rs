//! The shop of the examples, which the demo's journey walks through: a program of its own.

use std::{
    net::{Ipv4Addr, SocketAddr},
    process::{Command, Stdio},
    time::Duration,
};

use tokio::{net::TcpStream, task::spawn_blocking, time::sleep};

use super::PATIENCE;
use crate::{build, failure::Failure, process::Running};

/// Where `examples/quickstart.yaml` has it.
pub(super) const PORT: u16 = 19008;

/// What its user signs in with; the demo puts it where the configuration reads it.
pub(super) const PASSWORD: &str = "a password of the demo";

/// Builds it, and starts it; dropping what is returned ends it.
pub(super) async fn open() -> Result<Running, Failure> {
    let program = spawn_blocking(|| build::program("shop")).await??;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, PORT));
    let mut command = Command::new(program);
    command
        .args(["--listen", &address.to_string()])
        .env("SHOP_PASSWORD", PASSWORD)
        .stdout(Stdio::null());
    let mut shop = Running::start("the shop", &mut command)?;
    let opens = async {
        while TcpStream::connect(address).await.is_err() {
            shop.still_runs()?;
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    };
    tokio::time::timeout(PATIENCE, opens)
        .await
        .unwrap_or_else(|_| Err(Failure::new("the shop does not answer")))?;
    Ok(shop)
}
