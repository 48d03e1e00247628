//! `cargo xtask bench`: this daemon, blackbox_exporter, and the same requests in plain Rust, side by
//! side on loopback. What is loaded is a server of this program's own, in a process of its own.

mod configuration;
mod contender;
mod endurance;
mod figures;
mod fleet;
mod journeys;
mod load;
mod pace;
mod plain;
mod report;
mod sandbox;
mod target;
mod training;

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use clap::{Args, Subcommand, ValueEnum};
use tokio::{signal::ctrl_c, task::spawn_blocking};

use crate::{
    build::{self, Linked, Programs},
    cargo,
    failure::Failure,
    profile::{self, Profile},
    test::packages,
    wasm,
};

/// `cargo xtask bench`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Fewer seconds for each figure, and none of the runs that take a minute.
    #[arg(long)]
    quick: bool,

    /// Only the figures of one group.
    #[arg(long, value_name = "GROUP")]
    only: Option<Group>,

    /// Write {figure: {ours, peer, native, ratio}} to this file. The ratio is ours to the peer's;
    /// of `http_expect_500`, to the same without expectations.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

impl Options {
    fn wants(&self, group: Group) -> bool {
        self.only.is_none_or(|only| only == group)
    }

    /// What measures inside a process of its own, for the groups that are wanted.
    fn examples(&self) -> Vec<&'static str> {
        let measures = [(Group::Sandbox, "attempt"), (Group::Journeys, "journey")];
        let wanted = measures.into_iter().filter(|(group, _)| self.wants(*group));
        wanted.map(|(_, example)| example).collect()
    }
}

/// What is measured together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Group {
    /// Runs of each probe, side by side with the peer and with plain Rust.
    Runs,
    /// What the sandbox itself costs.
    Sandbox,
    /// Journeys: beside plain Rust, and on a schedule.
    Journeys,
    /// A platform with 300 teams: validated, loaded, reloaded, kept.
    Fleet,
    /// A thousand checks each second, and the bad day.
    Endurance,
}

/// The processes that the benchmark makes of this program.
#[derive(Debug, Subcommand)]
pub(crate) enum Part {
    /// What is probed.
    Target(target::Options),
    /// The same requests in plain Rust.
    Plain(plain::Options),
    /// Asks blackbox_exporter for probes.
    Load(load::Options),
}

/// Where everything is, and how long it is looked at.
#[derive(Debug)]
struct Bench {
    /// Holds configurations, logs and the compiled probes.
    folder: PathBuf,
    leadsman: PathBuf,
    xtask: PathBuf,
    /// These two, and what measures inside a process of its own.
    programs: Programs,
    blackbox: PathBuf,
    quick: bool,
    /// Held while it runs: two at once would measure each other.
    _alone: fs::File,
}

impl Bench {
    /// How long a load runs before it is measured.
    fn warm(&self) -> Duration {
        Duration::from_millis(if self.quick { 1_000 } else { 3_000 })
    }

    /// How long it is measured.
    fn window(&self) -> Duration {
        Duration::from_secs(if self.quick { 2 } else { 15 })
    }
}

/// Measures everything and shows it.
pub(crate) async fn run(options: &Options) -> Result<(), Failure> {
    wasm::ensure()?;
    packages::ensure()?;
    let bench = prepare(options.quick, options.examples(), Profile::Used).await?;
    let began = Instant::now();
    // What was started is ended when this future is dropped.
    let mut figures = tokio::select! {
        figures = measure(&bench, options) => figures?,
        _ = ctrl_c() => return Err(Failure::new("interrupted")),
    };
    if options.quick {
        figures.push(quick(began.elapsed()));
    }
    println!("\n{}", report::table(&figures));
    for line in report::notes(&figures, options.quick) {
        println!("{line}");
    }
    if let Some(file) = &options.json {
        fs::write(file, report::json(&figures)).map_err(|error| Failure::file(file, &error))?;
        println!("written to {}", file.display());
    }
    Ok(())
}

/// How long a quick look took, once everything was built.
fn quick(took: Duration) -> report::Figure {
    report::Figure::own("quick_benchmark", "s", took.as_secs_f64(), 120.0)
}

/// Runs the loads of the benchmark with programs that count what they do, and keeps the counts for the compiler.
pub(crate) async fn train() -> Result<(), Failure> {
    wasm::ensure()?;
    packages::ensure()?;
    let tool = profile::tool()?;
    let gathered = cargo::root().join("target/bench/profiles");
    if gathered.exists() {
        fs::remove_dir_all(&gathered).map_err(|error| Failure::file(&gathered, &error))?;
    }
    let bench = prepare(true, vec!["journey"], Profile::Gathered(gathered.clone())).await?;
    tokio::select! {
        done = training::run(&bench) => done?,
        _ = ctrl_c() => return Err(Failure::new("interrupted")),
    }
    let kept = profile::keep(&tool, &gathered)?;
    println!(
        "written to {}: what is shipped is built with it from now on",
        kept.display()
    );
    Ok(())
}

/// One of the processes that this program is made of.
pub(crate) async fn run_part(part: Part) -> Result<(), Failure> {
    match part {
        Part::Target(options) => target::run(&options).await,
        Part::Plain(options) => plain::run(&options).await,
        Part::Load(options) => load::run(&options).await,
    }
}

async fn prepare(
    quick: bool,
    examples: Vec<&'static str>,
    profile: Profile,
) -> Result<Bench, Failure> {
    let name = "prometheus-blackbox-exporter";
    let blackbox =
        packages::find(name).ok_or_else(|| Failure::new(format!("{name} is not there")))?;
    let folder = cargo::root().join("target/bench");
    fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder, &error))?;
    let alone = fs::File::create(folder.join("lock"))?;
    alone
        .try_lock()
        .map_err(|error| Failure::new(format!("another benchmark runs here: {error}")))?;
    // What is measured is what is shipped, and plain Rust is built like it.
    let how = (Linked::Statically, profile);
    let build = move || build::shipped(&["leadsman", "xtask"], &examples, (how.0, &how.1));
    let programs = spawn_blocking(build).await??;
    Ok(Bench {
        folder,
        leadsman: programs.named("leadsman")?,
        xtask: programs.named("xtask")?,
        programs,
        blackbox,
        quick,
        _alone: alone,
    })
}

async fn measure(bench: &Bench, options: &Options) -> Result<Vec<report::Figure>, Failure> {
    let mut target = contender::Target::start(bench).await?;
    let mut figures = Vec::new();
    if options.wants(Group::Runs) {
        figures.extend(figures::all(bench, &mut target).await?);
    }
    if options.wants(Group::Sandbox) {
        figures.extend(sandbox::all(bench)?);
    }
    if options.wants(Group::Journeys) {
        figures.extend(journeys::all(bench, &mut target).await?);
    }
    if options.wants(Group::Fleet) {
        figures.extend(fleet::all(bench, &mut target).await?);
    }
    if options.wants(Group::Endurance) {
        figures.extend(endurance::all(bench, &mut target).await?);
    }
    Ok(figures)
}
