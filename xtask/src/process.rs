//! Processes that this program starts, and ends by their ids.

use std::{
    fs, io,
    os::unix::process::CommandExt,
    process::{Child, Command, ExitStatus},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Instant, sleep};

use crate::failure::Failure;

const LOOK: Duration = Duration::from_millis(20);

/// Clock ticks in a second, which Linux promises to programs whatever its own clock does.
const TICKS: f64 = 100.0;

/// A process; dropping it kills it.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    name: String,
}

impl Running {
    /// Starts it in a process group of its own: a Ctrl-C at the terminal is for this program, which
    /// then ends the other in its own time.
    pub(crate) fn start(name: &str, command: &mut Command) -> Result<Self, Failure> {
        let started = command.process_group(0).spawn();
        let child =
            started.map_err(|error| Failure::new(format!("{name} cannot be started: {error}")))?;
        Ok(Self {
            child,
            name: name.to_owned(),
        })
    }

    /// Its standard output, once.
    pub(crate) fn stdout(&mut self) -> Option<std::process::ChildStdout> {
        self.child.stdout.take()
    }

    /// Its exit status, once it has ended.
    pub(crate) fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// An error when it has ended by itself.
    pub(crate) fn still_runs(&mut self) -> Result<(), Failure> {
        match self.ended()? {
            None => Ok(()),
            Some(status) => Err(Failure::new(format!("{} ended: {status}", self.name))),
        }
    }

    /// Asks it to end.
    pub(crate) fn terminate(&self) -> Result<(), Failure> {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let id = id.ok_or_else(|| Failure::new("a process without an id"))?;
        Ok(kill_process(id, Signal::TERM)?)
    }

    /// Waits until it has ended; kills it when that takes longer than `patience`.
    pub(crate) async fn wait(&mut self, patience: Duration) -> Result<Option<ExitStatus>, Failure> {
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            if let Some(status) = self.ended()? {
                return Ok(Some(status));
            }
            sleep(LOOK).await;
        }
        self.child.kill()?;
        self.child.wait()?;
        Ok(None)
    }

    /// Seconds of CPU that it has used, in user and in kernel mode.
    pub(crate) fn cpu_seconds(&self) -> Result<f64, Failure> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let after_name = stat.rsplit(')').next().unwrap_or_default();
        let ticks: Option<f64> = after_name
            .split_whitespace()
            .skip(11)
            .take(2)
            .map(|field| field.parse::<f64>().ok())
            .sum();
        let ticks = ticks.ok_or_else(|| Failure::new("/proc/PID/stat cannot be read"))?;
        Ok(ticks / TICKS)
    }

    /// The most memory that it has had, in megabytes.
    pub(crate) fn peak_megabytes(&self) -> Result<f64, Failure> {
        Ok(self.kibibytes("VmHWM:")? * 1024.0 / 1e6)
    }

    /// Resident memory now, in bytes: unlike a scrape, which is largest while it is rendered.
    pub(crate) fn resident_bytes(&self) -> Result<f64, Failure> {
        Ok(self.kibibytes("VmRSS:")? * 1024.0)
    }

    /// Its share of memory now, in megabytes: a page that is mapped often counts once, as a container's
    /// limit counts it.
    pub(crate) fn proportional_megabytes(&self) -> Result<f64, Failure> {
        Ok(self.kibibytes_in("smaps_rollup", "Pss:")? * 1024.0 / 1e6)
    }

    fn kibibytes(&self, key: &str) -> Result<f64, Failure> {
        self.kibibytes_in("status", key)
    }

    fn kibibytes_in(&self, file: &str, key: &str) -> Result<f64, Failure> {
        let text = fs::read_to_string(format!("/proc/{}/{file}", self.child.id()))?;
        let line = text.lines().find_map(|line| line.strip_prefix(key));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        kib.ok_or_else(|| Failure::new(format!("/proc/PID/{file} has no {key}")))
    }

    /// How many file descriptors it has open.
    pub(crate) fn descriptors(&self) -> Result<usize, Failure> {
        Ok(fs::read_dir(format!("/proc/{}/fd", self.child.id()))?.count())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            let killed = self.child.kill().and_then(|()| self.child.wait());
            if let Err(error) = killed {
                eprintln!("warning: {} could not be ended: {error}", self.name);
            }
        }
    }
}
