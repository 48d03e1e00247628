//! This process, as every Prometheus client describes itself. What cannot be read is absent.

use std::{
    fs,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rustix::{
    process::{Resource, getrlimit},
    time::{ClockId, clock_gettime},
};

use super::{
    exposition::{Definition, Family, Labels, Value},
    families as def,
};

/// The unit of times in `/proc`: 100 Hz in the kernel's interface to programs, on every machine we build for.
const TICKS_PER_SECOND: f64 = 100.0;

/// The families of this process.
pub(super) fn families() -> Vec<Family> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let started = start_time();
    let born = UNIX_EPOCH + Duration::from_secs_f64(started.unwrap_or_default());
    let values: [(&'static Definition, Option<Value>); 6] = [
        (&def::CPU, cpu_seconds().map(Value::Real)),
        (
            &def::RESIDENT,
            kilobytes(&status, "VmRSS:").map(Value::Count),
        ),
        (
            &def::VIRTUAL,
            kilobytes(&status, "VmSize:").map(Value::Count),
        ),
        (&def::OPEN_FDS, open_fds().map(Value::Count)),
        (
            &def::MAX_FDS,
            getrlimit(Resource::Nofile).current.map(Value::Count),
        ),
        (&def::START_TIME, started.map(Value::Real)),
    ];
    values
        .into_iter()
        .filter_map(|(definition, value)| Some(family(definition, value?, born)))
        .collect()
}

fn family(definition: &'static Definition, value: Value, born: SystemTime) -> Family {
    let mut family = Family::of(definition);
    family.add_since(born, None, Labels::shared(&Arc::default()), value);
    family
}

fn cpu_seconds() -> Option<f64> {
    let cpu = clock_gettime(ClockId::ProcessCPUTime);
    let nanos = u32::try_from(cpu.tv_nsec).ok()?;
    Some(Duration::new(u64::try_from(cpu.tv_sec).ok()?, nanos).as_secs_f64())
}

/// A line of `/proc/self/status`, in bytes.
fn kilobytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// Without the descriptor that looks.
fn open_fds() -> Option<u64> {
    let entries = fs::read_dir("/proc/self/fd").ok()?.count();
    u64::try_from(entries.saturating_sub(1)).ok()
}

/// When the machine booted, and how long after that this process started.
fn start_time() -> Option<f64> {
    let boot = fs::read_to_string("/proc/stat").ok()?;
    let booted: f64 = boot
        .lines()
        .find_map(|line| line.strip_prefix("btime "))?
        .trim()
        .parse()
        .ok()?;
    let own = fs::read_to_string("/proc/self/stat").ok()?;
    // The process's name may hold anything; the fields after it are numbers, the start the 22nd of all.
    let (_, fields) = own.rsplit_once(')')?;
    let started: f64 = fields.split_whitespace().nth(19)?.parse().ok()?;
    Some(booted + started / TICKS_PER_SECOND)
}
