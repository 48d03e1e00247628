//! The target, and whoever is measured against it: started, warmed, measured, ended.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::spawn_blocking,
    time::{Instant, sleep, timeout},
};

use super::{
    Bench,
    configuration::{self, Load},
    plain::Protocol,
};
use crate::{failure::Failure, fetch, process::Running};

const PATIENCE: Duration = Duration::from_secs(30);

/// Where the target listens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places {
    pub(super) http: SocketAddr,
    pub(super) https: SocketAddr,
    pub(super) dns: SocketAddr,
    pub(super) tcp: SocketAddr,
    control: SocketAddr,
}

/// The target's process.
#[derive(Debug)]
pub(super) struct Target {
    process: Running,
    pub(super) places: Places,
}

/// What a process did and used between two moments.
#[derive(Debug, Clone, Copy)]
pub(super) struct Used {
    /// Milliseconds of CPU for each probe.
    pub(super) cpu_ms: f64,
    pub(super) per_second: f64,
    pub(super) megabytes: f64,
}

impl Target {
    /// Starts it; its first line says where it listens.
    pub(super) async fn start(bench: &Bench) -> Result<Self, Failure> {
        let mut command = Command::new(&bench.xtask);
        command
            .args(["bench-part", "target", "--authority"])
            .arg(bench.folder.join("ca.pem"))
            .stdout(Stdio::piped());
        let mut process = Running::start("the target", &mut command)?;
        let stdout = process
            .stdout()
            .ok_or_else(|| Failure::new("the target has no output"))?;
        let line = spawn_blocking(move || BufReader::new(stdout).lines().next());
        let line = timeout(PATIENCE, line)
            .await??
            .transpose()?
            .unwrap_or_default();
        let told: Value = serde_json::from_str(&line)?;
        let place = |name: &str| -> Result<SocketAddr, Failure> {
            Ok(told
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .parse()?)
        };
        let places = Places {
            http: place("http")?,
            https: place("https")?,
            dns: place("dns")?,
            tcp: place("tcp")?,
            control: place("control")?,
        };
        Ok(Self { process, places })
    }

    /// Whether HTTP is answered from now on.
    pub(super) async fn answer(&mut self, answers: bool) -> Result<(), Failure> {
        self.order(if answers { b'a' } else { b's' })
            .await
            .map(drop)
    }

    /// How many probes of a kind it has answered.
    pub(super) async fn count(&mut self, load: Load) -> Result<u64, Failure> {
        let counts = self.order(b'c').await?;
        let count = counts.get(load.count()).and_then(Value::as_u64);
        count.ok_or_else(|| Failure::new("the target does not count"))
    }

    async fn order(&mut self, order: u8) -> Result<Value, Failure> {
        self.process.still_runs()?;
        let mut stream = TcpStream::connect(self.places.control).await?;
        stream.write_u8(order).await?;
        let mut told = Vec::new();
        timeout(PATIENCE, stream.read_to_end(&mut told)).await??;
        Ok(serde_json::from_slice(&told)?)
    }

    /// What a process does and uses from now on for so long.
    pub(super) async fn measure(
        &mut self,
        process: &mut Running,
        load: Load,
        window: Duration,
    ) -> Result<Used, Failure> {
        let (start, count, cpu) = (
            Instant::now(),
            self.count(load).await?,
            process.cpu_seconds()?,
        );
        sleep(window).await;
        process.still_runs()?;
        let (done, cpu) = (
            self.count(load).await? - count,
            process.cpu_seconds()? - cpu,
        );
        let done = f64::from(u32::try_from(done)?);
        if done == 0.0 {
            return Err(Failure::new(format!(
                "no probe of {load:?} has reached the target"
            )));
        }
        Ok(Used {
            cpu_ms: cpu * 1e3 / done,
            per_second: done / start.elapsed().as_secs_f64(),
            megabytes: process.peak_megabytes()?,
        })
    }
}

