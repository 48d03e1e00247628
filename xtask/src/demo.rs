//! `cargo xtask demo`: the daemon on `examples/quickstart.yaml`, against services of its own.

mod dns;
mod http;
mod lines;
mod services;
mod shop;
mod summary;

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
    time::Duration,
};

use clap::Args;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    task::spawn_blocking,
    time::{Instant, sleep, sleep_until},
};

use crate::{
    build, cargo, certificates::Authority, failure::Failure, process::Running, scrape::Scrape,
    span, wasm,
};

const CONFIG: &str = "examples/quickstart.yaml";

/// How often the demo scrapes, as a Prometheus would.
const SCRAPE: Duration = Duration::from_secs(1);

/// How long the daemon may take to start and to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// `cargo xtask demo`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// End by itself after this time, for example `30s`.
    #[arg(long = "for", value_parser = span::parse, value_name = "SPAN")]
    time: Option<Duration>,

    /// Where the daemon serves its metrics.
    #[arg(long, default_value = "127.0.0.1:9617", value_name = "ADDRESS")]
    listen: SocketAddr,
}

/// Everything from set-up to summary.
pub(crate) async fn run(options: &Options) -> Result<(), Failure> {
    wasm::ensure()?;
    free(options.listen).await?;
    let authority = Authority::new("Leadsman's demo")?;
    let _services = services::start(&authority).await?;
    write("ca.pem", &authority.pem())?;
    write("shop-password", shop::PASSWORD)?;
    let program = spawn_blocking(|| build::program("leadsman")).await??;
    let _shop = shop::open().await?;
    let mut daemon = Running::start("the daemon", &mut command(&program, options.listen))?;
    let first = ready(&mut daemon, options.listen).await?;
    point(&program, options);
    let last = watch(&mut daemon, options, first).await?;
    let (last, status) = end(&mut daemon, options.listen, last).await?;
    println!("\n{}", summary::table(&last));
    println!("{}", summary::NOTE);
    match status {
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(Failure::new(format!("the daemon ended with {status}"))),
        None => Err(Failure::new("the daemon had to be killed")),
    }
}

async fn free(listen: SocketAddr) -> Result<(), Failure> {
    let bound = TcpListener::bind(listen).await;
    bound.map(drop).map_err(|error| {
        Failure::new(format!("the daemon's address {listen} cannot be listened on: {error}; choose another one with `--listen`"))
    })
}

/// A file that `examples/quickstart.yaml` names.
fn write(name: &str, content: &str) -> Result<(), Failure> {
    let folder = cargo::root().join("target/demo");
    let file = folder.join(name);
    fs::create_dir_all(&folder)
        .and_then(|()| fs::write(&file, content))
        .map_err(|error| Failure::file(&file, &error))
}

/// Its log lines go where this program's go.
fn command(program: &Path, listen: SocketAddr) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(cargo::root())
        .args(["run", "--config", CONFIG, "--web.listen-address"])
        .arg(listen.to_string());
    command
}

async fn ready(daemon: &mut Running, listen: SocketAddr) -> Result<Scrape, Failure> {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        daemon.still_runs()?;
        if let Ok(scrape) = Scrape::take(listen).await {
            return Ok(scrape);
        }
        sleep(Duration::from_millis(50)).await;
    }
    Err(Failure::new("the daemon does not answer"))
}

fn point(program: &Path, options: &Options) {
    let shown: PathBuf = program
        .strip_prefix(cargo::root())
        .unwrap_or(program)
        .to_owned();
    let (listen, shown) = (options.listen, shown.display());
    println!("\nLeadsman runs on {CONFIG}. Where to look:");
    println!("  metrics         http://{listen}/metrics");
    println!("  every check     http://{listen}/api/v1/checks");
    println!("  one run, shown  {shown} once checkout --config {CONFIG}");
    println!("  a journey       {shown} once order --config {CONFIG}");
    println!("  what it is      {shown} explain search --config {CONFIG}");
    match options.time {
        Some(time) => println!("It ends in {}, or with Ctrl-C.\n", span::shown(time)),
        None => println!("Ctrl-C ends it.\n"),
    }
}

/// Scrapes until the time is over, or somebody wants it to end.
async fn watch(
    daemon: &mut Running,
    options: &Options,
    mut last: Scrape,
) -> Result<Scrape, Failure> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let end = options.time.map(|time| Instant::now() + time);
    loop {
        tokio::select! {
            _ = interrupt.recv() => return Ok(last),
            _ = terminate.recv() => return Ok(last),
            () = sleep_until(end.unwrap_or_else(Instant::now)), if end.is_some() => return Ok(last),
            () = sleep(SCRAPE) => {}
        }
        daemon.still_runs()?;
        last = Scrape::take(options.listen).await?;
    }
}

/// The daemon stays until a scrape has seen its last runs: this one's numbers are final.
async fn end(
    daemon: &mut Running,
    listen: SocketAddr,
    mut last: Scrape,
) -> Result<(Scrape, Option<ExitStatus>), Failure> {
    daemon.terminate()?;
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if let Some(status) = daemon.ended()? {
            return Ok((last, Some(status)));
        }
        if let Ok(scrape) = Scrape::take(listen).await {
            last = scrape;
        }
        sleep(Duration::from_millis(100)).await;
    }
    Ok((last, daemon.wait(Duration::ZERO).await?))
}
