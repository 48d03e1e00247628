//! Builds the daemon and shows how far it is: a bar at a terminal, plain lines elsewhere.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader, IsTerminal},
    path::PathBuf,
    process::Stdio,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;

use crate::{cargo, failure::Failure, profile::Profile, span};

/// How often a plain line is written.
const PLAIN: Duration = Duration::from_secs(10);

/// What every build is told: all have the features that the tests' build has, so that dependencies are built
/// once for both.
const ALWAYS: [&str; 4] = ["build", "--quiet", "--locked", "--workspace"];

/// Builds a program as the tests' are built.
pub(crate) fn program(name: &str) -> Result<PathBuf, Failure> {
    let arguments = ALWAYS.into_iter().chain(["--bin", name]);
    let arguments: Vec<String> = arguments.map(str::to_owned).collect();
    Programs::built(name, &arguments)?.named(name)
}

/// What a program needs of the machine that it runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Linked {
    /// Nothing but the kernel.
    Statically,
    /// The libraries of the machine that builds it, or newer ones.
    Dynamically,
}

/// Builds programs and examples as what is shipped is built.
pub(crate) fn shipped(
    programs: &[&str],
    examples: &[&str],
    (linked, profile): (Linked, &Profile),
) -> Result<Programs, Failure> {
    let first = programs.first().copied().unwrap_or_default();
    let programs = programs.iter().flat_map(|name| ["--bin", name]);
    let examples = examples.iter().flat_map(|name| ["--example", name]);
    let arguments = ALWAYS.into_iter().chain(["--profile", "dist"]);
    let arguments = arguments.chain(programs).chain(examples);
    let mut arguments: Vec<String> = arguments.map(str::to_owned).collect();
    arguments.extend(told(&cargo::host()?, linked, profile.flags()?));
    Programs::built(first, &arguments)
}

/// What the compiler is told for it. Random bytes come from the system call: a static program cannot look up whether
/// the C library has it, and would read devices instead, which an empty root does not have.
pub(crate) const STATIC: [&str; 4] = [
    "-C",
    "target-feature=+crt-static",
    "--cfg",
    "getrandom_backend=\"linux_getrandom\"",
];

/// What the compiler is told of everything that goes into the programs. With the target named, macros and build
/// scripts stay as they are: they are loaded by the compiler, which no static program can be.
fn told(host: &str, linked: Linked, profile: Vec<String>) -> [String; 4] {
    let whole: &[&str] = match linked {
        Linked::Statically => &STATIC,
        Linked::Dynamically => &[],
    };
    let mut flags: Vec<String> = whole.iter().map(ToString::to_string).collect();
    flags.extend(profile);
    let flags = format!("target.{host}.rustflags={flags:?}");
    [
        "--target".to_owned(),
        host.to_owned(),
        "--config".to_owned(),
        flags,
    ]
}

/// What a build made, by name.
#[derive(Debug, Default)]
pub(crate) struct Programs(BTreeMap<String, PathBuf>);

impl Programs {
    /// Where one is.
    pub(crate) fn named(&self, name: &str) -> Result<PathBuf, Failure> {
        let found = self.0.get(name).cloned();
        found.ok_or_else(|| Failure::new(format!("cargo named no program of `{name}`")))
    }

    fn built(first: &str, arguments: &[String]) -> Result<Self, Failure> {
        let start = Instant::now();
        println!("==> cargo {}", arguments.join(" "));
        let mut build = cargo::command();
        build
            .args(arguments)
            .arg("--message-format=json-render-diagnostics")
            .stdout(Stdio::piped());
        let mut child = build
            .spawn()
            .map_err(|error| Failure::new(format!("cargo cannot be run: {error}")))?;
        let mut progress = Progress::new(crates(first), start);
        let mut programs = Self::default();
        if let Some(messages) = child.stdout.take() {
            for line in BufReader::new(messages).lines() {
                progress.read(&line?, &mut programs);
            }
        }
        let status = child.wait()?;
        progress.done();
        if !status.success() {
            return Err(Failure::new("the build failed"));
        }
        println!("==> built in {}", span::shown(start.elapsed()));
        Ok(programs)
    }
}

/// How many crates a build consists of.
fn crates(package: &str) -> u64 {
    let mut tree = cargo::command();
    tree.args(["tree", "--locked", "--edges", "normal,build"])
        .args(["--prefix", "none", "--package", package])
        .stderr(Stdio::null());
    let listed = tree
        .output()
        .map(|output| output.stdout)
        .unwrap_or_default();
    let listed = String::from_utf8_lossy(&listed);
    let names: BTreeSet<Vec<&str>> = listed
        .lines()
        .map(|line| line.split(' ').take(2).collect())
        .collect();
    u64::try_from(names.len()).unwrap_or(0)
}

struct Progress {
    bar: ProgressBar,
    seen: BTreeSet<String>,
    all: u64,
    start: Instant,
    said: Instant,
}

impl Progress {
    fn new(all: u64, start: Instant) -> Self {
        let bar = ProgressBar::with_draw_target(Some(all), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template(
            "{spinner} [{bar:30}] {pos}/{len} crates, {elapsed}  {msg}",
        );
        if let Ok(style) = style {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Self {
            bar,
            seen: BTreeSet::new(),
            all,
            start,
            said: Instant::now(),
        }
    }

    /// One of cargo's messages.
    fn read(&mut self, line: &str, programs: &mut Programs) {
        let Ok(message) = serde_json::from_str::<Value>(line) else {
            return;
        };
        let text = |pointer: &str| message.pointer(pointer).and_then(Value::as_str);
        if text("/reason") != Some("compiler-artifact") {
            return;
        }
        let name = text("/target/name").unwrap_or_default().to_owned();
        if let Some(path) = text("/executable") {
            programs.0.insert(name.clone(), PathBuf::from(path));
        }
        self.seen
            .insert(text("/package_id").unwrap_or_default().to_owned());
        self.show(name);
    }

    fn show(&mut self, name: String) {
        let done = u64::try_from(self.seen.len()).unwrap_or(0);
        self.bar.set_position(done.min(self.all));
        self.bar.set_message(name);
        if !std::io::stderr().is_terminal() && self.said.elapsed() > PLAIN {
            self.said = Instant::now();
            let elapsed = span::shown(self.start.elapsed());
            // Further programs and examples need more than the first one does.
            let all = self.all.max(done);
            eprintln!("    {done} of {all} crates, {elapsed}");
        }
    }

    fn done(&self) {
        self.bar.finish_and_clear();
    }
}