/// An address that nobody has right now.
pub(super) fn free() -> Result<SocketAddr, Failure> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// What a process says goes into a file of the benchmark's folder.
fn logged(bench: &Bench, command: &mut Command, name: &str) -> Result<(), Failure> {
    let file = bench.folder.join(name).with_extension("log");
    let log = fs::File::create(&file).map_err(|error| Failure::file(&file, &error))?;
    command.stdout(Stdio::null()).stderr(log);
    Ok(())
}

/// Writes a file of the benchmark's folder.
pub(super) fn write(bench: &Bench, name: &str, text: &str) -> Result<PathBuf, Failure> {
    let file = bench.folder.join(name);
    fs::write(&file, text).map_err(|error| Failure::file(&file, &error))?;
    Ok(file)
}

/// Starts the daemon on a configuration, without waiting for it.
pub(super) fn leadsman(bench: &Bench, config: &Path) -> Result<(Running, SocketAddr), Failure> {
    let listen = free()?;
    let mut command = Command::new(&bench.leadsman);
    command
        .args(["--log.level", "warn", "--cache.dir"])
        .arg(bench.folder.join("cache"))
        .args([
            "run",
            "--web.enable-lifecycle",
            "--web.listen-address",
            &listen.to_string(),
            "--config",
        ])
        .arg(config);
    logged(bench, &mut command, "leadsman")?;
    Ok((Running::start("the daemon", &mut command)?, listen))
}

/// Starts the peer, and whoever asks it.
pub(super) async fn peer(
    bench: &Bench,
    places: &Places,
    load: Load,
    rate: Option<u32>,
) -> Result<(Running, Running), Failure> {
    let authority = bench.folder.join("ca.pem");
    let config = write(
        bench,
        "peer.yml",
        &configuration::peer(&authority.to_string_lossy()),
    )?;
    let listen = free()?;
    let mut command = Command::new(&bench.blackbox);
    command
        .arg(format!("--config.file={}", config.display()))
        .arg(format!("--web.listen-address={listen}"))
        .arg("--log.level=error");
    logged(bench, &mut command, "peer")?;
    let mut peer = Running::start("blackbox_exporter", &mut command)?;
    answers(&mut peer, listen, "/-/healthy").await?;
    let mut command = Command::new(&bench.xtask);
    command
        .args(["bench-part", "load", "--exporter", &listen.to_string()])
        .args(["--module", load.module(), "--target", &load.target(places)]);
    paced(&mut command, rate);
    logged(bench, &mut command, "load")?;
    Ok((peer, Running::start("the load", &mut command)?))
}

/// Starts the same requests in plain Rust, for so many seconds where they are said.
pub(super) fn native(
    bench: &Bench,
    places: &Places,
    load: Load,
    (rate, seconds): (Option<u32>, Option<u64>),
) -> Result<Running, Failure> {
    let target = match load.protocol {
        Protocol::Http => places.http,
        Protocol::Https => places.https,
        Protocol::Dns => places.dns,
        Protocol::Tcp => places.tcp,
    };
    let mut command = Command::new(&bench.xtask);
    command
        .args([
            "bench-part",
            "plain",
            "--protocol",
            load.count(),
            "--target",
        ])
        .arg(target.to_string())
        .arg("--authority")
        .arg(bench.folder.join("ca.pem"));
    paced(&mut command, rate);
    if let Some(seconds) = seconds {
        command.args(["--seconds", &seconds.to_string()]);
    }
    logged(bench, &mut command, "plain")?;
    Running::start("plain Rust", &mut command)
}

fn paced(command: &mut Command, rate: Option<u32>) {
    if let Some(rate) = rate {
        command.args(["--rate", &rate.to_string()]);
    }
}

/// Waits until a path of a process is answered.
pub(super) async fn answers(
    process: &mut Running,
    listen: SocketAddr,
    path: &str,
) -> Result<(), Failure> {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        process.still_runs()?;
        if fetch::get(listen, path)
            .await
            .is_ok_and(|(status, _)| status.is_success())
        {
            return Ok(());
        }
        sleep(Duration::from_millis(20)).await;
    }
    Err(Failure::new(format!("{path} on {listen} is not answered")))
}
